"""Changing a file of the user's in place: whole or not at all, with a way back.

The backup of a change is named after the file as the change left it. So it is found as long as the file is that, and
only then: whoever edits the file afterwards keeps the edit.

    churn.ipynb                                     sha256 = b7…
    .nb2prod/churn.ipynb/before-b7….bak             what it was before
"""

import os
import shutil
import stat
import uuid
from contextlib import suppress
from pathlib import Path

from nb2prod.errors import InputError, Where
from nb2prod.files.atomic import disk_errors, sync_folder, write_atomic, write_synced
from nb2prod.files.digest import PREFIX, digest_bytes
from nb2prod.files.source import read_file
from nb2prod.files.state import project_lock, state_folder

KEPT_BACKUPS = 10


def rewrite(path: Path, before: bytes, after: bytes) -> Path:
    """Replace `before` by `after`; gives the backup. Owner and rights of the file stay.

    Raises InputError NB226 (a link, or read-only), NB227 (no longer `before`), ToolError NB960, NB961, NB965.
    """
    check_writable(path)
    backup = _backup(path, after)
    with project_lock(path):
        write_atomic(backup, before)
        with disk_errors(backup):
            shutil.copymode(path, backup)  # who may not read the notebook may not read its backup
            if not (ignore := backup.parent / ".gitignore").exists():
                ignore.write_text("*\n", encoding="utf-8")
        _replace(path, before, after)
        _forget_old(backup)
    return backup


def undo(path: Path) -> bytes:
    """Put back what the file was before the last `rewrite`, and give it.

    Raises InputError NB226, NB227 as `rewrite`, NB228 (never rewritten, or changed since).
    """
    check_writable(path)
    now = read_file(path)
    backup = _backup(path, now)
    if not backup.is_file():
        known = any(backup.parent.glob("before-*.bak"))
        message = "the file was changed since nb2prod wrote tags." if known else "nb2prod wrote no tags into this file."
        hint = f"The backups are in {backup.parent}." if known else ""
        raise InputError(message, code="NB228", where=Where(str(path)), hint=hint)
    with project_lock(path):
        before = read_file(backup)
        _replace(path, now, before)
        with disk_errors(backup):
            backup.unlink()
    return before


def check_writable(path: Path) -> None:
    """Raises InputError NB226 where replacing the file would do more than change its contents, or may not be done."""
    where = Where(str(path))
    if path.is_symlink():
        raise InputError(
            "this is a symbolic link; writing would replace the link.", code="NB226", where=where,
            hint=f"Name the file itself: {os.path.realpath(path)}",
        )  # fmt: skip
    with disk_errors(path):
        status = path.stat()
    if status.st_nlink > 1:
        raise InputError(
            "the file has other names (hard links), which would keep the old contents.", code="NB226", where=where,
            hint="Make a copy and name that.",
        )  # fmt: skip
    if not status.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(path, os.W_OK):
        raise InputError("the file is read-only.", code="NB226", where=where, hint=f"chmod u+w {path}")


def _replace(path: Path, before: bytes, after: bytes) -> None:
    stage = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    with disk_errors(path):
        try:
            write_synced(stage, after)
            shutil.copystat(path, stage)
            with suppress(PermissionError):
                status = path.stat()
                os.chown(stage, status.st_uid, status.st_gid)
            if read_file(path) != before:
                raise InputError(
                    "the file was changed by another program meanwhile; nothing was written.", code="NB227",
                    where=Where(str(path)), hint="Save it there, then run this again.",
                )  # fmt: skip
            os.utime(stage)  # an editor that has it open should see that it is newer
            stage.replace(path)
        except BaseException:
            stage.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def _backup(path: Path, contents: bytes) -> Path:
    return state_folder(path) / f"before-{digest_bytes(contents).removeprefix(PREFIX)[:20]}.bak"


def _forget_old(newest: Path) -> None:
    """Each backup is a whole notebook: only the last ones are kept."""
    with disk_errors(newest):
        others = [one for one in newest.parent.glob("before-*.bak") if one != newest]
        for one in sorted(others, key=lambda one: one.stat().st_mtime_ns, reverse=True)[KEPT_BACKUPS - 1 :]:
            one.unlink()
