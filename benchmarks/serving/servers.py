"""The servers that are compared: how each is started, when it is ready, and what a request looks like."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nb2prod.environment import cache_folder

HERE = Path(__file__).parent
PEERS = HERE / "peers"
ROOT = HERE.parents[1]
KEY = "benchmark-key"
SHARED = ("scikit-learn", "pandas", "numpy", "scipy", "joblib", "uvloop", "httptools")
"""What the peers' environments have in the same version as ours, so that the model costs the same everywhere."""
TORCH = ("torch", "torchgen", "functorch", "sympy", "mpmath", "networkx", "jinja2", "markupsafe", "fsspec", "filelock")
START_SECONDS = 90


@dataclass(frozen=True)
class Server:
    """`command(project, port)`; `body(rows)` is the JSON that asks for them; `needs` are pip requirements of a peer."""

    name: str
    label: str
    command: Callable[[str, Path, int], list[str]]
    path: str
    ready: str
    body: Callable[[str, list[Any]], Any] = lambda _kind, rows: {"rows": rows}
    needs: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    batches: bool = False
    prepare: Callable[[str, Path, Path], None] | None = None


_LOOPBACK = ("--host", "127.0.0.1")


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


def _ours(kind: str, _project: Path, port: int) -> list[str]:
    return [sys.executable, "-m", "nb2prod.serving", f"{kind}_model.service:app", *_LOOPBACK, "--port", f"{port}"]


def _uvicorn(app: str) -> Callable[[str, Path, int], list[str]]:
    options = [*_LOOPBACK, "--loop", "uvloop", "--http", "httptools", "--log-level", "error", "--no-access-log"]
    return lambda _kind, _project, port: ["python", "-m", "uvicorn", app, "--port", f"{port}", *options]


def _v2(_kind: str, rows: list[Any]) -> Any:
    texts = [json.dumps(row) for row in rows]
    return {"inputs": [{"name": "rows", "shape": [len(rows), 1], "datatype": "BYTES", "data": texts}]}


def _frame(kind: str, rows: list[Any]) -> Any:
    if kind == "text":
        return {"dataframe_split": {"columns": ["text"], "data": [[row] for row in rows]}}
    if kind == "torch":
        return {"dataframe_split": {"columns": [f"p{n}" for n in range(len(rows[0]))], "data": rows}}
    return {"dataframe_records": rows}


def _mlserver_settings(_kind: str, _project: Path, work: Path) -> None:
    port = int(work.name)
    settings = {"parallel_workers": 0, "http_port": port, "grpc_port": free_port(), "metrics_port": free_port()}
    settings |= {"host": "127.0.0.1", "debug": False, "metrics_endpoint": None}
    model = {"name": "peer", "implementation": "mlserver_app.Peer", "max_batch_size": 64, "max_batch_time": 0.002}
    (work / "settings.json").write_text(json.dumps(settings))
    (work / "model-settings.json").write_text(json.dumps(model))


def _save_pyfunc(kind: str, project: Path, work: Path) -> None:
    shutil.rmtree(work / "pyfunc", ignore_errors=True)
    server = SERVERS["mlflow"]
    environment = environment_of(kind, project, server)
    command = [str(home_of(server) / "bin" / "python"), str(PEERS / "mlflow_model.py"), str(work / "pyfunc")]
    subprocess.run(command, check=True, env=environment, capture_output=True, timeout=120)


LONG_QUEUE = {"NB2PROD_MAX_PENDING": "512", "NB2PROD_WAIT_SECONDS": "60"}
"""Nobody is refused where the peak is measured."""
_OURS = {"NB2PROD_API_KEY": KEY, **LONG_QUEUE}
SERVERS = {
    server.name: server
    for server in (
        Server("echo", "JSON echo", _uvicorn("echo:app"), "/", "/"),
        Server("nb2prod", "nb2prod", _ours, "/predict", "/health/ready", environment=_OURS),
        Server(
            "nb2prod-code", "nb2prod, fast path off", _ours, "/predict", "/health/ready",
            environment=_OURS | {"NB2PROD_FAST_PATH": "0"},
        ),
        Server(
            "fastapi", "FastAPI + joblib", _uvicorn("fastapi_app:app"), "/predict", "/ready",
            needs=("fastapi", "uvicorn"),
        ),
        Server(
            "litserve", "LitServe, batching",
            lambda _k, _p, port: ["python", str(PEERS / "litserve_app.py"), f"{port}"],
            "/predict", "/health", needs=("litserve",), batches=True,
        ),
        Server(
            "bentoml", "BentoML, batchable",
            lambda _k, _p, port: [
                *("python", "-m", "bentoml", "serve", "bentoml_app:Service"), *_LOOPBACK, "-p", f"{port}"
            ],
            "/predict", "/readyz", needs=("bentoml",), batches=True,
            environment={"BENTOML_DO_NOT_TRACK": "true"},
        ),
        Server(
            "mlserver", "MLServer, adaptive batching", lambda _k, _p, _port: ["mlserver", "start", "."],
            "/v2/models/peer/infer", "/v2/models/peer/ready", body=_v2, needs=("mlserver",), batches=True,
            prepare=_mlserver_settings,
        ),
        Server(
            "mlflow", "mlflow models serve",
            lambda _k, _p, port: [
                *("python", "-m", "mlflow", "models", "serve", "-m", "pyfunc", "--env-manager", "local"),
                *(*_LOOPBACK, "-p", f"{port}", "-w", "1"),
            ],
            "/invocations", "/ping", body=_frame, needs=("mlflow",),
            environment={"MLFLOW_DISABLE_TELEMETRY": "true"}, prepare=_save_pyfunc,
        ),
    )
}  # fmt: skip


