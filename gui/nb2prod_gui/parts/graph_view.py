"""The data-flow graph beside the cells: boxes and lines of `nb2prod.drawing`, the chosen cell in its middle."""

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QPainter, QPainterPath, QPen, QWheelEvent
from PySide6.QtWidgets import QGraphicsPathItem, QGraphicsScene, QGraphicsSceneMouseEvent, QGraphicsView, QWidget

from nb2prod.drawing.layout import HEIGHT, WIDTH, Drawing
from nb2prod.model.roles import Role
from nb2prod_gui.look.palette import SMALL, mixed
from nb2prod_gui.look.theme import sans, theme


class _Box(QGraphicsPathItem):
    """A cell. A click chooses it."""

    def __init__(self, view: "GraphView", cell: int, path: QPainterPath) -> None:
        super().__init__(path)
        self._view, self._cell = view, cell
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:  # noqa: N802 - Qt's name
        event.accept()
        self._view.chosen.emit(self._cell)


class GraphView(QGraphicsView):
    """`chosen` has the 1-based cell that was clicked."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Data flow between cells"))
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)
        self.setFrameShape(QGraphicsView.Shape.NoFrame)
        self._drawing = Drawing((), (), 0, 0)
        self._cell = 0
        self._scene = QGraphicsScene(self)
        self.setScene(self._scene)
        theme.changed.connect(self._draw)

    def show_drawing(self, drawing: Drawing) -> None:
        if drawing != self._drawing:
            self._drawing = drawing
            self._draw()

    def choose(self, cell: int) -> None:
        """Mark the cell and move to it."""
        self._cell = cell
        self._draw()
        box = next((b for b in self._drawing.boxes if b.node.cell == cell), None)
        if box is not None:
            self.centerOn(QPointF(box.x + WIDTH / 2, box.y + HEIGHT / 2))

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
        scale = self.transform().m11() * factor
        if 0.2 < scale < 4:
            self.scale(factor, factor)

    def _draw(self) -> None:
        p, scene = theme.palette, self._scene
        scene.clear()
        self.setBackgroundBrush(QColor(p.surface))
        for line in self._drawing.lines:
            path = QPainterPath(QPointF(*line.points[0]))
            for before, after in zip(line.points, line.points[1:], strict=False):
                middle = (before[1] + after[1]) / 2
                path.cubicTo(QPointF(before[0], middle), QPointF(after[0], middle), QPointF(*after))
            near = self._cell in (line.edge.source, line.edge.target)
            scene.addPath(path, QPen(QColor(p.accent if near else p.strong_line), 2 if near else 1))
        for line in self._drawing.lines:
            if line.label:
                text = scene.addSimpleText(line.label, sans(SMALL - 1))
                text.setBrush(QBrush(QColor(p.muted)))
                size = text.boundingRect()
                text.setPos(line.at[0] - size.width() / 2, line.at[1] - size.height() / 2)
        for box in self._drawing.boxes:
            node = box.node
            path = QPainterPath()
            path.addRoundedRect(QRectF(box.x, box.y, WIDTH, HEIGHT), 8, 8)
            item = _Box(self, node.cell, path)
            ink = p.roles[Role(node.role)] if node.role else p.strong_line
            item.setBrush(QColor(mixed(p.surface, ink, 0.16 if node.use else 0.05)))
            item.setPen(
                QPen(QColor(p.accent if node.cell == self._cell else ink), 2.5 if node.cell == self._cell else 1)
            )
            scene.addItem(item)
            for words, letter, y, colour in (
                (f"{node.cell}  {node.role}", SMALL, 5.0, ink),
                (node.title, SMALL - 1, 24.0, p.text if node.use else p.muted),
            ):
                label = scene.addSimpleText(_short(words, letter), sans(letter, bold=letter == SMALL))
                label.setBrush(QBrush(QColor(colour)))
                label.setPos(box.x + 10, box.y + y)
        margin = 24
        scene.setSceneRect(-margin, -margin, self._drawing.width + 2 * margin, self._drawing.height + 2 * margin)


def _short(text: str, size: int) -> str:
    most = int((WIDTH - 20) / (size * 0.56))
    return text if len(text) <= most else text[: most - 1] + "…"
