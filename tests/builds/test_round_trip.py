"""Edits of a generated project go back into the notebook, and nothing is lost on the way.

One notebook is converted once, by the real command line; each test edits a copy of its folder.
"""

import json
import random
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nb2prod.errors import GateError, Nb2ProdError
from nb2prod.files.digest import digest_bytes
from nb2prod.formatting import lay_out
from nb2prod.steps.converting import convert_again
from nb2prod.steps.generated import settled_files
from nb2prod.steps.reading import notebook_from
from nb2prod.steps.sides import read_sides
from nb2prod.steps.sync import prove, write_merged
from tests.builds.command import nb2prod
from tests.builds.random_edits import edited
from tests.builds.round_trips import FEATURES, PARAMS, PREDICT, TESTS, TRAIN, Folder


def test_nothing_changed_is_no_difference(there: Folder) -> None:
    assert not there.diff().differs
    (there.project / "notes.txt").write_text("mine")
    assert not there.diff().differs


EDITS = [
    # a name that reads another way in the package; the cell's own layout stays
    (TRAIN, "* params.share", "* params.share * 2", 6, "slope = sum(row['x'] for row in rows) * share * 2\n"),
    (TRAIN, "prices = [12.0, 15.0,", "prices = [11.0, 15.0,", 3, "prices = [11.0, 15.0,\n          30.0, 18.0]"),
    (TRAIN, "slope / 2 + 0.1", "slope / 4 + 0.1  # mine", 6, "    slope = slope / 4 + 0.1  # mine\nprint"),
    (PREDICT, "self.line['start'] for", "self.line['start'] - 1 for", 9, "line['start'] - 1 for row in inputs]"),
    (FEATURES, "/ LIMIT, 1.0", "/ LIMIT, 2.0", 4, "  # around the middle\n  return [min((v - middle) / LIMIT, 2.0)"),
    (FEATURES, "LIMIT = 100.0", "LIMIT = 50.0  # less", 4, "LIMIT = 50.0  # less\n\n\ndef"),
    (FEATURES, "scaled(values, *, middle):", "scaled(values, f=1, *, middle):", 4, "def scaled(values, f=1):"),
    # the comment above a statement is the statement's
    (TRAIN, "# the slope", "# the slope, halved", 6, "# the slope, halved\nslope = sum"),
    # a parameter: its value and its comment
    (PARAMS, "rounds: int = 3  # how often", "rounds: int = 5  # so often", 2, "rounds = 5  # so often\nshare"),
    # an assertion of the notebook's own
    (TESTS, "assert len(heights) ==", "assert 1 < len(heights) ==", 10, "assert 1 < len(heights) == len(points)"),
    # a line of evaluation that ends in a semicolon keeps it
    (TRAIN, "steepness = abs(", "steepness = 2 * abs(", 7, "steepness = 2 * abs(line['slope']);"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "old", "new", "cell", "expected"), EDITS)
def test_an_edit_goes_back_into_its_cell(
    there: Folder, path: str, old: str, new: str, cell: int, expected: str
) -> None:
    file = there.project / path
    quotes = file.read_text().count(old.replace("'", '"')) == 1
    before = there.cells()
    there.edit(path, old.replace("'", '"') if quotes else old, new.replace("'", '"') if quotes else new)
    assert there.sync().keys() == {cell}
    after = there.cells()
    assert expected in after[cell - 1]
    assert [a for n, a in enumerate(after, 1) if n != cell] == [b for n, b in enumerate(before, 1) if n != cell]


def test_new_and_deleted_statements_and_their_imports(there: Folder) -> None:
    there.edit(TRAIN, "    slope = sum(", "    shift = median(prices)\n    slope = shift + sum(")
    there.edit(TRAIN, "from statistics import fmean", "from statistics import fmean, median")
    changed = there.sync()
    assert changed[1] == "import math\nfrom statistics import fmean\nfrom statistics import median"
    assert "rows = rows_of(prices)\n\nshift = median(prices)\n# the slope\nslope = shift + sum(" in changed[6] or (
        "\n# the slope\nshift = median(prices)\nslope = shift + sum(" in changed[6]
    )


