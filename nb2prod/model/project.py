"""A generated project as a value: it can be printed, diffed and tested before anything is written."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProjectTree:
    """Files of a project: relative POSIX path -> bytes. Paths are sorted when written, so that order never matters."""

    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Pin:
    """One pinned requirement: ``name==version`` with the digests of its wheels and why it is there.

    `sha256` are hex digests; `because` e.g. ``imported in cell 1`` or ``needed by pandas``; `wheel` the file name of
    the wheel for this platform; `licence` what its metadata say of it, or ""; `needs` the names it requires itself.
    """

    name: str
    version: str
    sha256: tuple[str, ...]
    because: str
    wheel: str
    licence: str = ""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Requirements:
    """`serving`: what the image installs; `training`: what retraining needs besides; `system`: Debian packages."""

    serving: tuple[Pin, ...]
    training: tuple[Pin, ...]
    system: tuple[str, ...] = ()


def project_digest(manifest: bytes) -> str:
    """``sha256:…`` of what a project is, by the bytes of its sealed manifest: a model version and an image are known by
    it. Which metrics are watched is left out, for neither tests nor an image depend on it."""
    body = {key: value for key, value in json.loads(manifest).items() if key != "watch"}
    return "sha256:" + hashlib.sha256(json.dumps(body).encode()).hexdigest()
