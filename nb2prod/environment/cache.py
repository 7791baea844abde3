"""The folder of wheels and virtual environments that all projects of a user share, and its locks.

Whatever is in it was put there whole, by a rename, and never changes afterwards; so readers take no lock.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from nb2prod.errors import Cancelled, ToolError
from nb2prod.events import Cancel, Emit, Log


def cache_folder(cache: Path | None = None) -> Path:
    """`cache`, else ``NB2PROD_CACHE``, else the user's cache folder. Absolute; made if missing.

    Raises ToolError NB409 where it cannot be made.
    """
    named = os.environ.get("NB2PROD_CACHE")
    if cache is not None:
        folder = cache
    elif named:
        folder = Path(named).expanduser()
    else:
        import platformdirs

        folder = platformdirs.user_cache_path("nb2prod")
    folder = folder.absolute()
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Translate what the disk says while we write below `folder` into ToolError NB409."""
    try:
        yield
    except OSError as error:
        raise ToolError(
            f"cannot write the cache folder {folder}: {error.strerror or error}.",
            code="NB409",
            hint="Free some space or make it writable, or set NB2PROD_CACHE to another folder.",
        ) from error


@contextlib.contextmanager
def locked(path: Path, *, emit: Emit, cancel: Cancel, step: str) -> Iterator[None]:
    """Hold the lock file `path`. Says so once when another process holds it; raises Cancelled while waiting."""
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    told = False
    with writing(path.parent):
        while True:
            try:
                lock.acquire(timeout=0.2)
                break
            except Timeout:
                if cancel.is_set():
                    raise Cancelled from None
                if not told:
                    emit(Log(step, "info", f"waiting for another nb2prod that is working on {path.stem}"))
                    told = True
    try:
        yield
    finally:
        lock.release()
