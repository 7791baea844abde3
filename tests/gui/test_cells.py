"""The Cells page: what a click, a key or the pointer does to roles and to what is lit."""

import json

import pytest
from nb2prod_gui.parts.cell_delegate import frame_of
from nb2prod_gui.parts.cell_layout import GUTTER, HEAD
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel

from nb2prod.model.roles import Role

WAIT = 30_000
"""Milliseconds: only ends a test that has failed."""
CELLS = (
    "from sklearn.linear_model import LinearRegression",
    "rows, prices = [[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0]",
    "model = LinearRegression()\nmodel.fit(rows, prices)",
    "unused = 3",
    "answer = model.predict([[4.0]])\nanswer",
)


def write(path, cells, tags=None):
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
    for n, source in enumerate(cells, 1):
        metadata = {"tags": [tags[n]]} if tags and n in tags else {}
        document["cells"].append({"cell_type": "code", "id": f"c{n}", "metadata": metadata, "source": source,
                                  "outputs": [], "execution_count": None})  # fmt: skip
    path.write_text(json.dumps(document))
    return path


def open_in(window, qtbot, path):
    with qtbot.waitSignal(window.project.studied, timeout=WAIT):
        window.open(path)
    qtbot.wait(50)
    return window.project


def point(cells, cell, column, line):
    """The middle of a letter of the code, in the viewport."""
    index = cells.model().index(cell - 1, 0)
    cells.scrollTo(index)
    frame = frame_of(cells.visualRect(index))
    metrics = cells.itemDelegate().metrics
    x = frame.left() + GUTTER + int((column + 0.5) * metrics.letter)
    return QPoint(x, frame.top() + HEAD + 8 + int((line - 0.5) * metrics.line))


def lit(window):
    rows = range(window.cells.model.rowCount())
    return {n + 1: set(window.cells.model.view(n).lit or ()) for n in rows if window.cells.model.view(n).lit}


