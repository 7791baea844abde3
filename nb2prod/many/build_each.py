"""Builds side by side: each is a child, `nb2prod job`, that is told to stop by the end of its stdin.

So a build of many is that of one, many times: the same events, locks and records, and one that crashes is one.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import IO

from nb2prod.errors import ToolError
from nb2prod.events import Cancel, JobFinished, decode
from nb2prod.job.runner import error_json
from nb2prod.many.telling import Telling, not_started
from nb2prod.model.spec import BuildSpec
from nb2prod.summary.outcome import Outcome

_COMMAND = (sys.executable, "-m", "nb2prod", "job", "-", "--events", "jsonl", "--stop-on-stdin-eof")
_TAIL = 2_000


def build_each(
    named: Sequence[tuple[str, BuildSpec]], jobs: int, telling: Telling, cancel: Cancel
) -> tuple[Outcome, ...]:
    """Build each (name to show, spec), at most `jobs` at a time. One that fails does not stop the others; after
    `cancel`, those that run are told to stop and no other is started."""

    def one(number: int) -> Outcome:
        name, spec = named[number]
        if cancel.is_set():
            return not_started(name)
        telling.started(number)
        outcome = _build(name, spec, number, telling, cancel)
        telling.ended(number, outcome)
        return outcome

    with ThreadPoolExecutor(max(1, jobs), thread_name_prefix="build") as pool:
        return tuple(pool.map(one, range(len(named))))


def _build(name: str, spec: BuildSpec, number: int, telling: Telling, cancel: Cancel) -> Outcome:
    start = time.perf_counter()
    last: JobFinished | None = None
    with tempfile.TemporaryFile() as errors:
        try:
            # A session of its own: Ctrl-C reaches us, and through us the child, once.
            child = subprocess.Popen(
                _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
            )
        except OSError as fault:
            return _silent(name, f"its process cannot be started: {fault.strerror}", start)
        assert child.stdin is not None
        assert child.stdout is not None
        with child, _stopping(child.stdin, cancel):
            with contextlib.suppress(BrokenPipeError):
                child.stdin.write(json.dumps(asdict(spec)).encode() + b"\n")
                child.stdin.flush()
            for line in child.stdout:
                with contextlib.suppress(ValueError, TypeError, KeyError):  # a line that is no event
                    stamped = decode(line.decode(errors="replace"))
                    telling.heard(number, stamped)
                    if isinstance(stamped.event, JobFinished):
                        last = stamped.event
            code = child.wait()
        if last is None:
            said = _tail(errors)
            return _silent(name, f"its process ended without a word (exit code {code}){said and ': ' + said}", start)
    return Outcome(name, last.status, code, time.perf_counter() - start, report=last.report)


@contextlib.contextmanager
def _stopping(stdin: IO[bytes], cancel: Cancel) -> Iterator[None]:
    """While inside, `cancel` closes the child's stdin."""
    done = threading.Event()

    def watch() -> None:
        while not done.is_set() and not cancel.wait(0.2):
            pass
        with contextlib.suppress(OSError):
            stdin.close()

    watcher = threading.Thread(target=watch, name="stopping", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _silent(name: str, what: str, start: float) -> Outcome:
    error = ToolError(
        f"{what}.", code="NB283", hint="Build this notebook alone; if it happens again, it is a bug in nb2prod."
    )
    report = {"status": "failed", "error": error_json(error), "findings": [], "steps": []}
    return Outcome(name, "failed", error.exit_code, time.perf_counter() - start, report=report)


def _tail(errors: IO[bytes]) -> str:
    errors.seek(max(0, errors.seek(0, 2) - _TAIL))
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
