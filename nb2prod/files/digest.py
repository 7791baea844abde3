"""Digests in the one spelling used everywhere: ``sha256:`` and 64 hex digits."""

import hashlib
from pathlib import Path

PREFIX = "sha256:"


def digest_bytes(data: bytes) -> str:
    """``sha256:…`` of `data`."""
    return PREFIX + hashlib.sha256(data).hexdigest()


def digest_file(path: Path) -> str:
    """``sha256:…`` of the file's bytes, read in pieces. Raises OSError."""
    with path.open("rb") as file:
        return PREFIX + hashlib.file_digest(file, "sha256").hexdigest()
