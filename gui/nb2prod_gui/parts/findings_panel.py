"""The findings of the notebook, each with its place, and the remedy of the chosen one where a click can apply it."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from nb2prod.model.findings import Finding, Severity
from nb2prod.model.roles import Role
from nb2prod.steps.study import Study
from nb2prod_gui.look.icons import icon
from nb2prod_gui.look.palette import NEAR
from nb2prod_gui.look.theme import theme
from nb2prod_gui.parts.words import button, label

MOST = 300
"""More are not listed one by one."""
_NUMBER = Qt.ItemDataRole.UserRole
_ICONS = {Severity.ERROR: "cross", Severity.WARNING: "warning", Severity.INFO: "info"}


class FindingsPanel(QWidget):
    """`place_wanted` has the cell of the finding that was chosen, `remedy_wanted` roles by cell."""

    place_wanted = Signal(int)
    remedy_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._study: Study | None = None
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Findings"))
        self.list.setProperty("kind", "ground")
        self.list.setWordWrap(True)
        self.list.setLayoutMode(QListView.LayoutMode.Batched)
        self.list.setBatchSize(20)
        self.list.setSpacing(2)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentItemChanged.connect(lambda item, _: self._show_remedy(item))
        self.list.itemActivated.connect(self._on_chosen)
        self.list.itemClicked.connect(self._on_chosen)
        self.empty = label(self.tr("Nothing to remark: the notebook can go to production as it is."), "muted")
        self.apply = button(self.tr("Apply the remedy"), "primary")
        self.apply.clicked.connect(self._apply)
        self.apply.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, NEAR, 0, 0)
        column.setSpacing(NEAR)
        column.addWidget(self.empty)
        column.addWidget(self.list, 1)
        column.addWidget(self.apply)
        theme.changed.connect(self._show)

    def show_study(self, study: Study | None) -> None:
        self._study = study
        self._show()

    def choose(self, cell: int, line: int) -> None:
        """The finding at this line of a cell."""
        for row in range(self.list.count()):
            finding = self._finding(self.list.item(row))
            if finding is not None and finding.cell == cell and (finding.line or 1) == line:
                self.list.setCurrentRow(row)
                return

    def _show(self) -> None:
        kept = self._finding(self.list.currentItem())
        self.list.clear()
        findings = self._study.findings if self._study else ()
        self.empty.setVisible(self._study is not None and not findings)
        self.list.setVisible(bool(findings))
        order = sorted(range(len(findings)), key=lambda n: (list(Severity).index(findings[n].severity), n))
        for n in order[:MOST]:
            finding = findings[n]
            where = self.tr("Cell {0}").format(finding.cell) if finding.cell else self.tr("Notebook")
            where += self.tr(", line {0}").format(finding.line) if finding.line else ""
            item = QListWidgetItem(f"{where} · {finding.code}\n{finding.message} {finding.hint}".rstrip())
            item.setIcon(icon(_ICONS[finding.severity], theme.palette.severity(finding.severity)))
            item.setData(_NUMBER, n)
            self.list.addItem(item)
            if finding == kept:
                self.list.setCurrentItem(item)
        if len(findings) > MOST:
            self.list.addItem(self.tr("… and {0} more").format(len(findings) - MOST))
        if self.list.currentItem() is None and findings:
            self.list.setCurrentRow(0)
        self._show_remedy(self.list.currentItem())

    def _finding(self, item: QListWidgetItem | None) -> Finding | None:
        number = item.data(_NUMBER) if item is not None else None
        return self._study.findings[number] if self._study and number is not None else None

    def _roles(self, item: QListWidgetItem | None) -> Mapping[int, Role | None]:
        number = item.data(_NUMBER) if item is not None else None
        remedy = self._study.remedy(number) if self._study and number is not None else None
        return remedy.roles if remedy is not None else {}

    def _show_remedy(self, item: QListWidgetItem | None) -> None:
        roles = self._roles(item)
        self.apply.setVisible(bool(roles))
        if len(roles) == 1:
            cell, role = next(iter(roles.items()))
            gives = self.tr("Give cell {0} the role {1}")
            self.apply.setText(
                gives.format(cell, role.value) if role else self.tr("Take the role from cell {0}").format(cell)
            )
        elif roles:
            self.apply.setText(self.tr("Accept the {0} roles suggested").format(len(roles)))

    def _apply(self) -> None:
        self.remedy_wanted.emit(dict(self._roles(self.list.currentItem())))

    def _on_chosen(self, item: QListWidgetItem) -> None:
        finding = self._finding(item)
        if finding is not None and finding.cell:
            self.place_wanted.emit(finding.cell)
