"""What ends a stage of the capture, and what makes a value try the next format."""

from __future__ import annotations


class CaptureError(Exception):
    """Ends a stage: told to the user as a RunError."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


class UnfitError(Exception):
    """A value has no place in a format or in the wire form; the message says why."""
