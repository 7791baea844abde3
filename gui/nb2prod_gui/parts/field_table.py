"""The columns that a caller sends or gets, as a table: what the run shows, and what the author states, which is edited
here."""

import html

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from nb2prod.errors import InputError
from nb2prod.model.schema import Column, Stated, ValueSchema
from nb2prod_gui.look.theme import theme

SEEN, NAME, DESCRIPTION, LEAST, MOST, PERSONAL = 2, 3, 4, 5, 6, 7
_NUMBERS = ("int", "uint", "float")
_LONGEST = 16
"""Letters of what was seen, where descriptions need the room; all of it is in the tip."""


class FieldTable(QTableWidget):
    """`stated` has a column, by its name in the notebook, and what is stated of it now; `refused` says why a name or a
    limit is none. `last` is the last column of the table: SEEN, what the run shows; NAME, of a response; PERSONAL."""

    stated = Signal(str, object)
    refused = Signal(str)

    def __init__(self, name: str, value: ValueSchema, stated: dict[str, Stated], *, last: int) -> None:
        super().__init__(len(value.columns), last + 1)
        editable = last > SEEN
        self._value = value
        self._stated = stated
        self.setAccessibleName(name)
        heads = [self.tr("Field"), self.tr("Type"), self.tr("Seen")]
        heads += [
            self.tr("Sent as") if last > NAME else self.tr("Given as"),
            self.tr("Description"),
            self.tr("Least"),
            self.tr("Most"),
            self.tr("Personal"),
        ][: last - SEEN]
        self.setHorizontalHeaderLabels(heads)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.setEditTriggers(QAbstractItemView.EditTrigger.AllEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(editable)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for row, column in enumerate(value.columns):
            kind = self.tr("{0} or missing").format(column.dtype) if column.nullable else column.dtype
            for at, text in enumerate((column.notebook_name, kind, seen(column))):
                cut = at == SEEN and last > NAME and len(text) > _LONGEST
                item = QTableWidgetItem(text[: _LONGEST - 1] + "…" if cut else text)
                item.setToolTip(html.escape(text) if cut else "")
                item.setFlags(Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled)
                self.setItem(row, at, item)
            if editable:
                self._fill(row, column)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        for at in (DESCRIPTION,) if last > NAME else (SEEN, NAME)[: last - SEEN + 1]:
            header.setSectionResizeMode(at, QHeaderView.ResizeMode.Stretch)
        height = header.sizeHint().height() + sum(self.rowHeight(n) for n in range(self.rowCount()))
        self.setFixedHeight(min(height + 4, 420))
        self.itemChanged.connect(self._on_changed)
        theme.changed.connect(self._on_theme)

    def show_stated(self, stated: dict[str, Stated]) -> None:
        """As it is now, after undo for example."""
        self._stated = stated
        if self.columnCount() > NAME:
            self.blockSignals(True)
            for row, column in enumerate(self._value.columns):
                self._fill(row, column)
            self.blockSignals(False)

    def _on_theme(self) -> None:
        self.show_stated(self._stated)

    def _fill(self, row: int, column: Column) -> None:
        now = self._stated.get(column.notebook_name, Stated())
        limits = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsEditable
        if not column.dtype.lower().startswith(_NUMBERS):
            limits = Qt.ItemFlag.NoItemFlags
        self._held(row, NAME).setToolTip(self.tr("Empty: callers use the notebook's name."))
        shown = (
            (NAME, now.name),
            (DESCRIPTION, now.description),
            (LEAST, "" if now.least is None else f"{now.least:.12g}"),
            (MOST, "" if now.most is None else f"{now.most:.12g}"),
        )
        for at, text in shown[: self.columnCount() - NAME]:
            item = self._held(row, at)
            item.setText(text)
            if at in (NAME, DESCRIPTION) or limits != Qt.ItemFlag.NoItemFlags:
                item.setBackground(QColor(theme.palette.ground))  # what can be written in looks so
            if at in (LEAST, MOST):
                item.setFlags(limits)
        if self.columnCount() <= PERSONAL:
            return
        box = self._held(row, PERSONAL)
        box.setFlags(Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
        box.setCheckState(Qt.CheckState.Checked if now.personal else Qt.CheckState.Unchecked)
        box.setToolTip(self.tr("Never written into the request log."))
        box.setData(Qt.ItemDataRole.AccessibleTextRole, self.tr("{0} is personal data").format(column.notebook_name))

    def _held(self, row: int, at: int) -> QTableWidgetItem:
        """The item that is there, or a new one: one that is being edited must not be replaced."""
        item = self.item(row, at)
        if item is None:
            item = QTableWidgetItem()
            self.setItem(row, at, item)
        return item

    def _on_changed(self, item: QTableWidgetItem) -> None:
        column = self._value.columns[item.row()]
        own = column.notebook_name
        held = (NAME, DESCRIPTION, LEAST, MOST)[: self.columnCount() - NAME]
        texts = {at: self._held(item.row(), at).text().strip() for at in held}
        name = "" if texts[NAME] == own else texts[NAME]
        if name and (words := self._name_fault(own, name)):
            self._refuse(words)
            return
        if self.columnCount() <= PERSONAL:
            self.refused.emit("")
            self.stated.emit(own, Stated(name=name))
            return
        try:
            least, most = (float(texts[at].replace(",", ".")) if texts[at] else None for at in (LEAST, MOST))
            if any(limit is not None and not abs(limit) < float("inf") for limit in (least, most)):
                raise ValueError
        except ValueError:
            self._refuse(self.tr("{0}: a limit is a number.").format(own))
            return
        if least is not None and most is not None and least > most:
            self._refuse(self.tr("{0}: the least value is above the most.").format(own))
            return
        personal = self._held(item.row(), PERSONAL).checkState() is Qt.CheckState.Checked
        self.refused.emit("")
        self.stated.emit(own, Stated(texts[DESCRIPTION], personal, least, most, name))

    def _name_fault(self, own: str, name: str) -> str:
        """Why callers cannot call the column so; empty where they can."""
        from nb2prod.notebook.fields import refuse_bad_name, refuse_same_names

        try:
            refuse_bad_name(own, name)
        except InputError:
            return self.tr("{0}: callers cannot use this name.").format(own)
        names = [column.notebook_name for column in self._value.columns]
        try:
            refuse_same_names({each: self._stated.get(each, Stated()).name or each for each in names} | {own: name})
        except InputError:
            return self.tr("{0}: another field has this name.").format(own)
        return ""

    def _refuse(self, words: str) -> None:
        self.show_stated(self._stated)
        self.refused.emit(words)


def seen(column: Column) -> str:
    """The values of a field in one line."""
    if column.categories:
        return ", ".join(column.categories)
    if column.minimum is not None and column.maximum is not None:
        return f"{column.minimum:g} … {column.maximum:g}"
    return ""
