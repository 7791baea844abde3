"""What a page reads from a generated project, the form made of it, and the command that repeats the build."""

import json
import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import click
import pytest
from nb2prod_gui.flow.compare import compared
from nb2prod_gui.flow.draft import Around, Draft, Target, build_spec, first_target
from nb2prod_gui.flow.export import command_line, job_file, papermill_line
from nb2prod_gui.flow.form import body_of, fields_of
from nb2prod_gui.flow.made import known_output, read_made

from nb2prod.cli.specs import read_spec
from nb2prod.config import Settings
from nb2prod.config import Target as Asked
from nb2prod.plugins.job_notebooks import building
from nb2prod.tracking.registry import Version

COLUMNS = [
    {"name": "rooms", "dtype": "int64"},
    {"name": "area", "dtype": "float64", "nullable": True, "minimum": 1.0, "maximum": 9.0},
    {"name": "kind", "dtype": "str", "categories": ["flat", "house"]},
    {"name": "garden", "dtype": "bool"},
]
ROW = {"rooms": 3, "area": None, "kind": "house", "garden": True}


def write_project(folder: Path, request: list[dict], body: dict) -> Path:
    manifest = {
        "package": "houses",
        "notebook": {"name": "houses.ipynb", "code_digest": "sha256:0"},
        "request": request,
        "response": {"name": "price", "kind": "array"},
        "parameters": {},
        "metrics": {"mae": 1.5},
        "requirements": {},
        "map": {"src/houses/predict.py": [[10, 5, 1], [14, 6, 2]], "src/houses/train.py": [[8, 3, 4]]},
        "files": {},
    }
    (folder / "tests" / "golden").mkdir(parents=True)
    (folder / "nb2prod.json").write_text(json.dumps(manifest))
    (folder / "tests" / "golden" / "golden.json").write_text(json.dumps({"body": body, "predictions": [1, 2]}))
    return folder


@pytest.fixture
def made(tmp_path):
    request = [{"name": "rows", "kind": "frame", "columns": COLUMNS}]
    return read_made(write_project(tmp_path, request, {"rows": [ROW, ROW]}))


def test_lines_are_linked_in_both_directions(made):
    path = "src/houses/predict.py"
    assert made.from_cell(path, 9) is None
    assert made.from_cell(path, 12) == (5, 1)
    assert made.from_cell(path, 14) == (6, 2)
    assert made.to_file(6, 3) == (path, 14)
    assert made.to_file(3, 4) == ("src/houses/train.py", 8)
    assert made.to_file(6, 1) is None


def test_the_form_starts_with_the_golden_row_and_gives_it_back(made):
    fields = fields_of(made)
    assert [field.kind for field in fields] == ["integer", "number", "choice", "yes_no"]
    body = body_of(made, {field.name: field.given for field in fields})
    assert json.loads(body) == {"rows": [ROW]}


def test_values_that_are_no_table_are_asked_for_as_json(tmp_path):
    request = [{"name": "words", "kind": "json", "annotation": "list[str]"}, {"name": "k", "kind": "json"}]
    made = read_made(write_project(tmp_path, request, {"words": ["a"], "k": 3}))
    assert [(field.name, field.given) for field in fields_of(made)] == [("words", ["a"]), ("k", 3)]
    assert json.loads(body_of(made, {"words": '["b"]', "k": "4"})) == {"words": ["b"], "k": 4}
    with pytest.raises(ValueError, match="k"):
        body_of(made, {"words": "[]", "k": "four"})


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"package": 3}', "\0"])
def test_a_damaged_manifest_is_no_project(tmp_path, content):
    (tmp_path / "nb2prod.json").write_text(content)
    assert read_made(tmp_path) is None


SHOW = """import json, os, sys
ours = {n: v for n, v in os.environ.items() if n.startswith("NB2PROD_")}
print(json.dumps([sys.argv[1:], ours]))"""
SPECS = [
    Draft(),
    Draft(target=Target(image="a b:1", model="m'x", alias="", mutants=0, tracking_uri="http://h:1")),
    Draft(target=Target(with_image=False, log=False, package="p", output="/tmp/with space")),
    Draft(parameters={"alpha": "0.5", "name": "it's"}),
]


