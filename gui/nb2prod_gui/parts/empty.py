"""What a page shows while there is nothing to show: what would be here, and the button that makes it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from nb2prod_gui.look.icons import pixmap
from nb2prod_gui.look.palette import GAP
from nb2prod_gui.look.theme import theme
from nb2prod_gui.parts.words import button, label


class Empty(QWidget):
    """`wanted` when the button is pressed; no button where `action` is empty."""

    wanted = Signal()

    def __init__(self, icon: str, title: str, line: str, action: str = "") -> None:
        super().__init__()
        self.setObjectName("page")
        column = QVBoxLayout(self)
        column.setSpacing(GAP)
        column.addStretch(2)
        picture = QLabel()
        picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        picture.setPixmap(pixmap(icon, theme.palette.strong_line, 56, self.devicePixelRatioF()))
        column.addWidget(picture)
        for text, kind in ((title, "title"), (line, "muted")):
            found = label(text, kind)
            found.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(found)
        if action:
            press = button(action, "primary")
            press.clicked.connect(self.wanted)
            column.addWidget(press, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch(3)
