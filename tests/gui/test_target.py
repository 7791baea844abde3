"""The Target page: a fault is told beside its field, and stops the way on."""

from nb2prod_gui.flow.walk import Page
from PySide6.QtCore import Qt

WAIT = 30_000
"""Milliseconds: only ends a test that has failed."""


def test_a_tag_that_is_none_is_told_at_the_field_and_stops_the_walk(window, qtbot, churn):
    with qtbot.waitSignal(window.project.studied, timeout=WAIT):
        window.open(churn)
    window.go(Page.TARGET)
    edit, fault = window.target._texts["image"], window.target._faults["image"]
    edit.setFocus()
    qtbot.keyClicks(edit, "Churn:1")
    assert fault.isVisibleTo(window)
    assert "no image tag" in fault.text()
    assert edit.accessibleDescription() == fault.text()
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert not window.onward.isEnabled()
    assert fault.text() in window.status.text()
    edit.selectAll()
    qtbot.keyClicks(edit, "churn:1")
    assert not fault.isVisibleTo(window)
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert window.onward.isEnabled()
    assert window.project.spec.image == "churn:1"
