"""What an operator may set, in one place: every option with its default, read from `NB2PROD_<OPTION>` variables."""

from collections.abc import Mapping
from typing import Annotated, Self

import msgspec

AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Limits are per process. `from_environment` reads them; tests and `create_app` may give them directly."""

    model_name: str | None = None
    """Goes before the package's own name."""
    model_version: str | None = None
    """Goes before the package's own version."""

    max_body_bytes: AtLeastOne = 10 * 1024 * 1024
    max_rows: AtLeastOne = 10_000
    max_pending: AtLeastOne = 128
    """Predictions that run or wait; beyond it 503 with Retry-After."""
    body_seconds: Seconds = 10.0
    """How long a caller may take to send a body."""
    predict_seconds: Seconds = 20.0
    """How long one prediction may run before its caller gets 504 and its thread is given up."""
    max_hung: AtLeastOne = 4
    """Threads that may be given up at a time; then the service is not ready any more and the process ends."""

    log_values: bool = False
    """Whether messages of failed predictions, which may hold values of a request, are logged."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Raises ValueError that names the variable and what it must be. Empty variables count as not set."""
        given = {}
        for field in msgspec.structs.fields(cls):
            variable = f"NB2PROD_{field.name.upper()}"
            if text := environment.get(variable, "").strip():
                try:
                    given[field.name] = msgspec.convert(text, field.type, strict=False)
                except msgspec.ValidationError as error:
                    raise ValueError(f"{variable}={text!r}: {error}".replace("`", "")) from None
        return cls(**given)
