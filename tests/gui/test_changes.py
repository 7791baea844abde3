"""What a build would change of a project that is there."""

import json
import shutil
import subprocess
import sys

from nb2prod_gui.flow.changes import changes
from nb2prod_gui.flow.draft import Draft, Target, build_spec
from nb2prod_gui.flow.export import job_file
from nb2prod_gui.flow.walk import Page
from PySide6.QtCore import Qt

from .test_cells import CELLS, write

WAIT = 240_000
"""Milliseconds: only ends a test that has failed."""


def test_files_are_told_apart_by_what_would_happen_to_them(tmp_path):
    there, would_be = tmp_path / "there", tmp_path / "would_be"
    for folder, files in (
        (there, {"same": b"1\n", "other": b"1\n2\n", "gone": b"x", "mine": b"hand\n", "data": b"\0\1"}),
        (would_be, {"same": b"1\n", "other": b"1\n3\n", "new": b"y\n", "mine": b"ours\n", "data": b"\0\2"}),
    ):
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
    found = {c.path: c for c in changes(there, would_be, ["same", "other", "gone", "new", "mine", "data"], ["mine"])}
    kinds = {path: change.kind for path, change in found.items()}
    assert kinds == {"other": "changed", "gone": "gone", "new": "new", "mine": "by_hand", "data": "changed"}
    assert "-2\n+3" in found["other"].diff
    assert found["data"].diff == ""


def test_a_hand_edit_and_a_change_of_the_notebook_are_foreseen(window, qtbot, tmp_path):
    """The child runs the notebook and makes the files beside; what is there stays byte for byte."""
    roles = {1: "imports", 2: "training", 3: "training", 5: "inference"}
    notebook = write(tmp_path / "prices.ipynb", CELLS, roles)
    spec = build_spec(notebook, Draft(target=Target(with_image=False, log=False, mutants=0)))
    done = subprocess.run([sys.executable, "-m", "nb2prod", "job", "-"], input=job_file(spec), text=True,
                          capture_output=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "build" / "prices"
    with (folder / "README.md").open("a") as readme:
        readme.write("mine\n")
    write(notebook, [*CELLS[:4], "answer = model.predict([[4.0]]) + 1\nanswer"], roles)
    before = shutil.copytree(folder, tmp_path / "before")
    with qtbot.waitSignal(window.project.studied, timeout=WAIT):
        window.open(notebook)
    window.go(Page.PREVIEW)
    with qtbot.waitSignal(window.preview._ask.answered, timeout=WAIT):
        qtbot.mouseClick(window.preview.foresee, Qt.MouseButton.LeftButton)
    found = window.preview._changes
    assert found["README.md"].kind == "by_hand"
    assert found["src/prices/predict.py"].kind == "changed"
    assert "+ 1" in found["src/prices/predict.py"].diff
    window.preview._open("src/prices/predict.py")
    assert "+ 1" in window.preview.file.toPlainText()
    assert window.preview.file.toPlainText().startswith("@@")
    window.preview.as_diff.setChecked(False)
    assert not window.preview.file.toPlainText().startswith("@@")
    same = subprocess.run(["diff", "-r", str(before), str(folder)], capture_output=True, text=True, check=False)
    assert same.stdout == ""
    assert json.loads((folder / "nb2prod.json").read_text())["package"] == "prices"
