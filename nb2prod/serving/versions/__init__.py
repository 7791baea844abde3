"""Other versions of the model, put live while the process runs. The code is constant: only what training left changes.

    source ─ find ─► folder ─ same code? ─ digests, load ─► Model ─ golden rows ─► live, the one before it is kept
      folder.py, registry.py    code.py         swap.py

A version that fails on the way is refused with the reason, and the live one goes on.
"""

from typing import Literal

Code = Literal["no_such_version", "other_code", "bad_version", "golden_differs", "too_large", "registry_failed"]


class RefusedVersionError(Exception):
    """Why a version cannot go live. `code` is stable; the message is for the administrator."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code: Code = code
