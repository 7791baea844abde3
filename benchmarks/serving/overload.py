"""Five times as many requests as a server can answer: who is answered and how soon, who is refused, what remains."""

import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.serving.asking import MOST_OPEN_RATE, ask, closed_loop, planned, resident
from benchmarks.serving.figures import Figures
from benchmarks.serving.models import bodies
from benchmarks.serving.servers import LONG_QUEUE, Server, free_port, serving

TIMES = 5
REFUSALS = (429, 503)
PATIENCE = 60.0
"""Seconds after the load in which a server may answer again."""


def measure(server: Server, kind: str, project: Path, work: Path, seconds: float, figures: Figures) -> None:
    """Keeps `overload`. Our own server has its default queue here, not the longer one of the peak."""
    if server.name == "echo":
        return
    server = replace(server, environment={n: v for n, v in server.environment.items() if n not in LONG_QUEUE})
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with figures.noting("overload", kind, server.name), serving(server, kind, project, work / "run", port) as started:
        rows, body, capacity = _slow_enough(server, kind, project, url)
        before, most = resident(started.pid), [0]
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(0.1):
                most[0] = max(most[0], resident(started.pid))

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            with planned(server, url, body, TIMES * capacity) as load:
                time.sleep(max(3.0, seconds))
                load.send_no_more()
                recovery = _recovery(url + server.path, body, 10 / capacity)
        finally:
            ended.set()
            watching.join()
        count, statuses = len(load.answers) + len(load.errors) + load.refused, load.statuses
        refused = sum(number for status, number in statuses.items() if status in REFUSALS)
        found = {
            "rows": rows, "capacity": capacity, "sent": count,
            "answered": statuses.get(200, 0) / count, "refused": refused / count,
            "lost": 1 - (statuses.get(200, 0) + refused) / count,
            "p99": load.percentile(99) if statuses.get(200) else None,
            "grown": max(0, most[0] - before), "recovery": recovery,
        }  # fmt: skip
        figures.keep("overload", kind, server.name, value=found)
        sys.stderr.write(f"{server.label}, {kind}, overload: {found}\n")


def _slow_enough(server: Server, kind: str, project: Path, url: str) -> tuple[int, Any, float]:
    """A body of so many rows that the client can send five times what is answered: rows, body, answers per second."""
    for rows in (1, 100, 1000):
        body = server.body(kind, bodies(project, rows))
        ask(url + server.path, body)
        capacity, _ = closed_loop(url + server.path, body, 32, 1.0)
        if TIMES * capacity <= MOST_OPEN_RATE:
            return rows, body, max(capacity, 1.0)
    raise RuntimeError(f"it answers {capacity:.0f} requests of 1000 rows per second: too many for the client")


def _recovery(url: str, body: Any, soon: float) -> float | None:
    """Seconds after the load until a request is answered within a second or `soon`; None: not within `PATIENCE`."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        asked = time.monotonic()
        try:
            ask(url, body, timeout=max(1.0, soon))
        except OSError:  # refused (HTTPError is one), or not in time
            time.sleep(0.02)
            continue
        return time.monotonic() - began if time.monotonic() - asked < max(1.0, soon) else None
    return None
