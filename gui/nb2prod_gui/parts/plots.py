"""Small plots that we paint: a metric over versions, and the layers of an image."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from nb2prod_gui.flow.results import Share, Trend, in_bytes
from nb2prod_gui.look.palette import NEAR, SMALL, mixed
from nb2prod_gui.look.theme import sans, theme

_TREND_HEIGHT, _VALUE_HEIGHT = 40, 26
_NAME = 150
_PLOT = 140
_ROW = 22
_BAR = 14


class TrendPlot(QWidget):
    """A metric: its name, its values over versions as a line that ends in this one, its value and the change."""

    def __init__(self, trend: Trend) -> None:
        super().__init__()
        self._trend = trend
        self._height = _TREND_HEIGHT if trend.before else _VALUE_HEIGHT
        change = trend.change
        self._words = f"{trend.value:.6g}" + ("" if change is None else f"   {change:+.3g}")
        self._colour = "bad" if trend.is_worse else "good" if trend.better and change else "text"
        self.setAccessibleName(f"{trend.name}: {self._words}")
        self.setToolTip("  →  ".join(f"{value:.6g}" for value in (*trend.before, trend.value)))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(_NAME + _PLOT + 120, self._height)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's signature
        p = theme.palette
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(sans())
        painter.setPen(QColor(p.text))
        middle = Qt.AlignmentFlag.AlignVCenter
        name = painter.fontMetrics().elidedText(self._trend.name, Qt.TextElideMode.ElideRight, _NAME - NEAR)
        painter.drawText(QRectF(0, 0, _NAME, self._height), middle, name)
        left = _NAME
        if self._trend.before:
            self._line(painter, QRectF(_NAME + 4, 9, _PLOT - 20, _TREND_HEIGHT - 18))
            left += _PLOT
        painter.setPen(QColor(getattr(p, self._colour)))
        painter.drawText(QRectF(left, 0, self.width() - left, self._height), middle, self._words)

    def _line(self, painter: QPainter, box: QRectF) -> None:
        p = theme.palette
        values = (*self._trend.before, self._trend.value)
        low, high = min(values), max(values)
        points = [
            QPointF(
                box.left() + box.width() * n / (len(values) - 1),
                box.center().y() if high == low else box.bottom() - box.height() * (value - low) / (high - low),
            )
            for n, value in enumerate(values)
        ]
        painter.setPen(QPen(QColor(p.strong_line), 1.5))
        painter.drawPolyline(QPolygonF(points))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(p.strong_line))
        for point in points[:-1]:
            painter.drawEllipse(point, 2.5, 2.5)
        painter.setBrush(QColor(p.accent))
        painter.drawEllipse(points[-1], 4.5, 4.5)


class LayersPlot(QWidget):
    """Layers as bars below each other: which instruction, how large."""

    def __init__(self, shares: tuple[Share, ...]) -> None:
        super().__init__()
        self._shares = shares
        self.setAccessibleName("; ".join(f"{share.name}: {in_bytes(share.size_bytes)}" for share in shares))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("\n".join(f"{in_bytes(share.size_bytes):>8}   {share.name}" for share in shares))

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(320, _ROW * len(self._shares))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's signature
        p = theme.palette
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(sans(SMALL))
        name, size = max(90, self.width() * 2 // 5), 64
        wide = max(self.width() - name - size - 2 * NEAR, 20)
        middle = Qt.AlignmentFlag.AlignVCenter
        for n, share in enumerate(self._shares):
            top = n * _ROW
            painter.setPen(QColor(p.text))
            shown = painter.fontMetrics().elidedText(share.name, Qt.TextElideMode.ElideRight, name)
            painter.drawText(QRectF(0, top, name, _ROW), middle, shown)
            painter.setPen(Qt.PenStyle.NoPen)
            bar = QRectF(name + NEAR, top + (_ROW - _BAR) / 2, wide, _BAR)
            painter.setBrush(QColor(p.line))
            painter.drawRoundedRect(bar, 3, 3)
            bar.setWidth(max(3.0, wide * share.part))
            painter.setBrush(QColor(p.accent if n else mixed(p.strong_line, p.accent, 0.15)))
            painter.drawRoundedRect(bar, 3, 3)
            painter.setPen(QColor(p.muted))
            right = middle | Qt.AlignmentFlag.AlignRight
            painter.drawText(QRectF(self.width() - size, top, size, _ROW), right, in_bytes(share.size_bytes))
