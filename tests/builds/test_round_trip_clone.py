"""The round trip where nobody kept what was generated: a clone of a repository that has notebook and project."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from nb2prod.errors import InputError
from nb2prod.files.digest import digest_bytes
from nb2prod.repository import versions_of
from tests.builds.command import nb2prod
from tests.builds.round_trips import FEATURES, TRAIN, Folder


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=Nobody", "-c", "user.email=nobody@example.invalid", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "work")


@pytest.fixture
def clone(there: Folder, tmp_path: Path) -> Folder:
    """A clone of a repository in which notebook and project were committed, and the notebook changed since."""
    folder = there.project.parent
    git(folder, "init", "-q", "-b", "main")
    (folder / ".gitignore").write_text(".nb2prod\nmlflow.db\nmlartifacts\n")
    commit(folder)
    there.change(3, "18.0]", "19.0]")
    commit(folder)
    git(tmp_path, "clone", "-q", str(folder), "clone")
    assert not (tmp_path / "clone" / ".nb2prod").exists()
    return Folder(tmp_path / "clone")


def test_a_clone_knows_what_was_generated(clone: Folder) -> None:
    clone.edit(TRAIN, "slope / 2 + 0.1", "slope / 2 + 0.3")
    clone.edit("README.md", "# line", "# The line")
    diff = clone.diff()
    assert [(change.kind, change.cell) for change in diff.cells] == [("changed", 3)]
    files = {file.path: file for file in diff.files}
    assert files.keys() == {TRAIN, "README.md"}
    assert [(source.cell, source.first) for hunk in files[TRAIN].hunks for source in hunk.sources] == [(6, 6)]
    assert files["README.md"].hunks[0].lines == ("-# line", "+# The line")
    assert clone.sync().keys() == {6}
    assert "19.0]" in clone.cells()[2]


def test_the_next_build_in_a_clone_takes_the_edits_over(clone: Folder) -> None:
    clone.edit(FEATURES, "/ LIMIT, 1.0", "/ LIMIT, 2.0")
    folder = clone.project.parent
    done = nb2prod("sync", clone.notebook, clone.project, "--json", cwd=folder)
    assert done.code == 0, done.stderr
    again = nb2prod("convert", clone.notebook, "-o", clone.project, "--json", "--mutants", "0", cwd=folder)
    assert again.code == 0, again.stderr
    assert nb2prod("diff", clone.notebook, clone.project, cwd=folder).code == 0


def test_without_git_the_notebook_itself_is_the_one_or_nothing_is(there: Folder) -> None:
    shutil.rmtree(there.project.parent / ".nb2prod" / "out")
    there.edit(TRAIN, "slope / 2 + 0.1", "slope / 2 + 0.3")
    assert not there.diff().cells
    assert there.sync().keys() == {6}
    with pytest.raises(InputError, match=r"NB298.*changed since this project was generated"):
        there.diff()


@pytest.mark.parametrize("what", ["a role", "a stated field", "a cell that moved"])
def test_code_alone_does_not_make_a_notebook_the_recorded_one(there: Folder, what: str) -> None:
    shutil.rmtree(there.project.parent / ".nb2prod" / "out")
    body = json.loads(there.notebook.read_bytes())
    if what == "a role":
        body["cells"][2]["metadata"]["tags"] = ["training"]
    elif what == "a stated field":
        body["metadata"]["nb2prod"] = {"watch": {"steepness": "lower"}}
    else:
        body["cells"].insert(0, {"cell_type": "markdown", "id": "new", "metadata": {}, "source": "# line"})
    there.notebook.write_text(json.dumps(body), encoding="utf-8")
    with pytest.raises(InputError, match="NB298"):
        there.diff()


def test_a_project_that_this_nb2prod_would_not_make_is_refused(there: Folder) -> None:
    """As another version leaves it: its own sources, with their digests."""
    shutil.rmtree(there.project.parent / ".nb2prod" / "out")
    there.edit(TRAIN, "slope / 2 + 0.1", "slope / 2 + 0.25")
    there.edit("nb2prod.json", '"nb2prod": "', '"nb2prod": "0.0.0+')
    manifest = there.project / "nb2prod.json"
    body = json.loads(manifest.read_bytes())
    body["files"][TRAIN] = digest_bytes((there.project / TRAIN).read_bytes())
    manifest.write_text(json.dumps(body))
    with pytest.raises(InputError, match=r"NB298.*made by nb2prod 0\.0\.0\+"):
        there.diff()


def test_golden_rows_that_were_edited_are_asked_of_git(there: Folder) -> None:
    folder = there.project.parent
    shutil.rmtree(folder / ".nb2prod" / "out")
    there.edit("tests/golden/golden.json", '"rounds": 3', '"rounds": 4')
    with pytest.raises(InputError, match=r"NB298.*golden\.json was changed"):
        there.diff()
    there.edit("tests/golden/golden.json", '"rounds": 4', '"rounds": 3')
    git(folder, "init", "-q", "-b", "main")
    commit(folder)
    there.edit("tests/golden/golden.json", '"rounds": 3', '"rounds": 4')
    assert [file.path for file in there.diff().files] == ["tests/golden/golden.json"]


def test_git_has_every_version_of_a_file(tmp_path: Path) -> None:
    """On every branch, each once, newest first; a file whose name is a pattern; one that is no longer there."""
    file, other = tmp_path / "[a] *.txt", tmp_path / "a b.txt"
    assert list(versions_of(file)) == []
    git(tmp_path, "init", "-q", "-b", "main")
    assert list(versions_of(file)) == []
    for text in ("one", "two", "one"):
        file.write_text(text)
        other.write_text(text + "!")
        commit(tmp_path)
    git(tmp_path, "checkout", "-q", "-b", "side", "HEAD~1")
    file.unlink()
    commit(tmp_path)
    assert list(versions_of(file)) == [b"one", b"two"]
