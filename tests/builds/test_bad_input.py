"""What cannot be built ends with one clear error and its exit code, and leaves nothing half-done.

Exit codes: 1 the notebook or a gate, 2 usage, 3 the notebook failed to run, 4 an outside tool, 130 interrupted.
"""

import json
import re
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.builds.claims import CONTRACT
from tests.builds.command import nb2prod, processes_left, started
from tests.builds.notebooks import EVALUATION, INFERENCE, LINE, PARAMETERS, REQUEST, TRAINING, write_notebook
from tests.builds.projects import damaged_files

TAG = "nb2prod-tests-bad-input:latest"


def cells(*given: tuple[str, str], **options: str) -> Callable[[Path], None]:
    return lambda path: void(write_notebook(path, *given, **options))


def text(content: str) -> Callable[[Path], None]:
    return lambda path: void(path.write_text(content))


def void(_: object) -> None:
    """So that a lambda is an action."""


LOOP = (PARAMETERS, ("training", "line = {'slope': 1.0, 'start': 0.0}\nwhile True:\n    pass\n"), REQUEST, INFERENCE)


def training(source: str) -> Callable[[Path], None]:
    """The small notebook with another training cell, the second."""
    return cells(PARAMETERS, ("training", source), EVALUATION, REQUEST, INFERENCE)


@dataclass(frozen=True)
class Case:
    """A notebook that `make` writes, words for the command line, and the error that must come of it."""

    make: Callable[[Path], None]
    exit_code: int
    code: str
    says: str
    """A regular expression that message and hint together match."""
    words: tuple[str, ...] = ()
    cell: int | None = None
    line: int | None = None
    ran: bool | None = None
    """Whether the step `run` was started; None where it must not matter."""
    environment: Mapping[str, str] = field(default_factory=dict)


CASES = {
    # what is no notebook
    "missing file": Case(lambda path: None, 1, "NB101", "no such file", ran=False),
    "directory": Case(lambda path: path.mkdir(), 1, "NB102", "folder", ran=False),
    "empty file": Case(text(""), 1, "NB104", "empty", ran=False),
    "truncated JSON": Case(text('{"cells": [{"cell_type": "code", "sour'), 1, "NB110", "ends early", ran=False),
    "web page": Case(text("<!DOCTYPE html><html><body>Sign in</body></html>"), 1, "NB107", "HTML", ran=False),
    "R kernel": Case(cells(*LINE, language="R", kernel="ir"), 1, "NB143", "Python", ran=False),
    # what the notebook lacks
    "no tagged cell": Case(cells(*(("", source) for _, source in LINE)), 1, "NB381", "predict", ran=False),
    "no inference cell": Case(cells(*LINE[:-1]), 1, "NB3", "inference", ran=False),
    "syntax error": Case(training("line = {'slope': \n"), 1, "NB139", "", cell=2, ran=False),
    # what the run finds
    "cell that raises": Case(
        training("line = {}\nline['slope'] = scale / 0\n"), 3, "NB501", "ZeroDivisionError", cell=2, line=2, ran=True
    ),
    "kernel that dies": Case(
        training("import os\nos.kill(os.getpid(), 9)\nline = {}\n"), 3, "NB502", "died.*killed", cell=2, ran=True
    ),
    "endless cell": Case(cells(*LOOP), 3, "NB503", "within 2 s", words=("--cell-timeout", "2"), cell=2, ran=True),
    "cell that asks": Case(
        training("line = {'slope': float(input('slope? ')), 'start': 0.0}\n"), 3, "NB505", "input", cell=2, ran=True
    ),
    "lambda in an artifact": Case(
        cells(
            PARAMETERS,
            ("training", "line = {'at': lambda x: scale * x}\n"),
            REQUEST,
            ("inference", "heights = [line['at'](point['x']) for point in points]\n"),
        ),
        3,
        "NB602",
        "line.*lambda",
        ran=True,
    ),
    "generator as artifact": Case(
        cells(
            PARAMETERS,
            ("training", "line = (scale * x for x in range(100))\n"),
            REQUEST,
            ("inference", "heights = [next(line) + point['x'] for point in points]\n"),
        ),
        3,
        "NB602",
        "line.*generator",
        ran=True,
    ),
    "request that cannot be sent": Case(
        cells(
            PARAMETERS,
            TRAINING,
            ("request", "points = object()\n"),
            ("inference", "heights = [line['slope'], repr(points)[:3]]\n"),
        ),
        3,
        "NB511",
        "points.*no JSON form",
        ran=True,
    ),
    # what the command line asks for
    "unknown parameter": Case(cells(), 2, "NB2", "scael.*scale", words=("-p", "scael=3"), ran=False),
    "parameter of the wrong type": Case(cells(), 2, "NB2", "scale.*float", words=("-p", "scale=big"), ran=False),
    "bad image tag": Case(cells(), 2, "NB9", "Upper Case", words=("--image", "Upper Case"), ran=False),
    # what lies outside
    "tracking server not reachable": Case(
        cells(), 4, "NB8", "127.0.0.1:9", words=("--tracking-uri", "http://127.0.0.1:9"), ran=False
    ),
    "output below a file": Case(cells(), 4, "NB961", "", words=("-o", "line.ipynb/out"), ran=False),
    "output on a file system that is not for files": Case(
        cells(), 4, "NB961", "", words=("-o", "/proc/out"), ran=False
    ),
}


