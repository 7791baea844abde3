"""The window: the rail of pages, the page, the footer that leads on.

The Start page is there at once; the others are made while the window idles, or when they are needed.
"""

from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QCoreApplication, QSettings, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QMainWindow,
    QMessageBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from nb2prod.progress import Progress
from nb2prod_gui.flow.recent import State
from nb2prod_gui.flow.walk import Page, next_page, why_not
from nb2prod_gui.look.palette import FAR, NEAR, WIDE
from nb2prod_gui.menus import Menus
from nb2prod_gui.pages.start import StartPage
from nb2prod_gui.parts.words import button, label
from nb2prod_gui.project import Project
from nb2prod_gui.rail import Rail
from nb2prod_gui.recents import Recents
from nb2prod_gui.samples import samples

if TYPE_CHECKING:
    from nb2prod_gui.flow.study import Refused
    from nb2prod_gui.pages.cells import CellsPage
    from nb2prod_gui.pages.interface import InterfacePage
    from nb2prod_gui.pages.models import ModelsPage
    from nb2prod_gui.pages.preview import PreviewPage
    from nb2prod_gui.pages.result import ResultPage
    from nb2prod_gui.pages.run import RunPage
    from nb2prod_gui.pages.target import TargetPage

IDLE = 60
"""Milliseconds between two things that are done in advance: time for what the user does."""
AHEAD = (
    "nb2prod.analysis.graph",
    "nb2prod.plan.selection",
    "nb2prod.steps.reading",
    "nb2prod.steps.study",
    "nb2prod_gui.parts.code",
    "nb2prod_gui.parts.cell_list",
    "nb2prod.tracking.registry",
)
"""Of the modules that pages need, those that take longest: imported one by one, lest a click waits for all of them."""
AnyPage = TypeVar("AnyPage", bound=QWidget)


