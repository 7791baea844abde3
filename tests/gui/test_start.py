"""The Start page: what was opened before and how its job ended, samples with pictures, files that are dropped."""

import subprocess
import sys
from pathlib import Path

import pytest
from nb2prod_gui.flow.recent import Recent, ago, seen
from nb2prod_gui.flow.walk import Page
from nb2prod_gui.look.palette import DARK, LIGHT
from nb2prod_gui.look.pictures import PICTURES, picture_svg
from nb2prod_gui.pages.start import NotebookCard
from nb2prod_gui.samples import LINES
from PySide6.QtCore import QByteArray, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QPushButton

WAIT = 30_000
"""Milliseconds: only ends a test that has failed."""


def files(*paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def enter(data):
    return QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
                           Qt.KeyboardModifier.NoModifier)  # fmt: skip


def drop(data):
    return QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
                      Qt.KeyboardModifier.NoModifier)  # fmt: skip


def test_a_notebook_that_is_dropped_is_opened(window, qtbot, churn):
    data = files(churn.parent / "notes.txt", churn)
    entered = enter(data)
    entered.ignore()
    window.start.dragEnterEvent(entered)
    assert entered.isAccepted()
    assert window.start._drop.property("drop") == "true"
    with qtbot.waitSignal(window.project.studied, timeout=WAIT):
        window.start.dropEvent(drop(data))
    assert window.project.path == churn
    assert window.page is Page.CELLS
    assert window.start._drop.property("drop") == "false"


def test_another_file_is_not_taken(window, tmp_path):
    data = files(tmp_path / "notes.txt")
    entered = enter(data)
    entered.ignore()
    window.start.dragEnterEvent(entered)
    assert not entered.isAccepted()
    window.start.dropEvent(drop(data))
    window.start.dragLeaveEvent(QDragLeaveEvent())
    assert window.page is Page.START
    assert window.project.path == Path()


def test_a_job_that_was_cut_off_can_go_on(window, qtbot, churn):
    window.recents.remember(churn, "running")
    window.start.show_recents(window.recents.read())
    card = next(c for c in window.start.findChildren(NotebookCard) if c._path == churn)
    resume = card.findChild(QPushButton)
    with qtbot.waitSignal(window.project.studied, timeout=WAIT):
        qtbot.mouseClick(resume, Qt.MouseButton.LeftButton)
    assert window.page is Page.RUN
    assert window.recents.read()[0].state == "running"  # opening alone does not change how the job ended


def test_what_was_built_offers_no_resume(window, churn):
    window.recents.remember(churn, "built")
    window.start.show_recents(window.recents.read())
    card = next(c for c in window.start.findChildren(NotebookCard) if c._path == churn)
    assert card.findChild(QPushButton) is None
    assert "built" in card.accessibleName()


def test_opening_keeps_how_the_last_job_ended():
    failed, other = Recent("/a", "failed", 1.0), Recent("/b", "opened", 2.0)
    assert seen((other, failed), "/a", 9.0) == (failed, other)
    assert seen((other, failed), "/b", 9.0) == (Recent("/b", "opened", 9.0), failed)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, ("now", 0)), (59, ("now", 0)), (60, ("minutes", 1)), (7200, ("hours", 2)), (3 * 86400, ("days", 3))],
)
def test_time_is_told_in_its_largest_unit(seconds, words):
    assert ago(seconds) == words


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_every_sample_has_its_picture(qapp, palette):
    assert set(PICTURES) == set(LINES)
    for name in LINES:
        svg = picture_svg(name, palette)
        assert b"$" not in svg
        assert QSvgRenderer(QByteArray(svg)).isValid()


def test_the_first_window_loads_nothing_of_the_engine():
    """Three times the start of a bare window is the promise (benchmarks/wizard_start.py); this is how it is kept."""
    code = "import sys, nb2prod_gui.window; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    late = ("nb2prod.analysis", "nb2prod.plan", "nb2prod.steps", "nb2prod.notebook", "nb2prod.image", "pygments")
    assert [name for name in loaded if name.startswith(late)] == []


def test_an_idle_window_makes_its_pages(window, qtbot):
    qtbot.waitUntil(lambda: set(window.pages) == set(Page), timeout=WAIT)
