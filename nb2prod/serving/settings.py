"""What an operator may set, in one place: every option with its default, read from `NB2PROD_<OPTION>` variables."""

from collections.abc import Mapping
from typing import Annotated, Self

import msgspec

AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Delay = Annotated[float, msgspec.Meta(ge=0)]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Limits are per process. `from_environment` reads them; tests and `create_app` may give them directly."""

    model_name: str | None = None
    """Goes before the package's own name."""
    model_version: str | None = None
    """Goes before the package's own version."""

    graphql: bool = False
    """Whether there is `/graphql`, which needs the package graphql-core."""

    max_body_bytes: AtLeastOne = 10 * 1024 * 1024
    max_rows: AtLeastOne = 10_000
    max_pending: AtLeastOne = 128
    """Predictions that run or wait; beyond it 503 with Retry-After."""
    wait_seconds: Seconds = 1.0
    """How long requests may be expected to wait, by their rows and what recent predictions took; beyond it 503."""
    max_batch_rows: AtLeastOne = 1024
    """Rows of requests that wait and are answered by one prediction; 1: each request by itself."""
    fast_path: bool = True
    """Whether the ONNX graph that the build made, if it made one, answers in place of the notebook's own code."""
    body_seconds: Seconds = 8.0
    """How long a caller may take to send a body."""
    predict_seconds: Seconds = 20.0
    """How long one prediction may run before its caller gets 504 and its thread is given up."""
    max_hung: AtLeastOne = 4
    """Threads that may be given up at a time; then the service is not ready any more and the process ends."""

    header_seconds: Seconds = 8.0
    """How long a connection may take to send the line and the headers of a request."""
    max_header_bytes: AtLeastOne = 32 * 1024
    write_seconds: Seconds = 30.0
    """How long a caller may take to read an answer."""
    keep_alive_seconds: Seconds = 30.0
    """How long a connection may be silent between two requests."""
    max_connections: AtLeastOne = 4096
    """Beyond it 503 with Retry-After. Less where the process may not open so many files."""
    drain_delay_seconds: Delay = 3.0
    """After SIGTERM: not ready, but new connections are still answered, until callers have noticed."""
    drain_seconds: Seconds = 20.0
    """How long requests in flight may take after that. Orchestrators send SIGKILL 30 s (Docker: 10 s) after SIGTERM."""

    models: str | None = None
    """The folder below which versions may be put live by an administrator."""
    watch: str | None = None
    """An alias to follow, e.g. ``models:/churn@champion``, of the registry that `MLFLOW_TRACKING_URI` names."""
    watch_seconds: Seconds = 30.0
    """How often it is looked at."""
    swap_seconds: Seconds = 300.0
    """How long a version may take to load and to answer its golden rows."""

    api_key_rights: str = "predict metrics"
    """What the holder of `NB2PROD_API_KEY` may do: of predict, metrics, admin."""
    keys_file: str | None = None
    """More keys, as `python -m nb2prod.serving.keys new` makes them. Read again when it changes."""
    rate: str | None = None
    """How often one caller may ask, e.g. ``100/second``; a key's own rate goes before it."""
    jwks: str | None = None
    """Public keys that verify JSON Web Tokens: a file, or an https address."""
    jwt_issuer: str | None = None
    jwt_audience: str | None = None
    jwt_algorithms: str = "RS256 ES256 EdDSA"
    jwt_leeway_seconds: Annotated[float, msgspec.Meta(ge=0, le=600)] = 30.0
    jwt_rights_claim: str = "scope"
    """Where a token names rights; a dot leads into an object, e.g. ``realm_access.roles``."""
    jwt_rights_prefix: str = ""
    """What stands before a right there, e.g. ``churn:`` for ``churn:predict``."""
    tls_cert: str | None = None
    """A certificate with its chain, in PEM; with `tls_key` the process speaks TLS itself. Both may be replaced."""
    tls_key: str | None = None

    request_log: str | None = None
    """An SQLite file that keeps what was asked and answered, for monitoring. Holds values of requests."""
    request_log_sample: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    """Which part of the predictions is kept, at random."""
    request_log_redact: str = ""
    """Columns and fields that are never kept, separated by commas."""
    request_log_days: Seconds = 30.0
    request_log_megabytes: AtLeastOne = 256
    """Beyond it the oldest go."""
    tracing: bool = False
    """Spans over OTLP. `OTEL_EXPORTER_OTLP_ENDPOINT` and the other `OTEL_` variables say where to and which."""
    audit_log: str | None = None
    """A file for lines about what administrators did, beside stderr."""

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
