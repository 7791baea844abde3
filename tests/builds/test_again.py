"""Building again: what changed is done anew, what did not is not; hand edits are never overwritten silently."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.builds.command import Finished, nb2prod
from tests.builds.notebooks import INFERENCE, LINE, write_notebook
from tests.builds.projects import damaged_files, files_of

Convert = Callable[..., Finished]


def statuses(done: Finished) -> dict[str, str]:
    assert done.code == 0, done.stderr
    return {step["name"]: step["status"] for step in done.report["steps"]}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a notebook and its project ``out``, built once."""
    folder = tmp_path_factory.mktemp("first")
    write_notebook(folder / "line.ipynb")
    done = nb2prod("convert", "line.ipynb", "-o", "out", "--json", "--mutants", "0", cwd=folder)
    assert done.code == 0, done.stderr
    assert "Warning" not in done.stderr
    return folder


@pytest.fixture
def convert(first: Path) -> Convert:
    """`nb2prod convert` there, with more words. The tests of this file go on where the one before stopped."""
    words = ("convert", "line.ipynb", "-o", "out", "--json", "--mutants", "0")
    return lambda *more, **options: nb2prod(*words, *more, cwd=first, **options)


DONE = {"read": "done", "check": "done", "run": "done", "extract": "done", "test": "done"}
UNCHANGED = {"read": "done", "check": "done", "run": "unchanged", "extract": "unchanged", "test": "unchanged"}


def test_an_unchanged_notebook_is_not_run_again(convert: Convert) -> None:
    assert statuses(convert()) == UNCHANGED


def test_fresh_runs_everything_and_gives_the_same_bytes(first: Path, convert: Convert) -> None:
    before = files_of(first / "out")
    assert statuses(convert("--fresh")) == DONE
    assert files_of(first / "out") == before


def test_only_what_depends_on_a_setting_is_done_again(convert: Convert) -> None:
    assert statuses(convert("--mutants", "1")) == UNCHANGED | {"test": "done"}
    assert statuses(convert()) == UNCHANGED | {"test": "done"}


def test_a_changed_parameter_runs_the_notebook_again(first: Path, convert: Convert) -> None:
    before = files_of(first / "out")
    assert statuses(convert("-p", "scale=8")) == DONE
    golden = json.loads((first / "out" / "tests" / "golden" / "golden.json").read_bytes())
    assert golden["predictions"] == [3.5, 6.5, -6.5]
    assert statuses(convert("-p", "scale=8.0")) == UNCHANGED
    assert statuses(convert()) == DONE
    assert files_of(first / "out") == before


@pytest.mark.parametrize("name", ["src/line/predict.py", "README.md", "artifacts/line.json"])
def test_a_file_edited_by_hand_is_refused_and_kept(first: Path, convert: Convert, name: str) -> None:
    path = first / "out" / name
    before = path.read_bytes()
    path.write_bytes(before + b"\n# mine\n")
    refused = convert()
    assert refused.code == 1
    assert refused.report["error"]["code"] == "NB261"
    assert name in refused.report["error"]["message"]
    assert "--force" in refused.report["error"]["hint"]
    assert path.read_bytes() == before + b"\n# mine\n"
    assert statuses(convert("--force"))["extract"] == "done"
    assert path.read_bytes() == before
    assert statuses(convert()) == UNCHANGED


def test_a_file_of_ones_own_stays(first: Path, convert: Convert) -> None:
    (first / "out" / "notes.md").write_text("mine")
    assert statuses(convert("--fresh")) == DONE
    assert (first / "out" / "notes.md").read_text() == "mine"
    (first / "out" / "notes.md").unlink()


def test_a_deleted_file_comes_back(first: Path, convert: Convert) -> None:
    (first / "out" / "src" / "line" / "train.py").unlink()
    assert statuses(convert()) == UNCHANGED | {"extract": "done"}
    assert damaged_files(first / "out") == []


@pytest.mark.parametrize("part", ["", "run", "run.json", "extract.json", "test.json"])
def test_deleted_state_is_made_again(first: Path, convert: Convert, part: str) -> None:
    before = files_of(first / "out")
    place = first / ".nb2prod" / "out" / part
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink()
    assert statuses(convert())["test"] in ("done", "unchanged")
    assert files_of(first / "out") == before
    assert statuses(convert()) == UNCHANGED


def test_a_damaged_record_is_made_again(first: Path, convert: Convert) -> None:
    record = first / ".nb2prod" / "out" / "run.json"
    whole: dict[str, Any] = json.loads(record.read_bytes())
    for damage in (b"", b"{", b"[]", json.dumps(whole | {"output": {"body": 1}}).encode()):
        record.write_bytes(damage)
        assert statuses(convert())["run"] == "done"
    assert damaged_files(first / "out") == []


