"""Interface: what a caller sends and gets, as seen in the notebook's run; parameters and metrics."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from nb2prod.model.schema import Stated, ValueSchema
from nb2prod_gui.flow.made import Made
from nb2prod_gui.look.palette import FAR, GAP, NEAR
from nb2prod_gui.parts.code_view import CodeView
from nb2prod_gui.parts.empty import Empty
from nb2prod_gui.parts.field_table import NAME, PERSONAL, SEEN, FieldTable
from nb2prod_gui.parts.words import card, label
from nb2prod_gui.project import Project


class InterfacePage(QStackedWidget):
    """`convert_wanted` asks for the run that shows the types."""

    convert_wanted = Signal()

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self.empty = Empty(
            "interface",
            self.tr("The types are not known yet"),
            self.tr("What a caller sends and gets is seen in the notebook's own run. Converting runs it once."),
            self.tr("Convert now"),
        )
        self.empty.wanted.connect(self.convert_wanted)
        self.addWidget(self.empty)
        self._tables: list[FieldTable] = []
        self._watch_boxes: dict[str, QComboBox] = {}
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.addWidget(self._scroll)
        project.made_changed.connect(self._show)
        project.opened.connect(self._show)
        project.edited.connect(self._on_edited)
        self._show()

    def _show(self) -> None:
        made = self._project.made
        self.setCurrentIndex(0 if made is None else 1)
        if made is None:
            return
        self._tables.clear()
        self._watch_boxes.clear()
        page = QWidget()
        page.setObjectName("page")
        column = QVBoxLayout(page)
        column.setContentsMargins(FAR, FAR, FAR, FAR)
        column.setSpacing(GAP)
        column.addWidget(label(self.tr("Interface"), "title"))
        column.addWidget(label(self.tr("Types, ranges and categories are those of the notebook's run."), "muted"))
        for value in made.manifest.request:
            column.addWidget(
                self._value(
                    self.tr("A caller sends {0}").format(value.name), value, PERSONAL if value.kind == "frame" else SEEN
                )
            )
        response = made.manifest.response
        last = NAME if response.kind == "frame" else SEEN
        column.addWidget(self._value(self.tr("and gets {0}").format(response.name), response, last))
        column.addWidget(self._example(made))
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self._parameters(made))
        row.addWidget(self._metrics(made))
        column.addLayout(row)
        column.addStretch(1)
        self._scroll.setWidget(page)

    def _on_edited(self) -> None:
        for table in self._tables:
            table.show_stated(self._stated(table.columnCount() > PERSONAL))
        for name, box in self._watch_boxes.items():
            box.setCurrentIndex(box.findData(self._project.watch.get(name)))

    def _stated(self, of_request: bool) -> dict[str, Stated]:
        """Of the columns of the request, or of the response."""
        project = self._project
        return project.fields if of_request else {c: Stated(name=name) for c, name in project.answers.items()}

    def _value(self, title: str, value: ValueSchema, last: int) -> QWidget:
        """`last` as of `FieldTable`."""
        frame, column = card()
        column.addWidget(label(title, "heading"))
        if not value.columns:
            shape = " × ".join("rows" if n is None else str(n) for n in value.shape)
            words = " · ".join(part for part in (value.kind, value.dtype or value.annotation, shape) if part)
            column.addWidget(label(words))
            return frame
        of_request = last == PERSONAL
        table = FieldTable(title, value, self._stated(of_request), last=last)
        column.addWidget(table)
        if last > SEEN:
            self._tables.append(table)
            told = label("", "bad")
            told.hide()
            column.addWidget(told)
            if of_request:
                table.stated.connect(self._project.set_field)
            else:
                table.stated.connect(lambda name, stated: self._project.set_answer(name, stated.name))
            table.refused.connect(told.setText)
            table.refused.connect(lambda words: told.setVisible(bool(words)))
        if of_request:
            hint = self.tr(
                "Where another name is given, callers use that one; the notebook's code keeps its own. Descriptions "
                "and limits become part of the service's description, and a value beyond a limit is refused. Personal "
                "fields are never written into the request log. All this is saved in the notebook's metadata; the next "
                "build takes it up."
            )
            column.addWidget(label(hint, "small"))
        return frame

    def _example(self, made: Made) -> QWidget:
        frame, column = card()
        column.addWidget(label(self.tr("An example from the notebook"), "heading"))
        row = QHBoxLayout()
        for name, text in ((self.tr("Request"), made.example), (self.tr("Predictions"), made.answer)):
            view = CodeView(name)
            view.show_text(text, "example.json")
            view.setFixedHeight(220)
            side = QVBoxLayout()
            side.setSpacing(NEAR)
            side.addWidget(label(name, "small"))
            side.addWidget(view)
            row.addLayout(side)
        column.addLayout(row)
        return frame

    def _parameters(self, made: Made) -> QWidget:
        frame, column = card()
        column.addWidget(label(self.tr("Parameters"), "heading"))
        if not made.manifest.parameters:
            column.addWidget(label(self.tr("The notebook has no cell tagged parameters."), "muted"))
        form = QFormLayout()
        for name, parameter in made.manifest.parameters.items():
            edit = QLineEdit(str(self._project.draft.parameters.get(name, "")))
            edit.setPlaceholderText(str(parameter.default))
            edit.setAccessibleName(f"{name}, {parameter.type}")
            edit.editingFinished.connect(lambda name=name, edit=edit: self._set(name, edit.text()))
            title = label(f"{name}: {parameter.type}", wrap=False)
            title.setFixedHeight(edit.sizeHint().height())
            form.addRow(title, edit)
        column.addLayout(form)
        column.addStretch(1)
        return frame

    def _metrics(self, made: Made) -> QWidget:
        frame, column = card()
        column.addWidget(label(self.tr("Metrics of the run"), "heading"))
        if not made.manifest.metrics:
            column.addWidget(label(self.tr("No cell tagged evaluation computes a number."), "muted"))
        for name, value in made.manifest.metrics.items():
            row = QHBoxLayout()
            row.addWidget(label(name, wrap=False))
            row.addStretch(1)
            row.addWidget(label(f"{value:.6g}", wrap=False))
            row.addSpacing(GAP)
            row.addWidget(self._watch_box(name))
            column.addLayout(row)
        if made.manifest.metrics:
            column.addWidget(label(self.tr("Result compares watched metrics with the version before."), "small"))
        column.addStretch(1)
        return frame

    def _watch_box(self, name: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(self.tr("Watch {0}").format(name))
        for text, better in (
            (self.tr("not watched"), None),
            (self.tr("higher is better"), "higher"),
            (self.tr("lower is better"), "lower"),
        ):
            box.addItem(text, better)
        box.setCurrentIndex(box.findData(self._project.watch.get(name)))
        box.activated.connect(lambda _: self._project.set_watched(name, box.currentData()))
        self._watch_boxes[name] = box
        return box

    def _set(self, name: str, text: str) -> None:
        """Values stay text, as on the command line: the notebook's own types say what they mean."""
        self._project.set_parameter(name, text.strip() or None)
