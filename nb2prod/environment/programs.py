"""Running pip, uv and interpreters: every line as it comes, and the whole process group gone when cancelled."""

import contextlib
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nb2prod.errors import Cancelled, ToolError
from nb2prod.events import Cancel

_PATIENCE = 3.0  # seconds between the request to end and the kill


@dataclass(frozen=True, slots=True)
class Outcome:
    """`lines` are stdout and stderr together, as they came."""

    code: int
    lines: tuple[str, ...]


def run_program(
    command: Sequence[str],
    *,
    cancel: Cancel,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Run to the end and return its outcome, whatever the code. `tell` gets each line.

    Raises Cancelled (the process and its children are gone then) and ToolError NB408 where it cannot be started.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environment) if environment is not None else None,
            cwd=folder,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise ToolError(
            f"cannot start {Path(command[0]).name}: {error.strerror or error}.",
            code="NB408",
            hint="Check that the notebook's kernel still exists (jupyter kernelspec list).",
        ) from error
    arriving: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(process, arriving), daemon=True)
    reader.start()
    lines: list[str] = []
    try:
        while True:
            if cancel.is_set():
                raise Cancelled
            try:
                line = arriving.get(timeout=0.1)
            except queue.Empty:
                continue
            if line is None:
                break
            lines.append(line)
            tell(line)
        return Outcome(process.wait(), tuple(lines))
    finally:
        _end(process)


def _read(process: subprocess.Popen[str], arriving: "queue.SimpleQueue[str | None]") -> None:
    assert process.stdout is not None
    with process.stdout as stream, contextlib.suppress(ValueError, OSError):
        for line in stream:
            arriving.put(line.rstrip("\n"))
    arriving.put(None)


def _end(process: subprocess.Popen[str]) -> None:
    """End the process group. pip runs itself a second time in the target interpreter; both must go."""
    if process.poll() is not None:
        return
    _signal(process, signal.SIGTERM)
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))
        process.wait()


def _signal(process: subprocess.Popen[str], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        else:
            process.terminate()
