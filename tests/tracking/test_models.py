"""A logged version reloads in a fresh process and gives the golden predictions, whatever the kind of request."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from nb2prod.errors import Cancelled, ToolError
from nb2prod.events import Log, Produced, StepAdvanced
from nb2prod.model.report import Parity
from nb2prod.tracking import default_tracking_uri, set_alias, verify_model, version_exists
from tests.tracking.conftest import KINDS, Project, Told, exactly, log_project, tampered, write_project

QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store with space")


@pytest.fixture(scope="module")
def frame(store: Path) -> tuple[Project, Any, Told]:
    """The frame project, logged once for all tests that only look at it."""
    project, told = write_project(store / "frame", KINDS["frame"]), Told()
    return project, log_project(project, f"sqlite:///{store / 'mlflow.db'}", told), told


def client(uri: str) -> Any:
    os.environ.update(QUIET)
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def verify(project: Project, version: Any, told: Told) -> Parity:
    return verify_model(
        version, project.golden, python=sys.executable, rows=3, compare=exactly, emit=told, cancel=told.cancel
    )


def test_a_frame_keeps_every_dtype_and_the_predictions_are_equal_to_the_last_bit(frame, told, monkeypatch):
    project, version, _ = frame
    monkeypatch.setenv("PYTHONPATH", "/nonexistent")
    assert verify(project, version, told) == Parity("mlflow", "equal", 3, 0.0, None)


@pytest.mark.parametrize("kind", ["array", "texts", "json", "records", "tensor"])
def test_every_kind_of_request_reloads_with_equal_predictions(kind, tmp_path, store, told):
    if kind == "tensor":
        pytest.importorskip("torch")
    project = write_project(tmp_path / kind, KINDS[kind])
    version = log_project(project, f"sqlite:///{store / 'mlflow.db'}", told, model=f"tiny-{kind}")
    parity = verify(project, version, told)
    assert parity.status == "equal", parity.reason


def test_the_run_holds_all_that_the_model_came_from(frame, store):
    _, version, told = frame
    asked = client(version.tracking_uri)
    run = asked.get_run(version.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {"r2": 0.75}
    assert run.data.params["alpha"] == "1.0"
    assert run.data.params["path"] == "houses.csv"
    assert run.data.params["names"] == '["a", "b"]'
    assert len(run.data.params["long"]) == 6000
    registered = asked.get_model_version("tiny", version.version)
    for tags in (run.data.tags, registered.tags):
        assert tags["nb2prod.notebook"] == "tiny.ipynb"
        assert tags["nb2prod.notebook_digest"] == "sha256:00"
        assert re.fullmatch(r"\d+\.\d+\.\d+\S*", tags["nb2prod.version"])
    root = store / "mlartifacts" / "tiny" / version.run_id / "artifacts"
    assert json.loads((root / run.data.tags["nb2prod.cell_map"]).read_text()) == {"src/tiny/predict.py": {"1": [9, 1]}}
    assert "hello" in (root / "notebook" / "tiny.html").read_text()
    assert (root / "notebook" / "tiny.ipynb").exists()
    assert (root / "sources" / "src" / "tiny" / "predict.py").exists()
    assert (root / "sources" / "tests" / "golden" / "golden.json").exists()
    assert not (root / "sources" / "artifacts").exists()
    assert Produced("log", "model", f"models:/tiny/{version.version}") in told.events
    advanced = [event.done for event in told.events if isinstance(event, StepAdvanced)]
    assert advanced == sorted(advanced)
    assert advanced[-1] == 7


def test_the_model_names_our_requirements_and_the_kernels_python(frame, store):
    _, _, told = frame
    (model,) = (store / "mlartifacts" / "tiny" / "models").iterdir()
    requirements = (model / "artifacts" / "requirements.txt").read_text().split()
    assert [re.split("=", line)[0] for line in requirements] == ["mlflow", "scikit-learn", "skops"]
    assert "python: 3.11.2" in (model / "artifacts" / "python_env.yaml").read_text()
    files = {str(path.relative_to(model / "artifacts")) for path in model.rglob("*") if path.is_file()}
    assert {"code/tiny/predict.py", "artifacts/artifacts/offset.json", "input_example.json"} <= files
    assert not any(name.endswith((".pkl", ".pyc")) for name in files)
    assert [event for event in told.events if isinstance(event, Log) and event.level != "debug"] == []


def test_a_version_is_found_again_until_it_is_deleted_and_gets_its_alias_only_when_asked(tmp_path, told):
    project = write_project(tmp_path / "texts", KINDS["texts"])
    version = log_project(project, default_tracking_uri(project.folder), told)
    assert version.alias is None
    asked = client(version.tracking_uri)
    assert asked.get_registered_model("tiny").aliases == {}
    assert set_alias(version, "champion", emit=told, cancel=told.cancel).alias == "champion"
    assert str(asked.get_model_version_by_alias("tiny", "champion").version) == version.version
    assert version_exists(version, emit=told, cancel=told.cancel)
    asked.delete_model_version("tiny", version.version)
    assert not version_exists(version, emit=told, cancel=told.cancel)
    (tmp_path / "mlflow.db").unlink()
    assert not version_exists(version, emit=told, cancel=told.cancel)


def test_another_answer_is_different_and_a_model_that_fails_says_why(frame, told):
    project, version, _ = frame
    assert verify(tampered(project), version, told).status == "different"
    missing = type(version)(version.tracking_uri, version.run_id, "tiny", "99", None, "models:/tiny/99")
    parity = verify(project, missing, told)
    assert parity.status == "different"
    assert "does not load" in parity.reason


def test_an_interpreter_without_mlflow_skips_with_the_reason(frame, told, tmp_path):
    project, version, _ = frame
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    python = str(tmp_path / "bare" / "bin" / "python")
    parity = verify_model(
        version, project.golden, python=python, rows=3, compare=exactly, emit=told, cancel=told.cancel
    )
    assert parity.status == "skipped"
    assert "cannot import mlflow" in parity.reason


def test_cancel_ends_the_process_and_marks_the_run_as_killed(tmp_path):
    project = write_project(tmp_path / "texts", KINDS["texts"])
    cancel = threading.Event()

    def emit(event: Any) -> None:
        if isinstance(event, StepAdvanced) and event.done == 5:
            cancel.set()

    uri = default_tracking_uri(project.folder)
    with pytest.raises(Cancelled):
        log_project(project, uri, emit, cancel=cancel)
    asked = client(uri)
    (run,) = asked.search_runs([asked.get_experiment_by_name("tiny").experiment_id])
    assert run.info.status == "KILLED"
    assert asked.search_registered_models() == []


def test_a_deleted_experiment_is_one_clear_error(tmp_path, told):
    project = write_project(tmp_path / "texts", KINDS["texts"])
    uri = default_tracking_uri(project.folder)
    asked = client(uri)
    asked.delete_experiment(asked.create_experiment("tiny"))
    with pytest.raises(ToolError, match=r"NB805 .*deleted"):
        log_project(project, uri, told)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def await_answer(url: str, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the server ended with {process.returncode}")


def end(process: "subprocess.Popen[bytes]") -> None:
    """The server and all it started; it leads a process group of its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(20)


