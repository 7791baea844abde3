"""The Run page with real jobs: small notebooks of our own, in a real kernel; faults as they happen."""

import json
import os
import signal
from pathlib import Path

import psutil
import pytest
from nb2prod_gui.flow.draft import Target
from nb2prod_gui.flow.walk import Page
from nb2prod_gui.parts.pieces import PIECE
from PySide6.QtCore import QProcess

from nb2prod.image.engine import connect
from tests.gui.engine_gate import EngineGate

WAIT, LONG = 120_000, 900_000
"""Milliseconds: only end a test that has failed."""
CELLS = (
    ("imports", "import time\nfrom pathlib import Path"),
    ("training", "weights = [1.0, 2.0, 4.0]\nscale = sum(weights) / len(weights)"),
    ("request", "rows = [3.0, 5.0]"),
    ("inference", "answer = [scale * row for row in rows]"),
)


def write(path: Path, *more: tuple[str, str]) -> Path:
    """A notebook of the cells above with `more` after the imports."""
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {"tags": [role] if role else []}, "source": source,
         "outputs": [], "execution_count": None}
        for n, (role, source) in enumerate((CELLS[0], *more, *CELLS[1:]))
    ]  # fmt: skip
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.write_text(json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}, indent=1))
    return path


def start(window, qtbot, path, *, only_convert=True, **target):
    project = window.project
    with qtbot.waitSignal(project.studied, timeout=WAIT):
        window.open(path)
    project.set_target(Target(**{"log": False, "with_image": False, "mutants": 0} | target))
    window.go(Page.RUN)
    assert window.page is Page.RUN, window.status.text()
    window.run.start_job(only_convert=only_convert)
    return project


def finish(window, qtbot, wait=WAIT):
    jobs = window.project.jobs
    qtbot.waitUntil(lambda: not jobs.running, timeout=wait)
    return jobs.progress


def wait_for_cell(window, qtbot, cell: int) -> None:
    story = window.project.jobs
    qtbot.waitUntil(lambda: (running := story.story.running) is not None and running.number == cell, timeout=WAIT)


SLEEPS = ("skip", "print('now it sleeps', flush=True)\ntime.sleep(300)")


def test_a_conversion_is_shown_cell_by_cell(window, qtbot, tmp_path):
    start(window, qtbot, write(tmp_path / "tiny.ipynb", ("skip", "print('hello')")))
    assert finish(window, qtbot).status == "ok", window.run.summary.text()
    model = window.run.cells.pieces
    pieces = [model.index(row).data(PIECE) for row in range(model.rowCount())]
    assert [(p.number, p.state) for p in pieces] == [(n, "done") for n in range(1, 6)]
    assert pieces[1].lines == ("hello",)
    assert pieces[2].text == "Cell 3   weights = [1.0, 2.0, 4.0]"
    assert "[2] hello" in window.run.log.text.toPlainText()
    assert window.project.made is not None
    error_of_the_dockerfile_opens_at_its_line(window)


def error_of_the_dockerfile_opens_at_its_line(window):
    """The error is a made-up one: a real instruction that fails takes a whole image."""
    where = {"path": "Dockerfile", "cell": None, "line": 4}
    window.run._show_error({"code": "NB904", "message": "Step 3 failed", "hint": "", "where": where})
    window.run.to_place.click()
    assert window.page is Page.PREVIEW
    assert window.preview.file.textCursor().blockNumber() == 3
    assert window.preview.file_name.text() == "Dockerfile"


def test_an_error_opens_at_its_cell(window, qtbot, tmp_path):
    start(window, qtbot, write(tmp_path / "tiny.ipynb", ("skip", "print('before')\n1 / 0")))
    assert finish(window, qtbot).status == "failed"
    assert "ZeroDivisionError" in window.run.summary.text()
    assert "wrote no files" in window.run.left.text()
    window.run.to_place.click()
    assert window.page is Page.CELLS
    assert window.cells.list.currentIndex().row() == 1


def test_a_kernel_that_dies_is_told_at_its_cell(window, qtbot, tmp_path):
    start(window, qtbot, write(tmp_path / "tiny.ipynb", ("skip", "import os\nos.kill(os.getpid(), 9)")))
    assert finish(window, qtbot).status == "failed"
    assert window.run.to_place.isVisible()
    assert "2" in window.run.to_place.text()
    assert window.project.jobs.progress.report["error"]["where"]["cell"] == 2


def test_cancel_amid_a_cell_says_what_is_left_and_resume_goes_on(window, qtbot, tmp_path):
    gate = tmp_path / "go"
    waits = f"while not Path({str(gate)!r}).exists():\n    time.sleep(0.05)"
    start(window, qtbot, write(tmp_path / "tiny.ipynb", ("skip", waits)))
    wait_for_cell(window, qtbot, 2)
    window.run.cancel.click()
    assert not window.run.cancel.isEnabled()
    assert finish(window, qtbot).status == "cancelled"
    assert "Stopped in: run." in window.run.left.text()
    assert "read, check" in window.run.left.text()
    assert not (tmp_path / "build" / "tiny" / "nb2prod.json").exists()
    assert window.run.start.text() == "Resume"
    gate.touch()
    window.run.start_job(only_convert=True)
    assert finish(window, qtbot).status == "ok", window.run.summary.text()
    assert not window.run.left.isVisible()


