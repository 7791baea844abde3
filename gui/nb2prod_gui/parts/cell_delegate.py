"""Paints a cell of the list: badge, code with lit and dimmed lines, marks of findings, outputs."""

import base64
from functools import lru_cache

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from nb2prod.model.findings import Severity
from nb2prod_gui.flow.study import Output
from nb2prod_gui.look.icons import pixmap
from nb2prod_gui.look.palette import GAP, NEAR, RADIUS, SMALL, TIGHT, mixed
from nb2prod_gui.look.theme import mono, sans, theme
from nb2prod_gui.parts.cell_layout import (
    GUTTER,
    HEAD,
    MOST_TEXT_LINES,
    Metrics,
    body_height,
    cell_height,
    markdown_document,
    output_height,
    picture_size,
    wrapped,
)
from nb2prod_gui.parts.cell_model import VIEW, CellView
from nb2prod_gui.parts.cell_spots import badge_width
from nb2prod_gui.parts.code import TAB, colour, coloured_lines

Index = QModelIndex | QPersistentModelIndex
SIDE = GAP
"""Left and right of each cell."""
_ICONS = {Severity.ERROR: "cross", Severity.WARNING: "warning", Severity.INFO: "info"}


def frame_of(row: QRect) -> QRect:
    """Where in its row of the list a cell is painted."""
    return row.adjusted(SIDE, 0, -SIDE, -GAP)


