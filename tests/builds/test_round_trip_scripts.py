"""The round trip of notebooks that are kept as scripts or Markdown: lines are those of the file."""

import json
import shutil
from pathlib import Path

import jupytext
import pytest

from nb2prod.errors import InputError
from nb2prod.steps.diff import diff_project
from nb2prod.steps.merging import merge_sides
from nb2prod.steps.sides import read_sides
from nb2prod.steps.sync import prove, write_merged
from tests.builds.command import nb2prod
from tests.builds.notebooks import document
from tests.builds.round_trips import CELLS, FEATURES, TRAIN


@pytest.fixture(scope="module", params=["py:percent", "md"])
def converted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("script")
    body = jupytext.reads(json.dumps(document(*CELLS)), fmt="ipynb")
    path = folder / f"line.{request.param[:2]}"
    path.write_text(jupytext.writes(body, fmt=request.param).replace("middle = fmean(", "middle  =  fmean("))
    done = nb2prod("convert", path.name, "-o", "out", "--json", "--mutants", "0", "--sample", "rounds=2", cwd=folder)
    assert done.code == 0, done.stderr
    return path


@pytest.fixture
def script(converted: Path, tmp_path: Path) -> Path:
    shutil.copytree(converted.parent, tmp_path / "copy")
    return tmp_path / "copy" / converted.name


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def line_of(path: Path, text: str) -> int:
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if text in line)


@pytest.mark.parametrize("kept", [True, False])
def test_edits_go_back_into_their_lines(script: Path, kept: bool) -> None:
    project = script.parent / "out"
    if not kept:
        shutil.rmtree(script.parent / ".nb2prod" / "out")
    assert not diff_project(script, project).differs
    before = script.read_text(encoding="utf-8")
    edit(project / TRAIN, "slope / 2 + 0.1", "slope / 2 + 0.3  # mine")
    edit(project / FEATURES, "/ LIMIT, 1.0)", "/ LIMIT, 2.0)")
    diff = diff_project(script, project)
    lines = {source.first for file in diff.files for hunk in file.hunks for source in hunk.sources}
    assert lines == {line_of(script, "slope / 2 + 0.1"), line_of(script, "/ LIMIT, 1.0)")}
    merged = merge_sides(read_sides(script, project))
    assert merged.conflicts == ()
    prove(merged, None)
    write_merged(merged)
    changed = before.replace("slope / 2 + 0.1", "slope / 2 + 0.3  # mine").replace("LIMIT, 1.0)", "LIMIT, 2.0)")
    assert script.read_text(encoding="utf-8") == changed


def test_a_run_proves_it_and_undo_takes_it_back(script: Path) -> None:
    before = script.read_bytes()
    edit(script.parent / "out" / TRAIN, "slope / 2 + 0.1", "slope / 2 + 0.3")
    done = nb2prod("sync", script, "out", "--json", cwd=script.parent)
    assert done.code == 0, done.stderr
    assert script.read_bytes() == before.replace(b"slope / 2 + 0.1", b"slope / 2 + 0.3")
    assert nb2prod("suggest", script, "--undo", cwd=script.parent).code == 0
    assert script.read_bytes() == before


def test_an_edit_that_would_begin_a_cell_is_refused(script: Path) -> None:
    if script.suffix == ".md":
        pytest.skip("no line of Python ends a cell of Markdown but inside a text")
    before = script.read_bytes()
    edit(script.parent / "out" / TRAIN, "    # the slope\n", "    # the slope\n    # %% more\n")
    with pytest.raises(InputError, match="NB299"):
        merge_sides(read_sides(script, script.parent / "out"))
    assert script.read_bytes() == before


def test_sample_parameters_have_their_types(script: Path) -> None:
    """They are text on the command line."""
    assert '"rounds": 2,' in (script.parent / "out/tests/test_training.py").read_text()
