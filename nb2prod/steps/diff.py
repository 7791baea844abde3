"""`nb2prod diff`: what changed in the notebook, and what in the project, since the project was generated."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Literal

from nb2prod.analysis.parameters import Parameter
from nb2prod.errors import InputError
from nb2prod.model.notebook import Notebook
from nb2prod.render.project import title_of
from nb2prod.roundtrip.cells import CellChange, cell_changes
from nb2prod.roundtrip.params import fields_of
from nb2prod.roundtrip.places import Function, functions
from nb2prod.secrets import mask_of
from nb2prod.steps.sides import Sides, read_sides, render_base


@dataclass(frozen=True, slots=True)
class Source:
    """Lines of a cell of the notebook that the project was generated from."""

    cell: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines of a generated file that were edited: `line` is the first as it is now. `function` is what they stand in,
    empty at the top of a module; `sources` are the lines of the notebook they come from, none where nb2prod wrote
    them itself."""

    line: int
    function: str
    sources: tuple[Source, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileChange:
    """`hunks` is empty where the file is no text."""

    path: str
    kind: Literal["edited", "deleted", "added"]
    hunks: tuple[Hunk, ...] = ()


@dataclass(frozen=True, slots=True)
class Diff:
    """`fields`: what the notebook's metadata state of the request's columns has changed. `outputs`: only outputs,
    counts or other metadata differ. `mapped`: it is known where generated lines come from."""

    notebook: str
    project: str
    cells: tuple[CellChange, ...]
    fields: bool
    outputs: bool
    files: tuple[FileChange, ...]
    mapped: bool

    @property
    def differs(self) -> bool:
        """Files that people added are no difference."""
        return bool(self.cells or self.fields or self.outputs or any(file.kind != "added" for file in self.files))

    @property
    def cosmetic(self) -> bool:
        """Whether the notebook has changed in nothing that a project follows from."""
        return not self.fields and all(change.cosmetic for change in self.cells)


def diff_project(path: Path, project: Path) -> Diff:
    """Raises InputError where notebook or project cannot be read, NB298 where what was generated is not known."""
    sides = read_sides(path, project)
    try:
        given, sources = render_base(sides)
        places, parameters = functions(given.graph, given.plan, sources, {}), given.plan.parameters
    except InputError:
        places, parameters = None, ()
    old, new = sides.base.notebook, sides.notebook
    cells = tuple(_with_title(change, old, new) for change in cell_changes(old, new))
    fields = old.document["metadata"].get("nb2prod") != new.document["metadata"].get("nb2prod")
    outputs = not cells and not fields and new.digest != old.digest
    files = tuple(sorted(_files(sides, places or (), parameters), key=lambda file: file.path))
    return Diff(str(path), str(project), cells, fields, outputs, files, places is not None)


def diff_json(diff: Diff) -> dict[str, Any]:
    """See docs/json.md."""
    masked = mask_of(())
    body: dict[str, Any] = {
        "differs": diff.differs,
        "notebook": {"path": diff.notebook, "fields": diff.fields, "outputs": diff.outputs, "cosmetic": diff.cosmetic,
                     "cells": [asdict(change) for change in diff.cells]},
        "project": {"path": diff.project, "mapped": diff.mapped, "files": [asdict(file) for file in diff.files]},
    }  # fmt: skip
    for part in (*body["notebook"]["cells"], *(h for file in body["project"]["files"] for h in file["hunks"])):
        part["lines"] = [masked(text) for text in part["lines"]]
    return body


def _with_title(change: CellChange, old: Notebook, new: Notebook) -> CellChange:
    """A change of the first heading is none of looks: it is the project's title."""
    if not change.cosmetic or title_of(old) == title_of(new) or change.kind == "tags":
        return change
    sides = ((old, change.was), (new, change.cell))
    if any(place is not None and place == _titled(notebook) for notebook, place in sides):
        return replace(change, cosmetic=False, detail=f"{change.detail}, the project's title")
    return change


def _titled(notebook: Notebook) -> int | None:
    """The cell of the first heading."""
    headed = (c for c in notebook.cells if c.kind == "markdown" and any(x[:1] == "#" for x in c.source.splitlines()))
    return next((cell.index for cell in headed), None)


def _files(sides: Sides, places: Sequence[Function], parameters: Sequence[Parameter]) -> Iterator[FileChange]:
    for path, text in sides.edited.items():
        was = sides.base.files.get(path)
        sources = _sources(sides, path, places)
        if was is not None and path == f"src/{sides.base.package}/params.py":
            shown = sides.base.notebook.place
            lines = {p.name: Source(p.cell, *[shown(p.cell, p.line)[1]] * 2) for p in parameters}
            sources = {line: lines[name] for name, line in fields_of(was).items() if name in lines}
        hunks = () if text is None or was is None else tuple(_hunks(was, text, sources))
        yield FileChange(path, "edited", hunks)
    yield from (FileChange(path, "deleted") for path in sides.deleted)
    yield from (FileChange(path, "added") for path in sides.added)


def _hunks(was: str, now: str, sources: Mapping[int, Source]) -> Iterator[Hunk]:
    old, new = was.split("\n"), now.split("\n")
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        lines = (*(f"-{line}" for line in old[i:j]), *(f"+{line}" for line in new[k:m]))
        found = [sources[n] for n in range(i + 1, j + 1) if n in sources]
        yield Hunk(k + 1, _function(was, i + 1), _joined(found), lines)


def _joined(found: Sequence[Source]) -> tuple[Source, ...]:
    """One for each run of lines of a cell."""
    whole: list[Source] = []
    for one in sorted(set(found), key=lambda s: (s.cell, s.first)):
        if whole and whole[-1].cell == one.cell and one.first <= whole[-1].last + 1:
            whole[-1] = Source(one.cell, whole[-1].first, max(one.last, whole[-1].last))
        else:
            whole.append(one)
    return tuple(whole)


def _sources(sides: Sides, path: str, places: Sequence[Function]) -> dict[int, Source]:
    """By line of the generated file; a line that the cell has otherwise laid out comes from the whole statement."""
    found: dict[int, Source] = {}
    for function in (one for one in places if one.path == path):
        for place in function.places.values():
            source = sides.base.notebook.cells[place.span.cell - 1].source
            first = source.count("\n", 0, place.span.begin) + 1
            count = source.count("\n", place.span.begin, place.span.end) + 1
            chunk = place.chunk
            lines = _line_pairs(place.original, source[place.span.begin : place.span.end])
            for n in range(chunk.last - chunk.start + 1):
                own = (first + lines[n],) * 2 if n in lines else (first, first + count - 1)
                shown = [sides.base.notebook.place(place.span.cell, line)[1] for line in own]
                found[chunk.start + n] = Source(place.span.cell, *shown)
    return found


def _line_pairs(generated: str, written: str) -> dict[int, int]:
    """Lines of a statement that are the same but for their indentation, or stand at the same place among such."""
    old, new = ([line.strip() for line in text.split("\n")] for text in (generated, written))
    found: dict[int, int] = {}
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal" or j - i == m - k:
            found |= dict(zip(range(i, j), range(k, m), strict=True))
    return found


def _function(source: str, line: int) -> str:
    """The innermost function or class of a module that the line stands in: ``Predictor.predict``."""
    try:
        body: Sequence[ast.AST] = ast.parse(source).body
    except SyntaxError:
        return ""
    names: list[str] = []
    while True:
        inside = next(
            (n for n in body if isinstance(n, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
             and n.lineno <= line <= (n.end_lineno or n.lineno)), None
        )  # fmt: skip
        if inside is None:
            return ".".join(names)
        names.append(inside.name)
        body = inside.body
