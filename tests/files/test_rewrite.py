"""A file of the user's is changed whole or not at all, and every change can be taken back."""

import os
import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nb2prod.errors import InputError, ToolError
from nb2prod.files import rewrite, undo


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "demo.ipynb"
    path.write_bytes(b"one")
    return path


def test_the_backup_holds_the_old_bytes_and_undo_puts_them_back(file: Path) -> None:
    file.chmod(0o640)
    backup = rewrite(file, b"one", b"two")
    assert (file.read_bytes(), backup.read_bytes()) == (b"two", b"one")
    assert file.stat().st_mode & 0o777 == backup.stat().st_mode & 0o777 == 0o640
    assert backup.is_relative_to(file.parent / ".nb2prod" / "demo.ipynb")
    assert undo(file) == file.read_bytes() == b"one"
    with pytest.raises(InputError) as caught:
        undo(file)
    assert caught.value.code == "NB228"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=4), min_size=1, max_size=6, unique=True))
def test_changes_are_taken_back_one_by_one(tmp_path_factory: pytest.TempPathFactory, states: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("undo") / "demo.ipynb"
    path.write_bytes(states[0])
    for before, after in pairwise(states):
        rewrite(path, before, after)
    for before in reversed(states[:-1]):
        undo(path)
        assert path.read_bytes() == before


def test_an_edit_made_since_is_kept(file: Path) -> None:
    rewrite(file, b"one", b"two")
    file.write_bytes(b"two, and edited")
    with pytest.raises(InputError) as caught:
        undo(file)
    assert caught.value.code == "NB228"
    assert "changed since" in caught.value.message
    assert file.read_bytes() == b"two, and edited"


def test_a_file_that_changed_meanwhile_is_left_alone(file: Path) -> None:
    with pytest.raises(InputError) as caught:
        rewrite(file, b"zero", b"two")
    assert caught.value.code == "NB227"
    assert file.read_bytes() == b"one"
    assert [path.name for path in file.parent.iterdir() if path.name.endswith(".tmp")] == []


def test_a_link_is_not_replaced_by_a_file(file: Path) -> None:
    link = file.with_name("link.ipynb")
    link.symlink_to(file.name)
    with pytest.raises(InputError) as caught:
        rewrite(link, b"one", b"two")
    assert caught.value.code == "NB226"
    assert str(file) in caught.value.hint
    twin = file.with_name("twin.ipynb")
    os.link(file, twin)
    with pytest.raises(InputError) as caught:
        rewrite(twin, b"one", b"two")
    assert caught.value.code == "NB226"


def test_a_read_only_file_stays_as_it_is(file: Path) -> None:
    file.chmod(0o444)
    with pytest.raises(InputError) as caught:
        rewrite(file, b"one", b"two")
    assert caught.value.code == "NB226"
    assert file.read_bytes() == b"one"


def test_a_full_disk_changes_nothing(small_disk: Path) -> None:
    path = small_disk / "demo.ipynb"
    before = random.Random(1).randbytes(300_000)
    path.write_bytes(before)
    with pytest.raises(ToolError) as caught:
        rewrite(path, before, before[::-1])
    assert caught.value.code == "NB960"
    assert path.read_bytes() == before


def test_old_backups_are_forgotten(file: Path) -> None:
    for number in range(15):
        rewrite(file, file.read_bytes(), b"%d" % number)
    assert len(list((file.parent / ".nb2prod" / "demo.ipynb").glob("*.bak"))) == 10
