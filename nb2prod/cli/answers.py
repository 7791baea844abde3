"""What goes to stdout for machines: one JSON object, or one event per line, and nothing else."""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TextIO

from nb2prod.console.text import Line, write_lines
from nb2prod.errors import Nb2ProdError, ToolError
from nb2prod.job.runner import error_json

EMPTY: dict[str, dict[str, Any]] = {
    "build": {
        "project": None,
        "notebook": None,
        "findings": [],
        "parity": [],
        "fast_path": None,
        "tests": None,
        "metrics": {},
        "mlflow": None,
        "image": None,
        "steps": [],
    },
    "check": {"findings": [], "cells": [], "boundary": None},
    "doctor": {"checks": []},
}
"""The shape of each command's answer where there is nothing to put in."""
EMPTY["convert"] = EMPTY["job"] = EMPTY["build"]
EMPTY["test"] = {"project": None, "findings": [], "tests": None, "steps": []}
EMPTY["inspect"] = EMPTY["check"]
EMPTY["suggest"] = {"findings": [], "cells": [], "written": [], "backup": None}
EMPTY["tag"] = {"cells": [], "written": [], "backup": None}
EMPTY["diff"] = {"differs": None, "notebook": None, "project": None}
EMPTY["sync"] = {
    "notebook": None, "project": None, "written": False, "backup": None, "cells": [], "conflicts": [],
    "differences": [], "left": [], "findings": [], "steps": [],
}  # fmt: skip
EMPTY["explain"] = {"notebook": None, "subject": None, "kind": None, "statements": []}


def failure(command: str, error: Nb2ProdError, *, of_many: bool = False) -> dict[str, Any]:
    """The answer of a command that failed before it had anything to say but why."""
    status = "cancelled" if error.exit_code == 130 else "failed"
    if of_many:
        return {"command": command, "status": status, "error": error_json(error), "seconds": 0.0, "notebooks": []}
    return {"status": status, "error": error_json(error)} | EMPTY.get(command, {})


def json_text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)


def write_stdout(text: str) -> None:
    """One text and a newline to stdout."""
    with reserved_stdout() as write:
        write(text)


@contextlib.contextmanager
def reserved_stdout() -> Iterator[Callable[[str], bool]]:
    """stdout for us alone: whatever libraries, or programs we start, print meanwhile goes to stderr.

    Gives a function that writes one text and a newline, and says whether there still is a reader. It raises ToolError
    NB962 where stdout cannot be written for another reason (a full disk).
    """
    stream = sys.stdout
    try:
        number = stream.fileno()
        stream.flush()
        own = os.dup(number)
    except (AttributeError, OSError, ValueError):  # no stdout, or one that is no file
        with contextlib.redirect_stdout(sys.stderr):
            yield lambda text: _write_stream(stream, text)
        return
    try:
        with contextlib.suppress(AttributeError, OSError, ValueError):
            os.dup2(sys.stderr.fileno(), number)
        yield lambda text: _write_file(own, text)
    finally:
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
        os.dup2(own, number)
        os.close(own)


def print_lines(lines: Iterable[Line]) -> None:
    """Lines for people on stdout. A reader that has gone away (``| head``) is no error."""
    try:
        write_lines(lines, sys.stdout)
    except BrokenPipeError:
        # The interpreter flushes stdout again when it ends; let it have somewhere to flush to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write_file(number: int, text: str) -> bool:
    # A lone surrogate becomes \udXXX, which inside JSON is the escape for just that.
    rest = memoryview((text + "\n").encode("utf-8", "backslashreplace"))
    try:
        while rest:
            rest = rest[os.write(number, rest) :]
    except BrokenPipeError:
        return False
    except OSError as fault:
        raise ToolError(
            f"stdout cannot be written: {fault.strerror or fault}.",
            code="NB962",
            hint="Send it to a file on a disk that has room.",
        ) from fault
    return True


def _write_stream(stream: TextIO | None, text: str) -> bool:
    if stream is None:
        return False
    stream.write(text + "\n")
    stream.flush()
    return True