def test_a_click_on_the_ghost_of_a_suggestion_accepts_it(window, qtbot, tmp_path):
    project = open_in(window, qtbot, write(tmp_path / "a.ipynb", CELLS))
    cells = window.cells.list
    proposed = {p.cell: p.role for p in project.study.proposals}
    assert proposed[3] is Role.TRAINING
    cells.choose(2)
    frame = frame_of(cells.visualRect(cells.model().index(2, 0)))
    with qtbot.waitSignal(project.studied, timeout=WAIT):
        qtbot.mouseClick(cells.viewport(), Qt.MouseButton.LeftButton,
                         pos=QPoint(frame.left() + GUTTER + 10, frame.top() + HEAD // 2))  # fmt: skip
    assert project.roles == {3: Role.TRAINING}


def test_a_click_beside_the_ghost_changes_nothing(window, qtbot, tmp_path):
    project = open_in(window, qtbot, write(tmp_path / "a.ipynb", CELLS))
    cells = window.cells.list
    frame = frame_of(cells.visualRect(cells.model().index(2, 0)))
    qtbot.mouseClick(cells.viewport(), Qt.MouseButton.LeftButton,
                     pos=QPoint(frame.right() - 20, frame.top() + HEAD // 2))  # fmt: skip
    assert project.roles == {}
    assert cells.currentIndex().row() == 2


def test_a_name_under_the_pointer_lights_what_it_comes_from(window, qtbot, tmp_path):
    tags = {1: "imports", 2: "training", 3: "training", 5: "inference"}
    open_in(window, qtbot, write(tmp_path / "a.ipynb", CELLS, tags))
    before = lit(window)
    assert 5 in before
    cells = window.cells.list
    at = point(cells, 3, CELLS[2].split("\n")[1].index("rows"), 2)
    with qtbot.waitSignal(cells.hovered, timeout=WAIT):
        qtbot.mouseMove(cells.viewport(), at)
    assert lit(window) == {2: {1}}
    with qtbot.waitSignal(cells.hovered, timeout=WAIT):
        qtbot.mouseMove(cells.viewport(), QPoint(at.x(), point(cells, 3, 0, 1).y() - HEAD))
    assert lit(window) == before


def test_l_lights_what_the_chosen_cell_comes_from(window, qtbot, tmp_path):
    open_in(window, qtbot, write(tmp_path / "a.ipynb", CELLS, {3: "training", 5: "inference"}))
    cells = window.cells.list
    cells.choose(3)
    qtbot.keyClick(cells, Qt.Key.Key_L)
    assert lit(window) == {4: {1}}
    cells.choose(1)
    assert lit(window) == {2: {1}}
    qtbot.keyClick(cells, Qt.Key.Key_L)
    assert 5 in lit(window)


def test_the_remedy_of_a_finding_is_applied_by_a_click(window, qtbot, tmp_path):
    project = open_in(window, qtbot, write(tmp_path / "a.ipynb", CELLS))
    panel = window.cells.findings
    assert next(f.code for f in project.study.findings) == "NB301"
    assert panel.apply.isVisibleTo(panel)
    with qtbot.waitSignal(project.studied, timeout=WAIT):
        qtbot.mouseClick(panel.apply, Qt.MouseButton.LeftButton)
    assert project.roles[5] is Role.INFERENCE
    assert not project.standing.blocking


def test_a_secret_is_never_declared_to_be_none_by_a_click(window, qtbot, tmp_path):
    cells = (f'token = "{"ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6"}"', *CELLS)
    project = open_in(window, qtbot, write(tmp_path / "a.ipynb", cells))
    secrets = [n for n, f in enumerate(project.study.findings) if f.code == "NB151"]
    assert secrets
    assert [project.study.remedy(n) for n in secrets] == [None] * len(secrets)


def test_question_mark_explains_the_keys(window, qtbot, tmp_path):
    from nb2prod_gui.parts.keys_card import KeysCard

    open_in(window, qtbot, write(tmp_path / "a.ipynb", CELLS))
    qtbot.keyClick(window.cells.list, Qt.Key.Key_Question)
    card = window.findChild(KeysCard)
    assert card.isVisible()
    assert {"J  K", "T", "X", "?"} <= {found.text() for found in card.findChildren(QLabel)}
    qtbot.keyClick(card, Qt.Key.Key_Escape)
    assert not card.isVisible()


@pytest.mark.parametrize(("key", "role"), [("T", Role.TRAINING), ("X", Role.INFERENCE), ("P", Role.PARAMETERS)])
def test_a_letter_gives_its_role_and_n_takes_it(window, qtbot, tmp_path, key, role):
    project = open_in(window, qtbot, write(tmp_path / "a.ipynb", CELLS))
    cells = window.cells.list
    cells.choose(1)
    qtbot.keyClicks(cells, key)
    assert project.roles == {2: role}
    qtbot.keyClicks(cells, "N")
    assert project.roles == {}


def test_the_cells_have_the_focus_once_they_are_shown(window, qtbot, tmp_path):
    open_in(window, qtbot, write(tmp_path / "a.ipynb", CELLS))
    assert window.focusWidget() is window.cells.list


def test_saved_outputs_are_shown(window, qtbot, churn):
    open_in(window, qtbot, churn)
    outputs = [o for n in range(window.cells.model.rowCount()) for o in window.cells.model.view(n).cell.outputs]
    assert any(o.png for o in outputs)
    assert any(o.text for o in outputs)


def test_an_output_of_a_strange_shape_is_no_hindrance(window, qtbot, tmp_path):
    path = write(tmp_path / "a.ipynb", CELLS)
    document = json.loads(path.read_text())
    strange = [{"output_type": "display_data", "data": None}, {"output_type": "stream"}, {"output_type": 3}]
    document["cells"][0]["outputs"] = strange
    path.write_text(json.dumps(document))
    with qtbot.waitSignal(window.project.opened, timeout=WAIT):
        window.open(path)
    assert all(not o.png for o in window.cells.model.view(0).cell.outputs)
