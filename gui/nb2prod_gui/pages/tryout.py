"""Try it: a form made from the schema, sent to the running service, with its answer, its time and the curl line."""

from collections.abc import Callable
from typing import Any

import msgspec
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from nb2prod_gui.flow.form import Field, body_of, fields_of
from nb2prod_gui.flow.made import Made
from nb2prod_gui.flow.results import as_table
from nb2prod_gui.look.palette import GAP, NEAR, WIDE
from nb2prod_gui.look.theme import mono
from nb2prod_gui.parts.code_view import CodeView
from nb2prod_gui.parts.words import button, label, set_kind
from nb2prod_gui.work.service_client import Reply, ServiceClient


class TryPanel(QFrame):
    """Show it a project and, where there is one, its image."""

    def __init__(self, service: ServiceClient) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self._service = service
        self._made: Made | None = None
        self._image = ""
        self._sent = b""
        self._readers: dict[str, Callable[[], Any]] = {}
        self._wrong: dict[str, QLabel] = {}
        self._editors: dict[str, QWidget] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP + 4, GAP, GAP + 4, GAP)
        head = QHBoxLayout()
        head.addWidget(label(self.tr("Try it"), "heading"))
        self.state = label("", "muted")
        head.addWidget(self.state, 1)
        self.start = button(self.tr("Start"), "primary")
        self.start.clicked.connect(self.start_service)
        self.stop = button(self.tr("Stop"))
        self.stop.clicked.connect(service.stop)
        head.addWidget(self.start)
        head.addWidget(self.stop)
        column.addLayout(head)
        body = QHBoxLayout()
        body.setSpacing(WIDE)
        left = QVBoxLayout()
        self._form_place = QVBoxLayout()
        left.addLayout(self._form_place)
        self.send = button(self.tr("Predict"), "primary")
        self.send.clicked.connect(self.predict)
        left.addWidget(self.send, 0, Qt.AlignmentFlag.AlignLeft)
        left.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(NEAR)
        self.outcome = label(self.tr("The answer appears here."), "muted")
        self.answer = CodeView(self.tr("Answer"))
        self.table = QTableWidget()
        self.table.setAccessibleName(self.tr("Answer as a table"))
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.answers = QTabWidget()
        self.answers.setMinimumHeight(200)
        for part in (self.answers, self.answers.tabBar()):
            part.setAccessibleName(self.tr("Answer"))
        self.answers.addTab(self.table, self.tr("Table"))
        self.answers.addTab(self.answer, "JSON")
        self.answers.setTabVisible(0, False)
        self.curl = QLineEdit()
        self.curl.setReadOnly(True)
        self.curl.setFont(mono())
        self.curl.setAccessibleName(self.tr("The same request with curl"))
        copy = button(self.tr("Copy"), "quiet", name=self.tr("Copy the curl line"))
        copy.setToolTip(self.tr("With the key of this container, which ends with it"))
        copy.clicked.connect(self._copy_curl)
        line = QHBoxLayout()
        line.addWidget(self.curl, 1)
        line.addWidget(copy)
        self.log = QPlainTextEdit()
        self.log.setProperty("kind", "code")
        self.log.setReadOnly(True)
        self.log.setFont(mono())
        self.log.setMaximumBlockCount(500)
        self.log.setFixedHeight(110)
        self.log.setAccessibleName(self.tr("Log of the service"))
        right.addWidget(self.outcome)
        right.addWidget(self.answers)
        right.addLayout(line)
        right.addWidget(label(self.tr("Log of the service"), "small"))
        right.addWidget(self.log)
        body.addLayout(left, 2)
        body.addLayout(right, 3)
        column.addLayout(body)
        service.changed.connect(self._show_state)
        service.failed.connect(self._show_failure)
        service.line.connect(self.log.appendPlainText)
        service.replied.connect(self._show_reply)
        self._show_state(service.state)

    def show_project(self, made: Made | None, image: str) -> None:
        """Another project, or the same one built again: the service of the old one is stopped."""
        self._service.stop()
        self._made, self._image = made, image
        self.setVisible(made is not None)
        while (item := self._form_place.takeAt(0)) is not None:
            if widget := item.widget():
                widget.deleteLater()
        self._readers.clear()
        self._wrong.clear()
        self._editors.clear()
        if made is not None:
            self._form_place.addWidget(self._form(fields_of(made)))
        self._show_state(self._service.state)

    def start_service(self) -> None:
        self.log.clear()
        if self._image:
            self._service.start_container(self._image)
        elif self._made is not None:
            self._service.start_project(self._made.folder)

    def predict(self) -> None:
        """Send what is filled in."""
        assert self._made is not None
        try:
            body = body_of(self._made, {name: read() for name, read in self._readers.items()})
        except ValueError as error:
            self._say(str(error), "bad")
            self._mark_wrong(str(error).partition(":")[0], str(error))
            return
        self._mark_wrong("", "")
        self._sent = body
        self.curl.setText(self._service.curl(body))
        self.curl.setCursorPosition(0)
        self.send.setEnabled(False)
        self._service.predict(body)

    def _copy_curl(self) -> None:
        """What runs in a terminal as it is."""
        if self._sent:
            QGuiApplication.clipboard().setText(self._service.curl(self._sent, with_key=True))

    def _form(self, fields: tuple[Field, ...]) -> QWidget:
        box = QWidget()
        form = QFormLayout(box)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(NEAR)
        for field in fields:
            widget, read = _editor(field)
            widget.setAccessibleName(field.name)
            self._readers[field.name] = read
            wrong = label("", "bad")
            wrong.hide()
            self._wrong[field.name] = wrong
            self._editors[field.name] = widget
            place = QVBoxLayout()
            place.setSpacing(2)
            place.addWidget(widget)
            place.addWidget(wrong)
            title = label(field.name, wrap=False)
            title.setFixedHeight(widget.sizeHint().height())
            form.addRow(title, place)
        return box

    def _show_state(self, state: str) -> None:
        where = self.tr("the container") if self._image else self.tr("the project, without a container")
        texts = {
            "stopped": self.tr("Start {0}, then send it a request.").format(where),
            "starting": self.tr("Starting {0}…").format(where),
            "ready": self.tr("Ready at {0}").format(self._service.url),
            "stopping": self.tr("Stopping…"),
        }
        self.state.setText(texts[state])
        set_kind(self.state, "good" if state == "ready" else "muted")
        self.start.setVisible(state == "stopped")
        self.stop.setVisible(state in ("starting", "ready"))
        self.send.setEnabled(state == "ready")

    def _show_failure(self, message: str) -> None:
        self._say(message, "bad")

    def _show_reply(self, reply: Reply) -> None:
        self.send.setEnabled(self._service.state == "ready")
        words = self.tr("{0} in {1:.1f} ms").format(reply.status or self.tr("No answer"), reply.milliseconds)
        self._say(words, "good" if reply.status == 200 else "bad")
        try:
            value = msgspec.json.decode(reply.body)
            text = msgspec.json.format(reply.body, indent=2).decode()
        except msgspec.DecodeError:
            value, text = None, reply.body.decode("utf-8", "replace")
        self.answer.show_text(text, "answer.json")
        self._show_table(value)
        error = value.get("error") if isinstance(value, dict) else None
        if isinstance(error, dict):
            message = str(error.get("message", ""))
            self._say(f"{words}: {message}", "bad")
            self._mark_wrong(str(error.get("field") or ""), message)

    def _show_table(self, answer: Any) -> None:
        name = self._made.manifest.response.name if self._made is not None else ""
        table = as_table(answer, name)
        self.answers.setTabVisible(0, table is not None)
        self.answers.setCurrentIndex(0 if table is not None else 1)
        if table is None:
            return
        self.table.setColumnCount(len(table.columns))
        self.table.setHorizontalHeaderLabels(list(table.columns))
        self.table.setRowCount(len(table.rows))
        for n, row in enumerate(table.rows):
            for at, text in enumerate(row):
                self.table.setItem(n, at, QTableWidgetItem(text))
        self.table.resizeColumnsToContents()

    def _mark_wrong(self, name: str, message: str) -> None:
        """Say at the field what is wrong with it, and at no other."""
        for field, place in self._wrong.items():
            place.setText(message if field == name else "")
            place.setVisible(field == name)
            editor = self._editors[field]
            editor.setProperty("wrong", "true" if field == name else "false")
            editor.style().unpolish(editor)
            editor.style().polish(editor)
        if name in self._editors:
            self._editors[name].setFocus()

    def _say(self, text: str, kind: str) -> None:
        self.outcome.setText(text)
        set_kind(self.outcome, kind)


