"""`nb2prod serve`: a project that is followed while it serves, and the model asked without HTTP."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading

import httpx
import pytest

from nb2prod.serving import load_predictor
from nb2prod.serving.problem import Problem

from .conftest import HERE, wait_until
from .versions import BODY, write_code, write_version

SERVICE = """
from pathlib import Path

from sample_service import Predictor, make_app

ROOT = Path(__file__).parents[2]
app = make_app(
    name="NAME", code=ROOT / "src" / "sample", golden=ROOT / "tests" / "golden" / "golden.json",
    load=lambda folder=None: Predictor.load(folder or ROOT / "artifacts"),
)
"""


@pytest.fixture
def project(tmp_path):
    folder = write_version(tmp_path / "project", 1.0)
    write_code(folder / "src", service=SERVICE.replace("NAME", "first"))
    (folder / "src" / "sample" / "__init__.py").write_text("")
    (folder / "nb2prod.json").write_text('{"package": "sample"}')
    return folder


def test_the_model_is_asked_from_python_by_the_rules_of_the_service(project, monkeypatch):
    monkeypatch.syspath_prepend(str(project / "src"))
    monkeypatch.syspath_prepend(str(HERE))
    try:
        sample = load_predictor("sample")
        assert sample.predict(BODY) == [9.1, None, 6.0]
        assert sample.predict(json.dumps(BODY).encode()) == [9.1, None, 6.0]
        with pytest.raises(Problem) as refused:
            sample.predict({"rows": [BODY["rows"][0] | {"rooms": "3"}]})
        assert (refused.value.code, refused.value.row, refused.value.field) == ("wrong_type", 0, "rooms")
    finally:
        for name in ("sample", "sample.service"):
            sys.modules.pop(name, None)


def test_reload_puts_new_artifacts_live_and_starts_again_for_new_code(project, tmp_path):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NB2PROD_")}
    path = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-m", "nb2prod", "serve", str(project), "--port", "0", "--reload"],
        env=inherited | {"PYTHONPATH": path},
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(iter(process.stderr.readline, "")), daemon=True)
    reader.start()

    def answer():
        ports = re.findall(r"running on http://[^ ]*:(\d+)", "".join(lines))
        try:
            return httpx.post(f"http://127.0.0.1:{ports[-1]}/predict", json=BODY).json()
        except (httpx.TransportError, IndexError):
            return {}

    def predicted():
        return answer().get("predictions", [None])[0]

    try:
        wait_until(lambda: predicted() == 9.1)
        trained = write_version(tmp_path / "trained", 2.0)
        for folder in ("tests", "artifacts"):
            shutil.copytree(trained / folder, project / folder, dirs_exist_ok=True)
        wait_until(lambda: predicted() == 10.1)
        assert not any("starting again" in line for line in lines)
        write_code(project / "src", service=SERVICE.replace("NAME", "second"))
        wait_until(lambda: answer().get("model", {}).get("name") == "second")
        (project / "artifacts" / "offset.json").write_text("{}")
        wait_until(lambda: any("version refused" in line for line in lines))
        assert predicted() == 10.1
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()


def test_a_registry_must_be_named(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    command = [sys.executable, "-m", "nb2prod", "serve", "models:/churn@champion"]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path)
    assert told.returncode == 2
    assert "MLFLOW_TRACKING_URI" in told.stderr
