"""What lies under a point of a painted cell: the ghost of a suggestion, the mark of a finding, a name in the code."""

import re
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QFontMetrics

from nb2prod_gui.look.palette import GAP, NEAR, SMALL
from nb2prod_gui.look.theme import sans
from nb2prod_gui.parts.cell_layout import GUTTER, HEAD, Metrics, wrapped
from nb2prod_gui.parts.cell_model import CellView
from nb2prod_gui.parts.code import TAB

_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Spot:
    """`ghost`: the badge of a suggestion. `line` counts from 1; 0 outside the code. `mark`: where that line's finding
    is shown. `name`: the word under the point."""

    ghost: bool = False
    line: int = 0
    mark: bool = False
    name: str = ""


NOWHERE = Spot()


def badge_width(text: str) -> int:
    """Of the pill with a role in it."""
    return QFontMetrics(sans(SMALL, bold=True)).horizontalAdvance(text) + 2 * NEAR + 2


def spot_at(view: CellView, frame: QRect, point: QPoint, metrics: Metrics) -> Spot:
    """`frame` is where the cell is painted."""
    if view.cell.kind != "code" or not frame.contains(point):
        return NOWHERE
    x, y = point.x() - frame.left(), point.y() - frame.top()
    if y < HEAD:
        ghost = view.role is None and view.proposal is not None
        width = badge_width(f"{view.proposal.role.value}?") if view.proposal is not None else 0
        return Spot(ghost=ghost and GUTTER <= x < GUTTER + width)
    row = (y - HEAD - NEAR) // metrics.line
    if row < 0:
        return NOWHERE
    columns = metrics.columns(frame.width())
    for number, text in enumerate(view.cell.source.replace("\t", TAB).split("\n"), 1):
        rows = len(wrapped(text, columns))
        if row >= rows:
            row -= rows
            continue
        if x < GUTTER:
            marked = any((finding.line or 1) == number for finding in view.findings)
            return Spot(line=number, mark=marked and x >= GUTTER - GAP - 20)
        column = row * columns + int((x - GUTTER) / metrics.letter)
        word = next((m[0] for m in _NAME.finditer(text) if m.start() <= column < m.end()), "")
        return Spot(line=number, name=word)
    return NOWHERE
