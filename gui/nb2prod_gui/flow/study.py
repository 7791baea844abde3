"""What the analysis says of the open notebook, as the pages read it: `nb2prod.steps.study.Study` and what is beside it.

The analysis runs in a child process (`nb2prod_gui.work.analyst`); these values cross as JSON.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from nb2prod.model.report import Better
from nb2prod.model.roles import Role
from nb2prod.model.schema import Stated
from nb2prod.steps.study import Statement, Study

Kind = Literal["code", "markdown", "raw"]


class Output(msgspec.Struct, frozen=True):
    """`text` as plain text; `png` base64, where the output is a picture; `omitted` says why neither is there."""

    text: str = ""
    png: str = ""
    is_error: bool = False
    omitted: str = ""


class Cell(msgspec.Struct, frozen=True):
    """A cell as it is in the file. `index` counts from 1."""

    index: int
    kind: Kind
    source: str
    role: Role | None = None
    outputs: tuple[Output, ...] = ()


class Opened(msgspec.Struct, frozen=True):
    """The cells of a notebook, once when it is opened or has changed on disk. `digest` is that of the file;
    `fields` is what its metadata states of the request's columns, `watch` which metrics are watched, `answers`
    what callers call columns of the response, `stated` all that it holds under ``nb2prod``."""

    path: str
    digest: str
    cells: tuple[Cell, ...]
    parameters: tuple[str, ...] = ()
    fields: dict[str, Stated] = {}
    stated: dict[str, Any] = {}
    watch: dict[str, Better] = {}
    answers: dict[str, str] = {}

    def saved_roles(self) -> dict[int, Role]:
        return {cell.index: cell.role for cell in self.cells if cell.role is not None}


class Refused(msgspec.Struct, frozen=True):
    """Why the notebook cannot be opened or analysed; `cell` and `line` count from 1."""

    code: str
    message: str
    hint: str = ""
    cell: int | None = None
    line: int | None = None


class Answer(msgspec.Struct):
    """One of the three, to the question `ask`."""

    ask: int
    opened: Opened | None = None
    study: Study | None = None
    refused: Refused | None = None


def behind(statements: Iterable[Statement], wanted: Iterable[int]) -> frozenset[int]:
    """The numbers of the statements that these ones come from, themselves included: a backward slice."""
    by_number: Mapping[int, Statement] = {s.number: s for s in statements}
    found: set[int] = set()
    pending = [number for number in wanted if number in by_number]
    while pending:
        number = pending.pop()
        if number not in found:
            found.add(number)
            pending += (n for n in by_number[number].reads if n in by_number)
    return frozenset(found)


def lines_of(statements: Iterable[Statement], numbers: frozenset[int]) -> dict[int, frozenset[int]]:
    """The lines, from 1, that these statements cover, per cell."""
    lines: dict[int, set[int]] = {}
    for s in statements:
        if s.number in numbers:
            lines.setdefault(s.cell, set()).update(range(s.first, s.last + 1))
    return {cell: frozenset(found) for cell, found in lines.items()}


def slice_of_name(statements: Sequence[Statement], cell: int, line: int, name: str) -> frozenset[int]:
    """The numbers of the statements that a name comes from, as it is at this line of a cell; empty where the line
    neither sets nor reads it."""
    here = next((s for s in statements if s.cell == cell and s.first <= line <= s.last), None)
    if here is None:
        return frozenset()
    if name in here.names:
        return behind(statements, [here.number])
    by_number = {s.number: s for s in statements}
    return behind(statements, [n for n in here.reads if n in by_number and name in by_number[n].names])


def slice_of_cell(statements: Iterable[Statement], cell: int) -> frozenset[int]:
    """The numbers of the statements that the last one of a cell comes from: its result."""
    kept = tuple(statements)
    last = max((s.number for s in kept if s.cell == cell), default=None)
    return behind(kept, [] if last is None else [last])


def lines_in_production(study: Study) -> dict[int, frozenset[int]]:
    """The lines that go to production, per cell."""
    return lines_of(study.statements, frozenset(s.number for s in study.statements if s.use))
