"""How high the parts of a cell are, and where: computed from numbers of lines alone, so that thousands are quick.

┌ head: number, role, suggestion ────────────┐
│ code: lines of one height, wrapped anywhere │
│ outputs: text, pictures                     │
└─────────────────────────────────────────────┘
"""

import base64
import struct
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QUrl
from PySide6.QtGui import QTextDocument, QTextOption

from nb2prod_gui.flow.study import Cell, Output
from nb2prod_gui.look.palette import GAP, NEAR
from nb2prod_gui.look.theme import sans
from nb2prod_gui.parts.code import TAB

HEAD = 34
GUTTER = 58
"""Left of the code: line numbers and marks of findings."""
MOST_TEXT_LINES = 12
TALLEST_PICTURE = 240


@dataclass(frozen=True, slots=True)
class Metrics:
    """Of the code font, in pixels."""

    line: int
    letter: float

    def columns(self, width: int) -> int:
        """How many letters fit beside the gutter in a cell of this width."""
        return max(20, int((width - GUTTER - GAP) / self.letter))


def wrapped(line: str, columns: int) -> list[str]:
    """The line cut into pieces of at most `columns` letters; one empty piece for an empty line."""
    return [line[at : at + columns] for at in range(0, len(line), columns)] or [""]


@lru_cache(maxsize=8192)
def rows_of(source: str, columns: int) -> int:
    """Painted rows of a source."""
    lines = source.replace("\t", TAB).split("\n")
    if max(map(len, lines)) <= columns:
        return len(lines)
    return sum(max(1, -(-len(line) // columns)) for line in lines)


def body_height(cell: Cell, width: int, metrics: Metrics) -> int:
    """Of the code or the text, without head and outputs."""
    if cell.kind == "markdown":
        return markdown_height(cell.source, width - 2 * GAP)
    return rows_of(cell.source, metrics.columns(width)) * metrics.line + 2 * NEAR


def output_height(output: Output, width: int, metrics: Metrics) -> int:
    if output.png:
        return picture_size(output.png, width - GUTTER - GAP)[1] + NEAR
    columns = metrics.columns(width)
    rows = min(rows_of(output.text.rstrip("\n"), columns), MOST_TEXT_LINES + 1) if output.text else 0
    return (rows + bool(output.omitted)) * metrics.line + NEAR


def cell_height(cell: Cell, width: int, metrics: Metrics) -> int:
    """The whole cell in a list of this width, in pixels."""
    outputs = sum(output_height(output, width, metrics) for output in cell.outputs)
    head = HEAD if cell.kind == "code" else NEAR
    return head + body_height(cell, width, metrics) + (outputs + NEAR if outputs else 0) + NEAR + GAP


@lru_cache(maxsize=4096)
def picture_size(png: str, width: int) -> tuple[int, int]:
    """Width and height to paint a PNG (base64) in, from its header. (0, 0) where it is none."""
    try:
        head = base64.b64decode(png[:48])
        if head[:8] != b"\x89PNG\r\n\x1a\n":
            return 0, 0
        wide, high = struct.unpack(">II", head[16:24])
    except (ValueError, struct.error):
        return 0, 0
    scale = min(1.0, width / max(wide, 1), TALLEST_PICTURE / max(high, 1))
    return round(wide * scale), round(high * scale)


class PlainDocument(QTextDocument):
    """Markdown without HTML, which loads nothing: pictures and links of a stranger's notebook stay text."""

    def loadResource(self, type: int, name: QUrl | str) -> object:  # noqa: ARG002, N802 - Qt's signature
        return None


@lru_cache(maxsize=256)
def markdown_document(source: str, width: int) -> QTextDocument:
    """Ready to be painted in a column of this width."""
    document = PlainDocument()
    document.setDefaultFont(sans())
    document.setDocumentMargin(0)
    document.setUndoRedoEnabled(False)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    document.setDefaultTextOption(option)
    document.setMarkdown(source, QTextDocument.MarkdownFeature.MarkdownNoHTML)
    document.setTextWidth(max(width, 50))
    return document


@lru_cache(maxsize=8192)
def markdown_height(source: str, width: int) -> int:
    return round(markdown_document(source, width).size().height()) + 2 * NEAR
