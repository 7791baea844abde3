"""House prices, from the notebook to a verified image; and what people then do with the result, by hand."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.builds.claims import STEPS, SampleClaims
from tests.builds.command import ROOT, environment, nb2prod
from tests.builds.conftest import Built
from tests.builds.projects import files_of

BUILT = ["house_prices"]

ASK_MLFLOW = """
import json, sys
import mlflow, pandas
uri, tracking, rows = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
mlflow.set_tracking_uri(tracking)
answer = mlflow.pyfunc.load_model(uri).predict(pandas.DataFrame(rows))
print(json.dumps([float(value) for value in answer]))
"""

ASK_PACKAGE = """
import json, sys
from pathlib import Path
from house_prices.predict import Predictor
from house_prices.schema import request_from_json, response_to_json
body = json.loads(sys.argv[2])
print(json.dumps(response_to_json(Predictor.load(Path(sys.argv[1])).predict(**request_from_json(body)))))
"""


def golden(built: Built) -> dict[str, Any]:
    body = json.loads((built.folder / "tests" / "golden" / "golden.json").read_bytes())
    assert isinstance(body, dict)
    return body


def as_golden(built: Built) -> Any:
    """The golden response, to be compared within its own tolerance."""
    told = golden(built)
    return pytest.approx(told["predictions"], rel=told["tolerance"]["relative"], abs=told["tolerance"]["absolute"])


def post(address: str, body: Any, **headers: str) -> Any:
    """The JSON answer. Raises HTTPError for a refusal."""
    data = json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"} | headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def wait_for(address: str, alive: Any, seconds: float = 120) -> None:
    """Until `address` answers 200; fails where `alive` says no or time is up."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
            if answer.status == 200:
                return
        assert alive(), "it stopped"
        assert time.monotonic() < deadline, "it was not ready in time"
        time.sleep(0.2)


def plain_environment(built: Built, path: Path | None = None) -> dict[str, str]:
    """As a user's shell: nb2prod is not on the path, the programs beside the interpreter are."""
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return environment({"PYTHONPATH": str(path or ""), "PATH": programs})


def run_python(built: Built, *words: str, path: Path | None = None) -> str:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=built.folder.parent,
        env=plain_environment(built, path),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server(built: Built) -> Iterator[str]:
    """`mlflow models serve` on the version of the build; its address."""
    version = built.report["mlflow"]
    port = free_port()
    words = [
        "models",
        "serve",
        "-m",
        version["model_uri"],
        "--env-manager",
        "local",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("mlflow")), *words],
        cwd=built.folder.parent,
        env=plain_environment(built) | {"MLFLOW_TRACKING_URI": version["tracking_uri"]},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/ping", lambda: process.poll() is None)
        yield f"http://127.0.0.1:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class TestHousePrices(SampleClaims):
    """All claims."""


# --- the MLflow version ----------------------------------------------------------------------------------------------


@pytest.mark.samples
@pytest.mark.docker
def test_mlflow_alone_loads_the_version_and_answers_the_same(built: Built) -> None:
    version = built.report["mlflow"]
    rows = json.dumps(golden(built)["body"]["rows"])
    for uri in (version["model_uri"], f"models:/{version['model']}@{version['alias']}"):
        said = run_python(built, "-c", ASK_MLFLOW, uri, version["tracking_uri"], rows)
        assert json.loads(said.splitlines()[-1]) == as_golden(built)


@pytest.mark.samples
@pytest.mark.docker
def test_mlflow_serves_the_version_and_answers_the_same(built: Built, server: str) -> None:
    answer = post(f"{server}/invocations", {"dataframe_records": golden(built)["body"]["rows"]})
    assert answer["predictions"] == as_golden(built)