def test_a_new_parameter_and_one_that_is_gone(there: Folder) -> None:
    there.edit("src/line/params.py", "    share: float = 0.5\n", "    half: float = 2.0  # divisor\n")
    there.edit("src/line/params.py", "    rounds:", "    offset: float = 0.25\n    rounds:")
    there.edit(TRAIN, "* params.share", "* params.half + params.offset")
    changed = there.sync()
    assert changed[2] == "offset = 0.25\nrounds = 3  # how often\nhalf = 2.0  # divisor\nname = 'line'"
    assert "* half + offset\n" in changed[6]


def test_only_the_sources_of_these_cells_change(there: Folder) -> None:
    before = there.notebook.read_text(encoding="utf-8").split("\n")
    there.edit(TRAIN, "slope / 2 + 0.1", "slope / 8 + 0.1")
    there.sync()
    after = there.notebook.read_text(encoding="utf-8").split("\n")
    assert [(a, b) for a, b in zip(before, after, strict=True) if a != b] == [
        ('    "    slope = slope / 2 + 0.1\\n",', '    "    slope = slope / 8 + 0.1\\n",')
    ]


def test_a_shared_statement_must_be_edited_in_both_places(there: Folder) -> None:
    """`rows_of` is one function; a statement that stands in train() and predict() would be skew."""
    there.edit(PREDICT, "inputs = rows_of(points", "inputs = rows_of(list(points)")
    assert "inputs = rows_of(list(points))" in there.sync()[9]


STUCK = [
    (TRAIN, "def train(params: Params)", "def train(params: Params, extra: int = 1)"),
    (TRAIN, '"""Fit what', '"""Learn what'),
    ("src/line/service.py", "app = ", "app = object() or "),
    ("tests/test_notebook.py", "predictor = Predictor.load()", "predictor = Predictor.load(None)"),
]


@pytest.mark.parametrize(("path", "old", "new"), STUCK)
def test_what_nb2prod_wrote_itself_is_a_conflict_with_both_texts(there: Folder, path: str, old: str, new: str) -> None:
    text = (there.project / path).read_text()
    if text.count(old) != 1:
        pytest.skip("this project has no such line")
    before = there.notebook.read_bytes()
    there.edit(path, old, new)
    (conflict,) = there.merge().conflicts
    assert (conflict.path, conflict.cell) == (path, None)
    assert new in conflict.project
    assert old in conflict.notebook
    assert there.notebook.read_bytes() == before


def test_what_nothing_needs_is_refused_with_its_line(there: Folder) -> None:
    there.edit(TRAIN, "    return Training(", "    unused = 1\n    return Training(")
    with pytest.raises(GateError, match=r"(?s)NB297 .*train\.py.*-    unused = 1"):
        there.merge()


def test_another_layout_alone_changes_no_cell(there: Folder) -> None:
    """As `ruff format` with a shorter line leaves it, with commas that keep brackets open; and functions moved."""
    there.edit(
        TRAIN, "prices = [12.0, 15.0, 30.0, 18.0]  # by week", "prices = [\n 12.0,\n 15.0, 30.0, 18.0,\n]  # by week"
    )
    there.edit(TRAIN, "    training = train(settings)", "    training = train(\n        settings,\n    )")
    before = there.notebook.read_bytes()
    merged = there.merge()
    assert (merged.updates, merged.conflicts, merged.after) == ((), (), before)
    (difference,) = prove(merged, None)
    assert (difference.path, difference.lost) == (TRAIN, False)


def test_a_function_taken_out_of_train_stands_above_its_first_statement(there: Folder) -> None:
    """Where the package has it among other functions is a matter of layout."""
    taken = "def halved(slope):\n    return slope / 2 + 0.1\n\n\n"
    there.edit(TRAIN, "def train(", f"{taken}def train(")
    there.edit(TRAIN, "        slope = slope / 2 + 0.1\n", "        slope = halved(slope)\n")
    changed = there.sync()
    assert changed[3].startswith("def halved(slope):\n    return slope / 2 + 0.1\n\n\nprices = [")
    assert "    slope = halved(slope)\n" in changed[6]


