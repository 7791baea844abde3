"""A project is written whole or not at all, and what people did to it is kept."""

import json
import os
from pathlib import Path

import pytest

from nb2prod.errors import GateError, InputError, ToolError
from nb2prod.files import MANIFEST, find_handwork, project_lock, seal, write_tree
from nb2prod.files.tree import check_folder
from nb2prod.model.project import ProjectTree


def tree_of(**files: str) -> ProjectTree:
    return ProjectTree({path.replace("__", "/"): text.encode() for path, text in files.items()})


OLD = tree_of(**{"README.md": "old", "src__train.py": "a = 1\n"})
NEW = tree_of(**{"README.md": "new", "src__predict.py": "b = 2\n"})


def read_folder(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(params=["exchange", "two renames"])
def swapping(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to swap; the second is for file systems that cannot exchange names."""
    if request.param == "two renames":
        monkeypatch.setattr("nb2prod.files.tree.exchange", lambda one, other: False)


def test_a_new_tree_replaces_the_old_one_and_leaves_nothing_beside_it(tmp_path: Path, swapping: None) -> None:
    folder = tmp_path / "project"
    write_tree(OLD, folder)
    write_tree(NEW, folder)
    assert read_folder(folder) == dict(seal(NEW).files)
    assert {entry.name for entry in tmp_path.iterdir()} <= {"project", ".nb2prod"}


def test_equal_trees_give_equal_bytes_whatever_their_order(tmp_path: Path) -> None:
    write_tree(NEW, tmp_path / "one")
    write_tree(ProjectTree(dict(reversed(NEW.files.items()))), tmp_path / "two")
    assert read_folder(tmp_path / "one") == read_folder(tmp_path / "two")


def test_a_tree_that_is_there_already_is_not_written_again(tmp_path: Path) -> None:
    write_tree(OLD, tmp_path / "p")
    before = (tmp_path / "p").stat().st_ino
    write_tree(OLD, tmp_path / "p")
    assert (tmp_path / "p").stat().st_ino == before


def test_sealing_keeps_the_manifest_and_adds_the_digests() -> None:
    sealed = seal(tree_of(**{MANIFEST: '{"notebook": "x", "files": 1}', "a": ""}))
    assert json.loads(sealed.files[MANIFEST]) == {
        "notebook": "x",
        "files": {"a": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    }
    assert seal(sealed) == sealed


def test_an_edited_file_stops_the_writing_and_force_does_not_ask(tmp_path: Path, swapping: None) -> None:
    folder = tmp_path / "p"
    write_tree(OLD, folder)
    (folder / "README.md").write_text("by hand")
    before = read_folder(folder)
    with pytest.raises(GateError, match=r"NB261 .*README\.md"):
        write_tree(NEW, folder)
    assert read_folder(folder) == before
    write_tree(NEW, folder, force=True)
    assert read_folder(folder) == dict(seal(NEW).files)


def test_an_edit_that_the_new_tree_has_too_is_no_obstacle(tmp_path: Path) -> None:
    write_tree(OLD, tmp_path / "p")
    (tmp_path / "p/README.md").write_text("new")
    write_tree(NEW, tmp_path / "p")
    assert read_folder(tmp_path / "p") == dict(seal(NEW).files)


def test_a_deleted_file_comes_back(tmp_path: Path) -> None:
    write_tree(OLD, tmp_path / "p")
    (tmp_path / "p/README.md").unlink()
    write_tree(OLD, tmp_path / "p")
    assert (tmp_path / "p/README.md").read_text() == "old"


def test_files_that_people_added_stay_and_caches_do_not_count(tmp_path: Path, swapping: None) -> None:
    folder = tmp_path / "p"
    write_tree(OLD, folder)
    (folder / "notes").mkdir()
    (folder / "notes/todo.txt").write_text("mine")
    (folder / "link").symlink_to("README.md")
    os.mkfifo(folder / "pipe")
    (folder / "src/__pycache__").mkdir()
    (folder / "src/__pycache__/train.cpython-311.pyc").write_bytes(b"x")
    assert find_handwork(folder).added == ("link", "notes/todo.txt", "pipe")
    write_tree(NEW, folder)
    assert (folder / "notes/todo.txt").read_text() == "mine"
    assert (folder / "link").readlink() == Path("README.md")
    assert not (folder / "src/__pycache__").exists()


@pytest.mark.parametrize("mine", ["src/predict.py", "src/predict.py/mine.txt"])
def test_an_added_file_in_the_way_stops_the_writing(tmp_path: Path, mine: str) -> None:
    folder = tmp_path / "p"
    write_tree(OLD, folder)
    (folder / mine).parent.mkdir(exist_ok=True)
    (folder / mine).write_text("mine")
    with pytest.raises(GateError, match=r"NB261 .*\(yours\)"):
        write_tree(NEW, folder)
    assert (folder / mine).read_text() == "mine"


def test_a_folder_that_is_something_else_is_never_touched(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    write_tree(OLD, folder)  # an empty one is fine
    other = tmp_path / "home"
    other.mkdir()
    (other / "thesis.tex").write_text("x")
    for force in (False, True):
        with pytest.raises(InputError, match="NB260"):
            write_tree(NEW, other, force=force)
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="NB260"):
        write_tree(NEW, tmp_path / "file")
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(InputError, match="NB264"):
        write_tree(NEW, tmp_path / "link")
    assert read_folder(folder) == dict(seal(OLD).files)
    assert read_folder(other) == {"thesis.tex": b"x"}


@pytest.mark.parametrize("damage", ["", "[]", '{"files": [1]}', "{", "[" * 10_000])
def test_a_damaged_manifest_is_refused(tmp_path: Path, damage: str) -> None:
    write_tree(OLD, tmp_path / "p")
    (tmp_path / "p" / MANIFEST).write_text(damage)
    with pytest.raises(InputError, match="NB263"):
        write_tree(NEW, tmp_path / "p")


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "a//b", "./a", "", ".", "C:\\x", "a\nb", "a/"])
def test_no_path_leads_outside(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError, match="NB262"):
        write_tree(ProjectTree({path: b"x"}), tmp_path / "p")
    assert list(tmp_path.iterdir()) == []


def test_a_file_and_a_folder_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="NB262"):
        write_tree(ProjectTree({"a": b"", "a/b": b""}), tmp_path / "p")


def test_a_full_disk_is_named_and_the_old_tree_stays(small_disk: Path) -> None:
    folder = small_disk / "p"
    write_tree(OLD, folder)
    with pytest.raises(ToolError, match=r"NB960 .*ENOSPC"), project_lock(folder):
        write_tree(ProjectTree({f"big{i}": b"x" * 100_000 for i in range(20)}), folder)
    assert read_folder(folder) == dict(seal(OLD).files)
    assert {entry.name for entry in small_disk.iterdir()} == {"p", ".nb2prod"}


def test_a_folder_that_cannot_be_written_is_named(read_only_disk: Path) -> None:
    with pytest.raises(ToolError, match=r"NB961 .*(EROFS|EACCES)"):
        write_tree(OLD, read_only_disk / "p")
    with pytest.raises(ToolError, match=r"NB961 .*(EROFS|EACCES)"), project_lock(read_only_disk / "p"):
        pass


def test_a_folder_is_checked_before_the_work(tmp_path: Path, read_only_disk: Path) -> None:
    check_folder(tmp_path / "a/b/p")
    assert [entry.name for entry in tmp_path.iterdir()] == ["read-only"]
    write_tree(OLD, tmp_path / "p")
    (tmp_path / "p/README.md").write_text("by hand")
    check_folder(tmp_path / "p")
    with pytest.raises(ToolError, match="NB961"):
        check_folder(read_only_disk / "p")
    with pytest.raises(InputError, match="NB260"):
        check_folder(tmp_path)


def test_a_failing_fsync_fails_the_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tree(OLD, tmp_path / "p")
    real = os.fsync

    def broken(descriptor: int) -> None:
        if "predict" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            raise OSError(5, "Input/output error")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(ToolError, match=r"NB961 .*EIO"):
        write_tree(NEW, tmp_path / "p")
    assert read_folder(tmp_path / "p") == dict(seal(OLD).files)
    assert [entry.name for entry in tmp_path.iterdir()] == ["p"]


def test_a_second_rename_that_fails_brings_the_old_tree_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nb2prod.files.tree.exchange", lambda one, other: False)
    write_tree(OLD, tmp_path / "p")
    real = Path.rename

    def broken(self: Path, target: Path) -> Path:
        if ".stage-" in self.name:
            raise OSError(5, "Input/output error")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", broken)
    with pytest.raises(ToolError, match="NB961"):
        write_tree(NEW, tmp_path / "p")
    assert read_folder(tmp_path / "p") == dict(seal(OLD).files)
