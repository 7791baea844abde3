"""The palette applied: Qt's own palette, the style sheet, fonts. `theme.palette` is what painters read."""

from pathlib import Path
from string import Template
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from nb2prod_gui.look.icons import icon_file
from nb2prod_gui.look.palette import BODY, DARK, DISPLAY, LARGE, LIGHT, MONO, RADIUS, SANS, SMALL, TITLE, Palette

Choice = Literal["system", "light", "dark"]


class Theme(QObject):
    """The one theme of the application; `changed` after every switch."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choice: Choice = "system"
        self.palette = LIGHT

    def choose(self, choice: Choice) -> None:
        """Light, dark, or as the system has it now and later."""
        self.choice = choice
        self.apply()

    def follow_system(self) -> None:
        """Switch with the system while the choice is `system`."""
        QGuiApplication.styleHints().colorSchemeChanged.connect(lambda _: self.apply())

    def apply(self) -> None:
        dark = self.choice == "dark" or (
            self.choice == "system" and QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        )
        self.palette = DARK if dark else LIGHT
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.setStyle("Fusion")
        application.setFont(sans())
        application.setPalette(_qt_palette(self.palette))
        application.setStyleSheet(_style_sheet(self.palette))
        self.changed.emit()


theme = Theme()


def sans(size: int = BODY, *, bold: bool = False) -> QFont:
    font = QFont(list(SANS))
    font.setPixelSize(size)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return font


def mono(size: int = BODY - 1) -> QFont:
    font = QFont(list(MONO))
    font.setPixelSize(size)
    font.setFixedPitch(True)
    return font


def _qt_palette(p: Palette) -> QPalette:
    role = QPalette.ColorRole
    found = QPalette()
    for part, colour in (
        (role.Window, p.ground),
        (role.Base, p.surface),
        (role.AlternateBase, p.ground),
        (role.Button, p.raised),
        (role.WindowText, p.text),
        (role.Text, p.text),
        (role.ButtonText, p.text),
        (role.PlaceholderText, p.muted),
        (role.Highlight, p.selected),
        (role.HighlightedText, p.text),
        (role.Link, p.accent),
        (role.ToolTipBase, p.raised),
        (role.ToolTipText, p.text),
    ):
        found.setColor(part, QColor(colour))
    disabled = QPalette.ColorGroup.Disabled
    for part in (role.WindowText, role.Text, role.ButtonText):
        found.setColor(disabled, part, QColor(p.strong_line))
    return found


def _style_sheet(palette: Palette) -> str:
    """`style.qss` with the palette's values. Raises KeyError for a name in it that there is not."""
    values = {name: value for name, value in vars(palette).items() if isinstance(value, str)}
    sizes = {"small": SMALL, "body": BODY, "large": LARGE, "title": TITLE, "display": DISPLAY, "radius": RADIUS}
    icons = {"chevron": icon_file("chevron", palette), "check": icon_file("check", palette, on_accent=True)}
    text = (Path(__file__).parent / "style.qss").read_text(encoding="utf-8")
    return Template(text).substitute(values, **sizes, **icons)
