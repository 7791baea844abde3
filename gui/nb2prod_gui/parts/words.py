"""Labels and buttons of the few kinds that the style knows. Every text is plain text, whoever wrote it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from nb2prod_gui.look.palette import GAP


def label(text: str = "", kind: str = "", *, wrap: bool = True) -> QLabel:
    """`kind`: ``display``, ``title``, ``heading``, ``muted``, ``small``, ``good``, ``bad``, ``warning`` or none."""
    found = QLabel(text)
    found.setTextFormat(Qt.TextFormat.PlainText)
    found.setWordWrap(wrap)
    if kind:
        found.setProperty("kind", kind)
    return found


def set_kind(widget: QWidget, kind: str) -> None:
    """Change what the style makes of a widget."""
    widget.setProperty("kind", kind)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def button(text: str, kind: str = "", *, name: str = "") -> QPushButton:
    """`kind`: ``primary``, ``quiet`` or none. `name` is what a screen reader says, where the text does not."""
    found = QPushButton(text)
    if kind:
        found.setProperty("kind", kind)
    if name:
        found.setAccessibleName(name)
    return found


def card(*, hot: bool = False) -> tuple[QFrame, QVBoxLayout]:
    """A frame on the ground, and the column in it. `hot`: it shows when the pointer is over it."""
    frame = QFrame()
    frame.setProperty("kind", "card")
    frame.setProperty("hot", "true" if hot else "false")
    column = QVBoxLayout(frame)
    column.setContentsMargins(GAP + 4, GAP + 2, GAP + 4, GAP + 2)
    column.setSpacing(6)
    return frame, column
