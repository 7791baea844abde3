"""Models: what is registered in MLflow: versions, aliases, metrics, origin; promote and roll back."""

from datetime import datetime
from typing import Any

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QMessageBox,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from nb2prod.tracking.registry import RegisteredModel, Version
from nb2prod_gui.flow.compare import compared
from nb2prod_gui.look.palette import FAR, GAP, NEAR
from nb2prod_gui.parts.words import button, label, set_kind
from nb2prod_gui.project import Project
from nb2prod_gui.work.ask import Ask

_CHILD = ["-m", "nb2prod_gui.work.registry"]
_VERSION = Qt.ItemDataRole.UserRole


class ModelsPage(QWidget):
    """The list to the left; the chosen version, or two compared, to the right."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self.setObjectName("page")
        self._project = project
        self._models: tuple[RegisteredModel, ...] = ()
        self._undo: tuple[str, str, str] | None = None
        self.reading = Ask(self)
        self.reading.answered.connect(self._take_models)
        self.reading.failed.connect(self._say_bad)
        self.moving = Ask(self)
        self.moving.answered.connect(self._take_moved)
        self.moving.failed.connect(self._say_bad)
        column = QVBoxLayout(self)
        column.setContentsMargins(FAR, FAR, FAR, GAP)
        column.setSpacing(NEAR)
        column.addWidget(label(self.tr("Models"), "title"))
        bar = QHBoxLayout()
        self.uri = QLineEdit()
        self.uri.setAccessibleName(self.tr("Tracking server"))
        self.uri.setPlaceholderText(self.tr("An MLflow tracking address, e.g. http://localhost:5000"))
        self.uri.returnPressed.connect(self.refresh)
        refresh = button(self.tr("Refresh"))
        refresh.clicked.connect(self.refresh)
        bar.addWidget(self.uri, 1)
        bar.addWidget(refresh)
        column.addLayout(bar)
        self.status = label("", "muted")
        column.addWidget(self.status)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setProperty("kind", "gap")
        splitter.setHandleWidth(GAP)
        self.tree = QTreeWidget()
        self.tree.setAccessibleName(self.tr("Registered models and their versions"))
        self.tree.setProperty("kind", "framed")
        self.tree.setHeaderLabels([self.tr("Model"), self.tr("Alias"), self.tr("Made")])
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.tree.itemSelectionChanged.connect(self._show_chosen)
        splitter.addWidget(self.tree)
        splitter.addWidget(self._right())
        splitter.setSizes([480, 560])
        column.addWidget(splitter, 1)
        project.opened.connect(self._follow_project)
        project.jobs.finished.connect(lambda _: self._follow_project())

    def refresh(self) -> None:
        """Ask the store again; MLflow takes some seconds to start."""
        if not self.uri.text().strip():
            self._say_bad(self.tr("Name a tracking server, or open a project that has logged a model."))
            return
        self.status.setText(self.tr("Asking MLflow…"))
        set_kind(self.status, "muted")
        self.reading.ask([*_CHILD, "list", self.uri.text().strip()])

    def close_children(self) -> None:
        """End what is still being asked."""
        self.reading.close()
        self.moving.close()

    def showEvent(self, event: object) -> None:  # noqa: N802 - Qt's name
        super().showEvent(event)  # type: ignore[arg-type]
        if self.uri.text() and not self._models and not self.reading.busy:
            self.refresh()

    def _right(self) -> QWidget:
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        self.heading = label(self.tr("Choose a version, or two to compare."), "heading")
        self.origin = label("", "muted")
        self.table = QTableWidget(0, 0)
        self.table.setAccessibleName(self.tr("Metrics and parameters"))
        self.table.setProperty("kind", "framed")
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.promote = button(self.tr("Promote"), "primary")
        self.promote.clicked.connect(self._promote)
        self.roll_back = button(self.tr("Undo the last promotion"))
        self.roll_back.clicked.connect(self._roll_back)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.roll_back)
        row.addWidget(self.promote)
        for part in (self.heading, self.origin):
            column.addWidget(part)
        column.addWidget(self.table, 1)
        column.addLayout(row)
        self.promote.hide()
        self.roll_back.hide()
        return right

    def _follow_project(self) -> None:
        uri = self._project.tracking_uri
        if uri and uri != self.uri.text():
            self.uri.setText(uri)
            self._models = ()
            if self.isVisible():
                self.refresh()
        elif self.isVisible():
            self.refresh()

    def _take_models(self, answer: dict[str, Any]) -> None:
        if "error" in answer:
            self._say_bad(f"{answer['error']['code']}: {answer['error']['message']} {answer['error']['hint']}")
            return
        self._models = msgspec.convert(answer["models"], tuple[RegisteredModel, ...])
        self.status.setText(
            self.tr("{0} registered model(s)").format(len(self._models))
            if self._models
            else self.tr("No model is registered here yet: a build registers one.")
        )
        self.tree.clear()
        for model in self._models:
            top = QTreeWidgetItem([model.name, "", self.tr("{0} version(s)").format(len(model.versions))])
            self.tree.addTopLevelItem(top)
            for version in model.versions:
                made = datetime.fromtimestamp(version.created).strftime("%Y-%m-%d %H:%M")
                item = QTreeWidgetItem(
                    [self.tr("version {0}").format(version.version), ", ".join(version.aliases), made]
                )
                item.setData(0, _VERSION, (model.name, version))
                top.addChild(item)
        self.tree.expandAll()
        self.tree.resizeColumnToContents(0)

    def _chosen(self) -> list[tuple[str, Version]]:
        found = [item.data(0, _VERSION) for item in self.tree.selectedItems()]
        return [entry for entry in found if entry][:2]

    def _show_chosen(self) -> None:
        chosen = self._chosen()
        self.promote.setVisible(len(chosen) == 1)
        if not chosen:
            return
        model, version = chosen[0]
        alias = self._project.alias
        if len(chosen) == 1:
            self.heading.setText(self.tr("{0} version {1}").format(model, version.version))
            self.promote.setText(self.tr("Make it {0}").format(alias))
            self.promote.setEnabled(alias not in version.aliases)
        else:
            other = chosen[1]
            texts = (model, version.version, other[0], other[1].version)
            self.heading.setText(self.tr("{0} version {1} beside {2} version {3}").format(*texts))
        notebook = version.tags.get("nb2prod.notebook", "")
        commit = version.tags.get("nb2prod.git_commit", "")[:12]
        parts = [self.tr("from {0}").format(notebook)] if notebook else []
        parts += [self.tr("commit {0}").format(commit)] if commit else []
        parts += [self.tr("run {0}").format(version.run_id)]
        self.origin.setText(" · ".join(parts))
        rows = compared([entry for _, entry in chosen])
        self.table.setColumnCount(1 + len(chosen))
        self.table.setHorizontalHeaderLabels(["", *(self.tr("version {0}").format(v.version) for _, v in chosen)])
        self.table.setRowCount(len(rows))
        for n, row in enumerate(rows):
            for at, text in enumerate((row.name, *row.values)):
                self.table.setItem(n, at, QTableWidgetItem(text))

    def _promote(self) -> None:
        ((model, version),) = self._chosen()
        alias = self._project.alias
        text = self.tr("Let {0}@{1} be version {2}?").format(model, alias, version.version)
        more = self.tr("Whatever serves {0}@{1} takes this version from then on.").format(model, alias)
        if self.confirm(text, more):
            self._undo = (model, alias, "")
            self.moving.ask([*_CHILD, "alias", self.uri.text().strip(), model, alias, version.version])

    def _roll_back(self) -> None:
        assert self._undo is not None
        model, alias, before = self._undo
        if self.confirm(self.tr("Let {0}@{1} be version {2} again?").format(model, alias, before), ""):
            self._undo = (model, alias, "")
            self.moving.ask([*_CHILD, "alias", self.uri.text().strip(), model, alias, before])

    def confirm(self, text: str, more: str) -> bool:
        """Ask before an alias moves."""
        box = QMessageBox(QMessageBox.Icon.Question, "nb2prod", text, parent=self)
        box.setInformativeText(more)
        box.setTextFormat(Qt.TextFormat.PlainText)
        move = box.addButton(self.tr("Move the alias"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(self.tr("Leave it"), QMessageBox.ButtonRole.RejectRole)
        box.exec()
        return box.clickedButton() is move

    def _take_moved(self, answer: dict[str, Any]) -> None:
        if "error" in answer:
            self._say_bad(f"{answer['error']['code']}: {answer['error']['message']}")
            return
        assert self._undo is not None
        model, alias, _ = self._undo
        self._undo = (model, alias, answer["before"])
        self.roll_back.setVisible(bool(answer["before"]))
        self.refresh()

    def _say_bad(self, text: str) -> None:
        self.status.setText(text)
        set_kind(self.status, "bad")
