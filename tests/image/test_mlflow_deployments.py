"""`mlflow deployments -t nb2prod`, by MLflow's own command line, with real containers."""

import json
import os
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlflow
import pytest
from click.testing import CliRunner, Result
from mlflow.deployments.cli import commands

from nb2prod.image import build_image, stage_context
from nb2prod.image.deployments import LABEL, find_deployment, list_deployments
from tests.image.conftest import RUNTIME, make_wheel

pytestmark = pytest.mark.docker

BASE = os.environ.get("NB2PROD_BASE_IMAGE", "nb2prod-base:bookworm")
NAME = "nb2prod-tests-double"
# A service that does what ours does with keys, with MLflow's body and with SIGTERM, for a model that multiplies.
_SERVER = (
    RUNTIME["nb2prod/serving/__main__.py"]
    .replace('"127.0.0.1", 8080', '"", 8080')
    .replace("import importlib, json, sys", "import importlib, json, os, signal, sys")
    .replace("        self.reply({\"predictions\"", """\
        if self.headers.get('X-API-Key') != os.environ['NB2PROD_API_KEY']:
            return self.send_error(401)
        if 'dataframe_split' in body:
            body = {'rows': [row[0] for row in body['dataframe_split']['data']]}
        self.reply({\"predictions\"""")
)  # fmt: skip
OPEN = RUNTIME | {
    "nb2prod/serving/__main__.py": _SERVER.replace(
        "HTTPServer((", "signal.signal(signal.SIGTERM, lambda *_: sys.exit())\nHTTPServer(("
    )
}
OLD, NEW, NOT_BUILT = ("sha256:" + letter * 64 for letter in "abc")


def build(project: Path, run: SimpleNamespace, factor: int, digest: str) -> str:
    wheel, sha = make_wheel(project / "wheels", "nb2prod_serving", OPEN)
    assert wheel.is_file()
    (project / "requirements.txt").write_text(f"nb2prod-serving==1.0 \\\n    --hash=sha256:{sha}\n")
    (project / "artifacts/factor.json").write_text(str(factor))
    context = project.parent / f"context-{factor}"
    stage_context(project, [], context)
    labels = {"nb2prod.tests": "1", "io.nb2prod.project.digest": digest}
    return build_image(
        context, tag=f"{NAME}:{factor}", base_image=BASE, platform=None, labels=labels, emit=run.emit, cancel=run.cancel
    ).digest


@pytest.fixture
def store(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An MLflow registry with versions of `double`, and a home of its own for keys."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    registry = mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db", f"sqlite:///{tmp_path}/mlflow.db")
    registry.create_registered_model("double")
    for digest in (OLD, NEW, NOT_BUILT):
        registry.create_model_version("double", str(tmp_path), tags={"nb2prod.project": digest})
    registry.create_model_version("double", str(tmp_path))
    registry.set_registered_model_alias("double", "champion", "1")
    yield tmp_path
    deployments("delete", "--name", NAME)
    for digest in (OLD, NEW):
        for image in client.images(filters={"label": f"io.nb2prod.project.digest={digest}"}):
            client.remove_image(image["Id"], force=True)


def deployments(*words: str) -> Result:
    """`mlflow deployments`, in this process: MLflow takes ten seconds to start."""
    return CliRunner().invoke(commands, [words[0], "-t", "nb2prod", *words[1:]])


