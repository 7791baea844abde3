"""Peak (closed loop) and latency at half of it (open loop) of one server with one model."""

import sys
import time
from pathlib import Path

from benchmarks.serving.asking import MOST_OPEN_RATE, ask, closed_loop, planned, resident
from benchmarks.serving.figures import Figures
from benchmarks.serving.models import bodies
from benchmarks.serving.servers import Server, free_port, serving

NORMAL = (1, 32)
"""Rows and connections of the peak that the open loop takes half of."""


def measure(
    server: Server, kind: str, project: Path, work: Path, points: list[tuple[int, int]], seconds: float,
    *, with_open: bool, figures: Figures,
) -> None:  # fmt: skip
    """Keeps `peak`, `open`, `memory` and `start` (seconds from the process to ready, which are few where the disk's
    cache is warm)."""
    port = free_port()
    url = f"http://127.0.0.1:{port}{server.path}"
    with figures.noting("speed", kind, server.name), serving(server, kind, project, work / "run", port) as started:
        figures.keep("start", kind, server.name, value=started.seconds)
        ask(url, server.body(kind, bodies(project, 1)))
        closed_loop(url, server.body(kind, bodies(project, 1)), 8, 1.0)  # warm
        for rows, connections in points:
            ask(url, server.body(kind, bodies(project, 1)))  # what the point before left waiting is answered first
            rate, bad = closed_loop(url, server.body(kind, bodies(project, rows)), connections, seconds)
            figures.keep("peak", kind, server.name, rows, connections, value=rate)
            told = f"{server.label}, {kind}, {rows} rows, {connections} connections"
            sys.stderr.write(f"{told:70} {rate:9.0f}/s{f', {bad} refused' if bad else ''}\n")
            if bad:
                figures.failures[told] = f"{bad} requests got another status than 200"
        if with_open and server.name != "echo":
            _open_loop(server, kind, project, port, seconds, figures)
        figures.keep("memory", kind, server.name, value=resident(started.pid))


def _open_loop(server: Server, kind: str, project: Path, port: int, seconds: float, figures: Figures) -> None:
    body = server.body(kind, bodies(project, 1))
    url = f"http://127.0.0.1:{port}"
    peak = figures.of("peak", kind, server.name, *NORMAL)
    if peak is None:
        peak, _ = closed_loop(url + server.path, body, NORMAL[1], 1.0)
    rate = min(peak / 2, MOST_OPEN_RATE)
    if rate < 2:
        raise RuntimeError(f"{peak:.1f} requests per second are too few for an open loop")
    ask(url + server.path, body)
    with planned(server, url, body, rate) as load:
        time.sleep(seconds)
    figures.keep("open", kind, server.name, value=[rate, load.percentile(50), load.percentile(99)])
