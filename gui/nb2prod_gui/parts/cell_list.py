"""The list of cells: its keys, and what the pointer finds in it."""

import html

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPersistentModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QListView, QToolTip

from nb2prod.model.roles import Role
from nb2prod_gui.parts.cell_delegate import CellDelegate, frame_of
from nb2prod_gui.parts.cell_model import CellModel
from nb2prod_gui.parts.cell_spots import NOWHERE, Spot, spot_at

KEYS: dict[str, Role | None] = {
    "p": Role.PARAMETERS,
    "i": Role.IMPORTS,
    "f": Role.FUNCTIONS,
    "d": Role.PREPROCESSING,
    "t": Role.TRAINING,
    "e": Role.EVALUATION,
    "r": Role.REQUEST,
    "x": Role.INFERENCE,
    "a": Role.TEST,
    "s": Role.SKIP,
    "n": None,
}
"""One letter per role; n takes the role away."""
HOVER_AFTER = 90
"""Milliseconds that the pointer rests on a name before it is lit: crossing the page shows nothing."""


class CellList(QListView):
    """The cells. J and K move, a letter gives the role, Enter accepts the suggestion, / searches, ? explains."""

    role_wanted = Signal(object)
    accept_wanted = Signal()
    search_wanted = Signal()
    keys_wanted = Signal()
    slice_wanted = Signal()
    """L: between what goes to production and what this cell comes from."""
    hovered = Signal(int, int, str)
    """Cell, line and name under the pointer; (0, 0, "") where there is no name."""
    mark_chosen = Signal(int, int)
    """Cell and line of the finding whose mark was clicked."""

    def __init__(self, model: CellModel) -> None:
        super().__init__()
        self._cells = model
        self._spot: tuple[int, Spot] = (0, NOWHERE)
        self.setModel(model)
        self._delegate = CellDelegate(self)
        self.setItemDelegate(self._delegate)
        self.setProperty("kind", "ground")
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # else widths change as cells come in
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setBatchSize(40)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Cells of the notebook"))
        self.setAccessibleDescription(self.tr("J and K move, a letter gives a role, Enter accepts the suggestion"))
        self.verticalScrollBar().setSingleStep(24)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(HOVER_AFTER)
        self._rest.timeout.connect(self._tell_hovered)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        letter = event.text().lower()
        plain = not event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        asked = {"/": self.search_wanted, "?": self.keys_wanted, "l": self.slice_wanted}
        if plain and letter in ("j", "k"):
            self.move(1 if letter == "j" else -1)
        elif plain and letter in asked:
            asked[letter].emit()
        elif plain and letter in KEYS:
            self.role_wanted.emit(KEYS[letter])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accept_wanted.emit()
        else:
            super().keyPressEvent(event)

    def move(self, step: int) -> None:  # type: ignore[override]
        """Choose the next or the previous cell."""
        self.choose(min(max(self.currentIndex().row() + step, 0), self.model().rowCount() - 1))

    def choose(self, row: int) -> None:
        index = self.model().index(row, 0)
        self.setCurrentIndex(index)
        self.selectionModel().select(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.scrollTo(index)

    def dataChanged(  # noqa: N802 - Qt's name
        self,
        first: QModelIndex | QPersistentModelIndex,  # noqa: ARG002
        last: QModelIndex | QPersistentModelIndex,  # noqa: ARG002
        roles: object = (),  # noqa: ARG002
    ) -> None:
        """Paint again. Heights follow from the file alone, so nothing is laid out again, as Qt would."""
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.scheduleDelayedItemsLayout()  # heights follow from the width

    def spot(self, point: QPoint) -> tuple[int, Spot]:
        """The cell (0: none) and what is there."""
        index = self.indexAt(point)
        if not index.isValid():
            return 0, NOWHERE
        frame = frame_of(self.visualRect(index))
        return index.row() + 1, spot_at(self._cells.view(index.row()), frame, point, self._delegate.metrics)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        super().mouseMoveEvent(event)
        self._look(self.spot(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        super().leaveEvent(event)
        self._look((0, NOWHERE))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        super().mousePressEvent(event)
        cell, spot = self.spot(event.position().toPoint())
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        if spot.ghost:
            self.accept_wanted.emit()
        elif spot.mark:
            self.mark_chosen.emit(cell, spot.line)

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell, spot = self.spot(event.pos())
            text = self._explained(cell, spot)
            # Marked as rich text by us and escaped: a text of the notebook is never taken for rich text.
            QToolTip.showText(event.globalPos(), f"<qt>{html.escape(text)}</qt>" if text else "", self)
            return True
        return super().viewportEvent(event)

    def _explained(self, cell: int, spot: Spot) -> str:
        view = self._cells.view(cell - 1) if cell else None
        if view is None:
            return ""
        if spot.ghost and view.proposal is not None:
            return self.tr("{0} Click to accept.").format(view.proposal.reason.rstrip(".") + ".")
        if spot.mark:
            return " ".join(f"{f.code}: {f.message} {f.hint}" for f in view.findings if (f.line or 1) == spot.line)
        return ""

    def _look(self, spot: tuple[int, Spot]) -> None:
        if spot == self._spot:
            return
        hand = spot[1].ghost or spot[1].mark
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor)
        before, self._spot = self._spot, spot
        if before[1].name or spot[1].name:
            self._rest.start()

    def _tell_hovered(self) -> None:
        cell, spot = self._spot
        if spot.name:
            self.hovered.emit(cell, spot.line, spot.name)
        else:
            self.hovered.emit(0, 0, "")