def test_a_job_that_is_killed_says_so_and_leaves_no_kernel(window, qtbot, tmp_path):
    project = start(window, qtbot, write(tmp_path / "tiny.ipynb", SLEEPS))
    wait_for_cell(window, qtbot, 2)
    child = project.jobs.findChild(QProcess).processId()
    below = psutil.Process(child).children(recursive=True)
    assert below
    os.kill(child, signal.SIGKILL)
    progress = finish(window, qtbot)
    assert progress.status == "failed"
    assert "killed" in window.run.summary.text()
    assert [step.state for step in progress.steps if step.name == "run"] == ["failed"]
    assert window.run.start.text() == "Resume"
    _, alive = psutil.wait_procs(below, timeout=30)
    assert not alive


def test_a_notebook_that_changes_meanwhile_is_built_as_it_was(window, qtbot, tmp_path):
    gate = tmp_path / "go"
    waits = f"while not Path({str(gate)!r}).exists():\n    time.sleep(0.05)"
    path = write(tmp_path / "tiny.ipynb", ("skip", waits))
    start(window, qtbot, path)
    wait_for_cell(window, qtbot, 2)
    with qtbot.waitSignal(window.project.changed_on_disk, timeout=WAIT):
        write(path, ("skip", "pass"))
    gate.touch()
    assert finish(window, qtbot).status == "ok", window.run.summary.text()
    assert "changed on disk" in window.run.left.text()


def test_a_folder_that_cannot_be_written_is_named(window, qtbot, tmp_path):
    output = tmp_path / "locked" / "tiny"
    output.parent.mkdir()
    if os.geteuid() == 0:  # whom no rights stop
        output = Path("/proc/nb2prod-tiny")
    else:
        output.parent.chmod(0o500)
    start(window, qtbot, write(tmp_path / "tiny.ipynb"), output=str(output))
    assert finish(window, qtbot).status == "failed"
    assert str(output.parent) in window.run.summary.text()


def test_without_an_engine_the_image_is_skipped_and_said_so(window, qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    start(window, qtbot, write(tmp_path / "tiny.ipynb"), only_convert=False, with_image=True)
    progress = finish(window, qtbot)
    assert progress.status == "ok", window.run.summary.text()
    assert "none.sock" in window.run.left.text()
    assert progress.report["image"] is None


@pytest.mark.docker
def test_an_engine_that_stops_amid_the_image_and_a_cancel_there_are_resumed(window, qtbot, tmp_path, monkeypatch):
    gate = EngineGate(tmp_path / "cut.sock", b"Step 3/", "cut")
    monkeypatch.setenv("DOCKER_HOST", gate.address)
    path = write(tmp_path / "tiny.ipynb")
    start(window, qtbot, path, only_convert=False, with_image=True, image="nb2prod-gate:1")
    assert finish(window, qtbot, LONG).status == "failed"
    assert gate.reached.is_set()
    assert window.project.jobs.progress.report["error"]["code"].startswith("NB9"), window.run.summary.text()
    assert "Stopped in: image." in window.run.left.text()
    assert "names the image it named before" in window.run.left.text()
    assert window.run.start.text() == "Resume"

    gate = EngineGate(tmp_path / "hold.sock", b"Step 3/", "hold")
    monkeypatch.setenv("DOCKER_HOST", gate.address)
    window.run.start_job()
    qtbot.waitUntil(gate.reached.is_set, timeout=LONG)
    window.run.cancel.click()
    progress = finish(window, qtbot)
    gate.close()
    assert progress.status == "cancelled", window.run.summary.text()
    assert "Stopped in: image." in window.run.left.text()

    monkeypatch.delenv("DOCKER_HOST")
    window.run.start_job()
    progress = finish(window, qtbot, LONG)
    assert progress.status == "ok", window.run.summary.text()
    states = {step.name: step.state for step in progress.steps}
    assert (states["run"], states["test"], states["image"]) == ("unchanged", "unchanged", "done")
    client = connect()
    client.remove_image("nb2prod-gate:1", force=True)
    client.close()


def test_another_notebook_ends_the_job_of_the_one_before(window, qtbot, tmp_path):
    project = start(window, qtbot, write(tmp_path / "tiny.ipynb", SLEEPS))
    wait_for_cell(window, qtbot, 2)
    child = psutil.Process(project.jobs.findChild(QProcess).processId())
    heard = []
    project.jobs.finished.connect(heard.append)
    with qtbot.waitSignal(project.studied, timeout=WAIT):
        project.open(write(tmp_path / "other.ipynb"))
    assert not project.jobs.running
    assert not project.standing.job_finished
    assert window.run.cells.pieces.rowCount() == 0
    qtbot.waitUntil(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, timeout=WAIT)
    assert heard == []
