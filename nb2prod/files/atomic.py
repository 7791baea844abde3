"""Single operations that happen whole or not at all, and foreign disk errors in our words."""

import ctypes
import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nb2prod.errors import ToolError, Where

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # linux/fs.h
_NO_EXCHANGE = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Any OSError inside becomes ToolError NB960 (disk full) or NB961, naming the file and the error."""
    try:
        yield
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, type(error).__name__)
        where = Where(path=str(error.filename or path))
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ToolError(
                f"the disk is full ({name}); nothing was changed.", code="NB960", where=where, hint="Make room there."
            ) from None
        raise ToolError(
            f"cannot be written ({name}: {error.strerror or error}); nothing was changed.",
            code="NB961",
            where=where,
            hint="Choose another folder, or allow writing to this one.",
        ) from None


def write_synced(path: Path, data: bytes) -> None:
    """Write a file and see it through to the disk. A failed fsync is a failure: a second one would succeed wrongly."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """See the folder's entries (names, not contents) through to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomic(path: Path, data: bytes) -> None:
    """Replace or create `path`: a reader sees the old bytes or the new ones. Makes missing folders.

    Raises ToolError NB960 (disk full), NB961 (cannot be written); the old file is then intact.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        stage = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
        try:
            write_synced(stage, data)
            stage.replace(path)
        except BaseException:
            stage.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def exchange(one: Path, other: Path) -> bool:
    """Swap two names in one step (Linux: renameat2). False where the system or its file system cannot; then nothing
    happened. Raises OSError for every other failure."""
    renameat2 = _find_renameat2()
    if renameat2 is None:
        return False
    if renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _NO_EXCHANGE:
        return False
    raise OSError(number, os.strerror(number), str(other))


def _find_renameat2() -> "ctypes._NamedFuncPointer | None":
    try:
        function = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):  # another system, or a C library before 2018
        return None
    function.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    function.restype = ctypes.c_int
    return function
