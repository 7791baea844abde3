"""One call in another process: a JSON request in, JSON lines out.

MLflow keeps global state, writes where it likes and takes seconds to import; a process of its own keeps all that away
from the job, and can be ended at any moment. Its stdin stays open: if this process dies, the child sees the end of it.
The child's stdout carries our lines only; what else it says comes by stderr and is logged at level debug.
"""

import contextlib
import json
import os
import queue
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, Literal

from nb2prod.errors import Cancelled, ToolError
from nb2prod.events import Cancel, Emit, Log

_GRACE_SECONDS = 5.0
_KEPT_LINES = 20
Progress = Callable[[int, int, str], None]
"""(done, total, detail)"""
Line = tuple[Literal["out", "err", "end"], str]

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_UV_AUTO_DETECT": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "TQDM_DISABLE": "1",
    "GIT_PYTHON_REFRESH": "quiet",
    "PYTHONIOENCODING": "utf-8",
    "PYTHONDONTWRITEBYTECODE": "1",
}
"""Environment of every process that imports MLflow: no telemetry, no bars, no project of its own finding."""

PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
}
"""MLflow's own patience is minutes. A user's own setting wins."""


def call(
    argv: Sequence[str],
    request: Mapping[str, Any],
    *,
    env: Mapping[str, str],
    emit: Emit,
    cancel: Cancel,
    step: str,
    progress: Progress,
) -> dict[str, Any]:
    """Runs `argv` in an empty folder with `request` as the first line on stdin; returns its last ``{"result": …}`` or
    ``{"error": …}`` line.

    Raises Cancelled, with the process gone, and ToolError (NB805) where the process died without a word.
    """
    with tempfile.TemporaryDirectory(prefix="nb2prod-") as folder:
        process = subprocess.Popen(
            list(argv),
            cwd=folder,
            env={**PATIENCE, **os.environ, **QUIET, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        try:
            return _converse(process, request, emit, cancel, step, progress)
        finally:
            _end(process)


def _converse(
    process: "subprocess.Popen[str]",
    request: Mapping[str, Any],
    emit: Emit,
    cancel: Cancel,
    step: str,
    progress: Progress,
) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    lines: queue.Queue[Line] = queue.Queue()
    readers = [
        threading.Thread(target=_read, args=(stream, kind, lines), daemon=True)
        for stream, kind in ((process.stdout, "out"), (process.stderr, "err"))
    ]
    for reader in readers:
        reader.start()
    threading.Thread(target=_send, args=(process.stdin, json.dumps(request, default=str)), daemon=True).start()
    answer: dict[str, Any] | None = None
    said: list[str] = []
    ended = 0
    while ended < len(readers):
        if cancel.is_set():
            raise Cancelled()
        try:
            kind, text = lines.get(timeout=0.1)
        except queue.Empty:
            continue
        if kind == "end":
            ended += 1
        elif kind == "err":
            said = [*said, text][-_KEPT_LINES:]
            emit(Log(step, "debug", text))
        else:
            message = json.loads(text)
            if "done" in message:
                progress(message["done"], message["total"], message["detail"])
            elif "warning" in message:
                emit(Log(step, "warning", message["warning"]))
            else:
                answer = message
    code = process.wait()
    if answer is None:
        last = next((line.strip() for line in reversed(said) if line.strip()), "it said nothing")
        raise ToolError(
            f"The MLflow process ended with code {code}: {last}",
            code="NB805",
            hint="Run again with --debug to see all it said.",
        )
    return answer


def _send(stream: IO[str], line: str) -> None:
    # In a thread: a big request must not wait for a child that is still starting while cancel is asked for.
    # Where the child has died, its own last words are the message.
    with contextlib.suppress(OSError, ValueError):
        stream.write(line + "\n")
        stream.flush()


def _read(stream: IO[str], kind: Literal["out", "err"], lines: "queue.Queue[Line]") -> None:
    for line in stream:
        lines.put((kind, line.rstrip("\n")))
    lines.put(("end", ""))


def _end(process: "subprocess.Popen[str]") -> None:
    """Asks, then makes sure."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
