"""The cells of the open notebook as a Qt model: what the file holds, and what the analysis says now."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from nb2prod.model.findings import Finding
from nb2prod.model.roles import Role
from nb2prod.steps.study import Proposal, Study
from nb2prod_gui.flow.study import Cell, Opened

Index = QModelIndex | QPersistentModelIndex
VIEW = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True, slots=True)
class CellView:
    """A cell with everything that is painted of it. `lit` None: nothing is chosen, so nothing is dimmed."""

    cell: Cell
    role: Role | None
    changed: bool
    proposal: Proposal | None
    findings: tuple[Finding, ...]
    lit: frozenset[int] | None


class CellModel(QAbstractListModel):
    """One row per cell. `VIEW` gives a `CellView`; the display and accessible texts are the cell in words."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cells: tuple[Cell, ...] = ()
        self._saved: Mapping[int, Role] = {}
        self._roles: Mapping[int, Role] = {}
        self._proposals: Mapping[int, Proposal] = {}
        self._findings: Mapping[int, tuple[Finding, ...]] = {}
        self._lit: Mapping[int, frozenset[int]] | None = None

    def open(self, opened: Opened) -> None:
        """Show another notebook, without an analysis yet."""
        self.beginResetModel()
        self._cells = opened.cells
        self._saved = self._roles = opened.saved_roles()
        self._proposals, self._findings, self._lit = {}, {}, None
        self.endResetModel()

    def show_study(self, study: Study) -> None:
        """Roles, suggestions and findings as the analysis has them; what is lit stays."""
        findings: dict[int, tuple[Finding, ...]] = {}
        for finding in study.findings:
            if finding.cell is not None:
                findings[finding.cell] = (*findings.get(finding.cell, ()), finding)
        self._roles = study.roles
        self._proposals = {p.cell: p for p in study.proposals}
        self._findings = findings
        self._all_changed()

    def show_roles(self, roles: Mapping[int, Role]) -> None:
        """Roles just changed, before the analysis has answered."""
        self._roles = roles
        self._all_changed()

    def light(self, lines: Mapping[int, frozenset[int]] | None) -> None:
        """Light these lines and dim the rest; None dims nothing."""
        if lines != self._lit:
            self._lit = lines
            self._all_changed()

    def view(self, row: int) -> CellView:
        cell = self._cells[row]
        role = self._roles.get(cell.index)
        lit = self._lit.get(cell.index, frozenset()) if self._lit is not None else None
        return CellView(
            cell=cell,
            role=role,
            changed=role != self._saved.get(cell.index),
            proposal=self._proposals.get(cell.index) if role is None else None,
            findings=self._findings.get(cell.index, ()),
            lit=lit,
        )

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's signature
        return 0 if parent.isValid() else len(self._cells)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._cells):
            return None
        if role == VIEW:
            return self.view(index.row())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._words(self.view(index.row()))
        return None

    def _words(self, view: CellView) -> str:
        words = [f"Cell {view.cell.index}", view.cell.kind]
        words += [f"role {view.role.value}"] if view.role else []
        words += [f"suggested {view.proposal.role.value}"] if view.proposal else []
        words += [f"{len(view.findings)} findings"] if view.findings else []
        return ", ".join(words) + ": " + (view.cell.source.strip().splitlines() or ["empty"])[0][:120]

    def _all_changed(self) -> None:
        if self._cells:
            self.dataChanged.emit(self.index(0), self.index(len(self._cells) - 1))
