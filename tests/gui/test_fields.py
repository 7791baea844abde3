"""The Interface page: what is stated of a field is kept in the notebook's metadata."""

import json

from nb2prod_gui.flow.walk import Page
from nb2prod_gui.look.palette import DARK
from nb2prod_gui.look.theme import theme
from nb2prod_gui.parts.field_table import DESCRIPTION, LEAST, MOST, NAME, PERSONAL, FieldTable
from PySide6.QtCore import Qt

from nb2prod.model.schema import Stated

from .test_cells import CELLS, WAIT, write
from .test_made import COLUMNS, ROW, write_project


def test_watched_metrics_are_undone_and_saved_beside_what_is_there(window, qtbot, tmp_path):
    notebook = write(tmp_path / "houses.ipynb", CELLS, {2: "training", 3: "training", 5: "inference"})
    output = write_project(tmp_path / "build" / "houses", [], {})
    manifest = json.loads((output / "nb2prod.json").read_text())
    (output / "nb2prod.json").write_text(json.dumps(manifest | {"metrics": {"rmse": 2.0, "r2": 0.5}}))
    project = window.project
    with qtbot.waitSignal(project.studied, timeout=WAIT):
        window.open(notebook)
    window.go(Page.INTERFACE)
    box = window.interface._watch_boxes["rmse"]
    assert box.currentText() == "not watched"
    qtbot.keyClicks(box, "l")
    box.activated.emit(box.currentIndex())
    assert project.watch == {"rmse": "lower"}
    assert project.unsaved
    project.undo()
    assert box.currentData() is None
    project.redo()
    with qtbot.waitSignal(project.studied, timeout=WAIT):
        assert project.save()
    assert json.loads(notebook.read_text())["metadata"]["nb2prod"] == {"watch": {"rmse": "lower"}}
    assert project.watch == {"rmse": "lower"}
    assert not project.unsaved


def test_what_is_stated_is_undone_and_saved_into_the_metadata_alone(window, qtbot, tmp_path):
    notebook = write(tmp_path / "houses.ipynb", CELLS, {2: "training", 3: "training", 5: "inference"})
    request = [{"name": "rows", "kind": "frame", "columns": COLUMNS}]
    write_project(tmp_path / "build" / "houses", request, {"rows": [ROW]})
    before = json.loads(notebook.read_text())
    project = window.project
    with qtbot.waitSignal(project.studied, timeout=WAIT):
        window.open(notebook)
    window.go(Page.INTERFACE)
    table = next(t for t in window.interface.findChildren(FieldTable) if t.columnCount() > NAME)
    table.item(1, DESCRIPTION).setText("in square metres")
    table.item(1, LEAST).setText("1,5")
    assert project.fields == {"area": Stated("in square metres", least=1.5)}
    table.item(1, MOST).setText("many")
    assert table.item(1, MOST).text() == ""
    table.item(1, MOST).setText("1")
    assert project.fields["area"].most is None
    table.item(2, PERSONAL).setCheckState(Qt.CheckState.Checked)
    assert project.fields["kind"] == Stated(personal=True)
    assert not table.item(2, LEAST).flags() & Qt.ItemFlag.ItemIsEditable  # a text has no limits
    theme.choose("dark")
    assert table.item(1, DESCRIPTION).background().color().name() == DARK.ground
    project.undo()
    assert project.fields == {"area": Stated("in square metres", least=1.5)}
    assert table.item(2, PERSONAL).checkState() is Qt.CheckState.Unchecked
    assert project.unsaved
    with qtbot.waitSignal(project.studied, timeout=WAIT):
        assert project.save()
    after = json.loads(notebook.read_text())
    assert after["metadata"].pop("nb2prod") == {"fields": {"area": {"description": "in square metres", "least": 1.5}}}
    assert after == before
    assert not project.unsaved
    assert project.fields == {"area": Stated("in square metres", least=1.5)}


def test_another_name_for_callers_is_saved_and_stays_beside_the_notebooks(window, qtbot, tmp_path):
    notebook = write(tmp_path / "houses.ipynb", CELLS, {2: "training", 3: "training", 5: "inference"})
    columns = [COLUMNS[0] | {"name": "number of rooms", "renamed_from": "rooms"}, *COLUMNS[1:]]
    request = [{"name": "rows", "kind": "frame", "columns": columns}]
    write_project(tmp_path / "build" / "houses", request, {"rows": [ROW]})
    project = window.project
    with qtbot.waitSignal(project.studied, timeout=WAIT):
        window.open(notebook)
    window.go(Page.INTERFACE)
    table = next(t for t in window.interface.findChildren(FieldTable) if t.columnCount() > NAME)
    assert [table.item(row, 0).text() for row in range(4)] == ["rooms", "area", "kind", "garden"]
    told = []
    table.refused.connect(told.append)
    table.item(1, NAME).setText("living area")
    assert project.fields == {"area": Stated(name="living area")}
    for name in ("living area", "rooms", "garden"):
        table.item(2, NAME).setText(name)
        assert told[-1] == "kind: another field has this name."
        assert table.item(2, NAME).text() == ""
    table.item(2, NAME).setText("kind\u200b")
    assert told[-1] == "kind: callers cannot use this name."
    table.item(2, NAME).setText(" kind ")  # its own
    assert told[-1] == ""
    assert project.fields == {"area": Stated(name="living area")}
    with qtbot.waitSignal(project.studied, timeout=WAIT):
        assert project.save()
    stated = {"area": {"name": "living area"}}
    assert json.loads(notebook.read_text())["metadata"]["nb2prod"] == {"fields": stated}


def test_names_of_answers_are_undone_and_saved(window, qtbot, tmp_path):
    notebook = write(tmp_path / "houses.ipynb", CELLS, {2: "training", 3: "training", 5: "inference"})
    output = write_project(tmp_path / "build" / "houses", [], {})
    response = {"name": "answer", "kind": "frame", "columns": [{"name": "p", "dtype": "float64"}]}
    manifest = json.loads((output / "nb2prod.json").read_text())
    (output / "nb2prod.json").write_text(json.dumps(manifest | {"response": response}))
    project = window.project
    with qtbot.waitSignal(project.studied, timeout=WAIT):
        window.open(notebook)
    window.go(Page.INTERFACE)
    table = next(t for t in window.interface.findChildren(FieldTable) if t.columnCount() == NAME + 1)
    table.item(0, NAME).setText("probability")
    assert project.unsaved
    project.undo()
    assert table.item(0, NAME).text() == ""
    project.redo()
    with qtbot.waitSignal(project.studied, timeout=WAIT):
        assert project.save()
    assert json.loads(notebook.read_text())["metadata"]["nb2prod"] == {"answers": {"p": {"name": "probability"}}}
    assert not project.unsaved
    project.set_answer("p", "")
    with qtbot.waitSignal(project.studied, timeout=WAIT):
        assert project.save()
    assert json.loads(notebook.read_text())["metadata"].get("nb2prod", {}) == {}
