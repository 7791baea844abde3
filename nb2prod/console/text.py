"""Lines of text for a terminal or a file: styled where that is welcome, and never able to drive the terminal.

What comes from a notebook (names, titles, outputs) may hold escape sequences; `printable` takes them out.
"""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TextIO

Style = Literal["", "bold", "dim", "green", "yellow", "red", "cyan"]

_CODES: dict[str, str] = {"bold": "1", "dim": "2", "green": "32", "yellow": "33", "red": "31", "cyan": "36"}


@dataclass(frozen=True, slots=True)
class Line:
    """Spans of text, each with a style."""

    spans: tuple[tuple[str, Style], ...] = ()

    def __str__(self) -> str:
        return "".join(text for text, _ in self.spans)


def line(*spans: str | tuple[str, Style]) -> Line:
    """A line from plain strings and ``(text, style)`` pairs; everything is made printable."""
    pairs = ((span, "") if isinstance(span, str) else span for span in spans)
    return Line(tuple((printable(text), style) for text, style in pairs))  # type: ignore[misc]


def printable(text: str) -> str:
    """`text` on one line, without control characters and bidirectional overrides."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else " " if char.isspace() else "\N{REPLACEMENT CHARACTER}" for char in text
    )


def is_live(stream: TextIO) -> bool:
    """Whether lines already written can be drawn over: a terminal, and not a dumb one."""
    return stream.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")


def is_coloured(stream: TextIO) -> bool:
    """NO_COLOR wins over FORCE_COLOR, FORCE_COLOR over what the stream is."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or is_live(stream)


def write_lines(lines: Iterable[Line], stream: TextIO | None = None) -> None:
    """Write to `stream` (stderr where None). What its encoding lacks is written as an escape."""
    stream = stream or sys.stderr
    coloured = is_coloured(stream)
    encoding = stream.encoding or "utf-8"
    for one in lines:
        text = "".join(_styled(text, style) if coloured else text for text, style in one.spans)
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()


def columns(rows: Iterable[tuple[Any, ...]], *, gap: str = "  ") -> tuple[str, ...]:
    """Rows of cells as aligned lines: numbers to the right, text to the left."""
    table = [tuple(row) for row in rows]
    if not table:
        return ()
    texts = [tuple(printable("" if cell is None else str(cell)) for cell in row) for row in table]
    widths = [max(len(row[n]) for row in texts) for n in range(len(texts[0]))]
    lines = []
    for row, cells in zip(texts, table, strict=True):
        parts = [
            text.rjust(width) if isinstance(cell, int | float) else text.ljust(width)
            for text, cell, width in zip(row, cells, widths, strict=True)
        ]
        lines.append(gap.join(parts).rstrip())
    return tuple(lines)


def megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB"


def seconds_text(seconds: float | None) -> str:
    """``0.4 s``, ``12 s``, ``2 min 05 s``"""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"


def _styled(text: str, style: Style) -> str:
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if style and text else text
