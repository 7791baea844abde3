"""The log of a job: levels, search, copy."""

from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from nb2prod.events import Log
from nb2prod_gui.flow.story import MOST_LINES, Story
from nb2prod_gui.look.palette import NEAR
from nb2prod_gui.look.theme import mono
from nb2prod_gui.parts.words import button

LEVELS = ("debug", "info", "warning", "error")


class LogView(QWidget):
    """Shows what a story has told; only what is new is added."""

    def __init__(self) -> None:
        super().__init__()
        self._story = Story()
        self._shown = 0
        self.text = QPlainTextEdit()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, NEAR, 0, 0)
        bar = QHBoxLayout()
        self.level = QComboBox()
        self.level.setAccessibleName(self.tr("Least level shown"))
        words = (self.tr("debug"), self.tr("info"), self.tr("warning"), self.tr("error"))
        for level, word in zip(LEVELS, words, strict=True):
            self.level.addItem(word, level)
        self.level.setCurrentIndex(LEVELS.index("info"))
        self.level.currentIndexChanged.connect(lambda _: self._rewrite())
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search the log"))
        self.search.setAccessibleName(self.tr("Search the log"))
        self.search.returnPressed.connect(self._find)
        copy = button(self.tr("Copy"), "quiet", name=self.tr("Copy the log"))
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

    def clear(self) -> None:
        self.text.clear()
        self._shown = 0

    def follow(self, story: Story) -> None:
        """Add what this story has told since."""
        if story is not self._story:
            self._story = story
            self.clear()
        fresh = min(story.told - self._shown, len(story.logs))
        self._shown = story.told
        if fresh:
            lines = [_line(log) for log in story.logs[-fresh:] if LEVELS.index(log.level) >= self.level.currentIndex()]
            if lines:
                self.text.appendPlainText("\n".join(lines))

    def _rewrite(self) -> None:
        self.clear()
        self.follow(self._story)

    def _find(self) -> None:
        """The next place; from the top again after the last."""
        if not self.text.find(self.search.text()):
            self.text.moveCursor(QTextCursor.MoveOperation.Start)
            self.text.find(self.search.text())


def _line(log: Log) -> str:
    return f"{log.step:8} {log.text.rstrip()}"