def check_told(report: dict[str, Any], stderr: str) -> None:
    """The error on stderr is the report's, told once, for people; no traceback."""
    error = report["error"]
    assert "Traceback" not in stderr
    assert len(re.findall(rf"^error {error['code']}\b", stderr, re.M)) == 1, stderr
    assert error["message"].split("\n")[0] in stderr


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_one_clear_error(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    case.make(tmp_path / "line.ipynb")
    words = ["build", "line.ipynb", "--json", "--mutants", "0"]
    words += [] if "-o" in case.words else ["-o", "out"]
    done = nb2prod(*words, *case.words, cwd=tmp_path, env=case.environment, limit=120)
    report = done.report
    error = report["error"]
    print(done.stderr)  # to be read where the test fails
    assert done.code == case.exit_code
    assert report["status"] == "failed"
    assert set(CONTRACT) <= set(report)
    assert error["code"].startswith(case.code)
    assert re.search(case.says, f"{error['message']} {error['hint']}", re.S)
    check_told(report, done.stderr)
    where = error["where"] or {"cell": None, "line": None}
    assert case.cell in (None, where["cell"])
    assert case.line in (None, where["line"])
    if case.cell is not None:
        assert where["path"] == str(tmp_path / "line.ipynb")
    if case.ran is not None:
        assert ("run" in [step["name"] for step in report["steps"]]) == case.ran
    # Nothing half-written, nothing left running.
    assert (report["project"], report["mlflow"], report["image"]) == (None, None, None)
    assert {path.name for path in tmp_path.iterdir()} <= {"line.ipynb", ".nb2prod"}
    assert not any(Path("/proc").glob("*out*"))
    assert processes_left(tmp_path, 5) == []


@pytest.mark.parametrize("there", ["a file", "files of somebody"])
def test_an_output_that_is_something_else_is_left_alone(there: str, tmp_path: Path) -> None:
    write_notebook(tmp_path / "line.ipynb")
    if there == "a file":
        (tmp_path / "out").write_text("mine")
    else:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "thesis.tex").write_text("mine")
    done = nb2prod("convert", "line.ipynb", "-o", "out", "--json", cwd=tmp_path)
    assert done.code == 1
    assert done.report["error"]["code"] == "NB260"
    check_told(done.report, done.stderr)
    assert "run" not in [step["name"] for step in done.report["steps"]]
    kept = tmp_path / "out" if there == "a file" else tmp_path / "out" / "thesis.tex"
    assert kept.read_text() == "mine"
    assert len(list(tmp_path.rglob("*"))) <= 8


def test_a_notebook_that_fails_leaves_the_older_project(tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "line.ipynb")
    words = ("convert", "line.ipynb", "-o", "out", "--json", "--mutants", "0")
    assert nb2prod(*words, cwd=tmp_path).code == 0
    before = (tmp_path / "out" / "nb2prod.json").read_bytes()
    training("line = {}\nraise ValueError('no data today')\n")(notebook)
    assert nb2prod(*words, cwd=tmp_path).code == 3
    assert damaged_files(tmp_path / "out") == []
    assert (tmp_path / "out" / "nb2prod.json").read_bytes() == before


def test_without_docker_the_build_goes_as_far_as_the_context(tmp_path: Path) -> None:
    write_notebook(tmp_path / "line.ipynb")
    words = ("build", "line.ipynb", "-o", "out", "--image", TAG, "--mutants", "0", "--json")
    done = nb2prod(*words, cwd=tmp_path, env={"DOCKER_HOST": f"unix://{tmp_path}/no.sock"})
    report = done.report
    assert done.code == 0, done.stderr
    assert report["status"] == "ok"
    assert report["image"] is None
    assert [(step["name"], step["status"]) for step in report["steps"][-3:]] == [
        ("log", "done"),
        ("image", "skipped"),
        ("verify", "skipped"),
    ]
    assert [parity["status"] for parity in report["parity"]] == ["equal", "equal", "skipped"]
    missing = [line for line in done.stderr.splitlines() if "no.sock" in line]
    assert len(missing) == 1
    assert "No Docker engine" in missing[0]
    assert damaged_files(tmp_path / "out") == []


@pytest.mark.docker
def test_a_base_image_that_cannot_be_had_stops_at_the_image(tmp_path: Path, engine: Any) -> None:
    write_notebook(tmp_path / "line.ipynb")
    words = ("build", "line.ipynb", "-o", "out", "--no-log", "--image", TAG, "--mutants", "0", "--json")
    done = nb2prod(*words, "--base-image", "nb2prod-no-such-base:1", cwd=tmp_path)
    report = done.report
    assert done.code == 4
    assert report["status"] == "failed"
    assert report["error"]["code"].startswith("NB90")
    assert "nb2prod-no-such-base:1" in report["error"]["message"]
    assert "--base-image" in report["error"]["hint"]
    check_told(report, done.stderr)
    assert report["image"] is None
    assert [(step["name"], step["status"]) for step in report["steps"][-2:]] == [("test", "done"), ("image", "failed")]
    assert engine.images.list(TAG) == []
    assert damaged_files(tmp_path / "out") == []


def test_ctrl_c_ends_the_run_and_its_kernel(tmp_path: Path) -> None:
    cells(*LOOP)(tmp_path / "line.ipynb")
    with started("build", "line.ipynb", "-o", "out", "--json", cwd=tmp_path) as process:
        seen = ""
        while "cell 1 ok" not in seen:
            line = process.stderr.readline()
            assert line, seen
            seen += line
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    report = json.loads(stdout)
    assert process.returncode == 130
    assert report["status"] == "cancelled"
    assert report["steps"][-1]["name"] == "run"
    assert report["steps"][-1]["status"] == "cancelled"
    assert "Traceback" not in stderr
    assert not (tmp_path / "out").exists()
    assert processes_left(tmp_path, 5) == []