# --- the image -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def container(built: Built, engine: Any) -> Iterator[tuple[str, str]]:
    """As in the README: a key, a port on loopback; and a request log. The address and the key."""
    key = re.search(r"NB2PROD_API_KEY=(\S+)", (built.folder / "README.md").read_text())
    assert key is not None
    started = engine.containers.run(
        built.tag,
        detach=True,
        environment={"NB2PROD_API_KEY": key[1], "NB2PROD_REQUEST_LOG": "/data/requests.sqlite"},
        tmpfs={"/data": "mode=1777"},
        ports={"8080/tcp": ("127.0.0.1", None)},
    )
    try:
        started.reload()
        port = started.attrs["NetworkSettings"]["Ports"]["8080/tcp"][0]["HostPort"]
        address = f"http://127.0.0.1:{port}"

        def running() -> bool:
            started.reload()
            return bool(started.status == "running")

        wait_for(f"{address}/health/ready", running)
        yield address, key[1]
    finally:
        started.remove(force=True)


def get(address: str, **headers: str) -> bytes:
    """Raises HTTPError for a refusal."""
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=30) as answer:
        content: bytes = answer.read()
        return content


def refusal(ask: Any, *arguments: Any, **headers: str) -> int:
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(*arguments, **headers)
    return refused.value.code


@pytest.mark.samples
@pytest.mark.docker
def test_the_readmes_docker_run_and_curl_work(built: Built, container: tuple[str, str]) -> None:
    """With the request that curl sends there."""
    address, key = container
    sent = re.search(r"-d '(.*)'", (built.folder / "README.md").read_text())
    assert sent is not None
    body = json.loads(sent[1])
    answer = post(f"{address}/predict", body, Authorization=f"Bearer {key}")
    whole = post(f"{address}/predict", golden(built)["body"], Authorization=f"Bearer {key}")
    assert refusal(post, f"{address}/predict", body) == 401
    assert b"predict" in get(f"{address}/docs")
    assert whole["predictions"] == as_golden(built)
    assert answer["predictions"] == pytest.approx(golden(built)["predictions"][: len(body["rows"])])


@pytest.mark.samples
@pytest.mark.docker
def test_the_container_speaks_the_other_protocols_and_is_watched(built: Built, container: tuple[str, str]) -> None:
    address, key = container
    mine, rows = {"X-API-Key": key}, golden(built)["body"]["rows"]
    model = f"{address}/v2/models/house_prices"
    get(f"{model}/ready")
    told = {each["name"]: each["datatype"] for each in json.loads(get(model))["inputs"]}
    tensors = [{"name": name, "datatype": datatype, "shape": [len(rows)], "data": [row[name] for row in rows]}
               for name, datatype in told.items()]  # fmt: skip
    (output,) = post(f"{model}/infer", {"inputs": tensors}, **mine)["outputs"]
    assert output["data"] == as_golden(built)
    for body in (
        {"dataframe_records": rows},
        {"dataframe_split": {"columns": list(rows[0]), "data": [list(row.values()) for row in rows]}},
    ):
        assert post(f"{address}/invocations", body, **mine)["predictions"] == as_golden(built)
    get(f"{address}/ping")
    assert refusal(post, f"{address}/graphql", {"query": "{ __typename }"}, **mine) == 404  # off by default
    assert refusal(post, f"{address}/admin/model", {"source": "x"}, **mine) == 403
    assert refusal(get, f"{address}/metrics") == 401
    assert b"nb2prod_predictions_total" in get(f"{address}/metrics", **mine)
    answered = post(f"{address}/predict", {"rows": rows[:1]}, **mine)
    truth = {"request_id": answered["request_id"], "row": 0, "truth": 100_000}
    assert refusal(post, f"{address}/feedback", truth) == 401
    assert post(f"{address}/feedback", truth, **mine) == {"status": "accepted"}


# --- the package -----------------------------------------------------------------------------------------------------