def test_a_function_in_predict_has_no_cell_and_says_so(there: Folder) -> None:
    there.edit(
        PREDICT, "@dataclass(frozen=True)", "def checked(points):\n    return points\n\n\n@dataclass(frozen=True)"
    )
    there.edit(PREDICT, "rows_of(points", "rows_of(checked(points)")
    (conflict,) = there.merge().conflicts
    assert "features.py" in conflict.reason
    assert conflict.project == "def checked(points):\n    return points"


def test_a_name_that_another_cell_still_reads_is_not_taken_away(there: Folder) -> None:
    """The notebook prints it; the project does not."""
    text = (there.project / TRAIN).read_text()
    (there.project / TRAIN).write_text(text.replace("slope", "tilt").replace('"tilt"', '"slope"'))
    (conflict,) = there.merge().conflicts
    assert (conflict.cell, conflict.notebook) == (6, "print(slope)")
    assert "`slope`" in conflict.reason
    there.change(6, "print(slope)", "print(tilt)")
    assert "tilt = sum(" in there.sync()[6]


def test_the_mark_of_a_cell_is_no_line_of_the_notebook(there: Folder) -> None:
    there.edit(TRAIN, "    # Notebook cell 7\n", "")
    merged = there.merge()
    assert (merged.updates, merged.conflicts) == ((), ())
    assert [difference.lost for difference in prove(merged, None)] == [False]


def test_a_docstring_is_refused_without_a_run(there: Folder) -> None:
    there.edit(PREDICT, "The response to a request", "The answer to a request")
    (conflict,) = there.merge().conflicts
    assert "The response to a request" in conflict.notebook


def test_an_edit_that_makes_a_notebook_nobody_can_convert_says_why(there: Folder) -> None:
    there.edit(TRAIN, "* params.share", "* globals()['share']")
    with pytest.raises(GateError, match="NB327"):
        there.merge()


def test_a_file_that_is_no_python_is_refused_with_its_line(there: Folder) -> None:
    there.edit(TRAIN, "slope / 2 + 0.1", "slope / / 2")
    with pytest.raises(GateError, match=r"NB296 .*train\.py, line \d+"):
        there.merge()


def test_both_sides_are_merged(there: Folder) -> None:
    there.change(6, "print(slope)", "print(round(slope, 2))")
    there.change(3, "18.0]", "19.0]")
    there.edit(TRAIN, "slope / 2 + 0.1", "slope / 2 + 0.3")
    merged = there.merge()
    found = prove(merged, None)
    assert [difference.path for difference in found] == [TRAIN]  # what the notebook itself changed, and nothing else
    assert [line for line in found[0].lines if line[0] in "+-"] == [
        "-    prices = [12.0, 15.0, 30.0, 18.0]  # by week",
        "+    prices = [12.0, 15.0, 30.0, 19.0]  # by week",
    ]
    write_merged(merged)
    cells = there.cells()
    assert "19.0]" in cells[2]
    assert "slope = slope / 2 + 0.3\nprint(round(slope, 2))" in cells[5]


def test_what_both_sides_changed_is_shown_and_written_only_on_demand(there: Folder) -> None:
    there.change(6, "+ 0.1", "+ 0.2")
    there.edit(TRAIN, "slope / 2 + 0.1", "slope / 2 + 0.3")
    before = there.notebook.read_bytes()
    (conflict,) = there.merge().conflicts
    assert conflict.both
    assert conflict.notebook == "    slope = slope / 2 + 0.2"
    assert conflict.project == "    slope = slope / 2 + 0.3"
    done = nb2prod("sync", there.notebook, there.project, "--json", cwd=there.project.parent)
    assert (done.code, done.report["error"]["code"], done.report["written"]) == (1, "NB296", False)
    assert there.notebook.read_bytes() == before
    done = nb2prod("sync", there.notebook, there.project, "--write-conflicts", cwd=there.project.parent)
    assert done.code == 1
    ours, theirs = "    slope = slope / 2 + 0.2\n", "    slope = slope / 2 + 0.3\n"
    assert f"<<<<<<< notebook\n{ours}=======\n{theirs}>>>>>>> src/line/train.py\n" in there.cells()[5]
    undone = nb2prod("suggest", there.notebook, "--undo", cwd=there.project.parent)
    assert undone.code == 0
    assert "put back as it was" in undone.stdout
    assert there.notebook.read_bytes() == before


