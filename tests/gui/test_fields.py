"""The Interface page: what is stated of a field is kept in the notebook's metadata."""

import json

from nb2prod_gui.flow.walk import Page
from nb2prod_gui.parts.field_table import DESCRIPTION, LEAST, MOST, PERSONAL, FieldTable
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
    table = next(t for t in window.interface.findChildren(FieldTable) if t.columnCount() == 8)
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