class Window(QMainWindow):
    """One window, one notebook."""

    def __init__(self, settings: QSettings) -> None:
        super().__init__()
        self.setWindowTitle("nb2prod")
        self.resize(QSize(1280, 840))
        self._settings = settings
        self.project = Project(self)
        self.recents = Recents(settings)
        self._told_running = Path()
        self.start = StartPage(samples())
        self.start.chosen.connect(self.open)
        self.start.browse_wanted.connect(self.browse)
        self.start.resume_wanted.connect(self._resume)
        self.pages: dict[Page, QWidget] = {}
        self.page = Page.START
        self._stack = QStackedWidget()
        self._add(Page.START, self.start)
        self.rail = Rail()
        self.rail.wanted.connect(self.go)
        central = QWidget()
        row = QHBoxLayout(central)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self._stack, 1)
        right.addWidget(self._footer())
        row.addLayout(right, 1)
        self.setCentralWidget(central)
        self.menus = Menus(self, self.project, settings, self.browse)
        self.start.show_recents(self.recents.read())
        project = self.project
        project.opening.connect(self.make_pages)
        project.opened.connect(self._on_opened)
        project.studied.connect(self._refresh)
        project.edited.connect(self._refresh)
        project.refused.connect(self._on_refused)
        project.changed_on_disk.connect(self._on_changed_on_disk)
        project.jobs.progressed.connect(self._on_progressed)
        project.jobs.finished.connect(self._on_job_finished)
        self.go(Page.START)
        if (geometry := settings.value("geometry")) is not None:
            self.restoreGeometry(geometry)
        self._idle = QTimer(self)
        self._idle.setInterval(IDLE)
        self._ahead = iter(AHEAD)
        self._idle.timeout.connect(self._get_ready)
        self._idle.start()

    @cached_property
    def cells(self) -> "CellsPage":
        from nb2prod_gui.pages.cells import CellsPage

        return self._add(Page.CELLS, CellsPage(self.project))

    @cached_property
    def interface(self) -> "InterfacePage":
        from nb2prod_gui.pages.interface import InterfacePage

        page = self._add(Page.INTERFACE, InterfacePage(self.project))
        page.convert_wanted.connect(self._convert)
        return page

    @cached_property
    def preview(self) -> "PreviewPage":
        from nb2prod_gui.pages.preview import PreviewPage

        page = self._add(Page.PREVIEW, PreviewPage(self.project))
        page.convert_wanted.connect(self._convert)
        return page

    @cached_property
    def target(self) -> "TargetPage":
        from nb2prod_gui.pages.target import TargetPage

        return self._add(Page.TARGET, TargetPage(self.project))

    @cached_property
    def run(self) -> "RunPage":
        from nb2prod_gui.pages.run import RunPage

        page = self._add(Page.RUN, RunPage(self.project))
        page.place_wanted.connect(self._go_to_cell)
        page.file_wanted.connect(self._go_to_file)
        page.result_wanted.connect(lambda: self.go(Page.RESULT))
        return page

    @cached_property
    def result(self) -> "ResultPage":
        from nb2prod_gui.pages.result import ResultPage

        page = self._add(Page.RESULT, ResultPage(self.project))
        page.page_wanted.connect(self.go)
        return page

    @cached_property
    def models(self) -> "ModelsPage":
        from nb2prod_gui.pages.models import ModelsPage

        return self._add(Page.MODELS, ModelsPage(self.project))

    def _add(self, page: Page, widget: AnyPage) -> AnyPage:
        self.pages[page] = widget
        self._stack.addWidget(widget)
        return widget

    def _get_ready(self) -> None:
        """Import a module or make a page that will be needed; called while the window idles."""
        missing = next((page for page in Page if page not in self.pages), None)
        if missing is None:
            self._idle.stop()
        elif (module := next(self._ahead, None)) is not None:
            import_module(module)
        else:
            getattr(self, missing.value)

    def make_pages(self) -> None:
        """All of them, now: they listen to the project."""
        for page in Page:
            getattr(self, page.value)

    def open(self, path: Path) -> None:
        """Open a notebook; unsaved roles and a running job are asked about first."""
        if self._may_leave():
            self._idle.setInterval(0)  # the child that reads it takes a while to start
            self.project.open(path)

    def _resume(self, path: Path) -> None:
        """Open a notebook where its job can go on: steps that are done are not done again."""
        if self._may_leave():
            self.project.studied.connect(
                lambda: self.go(Page.RUN) if self.project.path == path else None,
                Qt.ConnectionType.SingleShotConnection,
            )
            self._idle.setInterval(0)  # the child that reads it takes a while to start
            self.project.open(path)

    def browse(self) -> None:
        """Choose a file, beginning where the last one was."""
        last = next(iter(self.recents.read()), None)
        folder = str(Path(last.notebook).parent) if last is not None else ""
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Open notebook"), folder, self.tr("Notebooks (*.ipynb)"))
        if path:
            self.open(Path(path))

    def go(self, page: Page) -> None:
        """Show the page, if it can be entered now."""
        if not why_not(page, self.project.standing):
            self.page = page
            getattr(self, page.value)
            self._stack.setCurrentWidget(self.pages[page])
            self.pages[page].setFocus()
        self._refresh()

    def _footer(self) -> QWidget:
        footer = QWidget()
        footer.setObjectName("footer")
        footer.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(footer)
        row.setContentsMargins(WIDE, NEAR, WIDE, NEAR)
        self.status = label("", "muted")
        self.onward = button("", "primary")
        self.onward.clicked.connect(self._go_on)
        row.addWidget(self.status, 1)
        row.addSpacing(FAR)
        row.addWidget(self.onward)
        self._foot = footer
        return footer

    def _convert(self) -> None:
        """Make the files, and come back to the page that asked."""
        asked = self.page
        self.run.start_job(only_convert=True)
        self.go(Page.RUN)
        self.project.jobs.finished.connect(
            lambda progress: self.go(asked) if progress.status == "ok" else None,
            Qt.ConnectionType.SingleShotConnection,
        )

    def _go_on(self) -> None:
        following = next_page(self.page)
        if following is not None:
            self.go(following)

    def _refresh(self) -> None:
        project = self.project
        standing = project.standing
        self.rail.show_standing(self.page, standing)
        self.menus.show_project(project)
        name = project.path.name
        self.setWindowTitle(f"{name}{' •' if project.unsaved else ''} – nb2prod" if name else "nb2prod")
        following = next_page(self.page)
        self._foot.setVisible(self.page is not Page.START and following is not None)
        reason = why_not(following, standing, QCoreApplication.translate) if following is not None else ""
        self.onward.setVisible(following is not None)
        if following is not None:
            self.onward.setText(self.tr("Next: {0}").format(self.rail.title(following)))
            self.onward.setEnabled(not reason)
        self.status.setText(reason)

    def _on_opened(self) -> None:
        self.recents.see(self.project.path)
        self.start.show_recents(self.recents.read())
        if self.page is Page.START:
            self.go(Page.CELLS)
        self._refresh()

    def _on_refused(self, refused: "Refused") -> None:
        where = self.tr(" (cell {0})").format(refused.cell) if refused.cell else ""
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(f"{refused.code}{where}: {refused.message}")
        box.setInformativeText(refused.hint)
        box.open()

    def _on_changed_on_disk(self) -> None:
        box = QMessageBox(self)
        box.setText(self.tr("The notebook was changed on disk."))
        box.setInformativeText(self.tr("Reload it? The roles you chose and have not saved are kept."))
        reload = box.addButton(self.tr("Reload"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(self.tr("Not now"), QMessageBox.ButtonRole.RejectRole)
        reload.clicked.connect(self.project.reload)
        box.open()

    def _on_progressed(self, progress: Progress) -> None:
        if progress.status == "running" and self._told_running != self.project.path:
            self._told_running = self.project.path
            self.recents.remember(self.project.path, "running")  # what a killed window leaves
        self._refresh()

    def _on_job_finished(self, progress: Progress) -> None:
        self._told_running = Path()
        states: dict[str, State] = {"ok": "built", "cancelled": "cancelled"}
        self.recents.remember(self.project.path, states.get(progress.status, "failed"))
        self.start.show_recents(self.recents.read())
        self._refresh()
        if not self.isActiveWindow():
            QApplication.alert(self)

    def _go_to_cell(self, cell: int) -> None:
        self.go(Page.CELLS)
        self.cells.list.choose(cell - 1)

    def _go_to_file(self, path: str, line: int) -> None:
        self.go(Page.PREVIEW)
        self.preview.show_line(path, line)

    def _may_leave(self) -> bool:
        """Asks where something would be lost."""
        if self.project.jobs.running:
            text, more = (
                self.tr("A build is running."),
                self.tr("Cancel it? What is finished is kept and can be resumed."),
            )
        elif self.project.unsaved:
            text, more = self.tr("Roles are not saved."), self.tr("Leave without saving them into the notebook?")
        else:
            return True
        box = QMessageBox(QMessageBox.Icon.Question, "nb2prod", text, parent=self)
        box.setInformativeText(more)
        leave = box.addButton(self.tr("Leave"), QMessageBox.ButtonRole.DestructiveRole)
        stay = box.addButton(self.tr("Stay"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.exec()
        return box.clickedButton() is leave

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        if not self._may_leave():
            event.ignore()
            return
        self._settings.setValue("geometry", self.saveGeometry())
        self._idle.stop()
        self.start.doctor.close()
        if len(self.pages) > 1:
            self.preview.close_children()
            self.models.close_children()
            self.result.close_children()
        self.project.jobs.cancel()
        self.project.close()
        event.accept()
