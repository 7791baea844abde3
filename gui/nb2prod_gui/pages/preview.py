"""Preview: the project as a tree; each file beside the cell its lines came from."""

from pathlib import PurePosixPath

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QSplitter,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from nb2prod_gui.flow.made import Made
from nb2prod_gui.look.icons import icon
from nb2prod_gui.look.palette import FAR, GAP, NEAR
from nb2prod_gui.look.theme import theme
from nb2prod_gui.parts.code_view import CodeView
from nb2prod_gui.parts.empty import Empty
from nb2prod_gui.parts.words import label
from nb2prod_gui.project import Project

PATH = Qt.ItemDataRole.UserRole
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
        self.note = label("", "small")
        self.cell_name = label("", "heading")
        self._cell = 0
        self.addWidget(self._content())
        project.made_changed.connect(self._show)
        project.opened.connect(self._show)
        self._show()

    def _content(self) -> QWidget:
        page = QWidget()
        page.setObjectName("page")
        row = QHBoxLayout(page)
        row.setContentsMargins(FAR, FAR, FAR, GAP)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        for widgets in ((label(self.tr("Project"), "heading"), self.tree), (self.file_name, self.note, self.file)):
            splitter.addWidget(_column(*widgets))
        splitter.addWidget(_column(self.cell_name, self.cell))
        splitter.setSizes([240, 560, 420])
        row.addWidget(splitter)
        return page

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
        for path in sorted((*made.manifest.files, *made.handwork.added), key=lambda p: ("/" in p, p)):
            if not path.startswith(("wheels/", "artifacts/")):
                self._add(folders, path, edited, set(made.handwork.added))
        why = QTreeWidgetItem([self.tr("Why each requirement")])
        why.setData(0, PATH, WHY)
        why.setIcon(0, icon("info", theme.palette.muted))
        self.tree.addTopLevelItem(why)
        self.tree.expandAll()
        self.tree.blockSignals(False)
        self._open(kept if kept in made.manifest.files else f"src/{made.manifest.package}/predict.py")

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
        item = QTreeWidgetItem([parts.name + mark])
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
            self.file_name.setText(self.tr("Why each requirement"))
            self.note.setText(self.tr("Serving first, then what training needs besides."))
            self.file.show_text(_reasons(made), "why.txt")
            return
        try:
            text = made.text(path)
        except OSError as error:
            text = f"({error.strerror})"
        self.file_name.setText(path)
        hint = self.tr("Click a line to see where it comes from.") if path in made.manifest.map else ""
        if path in made.handwork.edited:
            hint = self.tr("Edited by hand: a build keeps it unless it is told to overwrite.")
        self.note.setText(hint)
        self.file.show_text(text, path)
        first = made.manifest.map.get(path)
        if first:
            self._follow_file(first[0][0])

    def _follow_file(self, line: int) -> None:
        """A line of the file was chosen: show the cell it came from."""
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
