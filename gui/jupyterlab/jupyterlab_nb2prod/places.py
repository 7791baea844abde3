"""Where the paths of JupyterLab lie on disk: never outside the folder that the server shows."""

import os
from pathlib import Path

from nb2prod.errors import InputError, UsageError, Where


def place_of(root: str, shown: str) -> Path:
    """The file or folder that JupyterLab calls `shown`. Links are followed, as the server does.

    Raises InputError NB101 for a path that leads out of `root`, UsageError NB295 for one that is none.
    """
    if "\0" in shown:
        raise UsageError("expected a path.", code="NB295")
    base = os.path.abspath(root)  # noqa: PTH100  as the server: `..` is taken away, links stay
    place = os.path.abspath(os.path.join(base, shown.strip("/")))  # noqa: PTH100, PTH118
    if os.path.commonpath((base, place)) != base:
        raise InputError("the path leads out of the server's folder.", code="NB101", where=Where(shown))
    return Path(place)


def shown_as(root: str, place: str) -> str | None:
    """What JupyterLab calls the file or folder at `place`; None where it does not show it."""
    path = os.path.relpath(place, os.path.abspath(root))  # noqa: PTH100
    return None if path.startswith("..") else Path(path).as_posix()
