"""Edits of a project that cannot go back into its notebook, each with the reason and with what it meets."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nb2prod.files.digest import digest_bytes
from nb2prod.files.manifest import read_manifest
from nb2prod.files.source import read_file
from nb2prod.roundtrip.edits import Stuck
from nb2prod.steps.converting import analysed
from nb2prod.steps.reading import notebook_from
from nb2prod.steps.sides import Sides


@dataclass(frozen=True, slots=True)
class Conflict:
    """An edit that cannot be written. `project` is its text, at line `project_line` of `path`; `notebook` what it
    meets: with `both` the notebook's own text now, else the text as it was generated."""

    reason: str
    path: str
    project_line: int
    project: str
    notebook: str
    cell: int | None = None
    both: bool = False


@dataclass(frozen=True, slots=True)
class CellUpdate:
    """A cell that gets edits: its position now, its source now and then, and where in the project they were made."""

    cell: int
    before: str
    after: str
    places: tuple[tuple[str, int], ...]


def conflict_of(stuck: Stuck) -> Conflict:
    """With the lines that differ, of statements that may be whole functions."""
    now, was = stuck.now.split("\n"), stuck.was.split("\n")
    first = next((n for n, (one, other) in enumerate(zip(now, was, strict=False)) if one != other), 0)
    while len(now) > first and len(was) > first and now[-1] == was[-1]:
        now, was = now[:-1], was[:-1]
    return Conflict(
        stuck.reason, stuck.path, stuck.line + first, "\n".join(now[first:]), "\n".join(was[first:]), stuck.cell
    )


def edited_copies(sides: Sides, home: Path) -> Iterator[Stuck]:
    """Copies of modules beside the notebook that were edited, unless the module has the edit too: the next build copies
    the module."""
    for path, origin in sides.copies.items():
        module, copy = home / origin, sides.project / path
        there = read_file(module) if module.is_file() else None
        if copy.is_file() and there == read_file(copy):
            continue
        reason = f"this is a copy of {origin}, "
        if there is not None and digest_bytes(there) == read_manifest(sides.project)[path]:
            command = f"cp {shlex.quote(str(copy))} {shlex.quote(str(module))}"
            reason += f"which has not changed: `{command}` takes the edit there"
        else:
            reason += "which has changed too: make the edit there, then copy it here" if there else "which is gone"
        yield Stuck(path, 1, "", "", reason)


def left_undefined(sides: Sides, after: bytes, updates: Sequence[CellUpdate]) -> Iterator[Conflict]:
    """Names that a cell still reads when the edits have taken them away: a plot's, which no project follows from."""
    if not updates:
        return
    before = {name for _, name in analysed(sides.notebook, sides).graph.undefined}
    graph = analysed(notebook_from(after, sides.path), sides).graph
    for number, name in graph.undefined:
        if name not in before:
            s = graph.statements[number]
            named = (update for update in updates if re.search(rf"\b{re.escape(name)}\b", update.before))
            path, line = next(named, updates[0]).places[0]
            reason = f"with the edits, nothing defines `{name}`, which this cell still reads: change it there first"
            text = "\n".join(graph.notebook.cells[s.cell - 1].source.split("\n")[s.first_line - 1 : s.last_line])
            yield Conflict(reason, path, line, "", text, s.cell, both=True)
