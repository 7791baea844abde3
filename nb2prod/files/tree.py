"""Writing a project whole or not at all.

A new tree is written beside the old one (``.<name>.stage-…``), seen through to the disk, and then the two names are
exchanged in one system call; the old tree is removed afterwards. Whoever looks, or is killed, at any moment finds the
old tree or the new one. Where the file system cannot exchange names, two renames and a journal do it (`state.py`).
"""

import os
import shutil
import stat
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from nb2prod.errors import GateError, InputError, Where
from nb2prod.files.atomic import disk_errors, exchange, sync_folder, write_synced
from nb2prod.files.digest import digest_file
from nb2prod.files.handwork import Handwork, find_handwork, same_bytes
from nb2prod.files.manifest import MANIFEST, seal
from nb2prod.files.state import aside_prefix, stage_prefix, swap_with_journal
from nb2prod.model.project import ProjectTree

_SHOWN = 10


def write_tree(
    tree: ProjectTree, folder: Path, *, force: bool = False, settled: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Make `folder` the project `tree`, sealed (see `seal`): equal trees give equal bytes. Nothing happens where it
    already is. The caller holds `project_lock(folder)`.

    Files that people added stay. Generated files that people edited stop the writing, unless `force`, or unless they
    are `settled`: path -> digest of an edited file of which nothing is lost when it is overwritten.
    Raises GateError NB261 (edited files) · InputError NB260 (the folder holds something else), NB262 (a path that
    leads outside, or two that clash), NB263 (damaged manifest), NB264 (a link) · ToolError NB960 (disk full), NB961.
    After any of them the folder is as it was.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100  Path.resolve would follow a link at the end
    files = seal(tree).files
    _check_paths(files, folder)
    with disk_errors(folder):
        added = _check_folder(folder, files, force, settled)
        if (folder / MANIFEST).is_file() and same_bytes(folder, files):
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        unique = uuid.uuid4().hex
        stage = folder.with_name(stage_prefix(folder) + unique)
        try:
            _fill(stage, files)
            _carry(added, folder, stage)
            _sync_folders(stage)
            _swap(stage, folder, folder.with_name(aside_prefix(folder) + unique))
        finally:
            for left in (stage, folder.with_name(aside_prefix(folder) + unique)):
                if folder.exists():  # else a swap failed half-way; `recover` needs them
                    shutil.rmtree(left, ignore_errors=True)


def check_folder(folder: Path) -> None:
    """Tell before the work whether a project could be written at `folder`. Leaves nothing behind.

    Raises as `write_tree` does for a folder that is something else or cannot be written. Hand edits may be there.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100  as in write_tree
    with disk_errors(folder):
        _check_folder(folder, {}, force=True)
        parent = next(place for place in folder.parents if place.exists())
        probe = parent / f".nb2prod-{uuid.uuid4().hex}"
        probe.mkdir()
        probe.rmdir()


def _check_paths(paths: Iterable[str], folder: Path) -> None:
    paths = set(paths)
    for path in paths:
        parts = PurePosixPath(path).parts
        plain = path == "/".join(parts) and path.isprintable() and not set(path) & set('\\:*?"<>|')
        if not parts or not plain or path.startswith("/") or ".." in parts:
            raise InputError(
                f"a generated file would be called {path!a}, which is no path inside the project.",
                code="NB262",
                where=Where(path=str(folder)),
            )
        if clash := next((str(parent) for parent in PurePosixPath(path).parents if str(parent) in paths), None):
            raise InputError(
                f"{path} needs a folder where the file {clash} is.", code="NB262", where=Where(path=str(folder))
            )


def _check_folder(
    folder: Path, files: Mapping[str, bytes], force: bool, settled: Mapping[str, str] = MappingProxyType({})
) -> tuple[str, ...]:
    """The files that people added and that stay."""
    if folder.is_symlink():
        raise InputError(
            "the output folder is a symbolic link.",
            code="NB264",
            where=Where(path=str(folder)),
            hint=f"Name what it leads to: {folder.resolve()}",
        )
    if not folder.exists():
        return ()
    if not folder.is_dir() or (not (folder / MANIFEST).is_file() and any(folder.iterdir())):
        raise InputError(
            "the output folder exists and is no nb2prod project; nothing in it was touched.",
            code="NB260",
            where=Where(path=str(folder)),
            hint="Choose a new or empty folder.",
        )
    if not (folder / MANIFEST).is_file():
        return ()
    handwork = find_handwork(folder)
    in_the_way = _find_in_the_way(handwork, set(files))
    edited = tuple(
        path
        for path in handwork.edited
        if not _holds(folder / path, files.get(path)) and not _is_settled(folder / path, settled.get(path))
    )
    if (edited or in_the_way) and not force:
        raise _edited(edited, in_the_way, folder)
    return tuple(path for path in handwork.added if path not in in_the_way)


def _find_in_the_way(handwork: Handwork, files: set[str]) -> tuple[str, ...]:
    """Added files at a path that the new tree needs, as a file or as a folder, or below one that it has as a file."""
    folders = {str(parent) for path in files for parent in PurePosixPath(path).parents}
    return tuple(
        path
        for path in handwork.added
        if path in files or path in folders or any(str(parent) in files for parent in PurePosixPath(path).parents)
    )


def _holds(path: Path, data: bytes | None) -> bool:
    """Whether an edited file already is what would be written: then nothing is lost."""
    return data is not None and path.is_file() and not path.is_symlink() and path.read_bytes() == data


def _is_settled(path: Path, digest: str | None) -> bool:
    return digest is not None and path.is_file() and not path.is_symlink() and digest_file(path) == digest


def _edited(edited: tuple[str, ...], in_the_way: tuple[str, ...], folder: Path) -> GateError:
    listed = [*edited, *(f"{path} (yours)" for path in in_the_way)]
    shown = ", ".join(listed[:_SHOWN]) + (f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else "")
    return GateError(
        f"building again would overwrite what was changed by hand: {shown}.",
        code="NB261",
        where=Where(path=str(folder)),
        hint="`nb2prod diff NOTEBOOK PROJECT` shows the changes, `nb2prod sync` moves them into the notebook; or move "
        "them into files of your own, or overwrite them with --force.",
    )


def _fill(stage: Path, files: Mapping[str, bytes]) -> None:
    stage.mkdir()
    for path, data in sorted(files.items()):
        target = stage / path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_synced(target, data)


def _carry(added: Iterable[str], folder: Path, stage: Path) -> None:
    """The same files under both names (hard links), or copies where that cannot be."""
    for path in added:
        target = stage / path
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(folder / path, target, follow_symlinks=False)
        except OSError:
            if not stat.S_ISLNK((folder / path).lstat().st_mode) and not (folder / path).is_file():
                continue  # a socket or a pipe: nothing that a copy would keep
            shutil.copy2(folder / path, target, follow_symlinks=False)


def _sync_folders(stage: Path) -> None:
    for root, _, _ in os.walk(stage, topdown=False):
        sync_folder(Path(root))


def _swap(stage: Path, folder: Path, aside: Path) -> None:
    if not folder.exists():
        stage.rename(folder)
    else:
        stage.chmod(stat.S_IMODE(folder.stat().st_mode))
        if not exchange(stage, folder):
            swap_with_journal(stage, folder, aside)
    sync_folder(folder.parent)
