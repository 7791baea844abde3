"""The real command line, as a process of its own, and whatever it leaves behind."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_notebooks"
SECRET = "hunter2-nb2prod-sentinel"
"""Stands in the environment of every command; nothing that is made may hold it."""

_KEPT = ("NB2PROD_BASE_IMAGE", "NB2PROD_CACHE")


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def report(self) -> dict[str, Any]:
        """What `--json` printed: one object, nothing before and nothing after it."""
        body = json.loads(self.stdout)
        assert isinstance(body, dict)
        return body


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's, without settings of nb2prod and MLflow, and with a secret that must not get out."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or not name.startswith(("NB2PROD_", "MLFLOW_", "PYTEST_"))
    }
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return kept | {"PYTHONPATH": path, "DATABASE_PASSWORD": SECRET} | dict(changes or {})


@contextlib.contextmanager
def started(
    *words: str, cwd: Path, env: Mapping[str, str] | None = None, program: str = "nb2prod", **options: Any
) -> Iterator[Any]:
    """`nb2prod …` as a running process in a session of its own, ended with all it started when the block is left."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = [sys.executable, "-m", program, *words]
    process = subprocess.Popen(command, cwd=cwd, env=environment(env), start_new_session=True, **pipes | options)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)  # its own way to stop: kernels and containers go with it
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def nb2prod(
    *words: str | Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    limit: float = 600,
    program: str = "nb2prod",
) -> Finished:
    """Run `nb2prod …` (or another `program`) to its end, at most `limit` seconds."""
    with started(*map(str, words), cwd=cwd, env=env, program=program) as process:
        stdout, stderr = process.communicate(timeout=limit)
        return Finished(process.returncode, stdout, stderr)


def processes_in(folder: Path) -> list[str]:
    """Command lines of processes that work in `folder` or were told of it, this one's ancestors left out."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            words = process.cmdline()
            told = any(str(folder) in word for word in words)
            alive = process.pid not in own and process.status() != psutil.STATUS_ZOMBIE
            if alive and (told or Path(process.cwd()).is_relative_to(folder)):
                found.append(" ".join(words))
    return found


def processes_left(folder: Path, seconds: float) -> list[str]:
    """What still works in `folder` after at most `seconds`."""
    deadline = time.monotonic() + seconds
    while (found := processes_in(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found
