"""At which line of its ``.ipynb`` file a line of a cell stands: what other tools call the place of a finding."""

import json
from collections.abc import Callable
from functools import cache

from nb2prod.notebook.positions import Member, elements, members, skip_space

_BOM = "\ufeff"
_UNREADABLE = (ValueError, IndexError, RecursionError)


def lines_in_file(data: bytes) -> Callable[[int | None, int | None], int]:
    """A function from a cell's position and a line in it, both from 1, to the line of the file, from 1.

    Without a line it is that of the cell's source; without a cell, or where the file is none that can be read, the line
    itself, or 1. Jupyter writes a source line by line; where a source is one text, all its lines are on one line.
    """
    try:
        text = data.decode("utf-8")
        cells = _cells(text)
    except _UNREADABLE:
        return lambda cell, line: line if cell is None and line else 1

    @cache
    def starts(cell: int) -> tuple[int, ...]:
        return _source_starts(text, cells[cell - 1])

    def line_of(cell: int | None, line: int | None) -> int:
        if cell is None or not 0 < cell <= len(cells):
            return line if cell is None and line else 1
        try:
            own = starts(cell)
        except _UNREADABLE:
            return 1
        at = own[min(max(line or 1, 1), len(own)) - 1]
        return text.count("\n", 0, at) + 1

    return line_of


def _cells(text: str) -> tuple[int, ...]:
    """Where the ``{`` of each cell stands: in ``cells``, or in the worksheets of nbformat 3. Raises ValueError."""
    top = skip_space(text, text.startswith(_BOM))
    own = {member.key: member for member in _object(text, top)}
    if "cells" in own:
        return tuple(start for start, _ in elements(text, own["cells"].value))
    if "worksheets" not in own:
        raise ValueError("no cells")
    found: list[int] = []
    for sheet, _ in elements(text, own["worksheets"].value):
        inside = {member.key: member for member in _object(text, sheet)}
        if "cells" in inside:
            found += [start for start, _ in elements(text, inside["cells"].value)]
    return tuple(found)


def _source_starts(text: str, cell: int) -> tuple[int, ...]:
    """Where each line of the source stands; at least one place, the cell's own where it has no source."""
    own = {member.key: member for member in _object(text, cell)}
    source = own.get("source") or own.get("input")
    if source is None:
        return (cell,)
    if text[source.value] == '"':
        return (source.value,)
    # Jupyter writes a line in each element; an element may as well be several lines, or a part of one.
    found: list[int] = []
    fresh = True
    for start, end in elements(text, source.value):
        if fresh:
            found.append(start)
        content = json.loads(text[start:end])
        fresh = content.endswith("\n")
        found += [start] * (content.count("\n") - fresh)
    return tuple(found) or (source.value,)


def _object(text: str, start: int) -> tuple[Member, ...]:
    if text[start] != "{":
        raise ValueError("no object")
    return members(text, start)
