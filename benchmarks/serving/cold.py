"""Containers: seconds from `docker run` to ready, and resident memory, of the same model.

Ours is the image that nb2prod builds. The peers get the same base image with their environment, the model and their
few lines mounted, which costs them no layer to unpack; one core each.
"""

import os
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.serving.asking import ask, resident
from benchmarks.serving.figures import Figures
from benchmarks.serving.models import ROOT, bodies, build_image
from benchmarks.serving.servers import (
    PEERS,
    Server,
    command_of,
    environment_of,
    free_port,
    home_of,
    wait_until_ready,
)

IMAGE = "nb2prod-bench"
PASSED = ("PYTHONPATH", "PATH", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def measure(
    servers: list[Server], kind: str, notebook: Path, project: Path, work: Path, starts: int, figures: Figures
) -> None:
    """Keeps `cold`: the median of the seconds, and bytes after one request. With `starts` 0 only the image is built."""
    base, tag = os.environ.get("NB2PROD_BASE_IMAGE", "python:3.11-slim"), f"{IMAGE}-{kind}:latest"
    with figures.noting("image", kind, "nb2prod"):
        build_image(kind, notebook, work / "images" / kind, tag)
    for server in servers if starts else []:
        if server.name == "echo":
            continue
        with figures.noting("cold", kind, server.name):
            seconds, memory = [], 0
            for _ in range(starts):
                port = free_port()
                place = work / "run" / f"{port}"
                place.mkdir(parents=True, exist_ok=True)
                if server.prepare is not None:
                    server.prepare(kind, project, place)
                arguments = _ours(server, tag, port) if not server.needs else _peer(server, kind, project, base, place)
                began = time.monotonic()
                with _container(arguments) as name:
                    wait_until_ready(lambda name=name: _runs(name), port, server.ready, lambda name=name: _log(name))
                    seconds.append(time.monotonic() - began)
                    ask(f"http://127.0.0.1:{port}{server.path}", server.body(kind, bodies(project, 1)))
                    memory = resident(int(_docker("inspect", "-f", "{{.State.Pid}}", name)))
            value = {"seconds": statistics.median(seconds), "memory": memory, "starts": starts}
            figures.keep("cold", kind, server.name, value=value)
            sys.stderr.write(f"{server.label}, {kind}, cold: {value}\n")


def _ours(server: Server, tag: str, port: int) -> list[str]:
    options = [word for name, value in server.environment.items() for word in ("-e", f"{name}={value}")]
    return ["-p", f"127.0.0.1:{port}:8080", *options, tag]


def _peer(server: Server, kind: str, project: Path, base: str, place: Path) -> list[str]:
    """Everything at the place where it is here, read-only but for the folder of the run."""
    environment = environment_of(kind, project, server)
    passed = {name: environment[name] for name in (*PASSED, "PEER_PROJECT", "PEER_KIND") if name in environment}
    passed |= server.environment | {"HOME": str(place)}
    folders = dict.fromkeys((sys.base_prefix, str(home_of(server)), str(PEERS), str(project)))
    mounts = [word for folder in folders for word in ("-v", f"{folder}:{folder}:ro")]
    options = [word for name, value in passed.items() for word in ("-e", f"{name}={value}")]
    command = command_of(server, kind, project, int(place.name))
    return ["--network", "host", *mounts, "-v", f"{place}:{place}", "-w", str(place), *options, base, *command]


@contextmanager
def _container(arguments: list[str]) -> Iterator[str]:
    name = f"{IMAGE}-{uuid.uuid4().hex[:8]}"
    _docker("run", "-d", "--name", name, "--cpuset-cpus", "0", *arguments)
    try:
        yield name
    finally:
        _docker("rm", "-f", "-v", name)


def _runs(name: str) -> bool:
    return _docker("inspect", "-f", "{{.State.Running}}", name) == "true"


def _log(name: str) -> str:
    done = subprocess.run(["docker", "logs", name], capture_output=True, text=True, timeout=60, cwd=ROOT)
    return done.stdout + done.stderr


def _docker(*words: str) -> str:
    """What it says. Raises RuntimeError with the end of what it says."""
    done = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip()[-200:])
    return done.stdout.strip()
