"""`doctor`: what is there, what is not, and what to do; quickly."""

import json
import os
import subprocess
import sys
from pathlib import Path

from nb2prod.cli.probes import probe_package, probe_program, probe_python


def doctor(tmp_path: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "importtime", "-m", "nb2prod", "doctor", *words]
    return subprocess.run(command, cwd=tmp_path, env=os.environ | environment, capture_output=True, text=True)


def test_without_an_engine_the_remedy_is_named_and_the_rest_stands(tmp_path: Path) -> None:
    done = doctor(tmp_path, "--json", DOCKER_HOST="unix:///nowhere/docker.sock")
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert not checks["docker engine"]["ok"]
    assert "/nowhere/docker.sock" in checks["docker engine"]["detail"]
    assert checks["docker engine"]["remedy"]
    assert not checks["docker engine"]["needed"], "a project can be made without an image"
    for name in ("python", "kernels", "mlflow", "mlflow store", "uv", "ruff"):
        assert checks[name]["ok"], checks[name]
    assert done.returncode == 0


def test_nothing_heavy_is_imported(tmp_path: Path) -> None:
    loaded = {row.rpartition("|")[2].strip() for row in doctor(tmp_path).stderr.splitlines() if "|" in row}
    assert "click" in loaded
    assert not loaded & {"mlflow", "papermill", "PySide6", "pandas", "sklearn", "numpy", "rich"}


def test_the_store_is_where_a_build_puts_it(tmp_path: Path) -> None:
    done = doctor(tmp_path, DOCKER_HOST="unix:///nowhere/docker.sock")
    assert f"sqlite:///{tmp_path / 'build' / 'mlflow.db'}" in done.stdout


def test_a_store_that_cannot_be_written_is_missing_and_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    uri = f"sqlite:///{tmp_path / 'file' / 'mlflow.db'}"
    done = doctor(tmp_path, NB2PROD_TRACKING_URI=uri, DOCKER_HOST="unix:///nowhere/docker.sock")
    assert done.returncode == 1
    assert "missing  mlflow store" in done.stdout


def test_what_is_not_there_is_said_with_its_remedy() -> None:
    assert not probe_python((3, 10)).ok
    assert not probe_python((3, 14)).ok
    assert probe_python((3, 11)).ok
    assert probe_package("mlflow", "no-such-package-here").remedy == "pip install no-such-package-here"
    assert not probe_program("no_such_module_here").ok