def test_a_removed_cell_is_a_conflict(there: Folder) -> None:
    body = json.loads(there.notebook.read_bytes())
    del body["cells"][6]
    there.notebook.write_text(json.dumps(body), encoding="utf-8")
    there.edit(TRAIN, "steepness = abs(", "steepness = 2 * abs(")
    (conflict,) = there.merge().conflicts
    assert "removed" in conflict.reason


def test_diff_names_functions_cells_and_lines(there: Folder) -> None:
    there.edit(TRAIN, "slope / 2 + 0.1", "slope / 2 + 0.3")
    there.edit(TRAIN, "def main() -> None:", "def main() -> object:")
    (there.project / "src/line/schema.py").unlink()
    train, schema = sorted(there.diff().files, key=lambda file: file.path != TRAIN)
    assert schema.kind == "deleted"
    assert [(h.function, [(s.cell, s.first, s.last) for s in h.sources]) for h in train.hunks] == [
        ("train", [(6, 6, 6)]), ("main", []),
    ]  # fmt: skip


def test_diff_tells_cells_apart_by_what_follows_from_them(there: Folder) -> None:
    body = json.loads(there.notebook.read_bytes())
    cells = body["cells"]
    cells[6]["metadata"]["tags"] = []
    cells[7]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1"}]
    cells.insert(0, cells.pop(9))
    cells.append({"cell_type": "markdown", "id": "words", "metadata": {}, "source": "no heading"})
    there.notebook.write_text(json.dumps(body), encoding="utf-8")
    found = [(change.kind, change.was, change.cell, change.cosmetic) for change in there.diff().cells]
    assert found == [("moved", 10, 1, False), ("role", 7, 8, False), ("added", None, 11, True)]


def test_outputs_alone_are_named_as_such(there: Folder) -> None:
    body = json.loads(there.notebook.read_bytes())
    body["cells"][5]["execution_count"] = 7
    there.notebook.write_text(json.dumps(body), encoding="utf-8")
    diff = there.diff()
    assert (diff.outputs, diff.cosmetic, diff.cells, diff.differs) == (True, True, (), True)


def test_a_build_overwrites_what_the_notebook_has_and_nothing_else(there: Folder) -> None:
    """The whole way: edit, be refused, sync with a run, convert; then the same edit is no difference."""
    folder = there.project.parent
    words = ("convert", there.notebook, "-o", there.project, "--json", "--mutants", "0")
    there.edit(TRAIN, "slope / 2 + 0.1", "slope/2 + 0.3")  # not laid out as ruff would
    there.change(8, "25.0", "26.0")
    refused = nb2prod(*words, cwd=folder)
    assert refused.report["error"]["code"] == "NB261"
    assert "nb2prod sync" in refused.report["error"]["hint"]
    done = nb2prod("sync", there.notebook, there.project, "--json", cwd=folder)
    assert done.code == 0, done.stderr
    assert [cell["cell"] for cell in done.report["cells"]] == [6]
    assert done.report["written"]
    (laid_out,) = done.report["differences"]
    assert [line for line in laid_out["lines"] if line[0] in "+-"] == [
        "-        slope = slope/2 + 0.3", "+        slope = slope / 2 + 0.3",
    ]  # fmt: skip
    again = nb2prod(*words, cwd=folder)
    assert again.code == 0, again.stderr
    assert {s["name"]: s["status"] for s in again.report["steps"]}["run"] == "unchanged"
    assert "slope = slope / 2 + 0.3" in (there.project / TRAIN).read_text()
    assert nb2prod("diff", there.notebook, there.project, cwd=folder).code == 0


