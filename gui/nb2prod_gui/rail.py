"""The rail: the pages in the order of the walk, which of them is shown, and why one cannot be entered yet."""

from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QPushButton, QVBoxLayout, QWidget

from nb2prod_gui.flow.walk import WALK, Page, Standing, why_not
from nb2prod_gui.look.icons import icon
from nb2prod_gui.look.palette import GAP, TIGHT, WIDE
from nb2prod_gui.look.theme import theme
from nb2prod_gui.parts.words import button, label


class Rail(QWidget):
    """`wanted` has the page that was clicked."""

    wanted = Signal(Page)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("rail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(196)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, WIDE, GAP, WIDE)
        column.setSpacing(TIGHT)
        name = label("nb2prod", "heading")
        name.setContentsMargins(GAP, 0, 0, GAP)
        column.addWidget(name)
        titles = {
            Page.START: self.tr("Start"),
            Page.CELLS: self.tr("Cells"),
            Page.INTERFACE: self.tr("Interface"),
            Page.PREVIEW: self.tr("Preview"),
            Page.TARGET: self.tr("Target"),
            Page.RUN: self.tr("Run"),
            Page.RESULT: self.tr("Result"),
            Page.MODELS: self.tr("Models"),
        }
        self.steps: dict[Page, QPushButton] = {}
        group = QButtonGroup(self)
        for page in (*WALK, Page.MODELS):
            if page is Page.MODELS:
                column.addSpacing(WIDE)
            step = button(titles[page], "step")
            step.setCheckable(True)
            step.setIconSize(QSize(20, 20))
            step.clicked.connect(lambda _=False, page=page: self.wanted.emit(page))
            group.addButton(step)
            self.steps[page] = step
            column.addWidget(step)
        column.addStretch(1)
        theme.changed.connect(self._draw)
        self._draw()

    def title(self, page: Page) -> str:
        return self.steps[page].text()

    def show_standing(self, now: Page, standing: Standing) -> None:
        """`now` is the page that is shown."""
        for page, step in self.steps.items():
            reason = why_not(page, standing, QCoreApplication.translate)
            step.setEnabled(not reason)
            step.setToolTip(reason)
            step.setChecked(page is now)

    def _draw(self) -> None:
        for page, step in self.steps.items():
            step.setIcon(icon(page.value, theme.palette.muted))
