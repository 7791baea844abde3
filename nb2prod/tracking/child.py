"""Requests to another process: a line of JSON in, lines of JSON out.

MLflow keeps global state, writes where it likes and takes seconds to import; a process of its own keeps all that away
from the job, can be started ahead, and ended at any moment. Its stdin stays open: if this process dies, the child sees
the end of it.
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


class Child:
    """The program `argv` in an empty folder, started with the first request or ahead of it; a context manager."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str]) -> None:
        self.argv = tuple(argv)
        self._env = env
        self._process: subprocess.Popen[str] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._lines: queue.Queue[Line] = queue.Queue()

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def start(self, *first: Mapping[str, Any]) -> None:
        """Let it prepare itself; `first` are requests that have no answer. Does nothing where it was started."""
        if self._process is not None:
            return
        self._folder = tempfile.TemporaryDirectory(prefix="nb2prod-", ignore_cleanup_errors=True)
        self._process = subprocess.Popen(
            self.argv,
            cwd=self._folder.name,
            env={**PATIENCE, **os.environ, **QUIET, **self._env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        streams: tuple[tuple[IO[str], Literal["out", "err"]], ...]
        streams = (self._process.stdout, "out"), (self._process.stderr, "err")
        for stream, kind in streams:
            threading.Thread(target=_read, args=(stream, kind, self._lines), daemon=True).start()
        for request in first:
            self._send(request)

    def ask(
        self, request: Mapping[str, Any], *, emit: Emit, cancel: Cancel, step: str, progress: Progress
    ) -> dict[str, Any]:
        """The ``{"result": …}`` or ``{"error": …}`` that it answers.

        Raises Cancelled, with the process gone, and ToolError (NB805) where the process died without a word.
        """
        self.start()
        self._send(request)
        said: list[str] = []
        ended = 0
        while ended < 2:
            if cancel.is_set():
                self.end()
                raise Cancelled()
            try:
                kind, text = self._lines.get(timeout=0.1)
            except queue.Empty:
                continue
            if kind == "end":
                ended += 1
            elif kind == "err":
                said = [*said, text][-_KEPT_LINES:]
                emit(Log(step, "debug", text))
            else:
                message: dict[str, Any] = json.loads(text)
                if "done" in message:
                    progress(message["done"], message["total"], message["detail"])
                elif "warning" in message:
                    emit(Log(step, "warning", message["warning"]))
                else:
                    return message
        assert self._process is not None
        code = self._process.wait()
        last = next((line.strip() for line in reversed(said) if line.strip()), "it said nothing")
        raise ToolError(
            f"The MLflow process ended with code {code}: {last}",
            code="NB805",
            hint="Run again with --debug to see all it said.",
        )

    def _send(self, request: Mapping[str, Any]) -> None:
        # In a thread: a big request must not wait for a child that is still starting while cancel is asked for.
        assert self._process is not None
        line = json.dumps(request, default=str)
        threading.Thread(target=_write, args=(self._process.stdin, line), daemon=True).start()

    def end(self) -> None:
        """Asks it to end, then makes sure."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        if self._folder is not None:
            self._folder.cleanup()


def _write(stream: IO[str], line: str) -> None:
    # Where the child has died, its own last words are the message.
    with contextlib.suppress(OSError, ValueError):
        stream.write(line + "\n")
        stream.flush()


def _read(stream: IO[str], kind: Literal["out", "err"], lines: "queue.Queue[Line]") -> None:
    for line in stream:
        lines.put((kind, line.rstrip("\n")))
    lines.put(("end", ""))
