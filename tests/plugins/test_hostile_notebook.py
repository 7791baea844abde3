"""A notebook by somebody who means harm, through the engine and the jobs: what it says stays text, what it names stays
inside its folder, and what is only looked at does not run."""

import json
from pathlib import Path
from typing import Any

import pytest
from nbconvert import HTMLExporter

from tests.builds.command import nb2prod
from tests.builds.notebooks import INFERENCE, PARAMETERS, REQUEST, document
from tests.plugins.test_papermill_engine import QUICK, papermill, tagged

MARKUP = "</td><script>alert(1)</script> ![x](http://evil.example/x.png) [a](javascript:alert(1)) | $\\\\href{x}$ `"
NAME = "a b;touch PWNED;$(touch PWNED) <img src=x onerror=alert(1)>.ipynb"


def hostile() -> dict[str, Any]:
    body = document(
        PARAMETERS, ("training", f"line = {{'slope': 1.0}}\nraise ValueError({MARKUP!r})"), REQUEST, INFERENCE
    )
    body["metadata"]["papermill"] = {
        "parameters": {"scale = 1; import os; os.mkdir('PWNED')": 1},
        "output_path": "/etc/x",
    }
    body["metadata"]["kernelspec"]["name"] = "../../python3"
    body["cells"][0]["outputs"] = [
        {"output_type": "display_data", "data": {"text/html": MARKUP}, "metadata": {"filename": "../../PWNED"}}
    ]
    body["cells"].append(
        {"cell_type": "markdown", "id": "m", "metadata": {}, "source": MARKUP, "attachments": {"../../PWNED": {}}}
    )
    return body


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "deep" / "er"
    place.mkdir(parents=True)
    (place / NAME).write_text(json.dumps(hostile()))
    return place


def files(tmp_path: Path) -> set[str]:
    return {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}


def test_through_the_engine(folder: Path, tmp_path: Path) -> None:
    done = papermill(NAME, "out.ipynb", cwd=folder)
    assert done.code == 3, done.stderr
    assert "NB501" in done.stderr
    (report,) = tagged(folder / "out.ipynb", "nb2prod-report")
    shown = HTMLExporter(exclude_input=True).from_notebook_node(_only(report))[0]
    body = shown[shown.index("<body") :]
    for harm in ("<script>alert", "onerror=alert(1)>", 'src="http://evil', 'href="javascript', "<img"):
        assert harm not in body
    assert {name.split("/")[2] for name in files(tmp_path) if name.count("/") > 1} == {NAME, "out.ipynb", "build"}
    assert files(tmp_path) & {"PWNED", "deep/PWNED", "deep/er/PWNED"} == set()


def _only(cell: dict[str, Any]) -> Any:
    import nbformat

    return nbformat.from_dict({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def test_a_folder_with_it_is_checked_and_nothing_of_it_runs(folder: Path, tmp_path: Path) -> None:
    (folder / "tags.ipynb").write_text(json.dumps(document(("x\nRUN touch /PWNED", "import os; os.mkdir('PWNED')"))))
    before = files(tmp_path)
    done = nb2prod(
        "jobs", "run", "check-folder", "-p", "folder=.", "-o", tmp_path / "report.ipynb", cwd=folder, env=QUICK
    )
    assert done.code == 1, done.stderr
    assert files(tmp_path) - before == {"report.ipynb"}
    report = (tmp_path / "report.ipynb").read_text()
    assert "<img src=x" not in report
    assert "NB134" in report


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("notebook", "x'; import os; os.mkdir('PWNED') #"),
        ("notebook", "line.ipynb\nos.mkdir('PWNED')"),
        ("parameters", "__import__('os').mkdir('PWNED')=1"),
        ("image", "x\nRUN touch /PWNED"),
        ("image", "$(touch PWNED)"),
    ],
)
def test_parameters_of_a_job_are_values(name: str, value: str, tmp_path: Path) -> None:
    (tmp_path / "line.ipynb").write_text(json.dumps(document(PARAMETERS, REQUEST, INFERENCE)))
    words = {"notebook": "line.ipynb", name: value}
    pairs = [word for pair in words.items() for word in ("-p", "=".join(pair))]
    done = nb2prod("jobs", "run", "build", *pairs, "-o", "report.ipynb", cwd=tmp_path, env=QUICK)
    assert done.code in (1, 2), done.stderr
    made = {path for path in files(tmp_path) if not path.startswith("build/.nb2prod")}
    assert made <= {"line.ipynb", "report.ipynb", "build"}
