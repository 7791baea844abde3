"""The Try it panel: what the service refuses is said at the field."""

import json

import pytest
from nb2prod_gui.flow.made import read_made
from nb2prod_gui.pages.tryout import TryPanel
from nb2prod_gui.work.service_client import Reply, ServiceClient
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton

from tests.gui.test_made import COLUMNS, ROW, write_project


@pytest.fixture
def panel(qtbot, tmp_path):
    request = [{"name": "rows", "kind": "frame", "columns": COLUMNS}]
    panel = TryPanel(ServiceClient())
    qtbot.addWidget(panel)
    panel.show_project(read_made(write_project(tmp_path, request, {"rows": [ROW]})), "")
    return panel


def test_an_error_stands_at_its_field_and_goes_with_the_next_answer(panel):
    error = {"message": "expected integer, got string", "code": "wrong_type", "field": "rooms", "row": 0}
    panel._show_reply(Reply(422, json.dumps({"error": error}).encode(), 1.0))
    assert {name for name, place in panel._wrong.items() if not place.isHidden()} == {"rooms"}
    assert panel._editors["rooms"].property("wrong") == "true"
    assert "expected integer" in panel.outcome.text()
    panel.predict()
    assert all(place.isHidden() for place in panel._wrong.values())


def test_a_service_that_takes_its_time_to_stop_does_not_hold_the_window(panel, qtbot):
    service = panel._service
    slow = "import signal, sys, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); sys.stdin.read(); "
    with qtbot.waitSignal(service.line, timeout=30_000):
        service._start(["-u", "-c", slow + "time.sleep(1)"])
    states = []
    service.changed.connect(states.append)
    service.stop()
    assert states == ["stopping"], "stop() waited"
    assert panel.start.isHidden()
    qtbot.waitUntil(lambda: service.state == "stopped", timeout=30_000)
    assert states == ["stopping", "stopped"]
    assert not panel.start.isHidden()


def test_an_answer_of_rows_is_a_table(panel):
    panel._show_reply(Reply(200, b'{"predictions": [{"price": 3, "sure": true}]}', 1.0))
    assert panel.answers.isTabVisible(0)
    assert (panel.table.rowCount(), panel.table.columnCount()) == (1, 2)
    panel._show_reply(Reply(200, b'{"predictions": 3}', 1.0))
    assert not panel.answers.isTabVisible(0)


def test_the_key_is_not_shown_but_the_line_that_is_copied_runs_as_it_is(panel, qtbot):
    panel._service.url, panel._service.key = "http://127.0.0.1:9", "k3y"
    panel.predict()
    assert "k3y" not in panel.curl.text()
    copy = next(b for b in panel.findChildren(QPushButton) if "curl" in b.accessibleName())
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == panel.curl.text().replace("$NB2PROD_API_KEY", "k3y")
