"""Logs: one JSON object per line on stderr, without request values unless `NB2PROD_LOG_VALUES=1` asks for them."""

import logging
import sys
import time
import traceback
from typing import Any

from nb2prod.serving.wire import encode

logger = logging.getLogger("nb2prod.serving")


class JsonLines(logging.Formatter):
    """``{"time", "level", "event", ...}``; `extra={"fields": {...}}` adds fields. Time is UTC, ISO 8601."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "time": f"{stamp}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            line |= describe_error(record.exc_info[1], with_message=True)
        return encode(line).decode()


def configure_logs() -> None:
    """Our lines and uvicorn's to stderr. The process's own doing, so only the runner calls it."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in ("nb2prod.serving", "uvicorn"):
        chosen = logging.getLogger(name)
        chosen.handlers = [handler]
        chosen.setLevel(logging.INFO)
        chosen.propagate = False


def describe_error(error: BaseException, *, with_message: bool) -> dict[str, Any]:
    """Type and frames of an exception. Its message may hold values of a request: only with `with_message`."""
    frames = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    described: dict[str, Any] = {"error": type(error).__name__, "frames": frames}
    return described | {"message": str(error)} if with_message else described
