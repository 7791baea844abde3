"""Cells or layers of a job as rows: its mark, what it is, how long it took, and what it printed last."""

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from nb2prod_gui.flow.story import Piece
from nb2prod_gui.look.icons import pixmap
from nb2prod_gui.look.palette import GAP, NEAR, SMALL
from nb2prod_gui.look.theme import mono, sans, theme
from nb2prod_gui.parts.marks import mark_of

PIECE = Qt.ItemDataRole.UserRole
_ROW = 46
_MARK = 18
_TIME = 76
_Index = QModelIndex | QPersistentModelIndex


class PieceModel(QAbstractListModel):
    """Rows in order of their numbers. Only what changed is told to the view."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: tuple[Piece, ...] = ()

    def show(self, pieces: tuple[Piece, ...]) -> None:
        """These pieces; the same ones with more after them are added, others begin anew."""
        before = self._pieces
        if [p.number for p in before] != [p.number for p in pieces[: len(before)]]:
            self.beginResetModel()
            self._pieces = pieces
            self.endResetModel()
            return
        if len(pieces) > len(before):
            self.beginInsertRows(QModelIndex(), len(before), len(pieces) - 1)
            self._pieces = pieces
            self.endInsertRows()
        self._pieces = pieces
        for row, (old, new) in enumerate(zip(before, pieces, strict=False)):
            if old is not new:
                self.dataChanged.emit(self.index(row), self.index(row))

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's signature
        return 0 if parent.isValid() else len(self._pieces)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        piece = self._pieces[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return piece.text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{piece.text}: {piece.state}"
        return piece if role == PIECE else None


class _PieceDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: ARG002, N802 - Qt's signature
        return QSize(200, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        p = theme.palette
        piece = index.data(PIECE)
        box = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, QColor(p.selected))
        name, ink = mark_of(piece.state, p)
        ratio = painter.device().devicePixelRatio()
        painter.drawPixmap(box.left() + NEAR, box.top() + 7, pixmap(name, ink, _MARK, ratio))
        left = box.left() + NEAR + _MARK + GAP
        wide = box.width() - (left - box.left()) - _TIME - NEAR
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        painter.setFont(sans())
        painter.setPen(QColor(p.text))
        _write(painter, QRect(left, box.top() + 4, wide, 20), flags, piece.text)
        if piece.seconds is not None:
            painter.setPen(QColor(p.muted))
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(
                QRect(box.right() - _TIME - NEAR, box.top() + 4, _TIME, 20), right, f"{piece.seconds:.1f} s"
            )
        if piece.lines:
            painter.setFont(mono(SMALL))
            painter.setPen(QColor(p.muted))
            _write(painter, QRect(left, box.top() + 24, wide + _TIME, 18), flags, piece.lines[-1])


def _write(painter: QPainter, box: QRect, flags: int, text: str) -> None:
    """One line that is cut with an ellipsis where it is too long."""
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, box.width())
    painter.drawText(box, flags, shown)


class PieceList(QListView):
    """Follows the last row while it is in view; `empty` is said where there is none."""

    def __init__(self, name: str, empty: str) -> None:
        super().__init__()
        self._empty = empty
        self.pieces = PieceModel()
        self.setModel(self.pieces)
        self.setItemDelegate(_PieceDelegate(self))
        self.setUniformItemSizes(True)
        self.setAccessibleName(name)
        self.setProperty("kind", "framed")
        theme.changed.connect(self.viewport().update)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        super().paintEvent(event)
        if not self.pieces.rowCount():
            painter = QPainter(self.viewport())
            painter.setFont(sans())
            painter.setPen(QColor(theme.palette.muted))
            box = self.viewport().rect().adjusted(GAP, GAP, -GAP, -GAP)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._empty)

    def show_pieces(self, pieces: tuple[Piece, ...]) -> None:
        bar = self.verticalScrollBar()
        following = bar.value() >= bar.maximum() - _ROW
        self.pieces.show(pieces)
        if following and not self.selectedIndexes():
            self.scrollToBottom()