def test_a_model_of_another_type_is_shown_by_the_run(there: Folder) -> None:
    """The field's type is nb2prod's line: it follows from what the edited statement makes."""
    there.edit(TRAIN, "line = {", "line = list({")
    text = (there.project / TRAIN).read_text().replace('math.sqrt(2)}', 'math.sqrt(2)}.values())')  # fmt: skip
    (there.project / TRAIN).write_text(text)
    there.edit(TRAIN, 'abs(line["slope"])', "abs(line[0])")
    text = (there.project / PREDICT).read_text()
    text = text.replace('self.line["slope"]', "self.line[0]").replace('self.line["start"]', "self.line[1]")
    (there.project / PREDICT).write_text(text.replace("line: dict[str, Any]", "line: list[Any]"))
    done = nb2prod("sync", there.notebook, there.project, "--json", cwd=there.project.parent)
    assert done.code == 0, done.stderr
    assert "line = list({'slope': slope, 'start': math.sqrt(2)}.values())" in there.cells()[5]


def test_what_was_synced_is_settled_for_this_notebook_only(there: Folder) -> None:
    there.edit(TRAIN, "slope / 2 + 0.1", "slope / 2 + 0.3")
    there.sync()
    assert settled_files(there.project, digest_bytes(there.notebook.read_bytes())).keys() == {TRAIN}
    there.change(8, "25.0", "26.0")
    assert settled_files(there.project, digest_bytes(there.notebook.read_bytes())) == {}
    assert there.sync() == {}  # the notebook has the edit already
    assert settled_files(there.project, digest_bytes(there.notebook.read_bytes())).keys() == {TRAIN}


def lines_of(text: str) -> list[str]:
    """Without what is laid out anew: blank lines, and the marks that say which cells code is from."""
    text = re.sub(r"\(notebook cells? [^)]*\)", "", text)
    return [line for line in text.splitlines() if line.strip() and not line.strip().startswith("# Notebook cell")]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32), st.integers(1, 4), st.booleans())
def test_random_edits_come_back_or_are_refused(
    converted: Path, tmp_path_factory: pytest.TempPathFactory, seed: int, count: int, notebook_too: bool
) -> None:
    """Whatever is edited: the notebook gives the edited project again, line for line, or nothing is written."""
    folder = tmp_path_factory.mktemp("random") / "copy"
    shutil.copytree(converted, folder)
    there = Folder(folder)
    chance = random.Random(seed)
    for _ in range(count):
        file = there.project / chance.choice([TRAIN, PREDICT, FEATURES, "src/line/params.py"])
        file.write_text(edited(file.read_text(encoding="utf-8"), chance), encoding="utf-8")
    if notebook_too:
        there.change(3, "18.0]", "17.0]")
    before = there.notebook.read_bytes()
    texts = read_sides(there.notebook, there.project).code
    try:
        merged = there.merge()
        if merged.conflicts:
            assert all(conflict.reason for conflict in merged.conflicts)
            return
        prove(merged, None)
    except Nb2ProdError:
        return
    finally:
        assert there.notebook.read_bytes() == before
    write_merged(merged)
    sides = read_sides(there.notebook, there.project)
    notebook = notebook_from(there.notebook.read_bytes(), there.notebook)
    made = convert_again(sides, notebook, sides.base.record)
    assert made is not None
    for path, text in lay_out(texts, "line").items():
        ours = made[path].replace("17.0]", "18.0]") if notebook_too else made[path]
        assert lines_of(ours) == lines_of(text)
    shutil.rmtree(folder.parent)


def test_a_link_is_refused_before_anything_runs(there: Folder) -> None:
    there.edit(TRAIN, "slope / 2 + 0.1", "slope / 2 + 0.3")
    link = there.notebook.with_name("link.ipynb")
    link.symlink_to(there.notebook)
    done = nb2prod("sync", link, there.project, "--json", cwd=link.parent)
    assert (done.code, done.report["error"]["code"]) == (1, "NB226")
    assert [step["name"] for step in done.report["steps"]] == ["merge"]


def test_an_edit_made_meanwhile_is_not_settled(there: Folder) -> None:
    there.edit(TRAIN, "slope / 2 + 0.1", "slope / 2 + 0.3")
    merged = there.merge()
    there.edit(TRAIN, "slope / 2 + 0.3", "slope / 2 + 0.4")
    write_merged(merged)
    settled = settled_files(there.project, digest_bytes(there.notebook.read_bytes()))
    assert settled[TRAIN] != digest_bytes((there.project / TRAIN).read_bytes())
