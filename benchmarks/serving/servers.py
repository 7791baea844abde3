"""The servers that are compared: how each is started, when it is ready, and what a request looks like."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
    settings = {"parallel_workers": 0, "http_port": port, "grpc_port": port + 1, "metrics_port": port + 2}
    settings |= {"host": "127.0.0.1", "debug": False, "metrics_endpoint": None}
    model = {"name": "peer", "implementation": "mlserver_app.Peer", "max_batch_size": 64, "max_batch_time": 0.002}
    (work / "settings.json").write_text(json.dumps(settings))
    (work / "model-settings.json").write_text(json.dumps(model))


def _save_pyfunc(kind: str, project: Path, work: Path) -> None:
    shutil.rmtree(work / "pyfunc", ignore_errors=True)
    environment = _environment(kind, project, SERVERS["mlflow"])
    command = [sys.executable, str(PEERS / "mlflow_model.py"), str(work / "pyfunc")]
    subprocess.run(command, check=True, env=environment, capture_output=True, timeout=120)


_OURS = {"NB2PROD_API_KEY": KEY, "NB2PROD_MAX_PENDING": "512"}
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
                *(sys.executable, "-m", "mlflow", "models", "serve", "-m", "pyfunc", "--env-manager", "local"),
                *(*_LOOPBACK, "-p", f"{port}", "-w", "1"),
            ],
            "/invocations", "/ping", body=_frame, environment={"MLFLOW_DISABLE_TELEMETRY": "true"},
            prepare=_save_pyfunc,
        ),
    )
}  # fmt: skip


def make_environment(server: Server, folder: Path) -> None:
    """The peer's own virtual environment below `folder`, kept for the next run. Raises CalledProcessError."""
    home = folder / server.name
    if not server.needs or (home / "done").is_file():
        return
    from importlib.metadata import version

    shared = [f"{name}=={version(name)}" for name in SHARED]
    subprocess.run(["uv", "venv", "-q", "--clear", "--python", sys.executable, str(home)], check=True, timeout=120)
    install = ["uv", "pip", "install", "-q", "--python", str(home / "bin" / "python"), *server.needs, *shared]
    subprocess.run(install, check=True, timeout=600)
    (home / "done").write_text("\n".join(server.needs))


@contextlib.contextmanager
def serving(server: Server, kind: str, project: Path, work: Path, port: int) -> Iterator[int]:
    """Start it on core 0; its process id once it is ready. Raises RuntimeError with the end of its log."""
    place = work / f"{port}"
    place.mkdir(parents=True, exist_ok=True)
    if server.prepare is not None:
        server.prepare(kind, project, place)
    environment = _environment(kind, project, server)
    home = work.parent / "venvs" / server.name / "bin"
    command = server.command(kind, project, port)
    if server.needs:
        environment["PATH"] = f"{home}:{environment['PATH']}"
        command = [str(home / command[0]), *command[1:]]
    elif command[0] == "python":
        command[0] = sys.executable
    log = place / f"{server.name}-{kind}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["taskset", "-c", "0", *command], cwd=place, env=environment, stdout=out, stderr=out, start_new_session=True
        )
        try:
            _wait_until_ready(process, port, server.ready, log)
            yield process.pid
        finally:
            _end(process)


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


def _environment(kind: str, project: Path, server: Server) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NB2PROD_", "PYTHONPATH"))}
    paths = [str(PEERS)] if not server.name.startswith("nb2prod") else [str(ROOT), str(project / "src")]
    if kind == "torch" and server.needs:
        paths.append(str(_torch_alone(project.parent.parent)))
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    about = {"PEER_PROJECT": str(project), "PEER_KIND": kind, "PYTHONPATH": os.pathsep.join(paths)}
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


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2):
                return
        except (OSError, ValueError):  # nobody listens yet, or says that it is not ready
            pass
        time.sleep(0.1)
    lines = log.read_text(errors="replace").strip().splitlines()
    raise RuntimeError(lines[-1][:200] if lines else "it did not get ready and said nothing")
