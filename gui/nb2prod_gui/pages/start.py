"""Start: what was open before, the samples, and whether this machine has what a build needs."""

import html
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QGuiApplication, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QLayout, QScrollArea, QVBoxLayout, QWidget

from nb2prod_gui.flow.recent import RESUMABLE, Recent, ago
from nb2prod_gui.look.icons import pixmap
from nb2prod_gui.look.palette import FAR, GAP, NEAR, WIDE
from nb2prod_gui.look.pictures import PICTURES, Picture
from nb2prod_gui.look.theme import theme
from nb2prod_gui.parts.words import button, card, label, set_kind
from nb2prod_gui.work.ask import Ask


@dataclass(frozen=True, slots=True)
class Sample:
    """A bundled notebook, in one line."""

    path: Path
    title: str
    line: str


class NotebookCard(QFrame):
    """A notebook that a click or Enter opens; a button beside it where its job can go on."""

    opened = Signal(Path)
    resumed = Signal(Path)

    def __init__(self, path: Path, title: str, line: str, picture: QWidget) -> None:
        super().__init__()
        self._path = path
        self.setProperty("kind", "card")
        self.setProperty("hot", "true")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{title}: {line}")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(GAP, GAP, GAP, GAP)
        self._row.setSpacing(GAP)
        self.words = QVBoxLayout()
        self.words.setSpacing(2)
        self.words.addWidget(label(title, "heading"))
        self.words.addWidget(label(line, "muted"))
        self.words.addStretch(1)
        self._row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        self._row.addLayout(self.words, 1)

    def offer_resume(self, text: str) -> None:
        press = button(text, name=f"{text}: {self._path.name}")
        press.clicked.connect(lambda: self.resumed.emit(self._path))
        self._row.addWidget(press, 0, Qt.AlignmentFlag.AlignVCenter)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.opened.emit(self._path)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit(self._path)
        else:
            super().keyPressEvent(event)


class StartPage(QScrollArea):
    """`chosen` has the notebook to open, `resume_wanted` one whose job is to go on; `browse_wanted` asks for the file
    dialog."""

    chosen = Signal(Path)
    resume_wanted = Signal(Path)
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
            found = NotebookCard(sample.path, sample.title, sample.line, _picture_of(sample.path.stem))
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
            "running": self.tr("build cut off"),
            "built": self.tr("built"),
            "failed": self.tr("build failed"),
            "cancelled": self.tr("build cancelled"),
        }
        kinds = {"built": ("check", "good"), "failed": ("cross", "bad"), "opened": ("notebook", "muted")}
        for n, recent in enumerate(recents[:6]):
            path = Path(recent.notebook)
            name, kind = kinds.get(recent.state, ("clock", "warning"))
            found = NotebookCard(path, path.name, _short(path.parent), _Sign(name, kind))
            state = label(f"{words[recent.state]} · {self._ago(recent.when)}", "small" if kind == "muted" else kind)
            found.words.insertWidget(1, state)
            found.setAccessibleName(f"{path.name}: {words[recent.state]}, {path.parent}")
            found.setToolTip(html.escape(str(path)))
            found.opened.connect(self.chosen)
            if recent.state in RESUMABLE:
                found.offer_resume(self.tr("Resume"))
                found.resumed.connect(self.resume_wanted)
            self._recents.addWidget(found, n // 3, n % 3)
        for at in range(3):
            self._recents.setColumnStretch(at, 1)

    def _ago(self, when: float) -> str:
        unit, count = ago(time.time() - when)
        words = {
            "now": self.tr("just now"),
            "minutes": self.tr("{0} min ago"),
            "hours": self.tr("{0} h ago"),
            "days": self.tr("{0} d ago"),
        }
        return words[unit].format(count)

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
            self._mark_drop("true")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: ARG002, N802 - Qt's signature
        self._mark_drop("false")

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        self._mark_drop("false")
        path = next((u.toLocalFile() for u in event.mimeData().urls() if u.toLocalFile().endswith(".ipynb")), "")
        if path:
            event.acceptProposedAction()
            self.chosen.emit(Path(path))

    def _mark_drop(self, over: str) -> None:
        self._drop.setProperty("drop", over)
        set_kind(self._drop, "card")

    def _drop_card(self) -> QFrame:
        frame, column = card()
        self._drop = frame
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


class _Sign(QLabel):
    """An icon in a colour of the palette, which follows the theme."""

    def __init__(self, name: str, kind: str) -> None:
        super().__init__()
        self._name, self._kind = name, kind
        theme.changed.connect(self._draw)
        self._draw()

    def _draw(self) -> None:
        self.setPixmap(pixmap(self._name, getattr(theme.palette, self._kind), 24, self.devicePixelRatioF()))


def _picture_of(name: str) -> QWidget:
    return Picture(name) if name in PICTURES else _Sign("notebook", "accent")


def _short(folder: Path) -> str:
    """With ``~`` for the home folder."""
    home = Path.home()
    return f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) else str(folder)
