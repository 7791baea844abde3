"""The names that a star import binds, told by the library where the notebook runs."""

import sys

from nb2prod.environment.exports import star_exports


def test_a_library_tells_its_names():
    found = star_exports(sys.executable, ["statistics", "string"])
    assert "fmean" in found["statistics"]
    assert "ascii_letters" in found["string"]
    assert "_re" not in found["string"]


def test_what_cannot_be_imported_is_left_out():
    assert star_exports(sys.executable, ["no_such_library"]) == {}
    assert star_exports("/no/such/python", ["statistics"]) == {}


def test_a_folder_of_the_user_is_not_looked_at(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("open('touched', 'w')")
    monkeypatch.chdir(tmp_path)
    assert star_exports(sys.executable, ["mine"]) == {}
    assert not (tmp_path / "touched").exists()
