"""Preview: the project as a tree; each file beside the cell its lines came from; what a build would change of it."""

import html
from pathlib import PurePosixPath
from typing import Any

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QSplitter,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from nb2prod_gui.flow.changes import Change
from nb2prod_gui.flow.export import job_file
from nb2prod_gui.flow.made import Made
from nb2prod_gui.look.icons import icon
from nb2prod_gui.look.palette import FAR, GAP, NEAR
from nb2prod_gui.look.theme import theme
from nb2prod_gui.parts.code_view import CodeView
from nb2prod_gui.parts.empty import Empty
from nb2prod_gui.parts.words import button, label
from nb2prod_gui.project import Project
from nb2prod_gui.work.ask import Ask

PATH = Qt.ItemDataRole.UserRole
SIGNS = {"new": "+ ", "gone": "− ", "changed": "± ", "by_hand": "± "}
WHY = "requirements.txt (why)"


class PreviewPage(QStackedWidget):
    """`convert_wanted` asks for the files to be made."""

    convert_wanted = Signal()

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._file = ""
        self.empty = Empty(
            "preview",
            self.tr("No files yet"),
            self.tr("Converting runs the notebook once and writes the package. No image is built, nothing is logged."),
            self.tr("Convert now"),
        )
        self.empty.wanted.connect(self.convert_wanted)
        self.addWidget(self.empty)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setAccessibleName(self.tr("Files of the project"))
        self.tree.currentItemChanged.connect(lambda item, _: self._open(item.data(0, PATH) if item else None))
        self.file = CodeView(self.tr("File"))
        self.file.line_chosen.connect(self._follow_file)
        self.cell = CodeView(self.tr("Cell it came from"))
        self.cell.line_chosen.connect(self._follow_cell)
        self.file_name = label("", "heading")
        self.file_name.setMinimumWidth(1)  # a long path, whole in the tip, must not take the cell's room
        self.note = label("", "small")
        self.cell_name = label("", "heading")
        self._cell = 0
        self.addWidget(self._content())
        self._changes: dict[str, Change] = {}
        self._ask = Ask(self)
        self._ask.answered.connect(self._on_answered)
        self._ask.failed.connect(self._tell)
        project.made_changed.connect(self._on_made)
        project.opened.connect(self._on_made)
        theme.changed.connect(self._show)
        self._show()

    def close_children(self) -> None:
        """End the child that looks at what would change."""
        self._ask.close()

    def show_line(self, path: str, line: int) -> None:
        """Open a file of the project at a line, from 1."""
        self._open(path)
        self.file.mark([line])

    def _content(self) -> QWidget:
        page = QWidget()
        page.setObjectName("page")
        column = QVBoxLayout(page)
        column.setContentsMargins(FAR, FAR, FAR, GAP)
        column.setSpacing(GAP)
        self.foresee = button(self.tr("What would a build change?"))
        self.foresee.clicked.connect(self._foresee)
        self.state = label("", "muted")
        self.as_diff = QCheckBox(self.tr("Show what would change"))
        self.as_diff.setChecked(True)
        self.as_diff.toggled.connect(lambda _: self._open(self._file))
        bar = QHBoxLayout()
        bar.setSpacing(GAP)
        bar.addWidget(label(self.tr("Preview"), "title"))
        bar.addWidget(self.state, 1)
        bar.addWidget(self.as_diff)
        bar.addWidget(self.foresee)
        column.addLayout(bar)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setHandleWidth(1)
        splitter.setChildrenCollapsible(False)
        self.tree.setProperty("kind", "framed")
        self.tree.setMinimumWidth(220)
        splitter.addWidget(_column(label(self.tr("Project"), "heading"), self.tree))
        splitter.addWidget(_column(self.file_name, self.note, self.file))
        splitter.addWidget(_column(self.cell_name, self.cell))
        splitter.setSizes([250, 550, 420])
        column.addWidget(splitter, 1)
        return page

    def _foresee(self) -> None:
        """Ask what a build would write; the project that is there stays as it is."""
        if self._project.made is None or self._ask.busy:
            return
        self.foresee.setEnabled(False)
        self._tell(self.tr("Making the files beside, to compare them. The notebook runs if it was changed…"))
        self._ask.ask(["-m", "nb2prod_gui.work.foresee", job_file(self._project.spec)])

    def _on_answered(self, answer: dict[str, Any]) -> None:
        if "error" in answer:
            self._tell(f"{answer['error']['code']}: {answer['error']['message']} {answer['error']['hint']}")
            return
        self._changes = {c.path: c for c in msgspec.convert(answer["changes"], list[Change])}
        by_hand = sum(change.kind == "by_hand" for change in self._changes.values())
        if not self._changes:
            self._tell(self.tr("A build would change nothing."))
        elif by_hand:
            words = self.tr(
                "{0} files would differ; a build stops at {1} that you edited, unless Target says to overwrite."
            )
            self._tell(words.format(len(self._changes), by_hand))
        else:
            self._tell(self.tr("{0} files would differ.").format(len(self._changes)))
        first = next((path for path in self._changes if "/" not in path or path.endswith(".py")), "")
        self._file = first or self._file
        self._show()

    def _name_file(self, name: str) -> None:
        self.file_name.setText(name)
        self.file_name.setToolTip(html.escape(name))

    def _tell(self, words: str) -> None:
        self.state.setText(words)
        self.foresee.setEnabled(not self._ask.busy)

    def _on_made(self) -> None:
        """Another project, or the same written again: what was foreseen is old."""
        self._ask.close()
        self._changes = {}
        self._tell("")
        self._show()

    def _show(self) -> None:
        made = self._project.made
        self.setCurrentIndex(0 if made is None else 1)
        if made is None:
            return
        kept = self._file
        self.tree.blockSignals(True)
        self.tree.clear()
        folders: dict[str, QTreeWidgetItem] = {}
        edited = set(made.handwork.edited)
        new = {path for path, change in self._changes.items() if change.kind == "new"}
        for path in sorted({*made.manifest.files, *made.handwork.added, *new}, key=lambda p: ("/" in p, p)):
            if not path.startswith(("wheels/", "artifacts/")) or path in self._changes:
                self._add(folders, path, edited, set(made.handwork.added))
        why = QTreeWidgetItem([self.tr("Why each requirement")])
        why.setData(0, PATH, WHY)
        why.setIcon(0, icon("info", theme.palette.muted))
        self.tree.addTopLevelItem(why)
        self.tree.expandAll()
        self.tree.blockSignals(False)
        self.as_diff.setVisible(bool(self._changes))
        known = kept in made.manifest.files or kept in self._changes
        self._open(kept if known else f"src/{made.manifest.package}/predict.py")

    def _add(self, folders: dict[str, QTreeWidgetItem], path: str, edited: set[str], added: set[str]) -> None:
        parts = PurePosixPath(path)
        parent = None
        for above in reversed(parts.parents):
            name = str(above)
            if name == ".":
                continue
            if name not in folders:
                item = QTreeWidgetItem([above.name])
                item.setIcon(0, icon("folder", theme.palette.muted))
                folders[name] = item
                if parent is None:
                    self.tree.addTopLevelItem(item)
                else:
                    parent.addChild(item)
            parent = folders[name]
        mark = self.tr("  (edited by hand)") if path in edited else self.tr("  (your own)") if path in added else ""
        change = self._changes.get(path)
        if change is not None and not mark:
            words = {"new": self.tr("new"), "gone": self.tr("would go"), "changed": self.tr("changed")}
            mark = f"  ({words[change.kind]})" if change.kind in words else ""
        item = QTreeWidgetItem([SIGNS.get(change.kind if change else "", "") + parts.name + mark])
        if change is not None or path in edited:
            ink = theme.palette.warning if path in edited else theme.palette.accent
            item.setForeground(0, QColor(ink))
        item.setData(0, PATH, path)
        if parent is None:
            self.tree.addTopLevelItem(item)
        else:
            parent.addChild(item)

    def _open(self, path: str | None) -> None:
        made = self._project.made
        if made is None or path is None:
            return
        self._file = path
        if path == WHY:
            self._name_file(self.tr("Why each requirement"))
            self.note.setText(self.tr("Serving first, then what training needs besides."))
            self.file.show_text(_reasons(made), "why.txt")
            return
        change = self._changes.get(path)
        if change is not None and (self.as_diff.isChecked() or change.kind == "new"):
            self._show_change(change)
            return
        try:
            text = made.text(path)
        except OSError as error:
            text = f"({error.strerror})"
        self._name_file(path)
        hint = self.tr("Click a line to see where it comes from.") if path in made.manifest.map else ""
        if path in made.handwork.edited:
            hint = self.tr("Edited by hand: a build stops before it rather than overwrite it.")
        self.note.setText(hint)
        self.file.show_text(text, path)
        first = made.manifest.map.get(path)
        if first:
            self._follow_file(first[0][0])

    def _show_change(self, change: Change) -> None:
        words = {
            "new": self.tr("A build would add this file."),
            "gone": self.tr("A build would remove this file."),
            "changed": self.tr("A build would change these lines: − now, + after it."),
            "by_hand": self.tr(
                "You edited this file: − as you have it, + as it is generated. A build stops before it."
            ),
        }
        self._name_file(change.path)
        self.note.setText(words[change.kind])
        self.file.show_text(change.diff or self.tr("(not a text file, or too long to compare)"), "change.diff")

    def _follow_file(self, line: int) -> None:
        """A line of the file was chosen: show the cell it came from."""
        if self._file in self._changes and self.as_diff.isChecked():
            return
        made, notebook = self._project.made, self._project.notebook
        found = made.from_cell(self._file, line) if made else None
        if found is None or notebook is None or found[0] > len(notebook.cells):
            return
        self._show_cell(found[0])
        self.cell.mark([found[1]])

    def _follow_cell(self, line: int) -> None:
        """A line of the cell was chosen: show where it went."""
        made = self._project.made
        found = made.to_file(self._cell, line) if made else None
        if found is not None:
            path, own = found
            if path != self._file:
                self._open(path)
            self.file.mark([own])

    def _show_cell(self, cell: int) -> None:
        notebook = self._project.notebook
        assert notebook is not None
        if cell != self._cell or not self.cell.toPlainText():
            self._cell = cell
            self.cell_name.setText(self.tr("Cell {0}").format(cell))
            self.cell.show_text(notebook.cells[cell - 1].source, "cell.py")


def _reasons(made: Made) -> str:
    needs = made.manifest.requirements
    lines = [f"{r.name}=={r.version}   {r.because}" for r in needs.serving]
    lines += ["", *(f"{r.name}=={r.version}   {r.because}" for r in needs.training)]
    lines += ["", *needs.system] if needs.system else []
    return "\n".join(lines)


def _column(*widgets: QWidget) -> QWidget:
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(NEAR, 0, NEAR, 0)
    column.setSpacing(NEAR)
    for widget in widgets:
        column.addWidget(widget)
    column.setStretch(len(widgets) - 1, 1)
    return box
