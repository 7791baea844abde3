"""Reading the file that the user named."""

import errno
import os
import stat
from difflib import get_close_matches
from pathlib import Path

from nb2prod.errors import InputError, ToolError, Where

SIZE_LIMIT = 200 * 1024 * 1024
"""Bytes; `nb2prod.notebook` has the same limit."""


def read_file(path: Path) -> bytes:
    """The bytes of a regular file, at one moment: later changes of the file do not matter.

    A symbolic link is followed. Never waits: a FIFO or a device is refused, not opened for reading.
    Raises InputError NB101 (no such file), NB102 (no regular file), NB103 (a link that leads nowhere), NB122 (too
    large), ToolError NB961 (may not be read, or the disk fails).
    """
    where = Where(path=str(path))
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _explain(path, error) from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _not_regular(status.st_mode, where)
        if status.st_size > SIZE_LIMIT:
            raise InputError(
                f"the file has {status.st_size / 1e6:.0f} MB; the limit is {SIZE_LIMIT / 1e6:.0f} MB.",
                code="NB122",
                where=where,
                hint="Clear the outputs (jupyter nbconvert --clear-output --inplace).",
            )
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise _explain(path, error) from None
    finally:
        os.close(descriptor)


def _explain(path: Path, error: OSError) -> InputError | ToolError:
    where = Where(path=str(path))
    name = errno.errorcode.get(error.errno or 0, "OSError")
    if error.errno == errno.ELOOP or (path.is_symlink() and error.errno == errno.ENOENT):
        return InputError("this is a symbolic link that leads nowhere.", code="NB103", where=where, hint="Repair it.")
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
        return InputError("no such file.", code="NB101", where=where, hint=_suggest(path))
    if error.errno in (errno.ENXIO, errno.ENODEV):  # a socket, a device without a driver
        return InputError("this is not a regular file.", code="NB102", where=where, hint="Name a notebook (.ipynb).")
    return ToolError(f"cannot be read ({name}: {error.strerror}).", code="NB961", where=where)


def _not_regular(mode: int, where: Where) -> InputError:
    kinds = (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    )
    kind = next((word for test, word in kinds if test(mode)), "not a regular file")
    return InputError(f"this is {kind}, not a file.", code="NB102", where=where, hint="Name a notebook (.ipynb).")


def _suggest(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.suffix == ".ipynb"]
    except OSError:
        return "The folder does not exist either."
    close = get_close_matches(path.name, names, n=1, cutoff=0.5)
    return f"Did you mean {path.parent / close[0]}?" if close else "Check the path."
