"""Logs: one JSON object per line on stderr, without request values unless `NB2PROD_LOG_VALUES=1` asks for them.

Lines are written by a thread of their own, many at once. A reader that stops reading, or goes, costs lines, which are
counted, and never a request.
"""

import atexit
import logging
import os
import sys
import threading
import time
import traceback
from collections import deque
from typing import Any

from nb2prod.serving.wire import encode

logger = logging.getLogger("nb2prod.serving")

MOST_LINES = 10_000
"""Lines that wait to be written; more are dropped."""
GATHER_SECONDS = 0.05
"""How long lines gather before they are written together."""


class Lines:
    """The lines that wait for one file descriptor. `put` never waits; `dropped` counts what was not written."""

    def __init__(self, descriptor: int) -> None:
        self.dropped = 0
        self._descriptor = descriptor
        self._waiting: deque[bytes] = deque()
        self._any = threading.Event()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, line: bytes) -> None:
        """`line` ends with a newline."""
        waiting = self._waiting
        if len(waiting) >= MOST_LINES:
            self.dropped += 1
            return
        waiting.append(line)
        if not self._any.is_set():
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="log", daemon=True)
                self._thread.start()
            self._any.set()

    def flush(self, seconds: float = 1.0) -> None:
        """Write what waits, unless somebody has been stuck in writing for `seconds`."""
        if not self._writing.acquire(timeout=seconds):
            return
        try:
            taken = [self._waiting.popleft() for _ in range(len(self._waiting))]
            content = memoryview(b"".join(taken))
            while content:
                content = content[os.write(self._descriptor, content) :]
        except OSError:  # the reader has gone
            self.dropped += len(taken)
        finally:
            self._writing.release()

    def _work(self) -> None:
        while True:
            self._any.wait()
            time.sleep(GATHER_SECONDS)
            self._any.clear()
            self.flush()


lines = Lines(2)
"""Those of this process."""


class JsonLines(logging.Handler):
    """``{"time", "level", "event", ...}``; `extra={"fields": {...}}` adds fields. Time is UTC, ISO 8601."""

    def __init__(self, sink: Lines) -> None:
        super().__init__()
        self._sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        line: dict[str, Any] = {
            "time": _stamp(record.created),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            line |= describe_error(record.exc_info[1], with_message=True)
        try:
            self._sink.put(encode(line) + b"\n")
        except (TypeError, UnicodeEncodeError):  # a value that is no JSON
            self._sink.put(encode({**{name: repr(value) for name, value in line.items()}}) + b"\n")


class AccessLines:
    """A line per request, past `logging`, which costs more than the prediction of a row."""

    def __init__(self) -> None:
        self._direct = False
        self._second = -1
        self._stamp = ""

    def go_direct(self) -> None:
        """From now on straight to the lines of this process; until then through `logging`, for whoever embeds us."""
        self._direct = True

    def write(
        self, request_id: str, method: str, route: str | None, status: int, seconds: float, caller: str | None
    ) -> None:
        """An unknown path is the caller's text, a query may hold values: neither is logged."""
        line = {
            "time": None,
            "level": "info",
            "event": "request",
            "request_id": request_id,
            "method": method,
            "route": route,
            "status": status,
            "ms": int(seconds * 100_000) / 100,
            "caller": caller,
        }
        if not self._direct:
            logger.info("request", extra={"fields": dict(list(line.items())[3:])})
            return
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second, self._stamp = second, time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(now))
        line["time"] = f"{self._stamp}{int((now - second) * 1000):03d}Z"
        lines.put(encode(line) + b"\n")


access_lines = AccessLines()


def configure_logs(audit_log: str | None = None) -> None:
    """Our lines and uvicorn's to stderr, those of the audit to a file, too. Only the runner calls it.

    Raises OSError where the file cannot be opened.
    """
    sys.stderr.flush()
    handler = JsonLines(lines)
    for name in ("nb2prod.serving", "uvicorn"):
        chosen = logging.getLogger(name)
        chosen.handlers = [handler]
        chosen.setLevel(logging.INFO)
        chosen.propagate = False
    access_lines.go_direct()
    atexit.register(lines.flush)
    if audit_log is not None:
        file = Lines(os.open(audit_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600))
        logging.getLogger("nb2prod.serving.audit").addHandler(JsonLines(file))
        atexit.register(file.flush)


def describe_error(error: BaseException, *, with_message: bool) -> dict[str, Any]:
    """Type and frames of an exception. Its message may hold values of a request: only with `with_message`."""
    frames = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    described: dict[str, Any] = {"error": type(error).__name__, "frames": frames}
    return described | {"message": str(error)} if with_message else described


def _stamp(created: float) -> str:
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(created))}.{int(created % 1 * 1000):03d}Z"