@pytest.mark.parametrize("draft", SPECS)
def test_the_command_line_asks_for_the_same_build(draft, monkeypatch):
    from nb2prod.cli import build as module
    from nb2prod.cli.root import root

    spec = build_spec(Path("/data/my notebook.ipynb"), draft, Around(Settings(base_image="mine:1", service="tracing")))
    asked = []
    monkeypatch.setattr(module, "run_build", lambda _, found, **__: asked.append(found))
    monkeypatch.chdir("/")
    words = shlex.split(command_line(spec))
    try:
        root.main(words[1:], standalone_mode=False)
    except (click.ClickException, SystemExit) as error:
        raise AssertionError(str(error)) from error
    assert asked == [spec]


@pytest.mark.parametrize("draft", SPECS)
def test_the_papermill_job_asks_for_the_same_build(draft, monkeypatch, tmp_path):
    """The line is run by a shell, with a papermill that shows what it was given; the job's own function reads that."""
    spec = build_spec(Path("/data/my notebook.ipynb"), draft, Around(Settings(base_image="mine:1", service="tracing")))
    for name, text in (("nb2prod", "echo job.ipynb"),
                       ("papermill", f"{shlex.quote(sys.executable)} -c '{SHOW}' \"$@\"")):  # fmt: skip
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(["sh", "-c", papermill_line(spec)], env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
                          capture_output=True, text=True, check=True)  # fmt: skip
    words, variables = json.loads(done.stdout)
    assert words[:2] == ["job.ipynb", "report.ipynb"]
    given = {name: value for option, name, value in zip(words[2::3], words[3::3], words[4::3], strict=True)
             if option == "-r" or (option, name, value) == ("-p", "log", "False")}  # fmt: skip
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(building, "run_spec", lambda found: asked.append(found) or ({}, 0))
    monkeypatch.setattr(building, "report_markdown", lambda *_, **__: "")
    asked = []
    building.build(**(given | {"log": "log" not in given}))
    assert asked == [spec]


def test_what_a_papermill_job_cannot_ask_for_has_no_line():
    spec = build_spec(Path("/data/a.ipynb"), Draft(), Around(Settings()))
    assert papermill_line(spec)
    assert papermill_line(replace(spec, force=True)) == ""
    assert papermill_line(replace(spec, sample={"n": 1})) == ""
    assert papermill_line(spec, Settings(cell_timeout=5)) == ""


def test_the_command_line_says_what_settings_would_say_otherwise():
    settings, asked = Settings(alias="staging", mutants=5, service="graphql"), Asked(image="a:1", model="m")
    around = Around(settings, asked)
    as_set = build_spec(Path("/data/a.ipynb"), Draft(target=first_target(around)), around)
    assert (as_set.alias, as_set.mutants, as_set.image, as_set.model) == ("staging", 5, "a:1", "m")
    assert shlex.split(command_line(as_set, settings, asked)) == ["nb2prod", "build", "/data/a.ipynb", "-o",
                                                                  "/data/build/a"]  # fmt: skip
    otherwise = build_spec(Path("/data/a.ipynb"), Draft(target=Target(alias="", mutants=30)), around)
    words = shlex.split(command_line(otherwise, settings, asked))
    assert words[words.index("--alias") + 1] == ""
    assert words[words.index("--mutants") + 1] == "30"
    assert words[words.index("--image") + 1] == "a:latest"


def test_a_project_that_was_built_one_folder_above_is_found(tmp_path):
    notebook = tmp_path / "notebooks" / "houses.ipynb"
    assert known_output(notebook) is None
    output = write_project(tmp_path / "build" / "houses", [], {})
    record = tmp_path / "build" / ".nb2prod" / "houses" / "extract.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"output": {"data": str(notebook.parent)}}))
    assert known_output(notebook) == output
    record.write_text(json.dumps({"output": {"data": "/somewhere/else"}}))
    assert known_output(notebook) is None, "of another notebook with this name"


def test_the_job_file_asks_for_the_same_build():
    spec = build_spec(Path("/data/a.ipynb"), SPECS[3])
    assert read_spec(job_file(spec).encode(), "job.json") == spec


def test_versions_are_compared_by_metric_and_by_what_differs():
    first = Version("1", (), 0.0, "r", {"auc": 0.8}, {"C": "1", "seed": "7"}, {})
    second = Version("2", (), 0.0, "r", {"auc": 0.85, "f1": 0.5}, {"C": "2", "seed": "7"}, {})
    rows = {row.name: row.values for row in compared([first, second])}
    assert rows == {"auc": ("0.8", "0.85   (+0.05)"), "f1": ("", "0.5"), "C": ("1", "2")}
    assert {row.name for row in compared([first])} == {"auc", "C", "seed"}
