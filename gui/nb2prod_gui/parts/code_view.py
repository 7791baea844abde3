"""A read-only view of a file: coloured, with line numbers, lines that can be marked and clicked."""

from collections.abc import Iterable

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_for_filename
from pygments.lexers.special import TextLexer
from pygments.util import ClassNotFound
from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent, QSyntaxHighlighter, QTextCharFormat, QTextFormat
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from nb2prod_gui.look.palette import NEAR
from nb2prod_gui.look.theme import mono, theme
from nb2prod_gui.parts.code import Run, colour, coloured_lines


def lexer_for(file: str) -> Lexer:
    """By the file's name; plain text where none is known."""
    try:
        return get_lexer_for_filename(file, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return TextLexer(stripnl=False, ensurenl=False)


class _Colours(QSyntaxHighlighter):
    """Colours from the whole text at once, so that a text over many lines is one."""

    def __init__(self, view: QPlainTextEdit) -> None:
        super().__init__(view.document())
        self.lines: tuple[tuple[Run, ...], ...] = ()

    def highlightBlock(self, text: str) -> None:  # noqa: ARG002, N802 - Qt's signature
        number = self.currentBlock().blockNumber()
        if number >= len(self.lines):
            return
        at = 0
        for part, kind in self.lines[number]:
            form = QTextCharFormat()
            form.setForeground(QColor(colour(kind, theme.palette)))
            self.setFormat(at, len(part), form)
            at += len(part)


class CodeView(QPlainTextEdit):
    """`line_chosen` has the line, from 1, at which the cursor was put."""

    line_chosen = Signal(int)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setProperty("kind", "code")
        self.setReadOnly(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setFont(mono())
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._colours = _Colours(self)
        self._margin = _Margin(self)
        self._marked: tuple[int, ...] = ()
        self.blockCountChanged.connect(lambda _: self._make_room())
        self.updateRequest.connect(lambda _, dy: self._margin.scroll(0, dy) if dy else self._margin.update())
        self.cursorPositionChanged.connect(lambda: self.line_chosen.emit(self.textCursor().blockNumber() + 1))
        theme.changed.connect(self._recolour)
        self._make_room()

    def show_text(self, text: str, file: str) -> None:
        """`file` says by its name how the text is coloured."""
        self._marked = ()
        self._colours.lines = coloured_lines(text, lexer_for(file))
        self.blockSignals(True)
        self.setPlainText(text.replace("\t", "    "))
        self.blockSignals(False)
        self._make_room()
        self._mark()

    def mark(self, lines: Iterable[int], *, show: bool = True) -> None:
        """Mark these lines, from 1, and bring the first into view."""
        self._marked = tuple(sorted(lines))
        self._mark()
        if show and self._marked:
            block = self.document().findBlockByNumber(self._marked[0] - 1)
            cursor = self.textCursor()
            cursor.setPosition(block.position())
            self.blockSignals(True)
            self.setTextCursor(cursor)
            self.centerCursor()
            self.blockSignals(False)
            self._margin.update()

    def number_width(self) -> int:
        digits = len(str(max(self.blockCount(), 1)))
        return 2 * NEAR + self.fontMetrics().horizontalAdvance("9") * max(digits, 2)

    def paint_numbers(self, event: QPaintEvent) -> None:
        painter = QPainter(self._margin)
        painter.fillRect(event.rect(), QColor(theme.palette.code_ground))
        painter.setFont(mono())
        painter.setPen(QColor(theme.palette.comment))
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top <= event.rect().bottom():
            height = self.blockBoundingRect(block).height()
            place = QRect(0, round(top), self._margin.width() - NEAR, round(height))
            painter.drawText(place, int(Qt.AlignmentFlag.AlignRight), str(block.blockNumber() + 1))
            block, top = block.next(), top + height
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        super().resizeEvent(event)
        inside = self.contentsRect()
        self._margin.setGeometry(QRect(inside.left(), inside.top(), self.number_width(), inside.height()))

    def _make_room(self) -> None:
        self.setViewportMargins(self.number_width(), 0, 0, 0)

    def _mark(self) -> None:
        selections = []
        for line in self._marked:
            selection = QTextEdit.ExtraSelection()
            selection.format.setBackground(QColor(theme.palette.lit))
            selection.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
            cursor = self.textCursor()
            cursor.setPosition(self.document().findBlockByNumber(line - 1).position())
            selection.cursor = cursor
            selections.append(selection)
        self.setExtraSelections(selections)

    def _recolour(self) -> None:
        self._colours.rehighlight()
        self._mark()


class _Margin(QWidget):
    """Where the line numbers are painted."""

    def __init__(self, view: CodeView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(self._view.number_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        self._view.paint_numbers(event)
