"""The state beside a project, and the lock under which the project changes.

`OUTPUT/../.nb2prod/<name of OUTPUT>/` holds the lock (``lock``), its holder for messages (``holder``), the journal of
an unfinished swap (``swap.json``), and whatever the steps of a job keep there.
"""

import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nb2prod.errors import InputError, ToolError, Where
from nb2prod.files.atomic import disk_errors, sync_folder, write_atomic

if TYPE_CHECKING:
    from filelock import FileLock

JOURNAL = "swap.json"


def state_folder(output: Path) -> Path:
    """Where the state of the project at `output` lives. Makes nothing."""
    output = _absolute(output)
    return output.parent / ".nb2prod" / output.name


@dataclass(slots=True)
class _Hold:
    """The kernel's lock on one project, and how often this process entered it."""

    lock: "FileLock"
    entered: int = 1


_held: dict[Path, _Hold] = {}
_held_guard = threading.Lock()


@contextmanager
def project_lock(output: Path, wait: float = 0.0) -> Iterator[Path]:
    """Hold the project at `output` against other processes; yields its state folder, which then exists.

    Waits at most `wait` seconds. On entry it finishes what a killed predecessor left: an unfinished swap, stages.
    The lock is the kernel's (flock), so it dies with its holder. The process that holds it may enter again, from any
    thread: a command holds it for the whole job, and a step for what it writes.
    Raises ToolError NB965 (another build holds it), NB960/NB961 (the folder cannot be written), InputError NB264.
    """
    output = _absolute(output)
    state = state_folder(output)
    with _held_guard:
        if hold := _held.get(state):
            hold.entered += 1
        else:
            _held[state] = _Hold(_acquire(output, state, wait))
    try:
        yield state
    finally:
        with _held_guard:
            hold = _held[state]
            hold.entered -= 1
            if hold.entered == 0:
                del _held[state]
                hold.lock.release()


def _acquire(output: Path, state: Path, wait: float) -> "FileLock":
    from filelock import FileLock, Timeout

    path = state / "lock"
    with disk_errors(path):
        state.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            raise InputError("the lock is a symbolic link.", code="NB264", where=Where(str(path)), hint="Remove it.")
        lock = FileLock(path, thread_local=False)  # the last to leave need not be the thread that came first
        try:
            lock.acquire(timeout=wait)
        except Timeout:
            raise _busy(output, state) from None
    try:
        with suppress(ToolError):  # only for the message to others; a full disk is told by whoever needs it
            write_atomic(state / "holder", str(os.getpid()).encode())
        with disk_errors(output):
            recover(output)
    except BaseException:
        lock.release()
        raise
    return lock


def recover(output: Path) -> None:
    """Finish or undo what a killed writer left, and remove its stages. For the holder of the lock. Raises OSError."""
    output = _absolute(output)
    journal = state_folder(output) / JOURNAL
    with suppress(FileNotFoundError):
        _finish_swap(output, journal)
    if not output.parent.is_dir():
        return
    for entry in list(output.parent.iterdir()):
        if entry.name.startswith((stage_prefix(output), aside_prefix(output))) and not entry.is_symlink():
            shutil.rmtree(entry)


def stage_prefix(output: Path) -> str:
    return f".{output.name}.stage-"


def aside_prefix(output: Path) -> str:
    return f".{output.name}.old-"


def swap_with_journal(stage: Path, output: Path, aside: Path) -> None:
    """Put `stage` at `output` and what was there at `aside`, by two renames; killed between them, `recover` does the
    second. For file systems that cannot exchange. Raises OSError."""
    journal = state_folder(output) / JOURNAL
    write_atomic(journal, json.dumps({"stage": stage.name, "aside": aside.name}).encode())
    output.rename(aside)
    try:
        stage.rename(output)
    except OSError:
        aside.rename(output)
        journal.unlink()
        raise
    sync_folder(output.parent)
    journal.unlink()


def _finish_swap(output: Path, journal: Path) -> None:
    try:
        names = json.loads(journal.read_bytes())
        stage, aside = output.parent / names["stage"], output.parent / names["aside"]
    except (ValueError, KeyError, TypeError):  # not ours: written atomically, ours is always whole
        journal.unlink()
        return
    ours = stage.name.startswith(stage_prefix(output)) and aside.name.startswith(aside_prefix(output))
    if ours and not output.exists():
        (stage if stage.is_dir() else aside).rename(output)  # the journal is written after the stage was complete
        sync_folder(output.parent)
    journal.unlink()


def _busy(output: Path, state: Path) -> ToolError:
    holder = ""
    with suppress(OSError):
        holder = f" (process {int((state / 'holder').read_text()[:20] or 0)})"
    return ToolError(
        f"another build{holder} is working on this project.",
        code="NB965",
        where=Where(path=str(output)),
        hint="Wait for it to end, or choose another output folder.",
    )


def _absolute(path: Path) -> Path:
    """Absolute without following a link at its end: a project that is a link must be seen as one."""
    path = Path(os.path.abspath(path))  # noqa: PTH100  Path.resolve follows the last link
    return path.parent.resolve() / path.name