@pytest.mark.samples
@pytest.mark.docker
def test_training_from_the_command_line_leaves_what_predictor_loads(built: Built, tmp_path: Path) -> None:
    source = built.folder / "src"
    body = json.dumps(golden(built)["body"])
    for words, same in ((["-p", "n_houses=300", "-p", "alpha=50"], False), ([], True)):
        folder = str(tmp_path / ("same" if same else "other"))
        said = run_python(built, "-m", "house_prices.train", "--output", folder, *words, path=source)
        assert "r2 = " in said
        answer = json.loads(run_python(built, "-c", ASK_PACKAGE, folder, body, path=source))
        assert (answer == as_golden(built)) == same


@pytest.mark.samples
@pytest.mark.docker
@pytest.mark.parametrize("words", ["alhpa=1", "alpha=much", "alpha"])
def test_training_refuses_a_parameter_that_is_none(built: Built, tmp_path: Path, words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "house_prices.train", "--output", str(tmp_path / "new"), "-p", words],
        env=plain_environment(built, built.folder / "src"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "alpha" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "new").exists()


@pytest.mark.samples
@pytest.mark.docker
def test_a_changed_feature_is_named_with_its_value_and_cell(built: Built, tmp_path: Path) -> None:
    shutil.copytree(built.folder.parent, tmp_path / "copy", ignore=shutil.ignore_patterns("mlartifacts"))
    project = tmp_path / "copy" / "house_prices"
    features = project / "src" / "house_prices" / "features.py"
    text = features.read_text()
    assert 'np.log1p(d["km_to_centre"])' in text
    features.write_text(text.replace('np.log1p(d["km_to_centre"])', 'np.log1p(d["km_to_centre"] + 1)'))
    done = nb2prod("test", project, "--mutants", "0", cwd=tmp_path)
    assert done.code == 1
    assert "Traceback" not in done.stderr
    first = next(line for line in done.stderr.splitlines() if "first difference" in line)
    assert "`Z`, made in notebook cell 19" in first
    assert "log_km" in first
    machine = nb2prod("test", project, "--mutants", "0", "--json", cwd=tmp_path)
    assert machine.code == 1
    assert machine.report["tests"]["failed"] > 0
    assert any("cell 19" in failure for failure in machine.report["tests"]["failures"])
    features.write_text(text)
    assert nb2prod("test", project, "--mutants", "0", cwd=tmp_path).code == 0


# --- again -----------------------------------------------------------------------------------------------------------


@pytest.mark.samples
@pytest.mark.docker
def test_building_again_changes_nothing(built: Built) -> None:
    words = ("build", built.notebook, "-o", built.folder, "--image", built.tag, "--json")
    again = nb2prod(*words, cwd=ROOT)
    assert again.code == 0
    statuses = {step["name"]: step["status"] for step in again.report["steps"]}
    assert statuses == {name: "done" if name in ("read", "check") else "unchanged" for name in STEPS}
    assert again.report | {"steps": []} == built.report | {"steps": []}


@pytest.mark.samples
@pytest.mark.docker
def test_elsewhere_the_project_is_the_same_to_the_byte(built: Built, tmp_path: Path) -> None:
    """Another folder and notebook path, `convert` for `build`, other settings of hashing, time zone and language."""
    other = tmp_path / "another place" / "deep"
    other.mkdir(parents=True)
    notebook = shutil.copy(built.notebook, other / built.notebook.name)
    settings = {"PYTHONHASHSEED": "4711", "TZ": "Asia/Kolkata", "LANG": "de_DE.UTF-8", "LC_ALL": "C", "COLUMNS": "40"}
    words = ("convert", notebook, "-o", tmp_path / "elsewhere" / "prices", "--mutants", "0", "--fresh")
    done = nb2prod(*words, cwd=other, env=settings)
    assert done.code == 0, done.stderr
    here, there = files_of(built.folder), files_of(tmp_path / "elsewhere" / "prices")
    assert sorted(here) == sorted(there)
    assert [name for name in here if here[name] != there[name]] == []
