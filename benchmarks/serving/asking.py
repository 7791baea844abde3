"""Requests: one, as many as are answered (closed loop), or as many as were planned (open loop). From core 1."""

import contextlib
import json
import os
import re
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from typing import Any

from benchmarks.serving.servers import KEY, Server
from tests.serving.load import Load

MOST_OPEN_RATE = 1500.0
"""Requests per second that the open-loop client can plan, being Python."""


def ask(url: str, body: Any, timeout: float = 30.0) -> None:
    """One request. Raises HTTPError, OSError."""
    headers = {"Content-Type": "application/json", "X-API-Key": KEY}
    made = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(made, timeout=timeout) as answer:
        answer.read()


def closed_loop(url: str, body: Any, connections: int, seconds: float) -> tuple[float, int]:
    """Good answers per second, and how many were not good. Raises RuntimeError."""
    script = (
        'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
        f'wrk.headers["X-API-Key"] = "{KEY}"\nwrk.body = [==[{json.dumps(body)}]==]\n'
    )
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = ["taskset", "-c", "1", "wrk", f"-c{connections}", "-t1", f"-d{max(1, round(seconds))}s"]
        command += ["--timeout", "10s", "-s", file.name, url]
        said = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60).stdout
    done = re.search(r"(\d+) requests in ([\d.]+)(m?s)", said)
    if done is None:
        raise RuntimeError(f"wrk said: {said.strip()[-100:]}")
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    lost = int(bad[1]) if bad else 0
    took = float(done[2]) / (1000 if done[3] == "ms" else 1)
    return (int(done[1]) - lost) / took, lost


@contextlib.contextmanager
def planned(server: Server, url: str, body: Any, rate: float) -> Iterator[Load]:
    """`rate` requests per second, whatever becomes of them; at the end their answers are waited for."""
    os.sched_setaffinity(0, {1})
    try:
        with Load(url, body, rate, path=server.path, keep_bodies=False, headers=f"X-API-Key: {KEY}\r\n") as load:
            yield load
    finally:
        os.sched_setaffinity(0, set(range(os.cpu_count() or 1)))


def resident(pid: int) -> int:
    """Bytes of a process and its children."""
    import psutil

    process, total = psutil.Process(pid), 0
    for each in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += each.memory_info().rss
    return total