def test_a_tag_that_leaves_the_run_as_it_is_does_not_repeat_it(first: Path, convert: Convert) -> None:
    write_notebook(first / "line.ipynb", *LINE, ("", "steepness * 2\n"))
    assert statuses(convert()) == DONE
    write_notebook(first / "line.ipynb", *LINE, ("skip", "steepness * 2\n"))
    assert statuses(convert()) == UNCHANGED | {"extract": "done", "test": "done"}
    write_notebook(first / "line.ipynb", *LINE, ("evaluation", "error = steepness * 2\n"))
    assert statuses(convert()) == DONE
    write_notebook(first / "line.ipynb", *LINE, ("", "error = steepness * 2\n"))
    assert statuses(convert())["run"] == "done", "what the run has to leave is another thing"


def test_what_is_only_shown_repeats_nothing_and_gives_the_same_bytes(first: Path, convert: Convert) -> None:
    path = first / "line.ipynb"
    write_notebook(path, *LINE)
    convert()
    document = json.loads(path.read_text())
    document["cells"].insert(len(document["cells"]), {"cell_type": "markdown", "metadata": {}, "source": "The end."})
    path.write_text(json.dumps(document))
    assert statuses(convert()) == UNCHANGED
    document["cells"][-1]["source"] = "The very end."
    last = next(cell for cell in reversed(document["cells"]) if cell["cell_type"] == "code")
    last["execution_count"] = 7
    last["metadata"]["collapsed"] = True
    shown = {
        "output_type": "execute_result",
        "execution_count": 7,
        "metadata": {},
        "data": {"text/plain": "[9.0, 2.75, 0.5]"},
    }
    last["outputs"] = [shown]
    path.write_text(json.dumps(document, indent=2))
    done = convert()
    assert statuses(done) == UNCHANGED
    assert "NB367" in [finding["code"] for finding in done.report["findings"]], (
        "it is told of the outputs as they are now"
    )
    last["outputs"] = []
    path.write_text(json.dumps(document, indent=2))
    done = convert()
    assert statuses(done) == UNCHANGED
    assert "NB367" not in [finding["code"] for finding in done.report["findings"]]
    before = files_of(first / "out")
    assert statuses(convert("--fresh")) == DONE
    assert files_of(first / "out") == before
    write_notebook(path, *LINE)
    assert statuses(convert()) == UNCHANGED


def test_text_before_code_runs_nothing_again_and_gives_the_bytes_of_a_fresh_run(first: Path, convert: Convert) -> None:
    path, state = first / "line.ipynb", first / ".nb2prod" / "out" / "run"
    write_notebook(path, ("", "print('key=' + 'ghp_' + 'a1B2' * 9)\n"), *LINE)
    assert statuses(convert()) == DONE
    document = json.loads(path.read_text())
    for place, words in ((2, "# Slope"), (0, "About lines")):
        text = {"cell_type": "markdown", "id": f"text-{place}", "metadata": {}, "source": words}
        document["cells"].insert(place, text)
    path.write_text(json.dumps(document))
    done = convert()
    assert statuses(done) == UNCHANGED | {"extract": "done", "test": "done"}
    kept, numbers = files_of(first / "out"), {c["cell"] for c in manifest_of(first / "out")["cells"]}
    assert numbers == {2, 3, 5, 6, 7, 8}
    executed = json.loads((state / "executed.ipynb").read_text())
    assert [cell["id"] for cell in executed["cells"]] == [cell["id"] for cell in document["cells"]]
    assert executed["cells"][1]["outputs"], "what the run printed is still there"
    fresh = convert("--fresh")
    assert statuses(fresh) == DONE
    assert files_of(first / "out") == kept
    for told in (done, fresh):
        assert [f["cell"] for f in told.report["findings"] if f["code"] == "NB153"] == [2]
    write_notebook(path, *LINE)
    convert()


def test_watching_another_metric_tests_nothing_again_and_gives_the_bytes_of_a_fresh_run(
    first: Path, convert: Convert
) -> None:
    path = first / "line.ipynb"
    document = json.loads(path.read_text())
    document["metadata"]["nb2prod"] = {"watch": {"steepness": "lower"}}
    path.write_text(json.dumps(document))
    assert statuses(convert()) == UNCHANGED | {"extract": "done"}
    kept = files_of(first / "out")
    assert manifest_of(first / "out")["watch"] == {"steepness": "lower"}
    assert statuses(convert("--fresh")) == DONE
    assert files_of(first / "out") == kept
    write_notebook(path, *LINE)
    assert statuses(convert()) == UNCHANGED | {"extract": "done"}
    assert manifest_of(first / "out")["watch"] == {}


def manifest_of(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project / "nb2prod.json").read_bytes())
    return found


def test_a_second_build_of_the_same_project_waits_for_nobody(first: Path, convert: Convert) -> None:
    from nb2prod.files import project_lock

    with project_lock(first / "out"):
        refused = convert()
    assert refused.code == 4
    assert refused.report["error"]["code"] == "NB965"
    assert "Traceback" not in refused.stderr


def test_another_notebook_replaces_the_package(first: Path, convert: Convert) -> None:
    """Files of the old package that the new one lacks are gone; the folder is the new project and nothing else."""
    write_notebook(first / "line.ipynb", *LINE[:-1], (INFERENCE[0], INFERENCE[1] + "heights[::-1]\n"))
    assert statuses(convert("--package", "slope")) == DONE
    assert damaged_files(first / "out") == []
    assert not (first / "out" / "src" / "line").exists()