def home_of(server: Server) -> Path:
    """The peer's own virtual environment, shared by all runs of this user."""
    return cache_folder() / "peers" / server.name


def make_environment(server: Server) -> None:
    """The first time; kept for the next run. Raises CalledProcessError."""
    if not server.needs:
        return
    from importlib.metadata import version

    home, wanted = home_of(server), [*server.needs, *(f"{name}=={version(name)}" for name in SHARED)]
    done = home / "done"
    if done.is_file() and done.read_text().splitlines() == wanted:
        return
    subprocess.run(["uv", "venv", "-q", "--clear", "--python", sys.executable, str(home)], check=True, timeout=120)
    install = ["uv", "pip", "install", "-q", "--python", str(home / "bin" / "python"), *wanted]
    subprocess.run(install, check=True, timeout=600)
    done.write_text("\n".join(wanted) + "\n")


@dataclass(frozen=True)
class Started:
    """A server that is ready, and how many seconds after its process began."""

    pid: int
    seconds: float


@contextlib.contextmanager
def serving(server: Server, kind: str, project: Path, work: Path, port: int) -> Iterator[Started]:
    """Start it on core 0. Raises RuntimeError with the end of its log."""
    place = work / f"{port}"
    place.mkdir(parents=True, exist_ok=True)
    if server.prepare is not None:
        server.prepare(kind, project, place)
    environment, command = environment_of(kind, project, server), command_of(server, kind, project, port)
    log = place / f"{server.name}-{kind}.log"
    began = time.monotonic()
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["taskset", "-c", "0", *command], cwd=place, env=environment, stdout=out, stderr=out, start_new_session=True
        )
        try:
            wait_until_ready(
                lambda: process.poll() is None, port, server.ready, lambda: log.read_text(errors="replace")
            )
            yield Started(process.pid, time.monotonic() - began)
        finally:
            _end(process)


def command_of(server: Server, kind: str, project: Path, port: int) -> list[str]:
    """With the interpreter of the server's own environment, which is first on its PATH, too."""
    command = server.command(kind, project, port)
    if server.needs:
        return [str(home_of(server) / "bin" / command[0]), *command[1:]]
    return [sys.executable if command[0] == "python" else command[0], *command[1:]]


def _end(process: subprocess.Popen[bytes]) -> None:
    """With all it started, in whatever session."""
    import psutil

    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def environment_of(kind: str, project: Path, server: Server) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NB2PROD_", "PYTHONPATH"))}
    paths = [str(PEERS)] if not server.name.startswith("nb2prod") else [str(ROOT), str(project / "src")]
    if kind == "torch" and server.needs:
        paths.append(str(_torch_alone(project.parent.parent)))
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    about = {"PEER_PROJECT": str(project), "PEER_KIND": kind, "PYTHONPATH": os.pathsep.join(paths)}
    if server.needs:
        kept["PATH"] = f"{home_of(server) / 'bin'}{os.pathsep}{kept['PATH']}"
    return kept | threads | about | server.environment


def _torch_alone(folder: Path) -> Path:
    """torch of this environment as links, for peers whose environments have none: it is large to fetch five times."""
    alone = folder / "torch-alone"
    if not alone.is_dir():
        import importlib.util

        alone.mkdir(parents=True)
        for name in TORCH:
            found = importlib.util.find_spec(name)
            if found is not None and found.origin is not None:
                origin = Path(found.origin)
                source = origin.parent if origin.name == "__init__.py" else origin
                (alone / source.name).symlink_to(source)
    return alone


def wait_until_ready(runs: Callable[[], bool], port: int, path: str, log: Callable[[], str]) -> None:
    """Raises RuntimeError with the end of the log."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and runs():
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2):
                return
        except (OSError, ValueError):  # nobody listens yet, or says that it is not ready
            pass
        time.sleep(0.05)
    lines = log().strip().splitlines()
    raise RuntimeError(lines[-1][:200] if lines else "it did not get ready and said nothing")