translate = QCoreApplication.translate


def _editor(field: Field) -> tuple[QWidget, Callable[[], Any]]:
    """A widget for the field, and what reads the JSON value out of it."""
    if field.kind == "yes_no" and not field.nullable:
        box = QCheckBox()
        box.setChecked(bool(field.given))
        return box, box.isChecked
    if field.kind in ("choice", "yes_no"):
        combo = QComboBox()
        options: list[tuple[str, Any]] = [(choice, choice) for choice in field.choices]
        options = options or [(translate("TryPanel", "yes"), True), (translate("TryPanel", "no"), False)]
        if field.nullable:
            options.append((translate("TryPanel", "missing"), None))
        for text, value in options:
            combo.addItem(text, value)
        combo.setEditable(field.kind == "choice")
        combo.setCurrentIndex(max(combo.findData(field.given), 0))
        return combo, lambda: combo.currentData() if combo.currentIndex() >= 0 else combo.currentText()
    given = field.given
    text = msgspec.json.encode(given).decode() if field.kind == "json" else "" if given is None else str(given)
    edit = QLineEdit(text)
    if field.nullable:
        edit.setPlaceholderText(translate("TryPanel", "missing"))
    return edit, lambda: _value(field, edit.text())


def _value(field: Field, text: str) -> Any:
    """What is no number stays text: the service says what is wrong with it, as it would to any caller."""
    if field.kind == "json":
        return text
    if not text.strip() and (field.nullable or field.kind in ("integer", "number")):
        return None
    if field.kind in ("integer", "number"):
        for kind in (int, float):
            try:
                return kind(text)
            except ValueError:
                continue
    return text
