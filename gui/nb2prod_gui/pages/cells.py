"""Cells: the notebook with its roles, the lines that go to production, findings, and the graph beside it."""

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from nb2prod.model.findings import Finding, Severity
from nb2prod.model.roles import Role
from nb2prod_gui.flow.study import behind, lines_in_production, lines_of
from nb2prod_gui.look.icons import icon
from nb2prod_gui.look.palette import GAP, NEAR, WIDE
from nb2prod_gui.look.theme import theme
from nb2prod_gui.parts.cell_delegate import CellDelegate
from nb2prod_gui.parts.cell_model import CellModel
from nb2prod_gui.parts.graph_view import GraphView
from nb2prod_gui.parts.words import button, label
from nb2prod_gui.project import Project

KEYS: dict[str, Role | None] = {
    "p": Role.PARAMETERS,
    "i": Role.IMPORTS,
    "f": Role.FUNCTIONS,
    "d": Role.PREPROCESSING,
    "t": Role.TRAINING,
    "e": Role.EVALUATION,
    "r": Role.REQUEST,
    "x": Role.INFERENCE,
    "a": Role.TEST,
    "s": Role.SKIP,
    "n": None,
}
"""One letter per role; n takes the role away."""


class CellList(QListView):
    """The cells. J and K move, a letter gives the role, Enter accepts the suggestion, / searches."""

    role_wanted = Signal(object)
    accept_wanted = Signal()
    search_wanted = Signal()

    def __init__(self, model: CellModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setItemDelegate(CellDelegate(self))
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setBatchSize(100)
        self.setAccessibleName(self.tr("Cells of the notebook"))
        self.setAccessibleDescription(self.tr("J and K move, a letter gives a role, Enter accepts the suggestion"))
        self.verticalScrollBar().setSingleStep(24)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        letter = event.text().lower()
        plain = not event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        if plain and letter in ("j", "k"):
            self.move(1 if letter == "j" else -1)
        elif plain and letter == "/":
            self.search_wanted.emit()
        elif plain and letter in KEYS:
            self.role_wanted.emit(KEYS[letter])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accept_wanted.emit()
        else:
            super().keyPressEvent(event)

    def move(self, step: int) -> None:  # type: ignore[override]
        """Choose the next or the previous cell."""
        self.choose(min(max(self.currentIndex().row() + step, 0), self.model().rowCount() - 1))

    def choose(self, row: int) -> None:
        index = self.model().index(row, 0)
        self.setCurrentIndex(index)
        self.selectionModel().select(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.scrollTo(index)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.scheduleDelayedItemsLayout()  # heights follow from the width


class CellsPage(QWidget):
    """The list to the left; to the right the chosen cell, findings, and the graph."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self.setObjectName("page")
        self._project = project
        self.model = CellModel(self)
        self.list = CellList(self.model)
        self.list.role_wanted.connect(self._give_role)
        self.list.accept_wanted.connect(lambda: self._project.accept({self._cell()}))
        self.list.search_wanted.connect(self._start_search)
        self.list.selectionModel().currentChanged.connect(self._on_current)

        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(self._left())
        splitter.addWidget(self._right())
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setSizes([760, 460])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(splitter)

        project.opened.connect(self._on_opened)
        project.studied.connect(self._on_studied)
        project.edited.connect(self._on_edited)

    def _left(self) -> QWidget:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(WIDE - GAP, WIDE, 0, 0)
        column.setSpacing(NEAR)
        bar = QHBoxLayout()
        bar.setContentsMargins(GAP, 0, GAP, 0)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search in cells  ( / )"))
        self.search.setAccessibleName(self.tr("Search in cells"))
        self.search.setClearButtonEnabled(True)
        self.search.returnPressed.connect(self._search_next)
        self.accept_all = button(self.tr("Accept all suggestions"))
        self.accept_all.clicked.connect(lambda: self._project.accept())
        bar.addWidget(self.search, 1)
        bar.addWidget(self.accept_all)
        column.addLayout(bar)
        column.addWidget(self.list, 1)
        return left

    def _right(self) -> QWidget:
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(WIDE, WIDE, WIDE, NEAR)
        column.setSpacing(NEAR)
        self.heading = label("", "heading")
        self.reason = label("", "muted")
        self.role = QComboBox()
        self.role.setAccessibleName(self.tr("Role of the cell"))
        self.role.addItem(self.tr("no role"), None)
        for letter, role in KEYS.items():
            if role is not None:
                self.role.addItem(f"{role.value}   ({letter.upper()})", role)
        self.role.activated.connect(lambda _: self._give_role(self.role.currentData()))
        self.accept_one = button(self.tr("Accept suggestion"), "primary")
        self.accept_one.clicked.connect(lambda: self._project.accept({self._cell()}))
        row = QHBoxLayout()
        row.addWidget(self.role, 1)
        row.addWidget(self.accept_one)
        self.names = QComboBox()
        self.names.setAccessibleName(self.tr("Show what a name comes from"))
        self.names.activated.connect(lambda _: self._light(self.names.currentData()))
        self.boundary = label("", "muted")
        self.findings = QListWidget()
        self.findings.setAccessibleName(self.tr("Findings"))
        self.findings.setWordWrap(True)
        self.findings.itemActivated.connect(self._go_to_finding)
        self.findings.itemClicked.connect(self._go_to_finding)
        self.graph = GraphView()
        self.graph.chosen.connect(lambda cell: self.list.choose(cell - 1))
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName(self.tr("Graph and findings"))
        self.tabs.addTab(self.graph, self.tr("Data flow"))
        self.tabs.addTab(self.findings, self.tr("Findings"))
        for widget in (self.heading, self.reason):
            column.addWidget(widget)
        column.addLayout(row)
        column.addSpacing(NEAR)
        column.addWidget(self.boundary)
        column.addWidget(self.names)
        column.addWidget(self.tabs, 1)
        return right

    def _cell(self) -> int:
        """The chosen cell, from 1; 0 where none is."""
        return self.list.currentIndex().row() + 1

    def _give_role(self, role: Role | None) -> None:
        row = self._cell() - 1
        if row >= 0 and self.model.view(row).cell.kind == "code":
            self._project.set_roles({row + 1: role})

    def _on_opened(self) -> None:
        assert self._project.notebook is not None
        self.model.open(self._project.notebook)
        self.findings.clear()
        if self.model.rowCount():
            first = next((n for n, c in enumerate(self._project.notebook.cells) if c.kind == "code"), 0)
            self.list.choose(first)
            self.list.scrollToTop()

    def _on_edited(self) -> None:
        self.model.show_roles(self._project.roles)
        self._show_cell()

    def _on_studied(self) -> None:
        study = self._project.study
        assert study is not None
        self.model.show_study(study)
        self.graph.show_drawing(study.drawing)
        self.accept_all.setEnabled(bool(study.proposals))
        self._show_boundary()
        self._show_findings(study.findings)
        self._show_cell()

    def _on_current(self, current: QModelIndex, _: QModelIndex) -> None:
        self.graph.choose(current.row() + 1)
        self._show_cell()

    def _show_cell(self) -> None:
        row = self._cell() - 1
        if row < 0:
            return
        view = self.model.view(row)
        is_code = view.cell.kind == "code"
        self.heading.setText(self.tr("Cell {0}").format(view.cell.index) + ("" if is_code else f" · {view.cell.kind}"))
        self.role.setEnabled(is_code)
        self.role.setCurrentIndex(max(self.role.findData(view.role), 0))
        proposal = view.proposal
        self.accept_one.setVisible(proposal is not None)
        if proposal is not None:
            share = round(proposal.confidence * 100)
            text = self.tr("Suggested: {0}. {1} ({2} % sure)").format(proposal.role.value, proposal.reason, share)
        elif view.role is not None:
            text = self.tr("This cell is {0}.").format(view.role.value)
        else:
            text = self.tr("This cell has no role: what production needs of it is found by data flow.")
        self.reason.setText(text if is_code else self.tr("Text never goes to production."))

    def _show_boundary(self) -> None:
        study = self._project.study
        assert study is not None
        boundary = study.boundary
        self.names.clear()
        if boundary is None:
            self.boundary.setText(self.tr("Where training ends is not known yet: see the findings."))
            self.names.setEnabled(False)
            return
        self.names.setEnabled(True)
        parts = (", ".join(boundary.request), boundary.response, ", ".join(boundary.artifacts) or self.tr("nothing"))
        self.boundary.setText(self.tr("A caller sends {0} and gets {1}; training leaves {2}.").format(*parts))
        self.names.addItem(self.tr("Lines that go to production"), None)
        for name in sorted({name for s in study.statements for name in s.names}):
            self.names.addItem(self.tr("What {0} comes from").format(name), name)

    def _show_findings(self, findings: tuple[Finding, ...]) -> None:
        self.findings.clear()
        p = theme.palette
        names = {Severity.ERROR: "cross", Severity.WARNING: "warning", Severity.INFO: "info"}
        for finding in sorted(findings, key=lambda f: list(Severity).index(f.severity)):
            where = self.tr("Cell {0}").format(finding.cell) if finding.cell else self.tr("Notebook")
            where += f":{finding.line}" if finding.line else ""
            item = QListWidgetItem(f"{where} · {finding.code}\n{finding.message} {finding.hint}")
            item.setIcon(icon(names[finding.severity], p.severity(finding.severity)))
            item.setData(Qt.ItemDataRole.UserRole, finding.cell)
            self.findings.addItem(item)
        blocking = sum(f.severity is Severity.ERROR for f in findings)
        count = f" ({len(findings)})" if findings else ""
        self.tabs.setTabText(1, self.tr("Findings") + count)
        if blocking:
            self.tabs.setCurrentIndex(1)

    def _go_to_finding(self, item: QListWidgetItem) -> None:
        cell = item.data(Qt.ItemDataRole.UserRole)
        if cell:
            self.list.choose(cell - 1)

    def _light(self, name: str | None) -> None:
        study = self._project.study
        if study is None:
            return
        if name is None:
            self.model.light(lines_in_production(study))
        else:
            found = behind(study.statements, [s.number for s in study.statements if name in s.names])
            self.model.light(lines_of(study.statements, found))

    def _start_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def _search_next(self) -> None:
        wanted = self.search.text().lower()
        count = self.model.rowCount()
        if wanted and count:
            start = self.list.currentIndex().row()
            for step in range(1, count + 1):
                row = (start + step) % count
                if wanted in self.model.view(row).cell.source.lower():
                    self.list.choose(row)
                    return
