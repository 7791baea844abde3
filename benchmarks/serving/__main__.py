"""`python -m benchmarks.serving [--quick] [--models linear,forest] [--servers nb2prod,mlflow]`

Every server in turn on core 0, the load on core 1. Closed loop: wrk, requests per second at 1, 32 and 256 connections,
of 1 and of 100 rows. Open loop: latency from the planned time, at half of what the closed loop reached. A server that
fails leaves a gap and its reason; the others go on. Prints what it writes to docs/serving-figures.md.
"""

import argparse
import json
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from benchmarks.serving import tables
from benchmarks.serving.models import ROOT, bodies, build, notebooks
from benchmarks.serving.servers import KEY, SERVERS, Server, make_environment, serving
from tests.serving.load import Load

WORK = ROOT / "build" / "bench-serving"
PAGE = ROOT / "docs" / "serving-figures.md"
FULL = [(rows, connections) for rows in (1, 100) for connections in (1, 32, 256)]
QUICK = [(1, 1), (1, 32), (100, 32)]
MOST_OPEN_RATE = 1500.0
"""Requests per second that the open-loop client can plan, being Python."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving")
    parser.add_argument("--quick", action="store_true", help="two models, three points, two seconds each")
    parser.add_argument("--models", help="of linear, forest, boosting, text, torch")
    parser.add_argument("--servers", help=f"of {', '.join(SERVERS)}")
    parser.add_argument("--seconds", type=float, help="of each point")
    parser.add_argument("--no-page", action="store_true", help="print only")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server that runs is ended, too
    names = options.models.split(",") if options.models else ["linear", "forest"] if options.quick else None
    seconds = options.seconds or (2.0 if options.quick else 2.5)
    points = QUICK if options.quick else FULL
    chosen = [SERVERS[name] for name in (options.servers.split(",") if options.servers else SERVERS)]
    results: tables.Results = {"points": points, "figures": {}, "open": {}, "memory": {}, "failures": {}}
    results["machine"] = describe_machine()
    usable = [server for server in chosen if prepare(server, results)]
    for kind, notebook in notebooks(WORK / "notebooks").items():
        if names is not None and kind not in names:
            continue
        try:
            project = build(kind, notebook, WORK / "projects")
        except (OSError, subprocess.SubprocessError) as error:
            results["failures"][f"{kind}, build"] = f"{type(error).__name__}: {error}"[:200]
            continue
        for server in usable:
            measure(server, kind, project, free_port(), points, seconds, results)
    text = tables.render(results)
    sys.stdout.write(text)
    (WORK / "results.json").write_text(json.dumps(tables.plain(results), indent=1))
    if not options.no_page:
        PAGE.write_text(text, encoding="utf-8")
    return 0


def prepare(server: Server, results: tables.Results) -> bool:
    try:
        make_environment(server, WORK / "venvs")
    except (OSError, subprocess.SubprocessError) as error:
        results["failures"][f"{server.label}, environment"] = f"{type(error).__name__}"
        return False
    return True


def measure(
    server: Server, kind: str, project: Path, port: int, points: list[tuple[int, int]], seconds: float,
    results: tables.Results,
) -> None:  # fmt: skip
    try:
        with serving(server, kind, project, WORK / "run", port) as pid:
            url = f"http://127.0.0.1:{port}"
            for rows, connections in points:
                body = server.body(kind, bodies(project)[rows])
                if (rows, connections) == points[0]:
                    check(f"{url}{server.path}", body)
                    closed_loop(f"{url}{server.path}", body, 8, 1.0)  # warm
                rate, bad = closed_loop(f"{url}{server.path}", body, connections, seconds)
                results["figures"][kind, server.name, rows, connections] = rate
                told = f"{server.label}, {kind}, {rows} rows, {connections} connections"
                sys.stderr.write(f"{told:70} {rate:9.0f}/s{f', {bad} refused' if bad else ''}\n")
                if bad:
                    results["failures"][told] = f"{bad} requests got another status than 200"
            peak = results["figures"][kind, server.name, 1, 32]
            rate = min(peak / 2, MOST_OPEN_RATE)
            if rate >= 2 and server.name != "echo":
                body = server.body(kind, bodies(project)[1])
                results["open"][kind, server.name] = open_loop(server, url, body, rate, seconds)
            results["memory"][kind, server.name] = resident(pid)
    except Exception as error:
        sys.stderr.write(f"{kind:9} {server.label:28} FAILED: {error}\n")
        results["failures"][f"{server.label}, {kind}"] = f"{type(error).__name__}: {error}"[:200]


def free_port() -> int:
    """A port that nobody uses, with two more behind it that probably nobody does, either."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


def check(url: str, body: Any) -> None:
    """One request. Raises HTTPError, OSError."""
    headers = {"Content-Type": "application/json", "X-API-Key": KEY}
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers), timeout=30) as answer:
        answer.read()


def closed_loop(url: str, body: Any, connections: int, seconds: float) -> tuple[float, int]:
    """Good answers per second, and how many were not good."""
    script = WORK / "run" / "body.lua"
    script.write_text(
        'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
        f'wrk.headers["X-API-Key"] = "{KEY}"\nwrk.body = [==[{json.dumps(body)}]==]\n'
    )
    command = [
        "taskset",
        "-c",
        "1",
        "wrk",
        f"-c{connections}",
        "-t1",
        f"-d{max(1, round(seconds))}s",
        "--timeout",
        "10s",
    ]
    said = subprocess.run(
        [*command, "-s", str(script), url], capture_output=True, text=True, timeout=seconds + 60
    ).stdout
    done = re.search(r"(\d+) requests in ([\d.]+)(m?s)", said)
    if done is None:
        raise RuntimeError(f"wrk said: {said.strip()[-100:]}")
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    lost = int(bad[1]) if bad else 0
    took = float(done[2]) / (1000 if done[3] == "ms" else 1)
    return (int(done[1]) - lost) / took, lost


def open_loop(server: Server, url: str, body: Any, rate: float, seconds: float) -> tuple[float, float, float]:
    """The rate, and the 50th and 99th percentile in seconds."""
    os.sched_setaffinity(0, {1})
    try:
        with Load(url, body, rate, path=server.path, keep_bodies=False, headers=f"X-API-Key: {KEY}\r\n") as load:
            time.sleep(seconds)
        return rate, load.percentile(50), load.percentile(99)
    finally:
        os.sched_setaffinity(0, set(range(os.cpu_count() or 1)))


def resident(pid: int) -> int:
    """Bytes of a process and its children."""
    import psutil

    process = psutil.Process(pid)
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))


def describe_machine() -> str:
    cpu = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    load = os.getloadavg()[0]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout
    day = time.strftime("%Y-%m-%d")
    about = [
        day,
        f"commit {commit.strip()}",
        cpu[1] if cpu else platform.machine(),
        f"Python {platform.python_version()}",
    ]
    return ", ".join([*about, f"load average before {load:.1f}"])


if __name__ == "__main__":
    sys.exit(main())
