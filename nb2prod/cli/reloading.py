"""The service as a child process that follows its project: new artifacts are put live, new code starts it again."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

_PAUSE = 0.5

Seen = dict[str, tuple[int, int]]
"""path -> (when changed, in ns; size)"""


class Child:
    """The service in a process of its own; what ends us ends it, in order."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: Path) -> None:
        self._command, self._environment, self._folder = command, environment, folder
        self.ended = False
        """Whether we were told to end."""

    def __enter__(self) -> Self:
        self.process = self._start()
        # Ctrl-C reaches the child by itself, from the terminal.
        self._before = {signal.SIGINT: signal.signal(signal.SIGINT, self._end)}
        self._before[signal.SIGTERM] = signal.signal(signal.SIGTERM, self._end)
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, _: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self.stop()

    def wait(self) -> int:
        """Its exit code; 128 + N where signal N ended it."""
        code = self.process.wait()
        return code if code >= 0 else 128 - code

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()

    def restart(self) -> None:
        self.stop()
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, env=self._environment, cwd=self._folder)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        self.ended = True
        if number == signal.SIGTERM:
            self.process.terminate()


def run_reloading(command: list[str], environment: dict[str, str], project: Path) -> int:
    """Serve, and follow the project's files until told to end. The exit code."""
    environment = {"NB2PROD_DRAIN_DELAY_SECONDS": "0"} | environment  # nobody is led here by a load balancer
    code, artifacts = _seen(project / "src"), _seen(project / "artifacts")
    with Child(command, environment, project) as child:
        while not child.ended:
            time.sleep(_PAUSE)
            code_now, artifacts_now = _seen(project / "src"), _seen(project / "artifacts")
            if code_now != code:
                _say("the code has changed: starting again")
                child.restart()
            elif artifacts_now != artifacts and child.process.poll() is None:
                if _seen(project / "artifacts") != artifacts_now:
                    continue  # still being written
                _say("the artifacts have changed: putting them live")
                child.process.send_signal(signal.SIGUSR1)
            code, artifacts = code_now, artifacts_now
        return child.wait()


def _seen(folder: Path) -> Seen:
    found: Seen = {}
    for path in folder.rglob("*"):
        try:
            if path.is_file() and "__pycache__" not in path.parts:
                status = path.stat()
                found[str(path)] = (status.st_mtime_ns, status.st_size)
        except OSError:  # replaced at this moment
            continue
    return found


def _say(text: str) -> None:
    sys.stderr.write(f"nb2prod: {text}\n")
