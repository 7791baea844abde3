"""Start: what was open before, the samples, and whether this machine has what a build needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QLayout, QScrollArea, QVBoxLayout, QWidget

from nb2prod_gui.flow.recent import Recent
from nb2prod_gui.look.icons import pixmap
from nb2prod_gui.look.palette import FAR, GAP, NEAR, WIDE
from nb2prod_gui.look.theme import theme
from nb2prod_gui.parts.words import button, card, label
from nb2prod_gui.work.ask import Ask


@dataclass(frozen=True, slots=True)
class Sample:
    """A bundled notebook, in one line."""

    path: Path
    title: str
    line: str


class NotebookCard(QFrame):
    """A notebook that a click or Enter opens."""

    opened = Signal(Path)

    def __init__(self, path: Path, title: str, line: str, icon: str = "notebook") -> None:
        super().__init__()
        self._path = path
        self.setProperty("kind", "card")
        self.setProperty("hot", "true")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{title}: {line}")
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP, GAP, GAP, GAP)
        row.setSpacing(GAP)
        picture = QLabel()
        picture.setPixmap(pixmap(icon, theme.palette.accent, 28, self.devicePixelRatioF()))
        picture.setAlignment(Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label(title, "heading"))
        words.addWidget(label(line, "muted"))
        words.addStretch(1)
        row.addWidget(picture)
        row.addLayout(words, 1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if self.rect().contains(event.position().toPoint()):
            self.opened.emit(self._path)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit(self._path)
        else:
            super().keyPressEvent(event)


class StartPage(QScrollArea):
    """`chosen` has the notebook to open; `browse_wanted` asks for the file dialog."""

    chosen = Signal(Path)
    browse_wanted = Signal()

    def __init__(self, samples: Sequence[Sample]) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAcceptDrops(True)
        inside = QWidget()
        inside.setObjectName("page")
        self.setWidget(inside)
        column = QVBoxLayout(inside)
        column.setContentsMargins(FAR + 8, FAR + 8, FAR + 8, FAR)
        column.setSpacing(NEAR)
        column.addWidget(label(self.tr("From notebook to container"), "display"))
        line = self.tr("Open a notebook that works; get a tested package and an image with the same answers.")
        column.addWidget(label(line, "muted"))
        column.addSpacing(GAP)
        column.addWidget(self._drop_card())
        column.addSpacing(GAP)
        self._recent_heading = label(self.tr("Recent"), "heading")
        self._recents = QGridLayout()
        self._recents.setSpacing(GAP)
        column.addWidget(self._recent_heading)
        column.addLayout(self._recents)
        column.addSpacing(GAP)
        column.addWidget(label(self.tr("Samples"), "heading"))
        grid = QGridLayout()
        grid.setSpacing(GAP)
        for n, sample in enumerate(samples):
            found = NotebookCard(sample.path, sample.title, sample.line)
            found.opened.connect(self.chosen)
            grid.addWidget(found, n // 3, n % 3)
        for at in range(3):
            grid.setColumnStretch(at, 1)
        column.addLayout(grid)
        column.addSpacing(GAP)
        head = QHBoxLayout()
        head.addWidget(label(self.tr("This machine"), "heading"))
        self._machine_state = label(self.tr("Looking at what a build needs…"), "muted")
        again = button(self.tr("Look again"), "quiet")
        again.clicked.connect(self.examine)
        head.addWidget(self._machine_state, 1)
        head.addWidget(again)
        column.addLayout(head)
        self._machine = QVBoxLayout()
        column.addLayout(self._machine)
        column.addStretch(1)
        self.doctor = Ask(self)
        self.doctor.answered.connect(self._show_machine)
        self.doctor.failed.connect(self._machine_state.setText)
        self.show_recents(())

    def show_recents(self, recents: Sequence[Recent]) -> None:
        _clear(self._recents)
        self._recent_heading.setVisible(bool(recents))
        words = {
            "opened": self.tr("opened"),
            "built": self.tr("built"),
            "failed": self.tr("the last build failed"),
            "cancelled": self.tr("the last build was cancelled: it can be resumed"),
        }
        for n, recent in enumerate(recents[:6]):
            path = Path(recent.notebook)
            found = NotebookCard(path, path.name, f"{words[recent.state]} · {path.parent}", "clock")
            found.opened.connect(self.chosen)
            self._recents.addWidget(found, n // 3, n % 3)
        for at in range(3):
            self._recents.setColumnStretch(at, 1)

    def examine(self) -> None:
        """Look at this machine, in a process of its own."""
        self.doctor.ask(["-m", "nb2prod", "doctor", "--json"])

    def _show_machine(self, report: dict[str, Any]) -> None:
        """What is missing, with its remedy; what is there in one line. See docs/json.md, `doctor --json`."""
        _clear(self._machine)
        checks = report.get("checks", [])
        missing = [check for check in checks if not check["ok"]]
        there = self.tr("{0} of {1} checks passed").format(len(checks) - len(missing), len(checks))
        self._machine_state.setText(there)
        self._machine_state.setToolTip("\n".join(f"{c['name']}: {c['detail']}" for c in checks if c["ok"]))
        for check in missing:
            frame, column = card()
            row = QHBoxLayout()
            words = QVBoxLayout()
            words.setSpacing(2)
            kind = "bad" if check["needed"] else "warning"
            words.addWidget(label(f"{check['name']}: {check['detail']}", kind))
            words.addWidget(label(check["remedy"], "muted"))
            row.addLayout(words, 1)
            copy = button(self.tr("Copy"), "quiet", name=self.tr("Copy the remedy for {0}").format(check["name"]))
            copy.clicked.connect(lambda _=False, text=check["remedy"]: QGuiApplication.clipboard().setText(text))
            row.addWidget(copy)
            column.addLayout(row)
            self._machine.addWidget(frame)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        if any(url.toLocalFile().endswith(".ipynb") for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        path = next((u.toLocalFile() for u in event.mimeData().urls() if u.toLocalFile().endswith(".ipynb")), "")
        if path:
            event.acceptProposedAction()
            self.chosen.emit(Path(path))

    def _drop_card(self) -> QFrame:
        frame, column = card()
        row = QHBoxLayout()
        row.setSpacing(WIDE)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label(self.tr("Open a notebook"), "heading"))
        words.addWidget(label(self.tr("Choose an .ipynb file, or drop one here. It is read, not run."), "muted"))
        open_button = button(self.tr("Open notebook…"), "primary")
        open_button.clicked.connect(self.browse_wanted)
        row.addLayout(words, 1)
        row.addWidget(open_button)
        column.addLayout(row)
        return frame


def _clear(layout: QLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        if widget := item.widget():
            widget.deleteLater()