def test_mlflow_finds_the_target() -> None:
    words = [sys.executable, "-m", "mlflow", "deployments", "help", "-t", "nb2prod"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "models:/churn@champion" in done.stdout


def test_create_predict_update_and_delete(
    store: Path, project: Path, run: SimpleNamespace, client: Any, tmp_path: Path
) -> None:
    build(project, run, 2, OLD)
    build(project, run, 3, NEW)
    made = deployments("create", "--name", NAME, "-m", "models:/double@champion", "-C", "memory=256m")
    assert made.exit_code == 0, made.output
    found = find_deployment(NAME)
    assert found is not None
    assert (found.status, found.model) == ("running", "models:/double@champion")
    limits = client.inspect_container(found.container)["HostConfig"]
    assert limits["ReadonlyRootfs"]
    assert limits["CapDrop"] == ["ALL"]
    assert {place["HostIp"] for places in limits["PortBindings"].values() for place in places} == {"127.0.0.1"}

    (key_file,) = (tmp_path / "state" / "nb2prod" / "deployments").iterdir()
    key = key_file.read_text().strip()
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert key not in made.stdout + made.stderr
    assert str(key_file) in made.stderr
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(urllib.request.Request(f"{found.url}/predict", b'{"rows": [1]}'))

    rows = tmp_path / "rows.json"
    rows.write_text(json.dumps([{"x": 1}, {"x": 5}]))
    assert json.loads(deployments("predict", "--name", NAME, "-I", str(rows)).stdout) == {"predictions": [2, 10]}
    assert NAME in deployments("list").stdout
    told = deployments("get", "--name", NAME).stdout
    assert f"url: {found.url}" in told
    assert key not in told
    assert deployments("create", "--name", NAME, "-m", "models:/double/1").exit_code != 0

    changed = deployments("update", "--name", NAME, "-m", "models:/double/2")
    assert changed.exit_code == 0, changed.output
    after = find_deployment(NAME)
    assert after is not None
    assert (after.port, after.image == found.image) == (found.port, False)
    assert key_file.read_text().strip() == key
    assert json.loads(deployments("predict", "--name", NAME, "-I", str(rows)).stdout) == {"predictions": [3, 15]}

    assert deployments("delete", "--name", NAME).exit_code == 0
    assert find_deployment(NAME) is None
    assert not key_file.exists()
    assert not client.containers(all=True, filters={"label": f"{LABEL}={NAME}-trial"})


def test_an_update_that_does_not_start_leaves_what_there_was(
    store: Path, project: Path, run: SimpleNamespace, client: Any
) -> None:
    build(project, run, 2, OLD)
    (project / "src/tiny/service.py").write_text("raise SystemExit('broken')\n")
    build(project, run, 3, NEW)
    assert deployments("create", "--name", NAME, "-m", "models:/double/1").exit_code == 0
    before = find_deployment(NAME)
    failed = deployments("update", "--name", NAME, "-m", "models:/double/2")
    assert failed.exit_code != 0
    assert "NB906" in str(failed.exception)
    assert find_deployment(NAME) == before
    assert [one.name for one in list_deployments() if one.name.startswith(NAME)] == [NAME]


def test_run_local_ends_with_its_container(store: Path, project: Path, run: SimpleNamespace, client: Any) -> None:
    """Its service writes a line and stops by itself here; for a user Ctrl-C ends it."""
    (project / "src/tiny/service.py").write_text("raise SystemExit('it has ended')\n")
    build(project, run, 2, OLD)
    done = deployments("run-local", "--name", NAME, "-m", "models:/double@champion")
    assert done.exit_code == 0, done.exception
    assert "it has ended" in done.stderr
    assert "http://127.0.0.1:" in done.stderr
    assert not client.containers(all=True, filters={"label": "nb2prod.tests"})


def test_what_cannot_be_is_refused_in_mlflows_words(store: Path, client: Any) -> None:
    cases = [
        (("create", "--name", NAME, "-m", "models:/double/3"), "no image"),
        (("create", "--name", NAME, "-m", "models:/double/4"), "-C image="),
        (("create", "--name", NAME, "-m", "models:/double/1", "-C", "prot=1"), "'prot' is no option"),
        (("create", "--name", NAME, "-m", "x", "-C", f"image={BASE}", "-C", "port=99999"), "is no port"),
        (("create", "--name", "../x", "-m", "x", "-C", f"image={BASE}"), "cannot be the name"),
        (("predict", "--name", "nobody", "-I", str(store / "rows.json")), "no deployment"),
    ]
    (store / "rows.json").write_text('[{"x": 1}]')
    for words, expected in cases:
        done = deployments(*words)
        assert done.exit_code != 0, words
        assert expected in str(done.exception), words
    assert not client.containers(all=True, filters={"label": LABEL, "name": NAME})
    assert "port" in deployments("help").stdout
