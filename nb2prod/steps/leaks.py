"""The last look before a project is written: no file of it may hold what looks like a secret."""

from collections.abc import Mapping

from nb2prod.errors import InputError
from nb2prod.model.notebook import Notebook
from nb2prod.secrets import find_secrets


def refuse_secrets(notebook: Notebook, files: Mapping[str, bytes]) -> None:
    """Raises InputError NB154 where code, or a data file that travels with it, holds what looks like a secret."""
    allowed = {s.value for cell in notebook.cells for s in find_secrets(cell.source) if s.allowed}
    for path, data in files.items():
        text = data.decode("utf-8", "replace") if b"\0" not in data[:1024] else ""
        for secret in find_secrets(text):
            if not secret.allowed and secret.value not in allowed:
                raise InputError(
                    f"{path} would hold {secret.kind} (`{secret.shown}`), and with it the image.", code="NB154",
                    hint="Read it from the environment where the service starts, and have it replaced.",
                )  # fmt: skip
