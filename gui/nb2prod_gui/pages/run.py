"""Run: the steps of the job, its cells and layers as they run, the log; cancel and resume."""

from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QTabWidget, QVBoxLayout, QWidget

from nb2prod.progress import Progress, StepProgress
from nb2prod_gui.flow.draft import steps_of
from nb2prod_gui.flow.ended import left_by
from nb2prod_gui.look.palette import FAR, GAP, WIDE
from nb2prod_gui.parts.log_view import LogView
from nb2prod_gui.parts.pieces import PIECE, PieceList
from nb2prod_gui.parts.step_card import StepCard
from nb2prod_gui.parts.words import button, label, set_kind
from nb2prod_gui.project import Project


class RunPage(QWidget):
    """`place_wanted` has the cell (from 1) of an error, or of a row that was opened; `file_wanted` a file of the
    project and its line; `result_wanted` asks for the Result page.
    """

    place_wanted = Signal(int)
    file_wanted = Signal(str, int)
    result_wanted = Signal()

    def __init__(self, project: Project) -> None:
        super().__init__()
        self.setObjectName("page")
        self._project = project
        self._place: tuple[str, int] = ("", 0)
        self._changed = False
        column = QVBoxLayout(self)
        column.setContentsMargins(FAR, FAR, FAR, WIDE)
        column.setSpacing(GAP)
        column.addLayout(self._head())
        self.summary = label(self.tr("Nothing has run yet."), "muted")
        column.addWidget(self.summary)
        self.left = label("", "muted")
        column.addWidget(self.left)
        for said in (self.summary, self.left):
            said.setMinimumWidth(1)
        column.addLayout(self._remedies())
        self.steps = StepCard()
        splitter = QSplitter()
        splitter.setHandleWidth(GAP)
        splitter.setProperty("kind", "gap")
        splitter.addWidget(self.steps)
        splitter.addWidget(self._details())
        splitter.setSizes([480, 640])
        column.addWidget(splitter, 1)
        self._timer = QTimer(self)
        self._timer.setInterval(200)
        self._timer.timeout.connect(lambda: self._show(project.jobs.progress))
        project.jobs.progressed.connect(self._show)
        project.jobs.finished.connect(self._finished)
        project.opened.connect(lambda: self._show(project.jobs.progress))
        project.made_changed.connect(lambda: self._show(project.jobs.progress))
        project.edited.connect(lambda: self._show(project.jobs.progress))
        project.changed_on_disk.connect(self._note_change)
        self._show(Progress())

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        self.heading = label(self.tr("Build"), "title")
        self.start = button(self.tr("Build"), "primary")
        self.start.clicked.connect(lambda: self.start_job())
        self.cancel = button(self.tr("Cancel"))
        self.cancel.clicked.connect(self._cancel)
        self.show_result = button(self.tr("See the result"), "primary")
        self.show_result.clicked.connect(self.result_wanted)
        head.addWidget(self.heading, 1)
        for each in (self.cancel, self.start, self.show_result):
            head.addWidget(each)
        return head

    def _remedies(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.to_place = button(self.tr("Show the place"))
        self.to_place.clicked.connect(self._go_to_place)
        self.copy_error = button(self.tr("Copy the message"), "quiet")
        self.copy_error.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.summary.text()))
        row.addWidget(self.to_place)
        row.addWidget(self.copy_error)
        row.addStretch(1)
        return row

    def _details(self) -> QTabWidget:
        self.log = LogView()
        self.cells = PieceList(
            self.tr("Cells that ran"),
            self.tr("Cells stand here as they run. A notebook that did not change is not run again."),
        )
        self.cells.setToolTip(self.tr("Double-click or Enter shows the cell"))
        self.cells.activated.connect(lambda index: self.place_wanted.emit(index.data(PIECE).number))
        self.layers = PieceList(
            self.tr("Instructions of the Dockerfile"), self.tr("Instructions stand here as the image is built.")
        )
        self.tabs = QTabWidget()
        self.tabs.addTab(self.log, self.tr("Log"))
        self.tabs.addTab(self.cells, self.tr("Cells"))
        self.tabs.addTab(self.layers, self.tr("Image layers"))
        for part in (self.tabs, self.tabs.tabBar()):
            part.setAccessibleName(self.tr("Details"))
        return self.tabs

    def start_job(self, *, only_convert: bool = False) -> None:
        """Build, or only make the files."""
        self._changed = False
        self._project.build(only_convert=only_convert)
        if self._project.jobs.running:
            self.log.clear()
            self.left.hide()
            self.tabs.setCurrentWidget(self.cells)
            self.summary.setText(self.tr("Starting…"))
            set_kind(self.summary, "muted")
            self._timer.start()
            self._show(self._project.jobs.progress)

    def _cancel(self) -> None:
        self.cancel.setEnabled(False)
        self._project.jobs.cancel()
        self._show(self._project.jobs.progress)

    def _go_to_place(self) -> None:
        path, line = self._place
        if path:
            self.file_wanted.emit(path, line)
        else:
            self.place_wanted.emit(line)

    def _show(self, progress: Progress) -> None:
        jobs = self._project.jobs
        running = jobs.running
        self.start.setVisible(not running)
        self.start.setText(
            self.tr("Resume")
            if progress.status in ("cancelled", "failed")
            else self.tr("Build again")
            if progress.steps
            else self.tr("Build")
        )
        set_kind(self.start, "" if progress.status == "ok" else "primary")
        self.cancel.setVisible(running)
        self.cancel.setEnabled(not jobs.stopping)
        self.show_result.setVisible(progress.status == "ok" and not running)
        if progress.status != "failed":
            self.to_place.hide()
            self.copy_error.hide()
        if progress.status == "waiting" and not running:
            self.summary.setText(self._before())
            set_kind(self.summary, "muted")
            self.left.hide()
        self.steps.show_steps(progress.steps or tuple(map(StepProgress, steps_of(self._project.spec))))
        if running and jobs.stopping:
            self.summary.setText(self.tr("Cancelling…"))
        elif running and progress.running is not None:
            done = f"{progress.finished_steps + 1} / {len(progress.steps)}"
            self.summary.setText(self.tr("Step {0}: {1}").format(done, progress.running.name))
            if progress.running.name == "image" and self.tabs.currentWidget() is self.cells:
                self.tabs.setCurrentWidget(self.layers)
        self.cells.show_pieces(tuple(jobs.story.cells.values()))
        self.layers.show_pieces(tuple(jobs.story.layers.values()))
        self.log.follow(jobs.story)

    def _before(self) -> str:
        """What there is to say before a job of this window."""
        made = self._project.made
        if made is None:
            return self.tr("Nothing has run yet.")
        there = self.tr("An earlier build left its project in {0}.").format(made.folder)
        return f"{there} " + self.tr("Build repeats only what has changed since, and leads on to Result and Try it.")

    def _finished(self, progress: Progress) -> None:
        self._timer.stop()
        self._show(progress)
        error = progress.report.get("error")
        if progress.status == "ok":
            skipped = [step for step in progress.steps if step.state == "skipped"]
            self.summary.setText(self.tr("Done: every answer is the notebook's."))
            set_kind(self.summary, "good")
            self._say_left([f"{step.name}: {step.reason}" for step in skipped])
        elif progress.status == "cancelled":
            self.summary.setText(self.tr("Cancelled."))
            set_kind(self.summary, "warning")
            self._say_left(self._what_is_left(progress))
        elif error:
            self._show_error(error)
            self._say_left(self._what_is_left(progress))

    def _show_error(self, error: dict[str, Any]) -> None:
        where = error.get("where") or {}
        cell, path, line = where.get("cell") or 0, where.get("path") or "", where.get("line") or 0
        made = self._project.made
        in_project = made is not None and path in made.manifest.files
        self._place = (path, line) if in_project and not cell else ("", cell)
        self.to_place.setVisible(in_project or bool(cell))
        texts = (self.tr("Show cell {0}").format(cell), self.tr("Show line {0} of {1}").format(line, path))
        self.to_place.setText(texts[0] if cell else texts[1])
        self.copy_error.show()
        place = f" ({path})" if path and not in_project else ""
        self.summary.setText(f"{error['code']}{place}: {error['message']} {error.get('hint') or ''}".strip())
        set_kind(self.summary, "bad")
        if cell:
            self.tabs.setCurrentWidget(self.cells)

    def _what_is_left(self, progress: Progress) -> list[str]:
        left = left_by(progress)
        spec = self._project.spec
        lines = []
        if left.kept:
            lines.append(self.tr("Kept, and not done again by Resume: {0}.").format(", ".join(left.kept)))
        if left.stopped:
            lines.append(self.tr("Stopped in: {0}.").format(left.stopped))
        if left.project:
            lines.append(self.tr("The project is in {0}.").format(left.project))
        else:
            lines.append(self.tr("This build wrote no files of the project."))
        if left.logged:
            lines.append(self.tr("In MLflow: {0}.").format(left.logged))
        if spec.image:
            lines.append(
                self.tr("{0} names the image it named before, if any; no container is left.").format(spec.image)
            )
        return lines

    def _say_left(self, lines: list[str]) -> None:
        if self._changed:
            lines.append(self.tr("The notebook was changed on disk meanwhile: this is the build of what it was."))
        self.left.setText("\n".join(lines))
        self.left.setVisible(bool(lines))

    def _note_change(self) -> None:
        self._changed = self._changed or self._project.jobs.running