def test_mlflow_models_serve_gives_the_golden_predictions(frame):
    project, version, _ = frame
    port, bin_folder = free_port(), Path(sys.executable).parent
    server = subprocess.Popen(
        f"{sys.executable} -m mlflow models serve -m {version.model_uri} -p {port} --env-manager local".split(),
        # mlflow starts uvicorn by its name
        env=os.environ
        | QUIET
        | {"MLFLOW_TRACKING_URI": version.tracking_uri, "PATH": f"{bin_folder}:{os.environ['PATH']}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        await_answer(f"http://127.0.0.1:{port}/ping", server)
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/invocations",
            json.dumps({"dataframe_records": project.record.body["rows"]}).encode(),
            {"Content-Type": "application/json"},
        )
        answer = json.load(urllib.request.urlopen(request, timeout=30))
    finally:
        end(server)
    assert answer["predictions"] == project.golden["predictions"]


def test_a_real_server_keeps_the_model_and_gives_it_back(tmp_path, told):
    port = free_port()
    server = subprocess.Popen(
        f"{sys.executable} -m mlflow server --port {port} --workers 1 --backend-store-uri sqlite:///server.db".split(),
        cwd=tmp_path,
        env=os.environ | QUIET | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        await_answer(f"http://127.0.0.1:{port}/health", server)
        project = write_project(tmp_path / "texts", KINDS["texts"])
        version = log_project(project, f"http://127.0.0.1:{port}", told)
        assert verify(project, version, told).status == "equal"
        assert version_exists(version, emit=told, cancel=told.cancel)
    finally:
        end(server)
    with pytest.raises(ToolError, match="NB801"):
        verify(project, version, told)
