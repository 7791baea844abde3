"""What the keys of the Cells page do, as a small dialog: `?` opens it, Escape closes it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QVBoxLayout, QWidget

from nb2prod_gui.look.palette import FAR, GAP, NEAR, WIDE
from nb2prod_gui.parts.cell_list import KEYS
from nb2prod_gui.parts.words import label


class KeysCard(QDialog):
    """Two columns: moving and lighting, and the letters of the roles."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setWindowTitle(self.tr("Keys"))
        general = (
            ("J  K", self.tr("next, previous cell")),
            ("Enter", self.tr("accept the suggestion")),
            ("L", self.tr("light what this cell comes from")),
            ("/", self.tr("search")),
            ("Ctrl Z", self.tr("undo")),
            ("Ctrl S", self.tr("save the roles into the notebook")),
            ("?", self.tr("these keys")),
        )
        roles = [(letter.upper(), role.value if role else self.tr("no role")) for letter, role in KEYS.items()]
        column = QVBoxLayout(self)
        column.setContentsMargins(FAR, WIDE, FAR, WIDE)
        column.setSpacing(GAP)
        column.addWidget(label(self.tr("Keys of the cells"), "title"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(NEAR)
        grid.setColumnMinimumWidth(2, WIDE)
        for at, rows in ((0, general), (3, roles)):
            for n, (key, words) in enumerate(rows):
                cap = QLabel(key)
                cap.setTextFormat(Qt.TextFormat.PlainText)
                cap.setProperty("kind", "key")
                cap.setAlignment(Qt.AlignmentFlag.AlignCenter)
                grid.addWidget(cap, n, at)
                grid.addWidget(label(words, wrap=False), n, at + 1)
        column.addLayout(grid)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        if event.text() == "?":
            self.accept()
        else:
            super().keyPressEvent(event)
