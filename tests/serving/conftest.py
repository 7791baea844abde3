import contextlib
import os
import re
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette prefers a fork of httpx
    from starlette.testclient import TestClient

HERE = Path(__file__).parent
TARGET = "sample_service:app"


class Server:
    """A real process under `python -m nb2prod.serving`."""

    def __init__(self, process: subprocess.Popen[str], host: str) -> None:
        self.process = process
        self.lines: list[str] = []
        self.url = ""
        self._host = host
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if found := re.search(r"running on (https?)://[^ ]*:(\d+)", line):
                self.url = f"{found[1]}://{self._host}:{found[2]}"

    def finish(self) -> int:
        code = self.process.wait(timeout=40)
        self._reader.join(timeout=10)
        return code


def wait_until(what: Callable[[], Any], seconds: float = 30) -> Any:
    """Polls; the limit only ends a test that has already failed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := what():
            return value
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def is_ready(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{url}/health/ready", verify=False).status_code == 200
    return False


def serving() -> Iterator[Callable[..., Server]]:
    """`start(*options, **environment)` a server on a free port of loopback, with at most `files` open; killed after."""
    started: list[Server] = []

    def start(*options: str, wait: bool = True, files: int | None = None, **environment: str) -> Server:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("NB2PROD_")}
        command = [sys.executable, "-m", "nb2prod.serving", TARGET, "--port", "0", *options]
        limited = ["prlimit", f"--nofile={files}:{files}"] if files is not None else []
        process = subprocess.Popen(
            [*limited, *command],
            cwd=HERE,
            env={"NB2PROD_DRAIN_DELAY_SECONDS": "0"} | inherited | environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        server = Server(process, "127.0.0.1")
        started.append(server)
        if wait:
            wait_until(lambda: server.url or process.poll() is not None)
            assert process.poll() is None, server.lines
            wait_until(lambda: is_ready(server.url))
        return server

    yield start
    for server in started:
        server.process.kill()
        server.finish()


start = pytest.fixture(serving, name="start")
module_start = pytest.fixture(serving, name="module_start", scope="module")


@contextlib.contextmanager
def client_of(app: Any) -> Iterator[TestClient]:
    """An in-process client of a ready application."""
    with TestClient(app, raise_server_exceptions=True) as client:
        wait_until(lambda: client.get("/health/ready").status_code == 200)
        yield client
