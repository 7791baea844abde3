"""Tags for every MLflow run that is started inside a notebook: which file it is, in which state, and which cell ran.

MLflow loads this with itself and asks at the start of each run: it reads at most one file, and never raises.
"""

import hashlib
from typing import Any

from mlflow.tracking.context.abstract_context import RunContextProvider

_LARGEST = 50_000_000
"""Bytes of a notebook whose digest is taken."""


class NotebookContext(RunContextProvider):  # type: ignore[misc, unused-ignore]
    """``nb2prod.notebook_path``, ``nb2prod.notebook_digest`` (of the file as saved), ``nb2prod.cell_id``."""

    def in_context(self) -> bool:
        return _session() is not None

    def tags(self) -> dict[str, str]:
        session = _session()
        if session is None:
            return {}
        tags = {"nb2prod.cell_id": session.cell_id} if session.cell_id else {}
        if session.notebook is None:
            return tags
        tags["nb2prod.notebook_path"] = str(session.notebook)[:5000]
        try:
            if session.notebook.is_file() and session.notebook.stat().st_size <= _LARGEST:
                digest = hashlib.sha256(session.notebook.read_bytes()).hexdigest()
                tags["nb2prod.notebook_digest"] = f"sha256:{digest}"
        except (OSError, ValueError):  # moved, not readable: then it has no digest
            pass
        return tags


def _session() -> Any:
    try:
        from nb2prod.session import find_session

        return find_session()
    except Exception:  # nothing of a run may depend on what we know of it
        return None
