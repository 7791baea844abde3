"""The steps of a job below each other: what each is for until it begins, how far it is, how long it took."""

import time
from collections.abc import Sequence

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from nb2prod.progress import StepProgress
from nb2prod_gui.look.icons import pixmap
from nb2prod_gui.look.palette import GAP, NEAR
from nb2prod_gui.look.theme import theme
from nb2prod_gui.parts.marks import mark_of
from nb2prod_gui.parts.words import label

PURPOSES = {
    "read": QT_TRANSLATE_NOOP("steps", "reads the notebook"),
    "check": QT_TRANSLATE_NOOP("steps", "follows its data, runs nothing"),
    "run": QT_TRANSLATE_NOOP("steps", "runs it once, in a fresh kernel"),
    "extract": QT_TRANSLATE_NOOP("steps", "writes the package"),
    "test": QT_TRANSLATE_NOOP("steps", "tests it without the notebook"),
    "log": QT_TRANSLATE_NOOP("steps", "registers the model in MLflow"),
    "image": QT_TRANSLATE_NOOP("steps", "builds the image"),
    "verify": QT_TRANSLATE_NOOP("steps", "asks the container"),
}


class StepCard(QFrame):
    """Show it the steps as often as they change, or time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self._rows: dict[str, _Row] = {}
        self._steps: Sequence[StepProgress] = ()
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(GAP)
        self._grid.setVerticalSpacing(NEAR + 2)
        self._grid.setColumnStretch(2, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP + 4, GAP + 2, GAP + 4, GAP + 2)
        column.addLayout(self._grid)
        column.addStretch(1)
        theme.changed.connect(self._on_theme)

    def _on_theme(self) -> None:
        self.show_steps(self._steps)

    def show_steps(self, steps: Sequence[StepProgress]) -> None:
        """Rows of steps that are not among these go."""
        self._steps = steps
        now = time.time()
        if list(self._rows) != [step.name for step in steps][: len(self._rows)]:  # of another job
            for row in self._rows.values():
                row.remove(self._grid)
            self._rows.clear()
        for n, step in enumerate(steps):
            if step.name not in self._rows:
                self._rows[step.name] = _Row(self._grid, n, step.name)
            self._rows[step.name].show(step, now, self.devicePixelRatioF())


class _Row:
    """The widgets of one step in the grid."""

    def __init__(self, grid: QGridLayout, row: int, name: str) -> None:
        self.mark = QLabel()
        self.mark.setFixedWidth(24)
        self.name = label(name, wrap=False)
        self.detail = label("", "muted")
        self.detail.setMinimumWidth(1)  # a long word, a path or an instruction, must not widen the window
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setAccessibleName(name)
        self.seconds = label("", "muted", wrap=False)
        self.seconds.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.middle = QWidget()
        middle = QVBoxLayout(self.middle)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(4)
        middle.addWidget(self.detail)
        middle.addWidget(self.bar)
        for column, part in enumerate(self._parts()):
            grid.addWidget(part, row, column)

    def _parts(self) -> tuple[QWidget, ...]:
        return self.mark, self.name, self.middle, self.seconds

    def remove(self, grid: QGridLayout) -> None:
        for part in self._parts():
            grid.removeWidget(part)
            part.hide()
            part.deleteLater()

    def show(self, step: StepProgress, now: float, ratio: float) -> None:
        icon, ink = mark_of(step.state, theme.palette)
        self.mark.setPixmap(pixmap(icon, ink, 20, ratio))
        self.mark.setAccessibleName(step.state)
        running = step.state == "running"
        self.detail.setText(self._words(step, running=running))
        self.bar.setVisible(running)
        self.bar.setRange(0, step.total)
        self.bar.setValue(step.done)
        seconds = step.seconds(now if running else None)
        self.seconds.setText("" if seconds is None else f"{seconds:.1f} s")

    def _words(self, step: StepProgress, *, running: bool) -> str:
        """Why it ended so, else what it is doing, has done, or is for."""
        purpose = QCoreApplication.translate("steps", str(PURPOSES.get(step.name, "")))
        told = step.detail if running else ""
        told = self.detail.fontMetrics().elidedText(told, Qt.TextElideMode.ElideMiddle, max(self.bar.width(), 160))
        cells = QCoreApplication.translate("steps", "{0} cells").format(len(step.cells)) if step.cells else ""
        rest = purpose if running or step.state in ("waiting", "done") else step.state
        return step.reason or told or cells or rest
