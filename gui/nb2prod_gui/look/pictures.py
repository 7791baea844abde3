"""Small pictures of the samples: our own SVG on a 72 × 56 grid, in the colours of the palette, sharp at every scale."""

from collections.abc import Mapping
from types import MappingProxyType

from PySide6.QtCore import QByteArray, QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QWidget

from nb2prod.model.roles import Role
from nb2prod_gui.look.palette import Palette, mixed
from nb2prod_gui.look.theme import theme

_BARS = "".join(f'<rect x="{x}" y="{48 - h}" width="7" height="{h}" rx="1.5" fill="$B"/>' for x, h in
                ((10, 12), (20, 20), (30, 16), (40, 27), (50, 22)))  # fmt: skip
_GREY = "".join(
    f'<rect x="{20 + 4 * x}" y="{8 + 4 * y}" width="4" height="4" fill="$A" fill-opacity="{shade}"/>'
    for y, row in enumerate(("01222100", "13443310", "24200430", "00002430", "00024310", "00133200", "02441000",
                             "13310000", "24444441", "13333331"))
    for x, shade in enumerate(int(digit) / 4 for digit in row)
    if shade
)  # fmt: skip

PICTURES: Mapping[str, str] = MappingProxyType(
    {
        # a funnel of people, one leaves
        "churn": '<g fill="$B"><circle cx="18" cy="20" r="5"/><path d="M9 40a9 11 0 0 1 18 0z"/>'
        '<circle cx="36" cy="20" r="5"/><path d="M27 40a9 11 0 0 1 18 0z"/></g>'
        '<g fill="none" stroke="$A" stroke-width="2" stroke-dasharray="3 2.5"><circle cx="56" cy="17" r="5"/>'
        '<path d="M47 37a9 11 0 0 1 18 0z"/></g><path d="M50 46h12m-4-3 4 3-4 3" stroke="$A" stroke-width="2"/>',
        # houses of several heights with a roof
        "house_prices": '<g fill="$B"><path d="M8 34 18 25l10 9v14H8z"/><path d="M44 36l9-8 9 8v12H44z"/></g>'
        '<path d="M24 25 36 13l12 12v23H24z" fill="$A"/><path d="M33 48V37h6v11z" fill="$S"/>',
        # bars of days with a curve over them
        "demand": f'{_BARS}<path d="M10 30c8-2 10-12 18-12s10 8 16 2 8-10 16-10" stroke="$A" stroke-width="2.5"/>',
        # two balloons, one content
        "sentiment": '<path d="M8 12h34v22H24l-8 7v-7H8z" fill="$B"/><path d="M30 22h34v20h-6v7l-8-7H30z" fill="$A"/>'
        '<path d="M40 31c3 5 11 5 14 0" stroke="$S" stroke-width="2.5"/>',
        # three clouds of points
        "segments": "".join(
            f'<circle cx="{x}" cy="{y}" r="3" fill="{c}"/>'
            for c, points in (
                ("$A", ((14, 16), (21, 12), (23, 20), (16, 24), (28, 15))),
                ("$B", ((48, 14), (56, 18), (51, 22), (59, 11), (44, 20))),
                ("$C", ((30, 38), (38, 42), (34, 46), (42, 36), (26, 45))),
            )
            for x, y in points
        ),
        # a two, in pixels
        "digits": f'<rect x="16" y="4" width="40" height="48" rx="3" fill="$B" fill-opacity="0.35"/>{_GREY}',
    }
)


def picture_svg(name: str, palette: Palette) -> bytes:
    """Raises KeyError for a picture that there is not."""
    inks = {
        "$A": palette.accent,
        "$B": mixed(palette.surface, palette.accent, 0.35),
        "$C": palette.roles[Role.REQUEST],
        "$S": palette.surface,
    }
    body = PICTURES[name]
    for sign, ink in inks.items():
        body = body.replace(sign, ink)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 56" fill="none" stroke-linecap="round" '
        f'stroke-linejoin="round">{body}</svg>'
    ).encode()


class Picture(QWidget):
    """One of them, in the colours of now."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.setFixedSize(QSize(72, 56))
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's signature
        painter = QPainter(self)
        QSvgRenderer(QByteArray(picture_svg(self._name, theme.palette))).render(painter, QRectF(self.rect()))
        painter.end()
