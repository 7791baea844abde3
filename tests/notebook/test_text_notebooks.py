"""Notebooks kept as scripts or Markdown: read as the notebook they pair with, with the lines of the file."""

import json
import sys
from pathlib import Path

import jupytext
import pytest

from nb2prod.errors import InputError, RunError
from nb2prod.model.roles import Role
from nb2prod.notebook.text_notebook import find_starts
from nb2prod.steps.check import check_notebook
from nb2prod.steps.reading import analyse, open_notebook
from nb2prod.steps.suggest import apply_suggestions, tag_cells, undo_tags

SAMPLES = Path(__file__).parents[2] / "sample_notebooks"
FORMATS = ["py:percent", "py:light", "py:sphinx", "md", "md:myst"]

SMALL = """# %% [markdown]
# # A title
#
# mean = 3

# %% tags=["training"]
%ROWS%
mean = sum(rows) / len(rows)

# %% tags=["request"]
value = 3

# %% tags=["inference"]
value - mean
"""


def as_text(notebook: Path, form: str, folder: Path) -> Path:
    document = jupytext.read(notebook)
    path = folder / f"{notebook.stem}.{form.partition(':')[0]}"
    path.write_text(jupytext.writes(document, fmt=form), encoding="utf-8")
    return path


def small(folder: Path, rows: str = "rows = [1, 2, 3]") -> Path:
    path = folder / "small.py"
    path.write_text(SMALL.replace("%ROWS%", rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ["churn", "house_prices", "sentiment"])
def test_text_is_read_as_the_notebook_that_it_pairs_with(name: str, form: str, tmp_path: Path) -> None:
    document = jupytext.reads(jupytext.writes(jupytext.read(SAMPLES / f"{name}.ipynb"), fmt=form), fmt=form)
    pair = tmp_path / "pair" / f"{name}.ipynb"  # what jupytext itself makes of the text: it joins blank lines
    pair.parent.mkdir()
    pair.write_text(jupytext.writes(document, fmt="ipynb"), encoding="utf-8")
    text = open_notebook(as_text(SAMPLES / f"{name}.ipynb", form, tmp_path))
    paired = open_notebook(pair)
    assert [(c.kind, c.source, c.role, c.python) for c in text.cells] == [
        (c.kind, c.source, c.role, c.python) for c in paired.cells
    ]
    ours, theirs = analyse(text), analyse(paired)
    assert [(f.code, f.cell, f.message) for f in ours.findings] == [
        (f.code, f.cell, f.message) for f in theirs.findings
    ]


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "py:sphinx"])  # it adds a cell of its own
def test_a_line_in_a_finding_is_the_line_of_the_file(form: str, tmp_path: Path) -> None:
    path = as_text(SAMPLES / "churn.ipynb", form, tmp_path)
    lines = path.read_text(encoding="utf-8").splitlines()
    notebook = open_notebook(path)
    for cell in notebook.cells:
        for number, row in enumerate(cell.source.split("\n"), 1) if cell.kind == "code" else ():
            _, line, _ = notebook.place(cell.index, number)
            assert lines[line - 1].lstrip("# ").strip() == row.lstrip("# ").strip()


def test_findings_errors_and_the_run_name_the_line_of_the_file(tmp_path: Path) -> None:
    broken = check_notebook(small(tmp_path, "rows = ["))
    (finding,) = [f for f in broken.findings if f.code == "NB139"]
    assert (finding.cell, finding.line) == (2, 7)
    from threading import Event

    from nb2prod.job import run_job
    from nb2prod.model.spec import BuildSpec
    from nb2prod.steps.build import build_job

    spec = BuildSpec(str(small(tmp_path, "rows = []")), str(tmp_path / "project"), log=False)
    result = run_job(build_job(spec), state=None, emit=lambda _: None, cancel=Event(), fresh=False)
    assert isinstance(result.error, RunError)
    assert (result.error.where.cell, result.error.where.line) == (2, 8)


@pytest.mark.parametrize("form", ["py:percent", "py:light", "md"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_tags_change_the_marks_of_cells_and_nothing_else(form: str, end: str, tmp_path: Path) -> None:
    document = jupytext.read(SAMPLES / "churn.ipynb")
    for cell in document.cells:
        cell.metadata.pop("tags", None)
    path = tmp_path / f"churn.{form.partition(':')[0]}"
    text = jupytext.writes(document, fmt=form).replace(jupytext.__version__, "1.10.0").replace("\n", end)
    path.write_bytes(text.encode())
    report = apply_suggestions(path)
    assert report.written
    written = path.read_bytes().decode()
    old, new = set(text.split(end)), set(written.split(end))
    assert all(row.startswith(("# %%", "# +", "# -", "```")) for row in old ^ new)
    assert ("\r\n" in written) == (end == "\r\n")
    assert open_notebook(path).with_role(Role.INFERENCE)
    undo_tags(path)
    assert path.read_bytes().decode() == text


def test_tags_that_would_change_more_are_refused(tmp_path: Path) -> None:
    path = as_text(SAMPLES / "churn.ipynb", "md:myst", tmp_path)
    before = path.read_bytes()
    with pytest.raises(InputError) as refusal:
        tag_cells(path, ["4"], "training")
    assert refusal.value.code == "NB289"
    assert path.read_bytes() == before


def test_what_is_no_notebook_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, data in (("a.py", b"x = 1\n"), ("b.py", b"\xff\xfe# %%\n"), ("c.py", b""), ("d.md", b"# only words\n")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError) as refusal:
            open_notebook(tmp_path / name)
        assert refusal.value.where.path == str(tmp_path / name)
    monkeypatch.setitem(sys.modules, "jupytext", None)
    with pytest.raises(InputError) as refusal:
        open_notebook(small(tmp_path))
    assert "nb2prod[jupytext]" in refusal.value.hint


def test_reading_runs_nothing_and_reads_the_same_each_time(tmp_path: Path) -> None:
    path = small(tmp_path, "rows = [1]; open('ran', 'w')")
    first, second = open_notebook(path), open_notebook(path)
    assert json.dumps(first.document) == json.dumps(second.document)
    assert first == second
    assert not (tmp_path / "ran").exists()


def test_cells_are_found_behind_each_other() -> None:
    text = "# x = 1\n\n# %%\nx = 1\n\n# %%\nx = 1\n"
    assert find_starts(["x = 1", "x = 1", "x = 1", "", "y"], text) == (1, 4, 7, None, None)
