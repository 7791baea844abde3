"""The window with a real notebook and the real analysis, offscreen."""

import json
from dataclasses import replace

import pytest
from nb2prod_gui.flow.walk import Page
from nb2prod_gui.look.theme import theme
from nb2prod_gui.parts.step_card import PURPOSES
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QGraphicsView, QLabel, QWidget

from nb2prod.model.roles import Role

WAIT = 30_000
"""Milliseconds: only ends a test that has failed."""


def open_in(window, qtbot, path):
    with qtbot.waitSignal(window.project.studied, timeout=WAIT):
        window.open(path)
    return window.project


def strip_tags(path):
    document = json.loads(path.read_text())
    for cell in document["cells"]:
        cell["metadata"].pop("tags", None)
    path.write_text(json.dumps(document, indent=1))


def test_opening_leads_to_the_cells_with_their_roles(window, qtbot, churn):
    project = open_in(window, qtbot, churn)
    assert window.page is Page.CELLS
    assert project.roles[10] is Role.TRAINING
    assert project.study.boundary.artifacts == ("model",)
    lit = window.cells.model.view(9).lit
    assert 4 in lit  # the split goes to production
    assert window.cells.model.view(7).lit == frozenset()  # the plots do not


def test_a_key_gives_a_role_and_undo_takes_it_back(window, qtbot, churn):
    project = open_in(window, qtbot, churn)
    window.cells.list.choose(9)
    with qtbot.waitSignal(project.studied, timeout=WAIT):
        qtbot.keyClick(window.cells.list, Qt.Key.Key_S)
    assert project.roles[10] is Role.SKIP
    assert "skip" in next(f.message for f in project.study.findings if f.cell == 10)
    with qtbot.waitSignal(project.studied, timeout=WAIT):
        project.undo()
    assert project.roles[10] is Role.TRAINING
    assert not [f for f in project.study.findings if f.cell == 10]


def test_suggestions_are_accepted_saved_and_nothing_else_changes(window, qtbot, churn):
    strip_tags(churn)
    before = json.loads(churn.read_text())
    project = open_in(window, qtbot, churn)
    assert project.standing.blocking
    assert project.study.proposals
    with qtbot.waitSignal(project.studied, timeout=WAIT):
        qtbot.mouseClick(window.cells.accept_all, Qt.MouseButton.LeftButton)
    assert not project.standing.blocking
    assert project.save()
    after = json.loads(churn.read_text())
    tagged = [cell["metadata"].pop("tags", None) for cell in after["cells"]]
    assert ["inference"] in tagged
    for cell in before["cells"]:
        cell["metadata"].pop("tags", None)
    assert after == before
    assert list(churn.parent.glob(".nb2prod/churn.ipynb/before-*.bak"))


def test_j_and_k_move_and_search_finds(window, qtbot, churn):
    open_in(window, qtbot, churn)
    cells = window.cells
    cells.list.choose(0)
    qtbot.keyClick(cells.list, Qt.Key.Key_J)
    qtbot.keyClick(cells.list, Qt.Key.Key_J)
    qtbot.keyClick(cells.list, Qt.Key.Key_K)
    assert cells.list.currentIndex().row() == 1
    qtbot.keyClick(cells.list, Qt.Key.Key_Slash)
    cells.search.setText("predict_proba")
    qtbot.keyClick(cells.search, Qt.Key.Key_Return)
    assert "predict_proba" in cells.model.view(cells.list.currentIndex().row()).cell.source


def test_before_a_build_its_steps_are_there_with_what_each_is_for(window, qtbot, churn):
    project = open_in(window, qtbot, churn)
    project.set_target(replace(project.draft.target, log=False))
    window.go(Page.RUN)
    qtbot.wait(50)  # the rows of the longer job go
    told = [label.text() for label in window.run.steps.findChildren(QLabel) if label.text()]
    steps = ("read", "check", "run", "extract", "test", "image", "verify")
    assert [word for word in told if word in PURPOSES] == list(steps)
    assert [word for word in told if word not in PURPOSES] == [PURPOSES[step] for step in steps]
    mark = next(label for label in window.run.steps.findChildren(QLabel) if label.accessibleName() == "waiting")
    before = mark.pixmap().toImage()
    theme.choose("dark")
    assert mark.pixmap().toImage() != before


@pytest.mark.parametrize("content", [b"", b"{}", b'{"cells": 3}', b"\xff\xfe"])
def test_a_file_that_is_no_notebook_is_refused_in_words(window, qtbot, tmp_path, content):
    path = tmp_path / "broken.ipynb"
    path.write_bytes(content)
    with qtbot.waitSignal(window.project.refused, timeout=WAIT) as caught:
        window.open(path)
    assert caught.args[0].code.startswith("NB1")
    assert window.page is Page.START


def test_everything_that_takes_focus_has_a_name(window, qtbot, churn):
    open_in(window, qtbot, churn)
    own = [
        w for w in window.findChildren(QWidget) if w.window() is window and not isinstance(w.parent(), QGraphicsView)
    ]
    focusable = [w for w in own if w.focusPolicy() & Qt.FocusPolicy.TabFocus and not w.objectName().startswith("qt_")]
    names = [QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name) for widget in focusable]
    nameless = [type(w.parent()).__name__ for w, name in zip(focusable, names, strict=True) if not name]
    assert len(focusable) > 20
    assert not nameless, nameless


def test_text_of_a_notebook_is_never_rich(window, qtbot, tmp_path):
    path = tmp_path / "<img src=x>.ipynb"
    source = "# <b>bold</b> <img src='file:///etc/passwd'>"
    cells = [{"cell_type": "markdown", "metadata": {}, "source": source, "id": "a"}]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    open_in(window, qtbot, path)
    QApplication.processEvents()
    from nb2prod_gui.parts.cell_layout import markdown_document

    document = markdown_document(source, 400)
    assert "<b>bold</b>" in document.toPlainText()
    assert document.loadResource(2, "file:///etc/passwd") is None
