"""Run: the steps of the job with state, time and detail; the log; cancel and resume."""

import time

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from nb2prod.progress import Progress, StepProgress
from nb2prod_gui.look.icons import pixmap
from nb2prod_gui.look.palette import FAR, GAP, NEAR, WIDE
from nb2prod_gui.look.theme import mono, theme
from nb2prod_gui.parts.words import button, card, label, set_kind
from nb2prod_gui.project import Project

LEVELS = ("debug", "info", "warning", "error")
MOST_LINES = 5_000


class StepRow:
    """The widgets of one step in the grid."""

    def __init__(self, grid: QGridLayout, row: int, name: str) -> None:
        self.mark = QLabel()
        self.mark.setFixedWidth(24)
        self.name = label(name, wrap=False)
        self.detail = label("", "muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setAccessibleName(name)
        self.seconds = label("", "muted", wrap=False)
        middle = QVBoxLayout()
        middle.setSpacing(4)
        middle.addWidget(self.detail)
        middle.addWidget(self.bar)
        for column, part in enumerate((self.mark, self.name)):
            grid.addWidget(part, row, column)
        grid.addLayout(middle, row, 2)
        grid.addWidget(self.seconds, row, 3)

    def show(self, step: StepProgress, now: float, ratio: float) -> None:
        p = theme.palette
        icon, ink = {
            "waiting": ("clock", p.strong_line),
            "running": ("run", p.accent),
            "done": ("check", p.good),
            "unchanged": ("check", p.muted),
            "skipped": ("next", p.muted),
            "failed": ("cross", p.bad),
            "cancelled": ("stop", p.warning),
        }[step.state]
        self.mark.setPixmap(pixmap(icon, ink, 20, ratio))
        self.mark.setAccessibleName(step.state)
        self.name.setText(step.name)
        cells = f"{len(step.cells)} cells" if step.cells else ""
        words = step.reason or step.detail or cells or ("" if step.state in ("waiting", "done") else step.state)
        self.detail.setText(words)
        running = step.state == "running"
        self.bar.setVisible(running)
        self.bar.setRange(0, step.total)
        self.bar.setValue(step.done)
        seconds = step.seconds(now if running else None)
        self.seconds.setText("" if seconds is None else f"{seconds:.1f} s")


class RunPage(QWidget):
    """`place_wanted` has the cell (from 1) at which an error stands; `result_wanted` asks for the Result page."""

    place_wanted = Signal(int)
    result_wanted = Signal()

    def __init__(self, project: Project) -> None:
        super().__init__()
        self.setObjectName("page")
        self._project = project
        self._rows: dict[str, StepRow] = {}
        self._place = 0
        self.text = QPlainTextEdit()
        self._written: tuple[object, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(FAR, FAR, FAR, WIDE)
        column.setSpacing(GAP)
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
        column.addLayout(head)
        self.summary = label(self.tr("Nothing has run yet."), "muted")
        column.addWidget(self.summary)
        self.to_place = button(self.tr("Show the cell"))
        self.to_place.clicked.connect(lambda: self.place_wanted.emit(self._place))
        column.addWidget(self.to_place)
        frame, inside = card()
        self.grid = QGridLayout()
        self.grid.setHorizontalSpacing(GAP)
        self.grid.setVerticalSpacing(NEAR + 2)
        self.grid.setColumnStretch(2, 1)
        inside.addLayout(self.grid)
        inside.addStretch(1)
        splitter = QSplitter()
        splitter.addWidget(frame)
        splitter.addWidget(self._log())
        splitter.setSizes([560, 560])
        column.addWidget(splitter, 1)
        self._timer = QTimer(self)
        self._timer.setInterval(200)
        self._timer.timeout.connect(lambda: self._show(project.jobs.progress))
        project.jobs.progressed.connect(self._show)
        project.jobs.finished.connect(self._finished)
        project.opened.connect(lambda: self._show(project.jobs.progress))
        self._show(Progress())

    def _log(self) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(GAP, 0, 0, 0)
        bar = QHBoxLayout()
        self.level = QComboBox()
        self.level.setAccessibleName(self.tr("Least level shown"))
        for level in LEVELS:
            self.level.addItem(level)
        self.level.setCurrentText("info")
        self.level.currentTextChanged.connect(lambda _: self._rewrite())
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search the log"))
        self.search.setAccessibleName(self.tr("Search the log"))
        self.search.returnPressed.connect(lambda: self.text.find(self.search.text()))
        copy = button(self.tr("Copy"), "quiet")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text.toPlainText()))
        bar.addWidget(self.level)
        bar.addWidget(self.search, 1)
        bar.addWidget(copy)
        self.text.setProperty("kind", "code")
        self.text.setReadOnly(True)
        self.text.setFont(mono())
        self.text.setMaximumBlockCount(MOST_LINES)
        self.text.setAccessibleName(self.tr("Log"))
        column.addLayout(bar)
        column.addWidget(self.text, 1)
        return box

    def start_job(self, *, only_convert: bool = False) -> None:
        """Build, or only make the files."""
        self.text.clear()
        self._written = ()
        self._project.build(only_convert=only_convert)
        if self._project.jobs.running:
            self._timer.start()
            self._show(self._project.jobs.progress)

    def _cancel(self) -> None:
        self.cancel.setEnabled(False)
        self.summary.setText(self.tr("Cancelling…"))
        self._project.jobs.cancel()

    def _show(self, progress: Progress) -> None:
        running = self._project.jobs.running
        self.start.setVisible(not running)
        self.start.setText(
            self.tr("Resume")
            if progress.status == "cancelled"
            else self.tr("Build again")
            if progress.steps
            else self.tr("Build")
        )
        self.cancel.setVisible(running)
        self.show_result.setVisible(progress.status == "ok" and not running)
        if progress.status != "failed":
            self.to_place.hide()
        now = time.time()
        if not {*self._rows} <= {step.name for step in progress.steps}:  # of another job
            self._forget_rows()
        for n, step in enumerate(progress.steps):
            if step.name not in self._rows:
                self._rows[step.name] = StepRow(self.grid, n, step.name)
            self._rows[step.name].show(step, now, self.devicePixelRatioF())
        if running and progress.running is not None:
            done = f"{progress.finished_steps + 1} / {len(progress.steps)}"
            self.summary.setText(self.tr("Step {0}: {1}").format(done, progress.running.name))
            set_kind(self.summary, "muted")
        self._write(progress)

    def _forget_rows(self) -> None:
        while (item := self.grid.takeAt(0)) is not None:
            if widget := item.widget():
                widget.deleteLater()
            elif layout := item.layout():
                while (part := layout.takeAt(0)) is not None:
                    if inner := part.widget():
                        inner.deleteLater()
        self._rows.clear()

    def _finished(self, progress: Progress) -> None:
        self._timer.stop()
        self.cancel.setEnabled(True)
        self._show(progress)
        error = progress.report.get("error")
        if progress.status == "ok":
            self.summary.setText(self.tr("Done: every answer is the notebook's."))
            set_kind(self.summary, "good")
        elif progress.status == "cancelled":
            self.summary.setText(self.tr("Cancelled. What was finished is kept: Resume goes on from there."))
            set_kind(self.summary, "warning")
        elif error:
            where = error.get("where") or {}
            self._place = where.get("cell") or 0
            self.to_place.setVisible(bool(self._place))
            self.summary.setText(f"{error['code']}: {error['message']} {error.get('hint') or ''}")
            set_kind(self.summary, "bad")

    def _write(self, progress: Progress) -> None:
        """The log lines that came since the last time."""
        logs = progress.logs
        known = self._written
        fresh = len(logs)
        if known:
            while fresh and logs[fresh - 1] is not known[-1]:
                fresh -= 1
            new = logs[fresh:]
        else:
            new = logs
        self._written = logs
        for entry in new:
            if LEVELS.index(entry.level) >= self.level.currentIndex():
                self.text.appendPlainText(f"{entry.step:8} {entry.text.rstrip()}")

    def _rewrite(self) -> None:
        self.text.clear()
        self._written = ()
        self._write(self._project.jobs.progress)
