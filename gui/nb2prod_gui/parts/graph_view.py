"""The data-flow graph beside the cells: boxes and lines of `nb2prod.drawing`, the chosen cell in its middle."""

from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPen, QWheelEvent
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene, QGraphicsView, QStyleOptionGraphicsItem, QWidget

from nb2prod.drawing.layout import HEIGHT, WIDTH, Box, Drawing, Line
from nb2prod.model.roles import Role
from nb2prod_gui.look.palette import RADIUS, SMALL, mixed
from nb2prod_gui.look.theme import sans, theme

MARGIN = 24
_LEAST_ZOOM, _MOST_ZOOM = 0.2, 4.0


class _Picture(QGraphicsItem):
    """The whole drawing as one item: thousands of boxes are painted where they are seen, and none is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.drawing = Drawing((), (), 0, 0)
        self.cell = 0
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)  # to be told what is exposed

    def show_drawing(self, drawing: Drawing) -> None:
        self.prepareGeometryChange()
        self.drawing = drawing

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        return QRectF(0, 0, self.drawing.width, self.drawing.height).adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:  # noqa: ARG002
        seen: QRectF = option.exposedRect
        lines = [line for line in self.drawing.lines if _area(line).intersects(seen)]
        for line in lines:
            self._paint_line(painter, line)
        painter.setFont(sans(SMALL - 1))
        painter.setPen(QColor(theme.palette.muted))
        for line in lines:
            if line.label:
                place = QRectF(line.at[0] - line.half - 20, line.at[1] - 9, 2 * line.half + 40, 18)
                painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), line.label)
        for box in self.drawing.boxes:
            if QRectF(box.x, box.y, WIDTH, HEIGHT).intersects(seen):
                self._paint_box(painter, box)

    def _paint_line(self, painter: QPainter, line: Line) -> None:
        path = QPainterPath(QPointF(*line.points[0]))
        for before, after in pairwise(line.points):
            middle = (before[1] + after[1]) / 2
            path.cubicTo(QPointF(before[0], middle), QPointF(after[0], middle), QPointF(*after))
        near = self.cell in (line.edge.source, line.edge.target)
        p = theme.palette
        painter.strokePath(path, QPen(QColor(p.accent if near else p.strong_line), 2 if near else 1))

    def _paint_box(self, painter: QPainter, box: Box) -> None:
        p, node = theme.palette, box.node
        ink = p.roles[Role(node.role)] if node.role else p.strong_line
        chosen = node.cell == self.cell
        painter.setBrush(QColor(mixed(p.surface, ink, 0.16 if node.use else 0.05)))
        painter.setPen(QPen(QColor(p.accent if chosen else ink), 2.5 if chosen else 1))
        painter.drawRoundedRect(QRectF(box.x, box.y, WIDTH, HEIGHT), RADIUS, RADIUS)
        for words, letter, y, colour in (
            (f"{node.cell}  {node.role}", SMALL, 5.0, ink),
            (node.title, SMALL - 1, 24.0, p.text if node.use else p.muted),
        ):
            painter.setFont(sans(letter, bold=letter == SMALL))
            painter.setPen(QColor(colour))
            place = QRectF(box.x + 10, box.y + y, WIDTH - 20, letter + 6)
            text = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, round(place.width()))
            painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), text)


class GraphView(QGraphicsView):
    """`chosen` has the 1-based cell that was clicked."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Data flow between cells"))
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)
        self.setFrameShape(QGraphicsView.Shape.NoFrame)
        self._picture = _Picture()
        self._scene = QGraphicsScene(self)
        self._scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self._scene.addItem(self._picture)
        self.setScene(self._scene)
        theme.changed.connect(self._redraw)
        self._redraw()

    def show_drawing(self, drawing: Drawing) -> None:
        if drawing != self._picture.drawing:
            self._picture.show_drawing(drawing)
            self._scene.setSceneRect(self._picture.boundingRect())
            self.choose(self._picture.cell)

    def choose(self, cell: int) -> None:
        """Mark the cell and move to it, or to what is nearest of the notebook where it has no box: text, imports."""
        self._picture.cell = cell
        box = min(self._picture.drawing.boxes, key=lambda b: abs(b.node.cell - cell), default=None)
        if box is not None:
            self.centerOn(QPointF(box.x + WIDTH / 2, box.y + HEIGHT / 2))
        self._redraw()

    def box_at(self, point: QPointF) -> int:
        """The cell whose box is at this point of the drawing; 0 where there is none."""
        boxes = self._picture.drawing.boxes
        return next((b.node.cell for b in boxes if QRectF(b.x, b.y, WIDTH, HEIGHT).contains(point)), 0)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if event.button() is Qt.MouseButton.LeftButton and (cell := self.box_at(self.mapToScene(event.pos()))):
            self.chosen.emit(cell)
        else:
            super().mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._zoom(1.15 if event.angleDelta().y() > 0 else 1 / 1.15)
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        match event.key():
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self._zoom(1.15)
            case Qt.Key.Key_Minus:
                self._zoom(1 / 1.15)
            case _:
                super().keyPressEvent(event)

    def _zoom(self, factor: float) -> None:
        if _LEAST_ZOOM < self.transform().m11() * factor < _MOST_ZOOM:
            self.scale(factor, factor)

    def _redraw(self) -> None:
        self.setBackgroundBrush(QColor(theme.palette.surface))
        self._picture.update()


def _area(line: Line) -> QRectF:
    xs, ys = [x for x, _ in line.points], [y for _, y in line.points]
    return QRectF(min(xs) - 2, min(ys) - 2, max(xs) - min(xs) + 4, max(ys) - min(ys) + 4)