class CellDelegate(QStyledItemDelegate):
    """Stateless but for its fonts: everything comes from the `CellView` of the row."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._font = mono()
        found = QFontMetricsF(self._font)
        self.metrics = Metrics(round(found.lineSpacing() + 2), found.horizontalAdvance("m"))

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 - Qt's name
        view: CellView = index.data(VIEW)
        width = option.rect.width() or 600
        return QSize(200, cell_height(view.cell, width - 2 * SIDE, self.metrics))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        view: CellView = index.data(VIEW)
        whole: QRect = option.rect
        frame = frame_of(whole)
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_frame(painter, frame, view, chosen=bool(state & QStyle.StateFlag.State_Selected))
        painter.setClipRect(frame)
        width = frame.width()
        if view.cell.kind == "code":
            self._paint_head(painter, frame, view)
            top = frame.top() + HEAD
            self._paint_code(painter, QRect(frame.left(), top, width, 0), view)
        elif view.cell.kind == "markdown":
            top = frame.top() + NEAR
            self._paint_markdown(painter, QPoint(frame.left() + GAP, top + NEAR), view, width - 2 * GAP)
        else:
            top = frame.top() + NEAR
            self._paint_code(painter, QRect(frame.left(), top, width, 0), view)
        top += body_height(view.cell, width, self.metrics)
        for output in view.cell.outputs:
            self._paint_output(painter, QRect(frame.left(), top, width, 0), output)
            top += output_height(output, width, self.metrics)
        painter.restore()

    def _paint_frame(self, painter: QPainter, frame: QRect, view: CellView, *, chosen: bool) -> None:
        p = theme.palette
        if view.cell.kind == "markdown" and not chosen:
            return
        path = QPainterPath()
        path.addRoundedRect(QRectF(frame).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        painter.fillPath(path, QColor(p.surface))
        painter.setPen(QPen(QColor(p.accent if chosen else p.line), 2 if chosen else 1))
        painter.drawPath(path)
        role = view.role
        if role is not None:
            painter.save()
            painter.setClipPath(path)
            painter.fillRect(frame.left(), frame.top(), 4, frame.height(), QColor(p.roles[role]))
            painter.restore()

    def _paint_head(self, painter: QPainter, frame: QRect, view: CellView) -> None:
        p = theme.palette
        y = frame.top()
        painter.setFont(sans(SMALL))
        painter.setPen(QColor(p.muted))
        number = QRect(frame.left() + GAP, y, GUTTER - GAP - NEAR, HEAD)
        painter.drawText(number, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), f"{view.cell.index}")
        x = frame.left() + GUTTER
        if view.role is not None:
            x = self._badge(painter, x, y, view.role.value, p.roles[view.role], ghost=False)
            if view.changed:
                painter.setPen(QColor(p.muted))
                painter.drawText(QRect(x, y, 200, HEAD), int(Qt.AlignmentFlag.AlignVCenter), "not saved")
        elif view.proposal is not None:
            x = self._badge(painter, x, y, f"{view.proposal.role.value}?", p.roles[view.proposal.role], ghost=True)
            painter.setPen(QColor(p.muted))
            room = frame.right() - x - GAP
            reason = painter.fontMetrics().elidedText(view.proposal.reason, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRect(x, y, room, HEAD), int(Qt.AlignmentFlag.AlignVCenter), reason)

    def _badge(self, painter: QPainter, x: int, y: int, text: str, ink: str, *, ghost: bool) -> int:
        """A role as a pill, dashed while it is only suggested. Gives where it ends."""
        painter.setFont(sans(SMALL, bold=True))
        width = badge_width(text)
        pill = QRectF(x, y + (HEAD - 22) / 2, width, 22)
        if not ghost:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(mixed(theme.palette.surface, ink, 0.14)))
            painter.drawRoundedRect(pill, 11, 11)
        else:
            pen = QPen(QColor(ink), 1, Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(pill.adjusted(0.5, 0.5, -0.5, -0.5), 11, 11)
        painter.setPen(QColor(ink))
        painter.drawText(pill, int(Qt.AlignmentFlag.AlignCenter), text)
        painter.setFont(sans(SMALL))
        return round(x + width + NEAR)

    def _paint_code(self, painter: QPainter, place: QRect, view: CellView) -> None:
        p, m = theme.palette, self.metrics
        columns = m.columns(place.width())
        y = place.top() + NEAR
        ratio = painter.device().devicePixelRatioF()
        worst = {f.line or 1: f.severity for f in sorted(view.findings, key=lambda f: f.severity, reverse=True)}
        lines = coloured_lines(view.cell.source)
        for number, runs in enumerate(lines, 1):
            text = "".join(part for part, _ in runs)
            pieces = wrapped(text, columns)
            is_lit = view.lit is not None and number in view.lit
            dimmed = view.lit is not None and not is_lit
            height = len(pieces) * m.line
            if is_lit:
                painter.fillRect(place.left() + GUTTER - NEAR, y, place.width() - GUTTER, height, QColor(p.lit))
            painter.setFont(sans(SMALL - 1))
            painter.setPen(QColor(p.strong_line))
            gutter = QRect(place.left(), y, GUTTER - GAP, m.line)
            if number in worst:
                mark = pixmap(_ICONS[worst[number]], p.severity(worst[number]), 16, ratio)
                painter.drawPixmap(QPoint(place.left() + GUTTER - GAP - 18, y + (m.line - 16) // 2), mark)
            elif len(lines) > 1:
                painter.drawText(gutter, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), str(number))
            painter.setFont(self._font)
            column = 0
            for part, kind in runs:
                ink = colour(kind, p)
                painter.setPen(QColor(mixed(p.surface, ink, 0.5) if dimmed else ink))
                for piece in _split(part, column, columns):
                    row, at = divmod(column, columns)
                    point = QPointF(place.left() + GUTTER + at * m.letter, y + row * m.line + m.line * 0.75)
                    painter.drawText(point, piece)
                    column += len(piece)
            y += height

    def _paint_markdown(self, painter: QPainter, at: QPoint, view: CellView, width: int) -> None:
        document = markdown_document(view.cell.source, width)
        context = QAbstractTextDocumentLayout.PaintContext()
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Text, QColor(theme.palette.text))
        context.palette = palette
        painter.save()
        painter.translate(at)
        document.documentLayout().draw(painter, context)
        painter.restore()

    def _paint_output(self, painter: QPainter, place: QRect, output: Output) -> None:
        p, m = theme.palette, self.metrics
        left = place.left() + GUTTER
        if output.png:
            width, height = picture_size(output.png, place.width() - GUTTER - GAP)
            image = _picture(output.png)
            if not image.isNull():
                target = QRect(left, place.top(), width, height)
                painter.fillRect(target, QColor("#ffffff"))  # plots are drawn for paper
                painter.drawImage(target, image)
            return
        painter.setFont(self._font)
        painter.setPen(QColor(p.bad if output.is_error else p.muted))
        columns = m.columns(place.width())
        text = output.text.rstrip("\n").replace("\t", TAB)
        rows = [piece for line in text.split("\n") for piece in wrapped(line, columns)] if text else []
        y = place.top() + TIGHT
        for n, row in enumerate(rows[: MOST_TEXT_LINES + 1]):
            cut = n == MOST_TEXT_LINES and len(rows) > MOST_TEXT_LINES
            painter.drawText(
                QPointF(left, y + m.line * 0.75), f"… {len(rows) - MOST_TEXT_LINES} more lines" if cut else row
            )
            y += m.line
        if output.omitted:
            painter.setFont(sans(SMALL))
            painter.drawText(QPointF(left, y + m.line * 0.75), f"({output.omitted}: open it in Jupyter)")


def _split(text: str, column: int, columns: int) -> list[str]:
    """`text`, which begins at `column`, cut where rows of `columns` letters end."""
    first = columns - column % columns
    pieces = [text[:first]]
    pieces += [text[at : at + columns] for at in range(first, len(text), columns)]
    return pieces


@lru_cache(maxsize=32)
def _picture(png: str) -> QImage:
    image = QImage()
    image.loadFromData(base64.b64decode(png), "PNG")
    return image
