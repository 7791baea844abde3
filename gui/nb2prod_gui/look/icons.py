"""Icons: our own SVG paths on a 24 × 24 grid, drawn in a colour of the palette, sharp at every scale."""

import tempfile
from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from nb2prod_gui.look.palette import Palette

PATHS = {
    "start": "M4 11 12 4l8 7v9h-5v-6h-6v6H4z",
    "cells": "M4 5h16v5H4zM4 14h16v5H4zM7 7.5h6M7 16.5h9",
    "interface": "M4 8h12M13 5l3 3-3 3M20 16H8M11 13l-3 3 3 3",
    "preview": "M3 6h6l2 2h10v11H3zM8 13h8M8 16h5",
    "target": "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 11.5v1",
    "run": "M7 5v14l12-7z",
    "result": "M5 12.5 10 17.5 19.5 7",
    "models": "M12 4 4 8l8 4 8-4zM4 12l8 4 8-4M4 16l8 4 8-4",
    "check": "M5 12.5 10 17.5 19.5 7",
    "cross": "M6 6l12 12M18 6 6 18",
    "warning": "M12 4 3 20h18zM12 10v4M12 17v.5",
    "info": "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 11v5M12 8v.5",
    "chevron": "M6 9l6 6 6-6",
    "next": "M9 6l6 6-6 6",
    "stop": "M6 6h12v12H6z",
    "clock": "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4l3 2",
    "folder": "M3 6h6l2 2h10v11H3z",
    "notebook": "M6 4h13v16H6zM6 4v16M3 8h4M3 12h4M3 16h4M10 8h6",
}


def svg(name: str, colour: str) -> bytes:
    """Raises KeyError for an icon that there is not."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="24" height="24" fill="none" '
        f'stroke="{colour}" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">'
        f'<path d="{PATHS[name]}"/></svg>'
    ).encode()


@cache
def pixmap(name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
    """`size` in device-independent pixels."""
    found = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    found.fill(Qt.GlobalColor.transparent)
    painter = QPainter(found)
    QSvgRenderer(QByteArray(svg(name, colour))).render(painter)
    painter.end()
    found.setDevicePixelRatio(ratio)
    return found


def icon(name: str, colour: str) -> QIcon:
    """For buttons and menus; drawn at 1, 1.5 and 2 times."""
    found = QIcon()
    for ratio in (1.0, 1.5, 2.0):
        found.addPixmap(pixmap(name, colour, 20, ratio))
    return found


@cache
def icon_file(name: str, palette: Palette, *, on_accent: bool = False) -> str:
    """The path of an SVG for the style sheet, which takes no pictures from memory."""
    path = _folder() / f"{name}-{palette.name}{'-on' if on_accent else ''}.svg"
    path.write_bytes(svg(name, palette.on_accent if on_accent else palette.muted))
    return path.as_posix()


@cache
def _folder() -> Path:
    # The object is kept by the cache of its name; it is removed with the process.
    holder = tempfile.TemporaryDirectory(prefix="nb2prod-icons-")
    _holders.append(holder)
    return Path(holder.name)


_holders: list[tempfile.TemporaryDirectory[str]] = []
