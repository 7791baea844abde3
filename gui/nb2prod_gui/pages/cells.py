"""Cells: the notebook with its roles, the lines that go to production, findings, and the graph beside it."""

from typing import Literal

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSplitter, QTabWidget, QVBoxLayout, QWidget

from nb2prod.model.findings import Severity
from nb2prod.model.roles import Role
from nb2prod.steps.study import Study
from nb2prod_gui.flow.study import behind, lines_in_production, lines_of, slice_of_cell, slice_of_name
from nb2prod_gui.look.palette import GAP, NEAR, WIDE
from nb2prod_gui.parts.cell_list import KEYS, CellList
from nb2prod_gui.parts.cell_model import CellModel
from nb2prod_gui.parts.findings_panel import FindingsPanel
from nb2prod_gui.parts.graph_view import GraphView
from nb2prod_gui.parts.keys_card import KeysCard
from nb2prod_gui.parts.words import button, label
from nb2prod_gui.project import Project

Lit = tuple[Literal["production", "cell", "name"], str]
"""What is lit while the pointer is on no name: of kind ``name``, the name."""
PRODUCTION: Lit = ("production", "")
CELL: Lit = ("cell", "")


class CellsPage(QWidget):
    """The list to the left; to the right the chosen cell, findings, and the graph."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self.setObjectName("page")
        self._project = project
        self.model = CellModel(self)
        self.list = CellList(self.model)
        self.setFocusProxy(self.list)
        self.list.role_wanted.connect(self._give_role)
        self.list.accept_wanted.connect(lambda: self._project.accept({self._cell()}))
        self.list.search_wanted.connect(self._start_search)
        self.list.slice_wanted.connect(self._other_light)
        self.list.keys_wanted.connect(self.show_keys)
        self.list.hovered.connect(self._on_hovered)
        self.list.mark_chosen.connect(self._on_mark)
        self.list.selectionModel().currentChanged.connect(self._on_current)

        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setHandleWidth(1)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self._left())
        splitter.addWidget(self._right())
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setSizes([740, 440])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(splitter)

        project.opened.connect(self._on_opened)
        project.studied.connect(self._on_studied)
        project.edited.connect(self._on_edited)

    def show_keys(self) -> None:
        KeysCard(self).open()

    def _left(self) -> QWidget:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(WIDE - GAP, WIDE, 0, 0)
        column.setSpacing(GAP)
        bar = QHBoxLayout()
        bar.setContentsMargins(GAP, 0, WIDE + 4, 0)  # as the cells below, which have a scroll bar beside them
        bar.setSpacing(NEAR)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search in cells"))
        self.search.setAccessibleName(self.tr("Search in cells"))
        self.search.setClearButtonEnabled(True)
        self.search.returnPressed.connect(self._search_next)
        self.accept_all = button(self.tr("Accept all suggestions"))
        self.accept_all.clicked.connect(lambda: self._project.accept())
        keys = button("?", "quiet", name=self.tr("Keys"))
        keys.setToolTip(self.tr("What the keys do"))
        keys.clicked.connect(self.show_keys)
        bar.addWidget(self.search, 1)
        bar.addWidget(self.accept_all)
        bar.addWidget(keys)
        column.addLayout(bar)
        column.addWidget(self.list, 1)
        return left

    def _right(self) -> QWidget:
        right = QWidget()
        right.setMinimumWidth(320)
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
        self.accept_one = button(self.tr("Accept"), "primary", name=self.tr("Accept the suggestion"))
        self.accept_one.clicked.connect(lambda: self._project.accept({self._cell()}))
        row = QHBoxLayout()
        row.addWidget(self.role, 1)
        row.addWidget(self.accept_one)
        self._others = QVBoxLayout()
        self._others.setSpacing(2)
        self.names = QComboBox()
        self.names.setAccessibleName(self.tr("Show what a name comes from"))
        self.names.activated.connect(lambda _: self._show_light())
        self.boundary = label("", "muted")
        self.findings = FindingsPanel()
        self.findings.place_wanted.connect(lambda cell: self.list.choose(cell - 1))
        self.findings.remedy_wanted.connect(self._project.set_roles)
        self.graph = GraphView()
        self.graph.chosen.connect(lambda cell: self.list.choose(cell - 1))
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName(self.tr("Graph and findings"))
        self.tabs.addTab(self.graph, self.tr("Data flow"))
        self.tabs.addTab(self.findings, self.tr("Findings"))
        for widget in (self.heading, self.reason):
            column.addWidget(widget)
        column.addLayout(row)
        column.addLayout(self._others)
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
        self.findings.show_study(None)
        self.names.clear()
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
        self._show_boundary(study)
        self.findings.show_study(study)
        count = f" ({len(study.findings)})" if study.findings else ""
        self.tabs.setTabText(1, self.tr("Findings") + count)
        if any(f.severity is Severity.ERROR for f in study.findings):
            self.tabs.setCurrentIndex(1)
        self._show_cell()

    def _on_current(self, current: QModelIndex, _: QModelIndex) -> None:
        self.graph.choose(current.row() + 1)
        self._show_cell()
        if self._lit()[0] == "cell":
            self._show_light()

    def _on_mark(self, cell: int, line: int) -> None:
        self.tabs.setCurrentIndex(1)
        self.findings.choose(cell, line)

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
            text = self.tr("Suggested: {0} – {1} ({2} % sure)").format(proposal.role.value, proposal.reason, share)
        elif view.role is not None:
            text = self.tr("This cell is {0}.").format(view.role.value)
        else:
            text = self.tr("This cell has no role: what production needs of it is found by data flow.")
        self.reason.setText(text if is_code else self.tr("Text never goes to production."))
        self._show_alternatives()

    def _show_alternatives(self) -> None:
        """The other cells that the suggested role could go to: a click gives it there."""
        while (item := self._others.takeAt(0)) is not None:
            if widget := item.widget():
                widget.deleteLater()
        proposal = self.model.view(self._cell() - 1).proposal
        for other in proposal.alternatives if proposal is not None else ():
            assert proposal is not None
            press = button(self.tr("Cell {0} instead").format(other.cell), "quiet")
            press.setToolTip(self.tr("Gives cell {0} the role {1}.").format(other.cell, proposal.role.value))
            press.clicked.connect(lambda _=False, c=other.cell, r=proposal.role: self._take_other(c, r))
            box = QWidget()
            row = QHBoxLayout(box)
            row.setContentsMargins(0, 0, 0, 0)
            row.addWidget(press)
            row.addWidget(label(other.reason, "small"), 1)
            self._others.addWidget(box)

    def _take_other(self, cell: int, role: Role) -> None:
        self._project.set_roles({cell: role})
        self.list.choose(cell - 1)

    def _show_boundary(self, study: Study) -> None:
        boundary = study.boundary
        kept: Lit = self.names.currentData() or (PRODUCTION if boundary is not None else CELL)
        self.names.clear()
        if boundary is None:
            self.boundary.setText(self.tr("Where training ends is not known yet: see the findings."))
        else:
            sent, kept_by = ", ".join(boundary.request), ", ".join(boundary.artifacts) or self.tr("nothing")
            text = self.tr("A caller sends {0} and gets {1}; training leaves {2}.")
            self.boundary.setText(text.format(sent, boundary.response, kept_by))
            self.names.addItem(self.tr("Lines that go to production"), PRODUCTION)
        self.names.addItem(self.tr("What this cell comes from"), CELL)
        for name in sorted({name for s in study.statements for name in s.names}):
            self.names.addItem(self.tr("What {0} comes from").format(name), ("name", name))
        at = next((n for n in range(self.names.count()) if self.names.itemData(n) == kept), 0)
        self.names.setCurrentIndex(at)
        self._show_light()

    def _lit(self) -> Lit:
        return self.names.currentData() or PRODUCTION

    def _show_light(self) -> None:
        """What the box says is lit, the rest is dimmed."""
        study = self._project.study
        if study is None:
            return
        kind, name = self._lit()
        if kind == "production":
            self.model.light(lines_in_production(study) if study.boundary is not None else None)
        elif kind == "cell":
            found = slice_of_cell(study.statements, self._cell())
            self.model.light(lines_of(study.statements, found) if found else None)
        else:
            found = behind(study.statements, [s.number for s in study.statements if name in s.names])
            self.model.light(lines_of(study.statements, found))

    def _on_hovered(self, cell: int, line: int, name: str) -> None:
        study = self._project.study
        found = slice_of_name(study.statements, cell, line, name) if study is not None and name else frozenset()
        if study is not None and found:
            self.model.light(lines_of(study.statements, found))
        else:
            self._show_light()

    def _other_light(self) -> None:
        """Between what goes to production and what the chosen cell comes from."""
        wanted = PRODUCTION if self._lit() == CELL else CELL
        at = next((n for n in range(self.names.count()) if self.names.itemData(n) == wanted), 0)
        self.names.setCurrentIndex(at)
        self._show_light()

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
