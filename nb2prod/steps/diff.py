"""`nb2prod diff`: what changed in the notebook, and what in the project, since the project was generated."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Literal

from nb2prod.analysis.parameters import Parameter
from nb2prod.errors import InputError
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
    """`outputs`: only outputs, counts or metadata differ. `mapped`: it is known where generated lines come from."""

    notebook: str
    project: str
    cells: tuple[CellChange, ...]
    outputs: bool
    files: tuple[FileChange, ...]
    mapped: bool

    @property
    def differs(self) -> bool:
        """Files that people added are no difference."""
        return bool(self.cells or self.outputs or any(file.kind != "added" for file in self.files))

    @property
    def cosmetic(self) -> bool:
        """Whether the notebook has changed in nothing that a project follows from."""
        return all(change.cosmetic for change in self.cells)


def diff_project(path: Path, project: Path) -> Diff:
    """Raises InputError where notebook or project cannot be read, NB298 where what was generated is not known."""
    sides = read_sides(path, project)
    try:
        given, sources = render_base(sides)
        places, parameters = functions(given.graph, given.plan, sources, {}), given.plan.parameters
    except InputError:
        places, parameters = None, ()
    cells = cell_changes(sides.base.notebook, sides.notebook)
    outputs = not cells and sides.notebook.digest != sides.base.notebook.digest
    files = tuple(sorted(_files(sides, places or (), parameters), key=lambda file: file.path))
    return Diff(str(path), str(project), cells, outputs, files, places is not None)


def diff_json(diff: Diff) -> dict[str, Any]:
    """See docs/json.md."""
    masked = mask_of(())
    body: dict[str, Any] = {
        "differs": diff.differs,
        "notebook": {"path": diff.notebook, "outputs": diff.outputs, "cosmetic": diff.cosmetic,
                     "cells": [asdict(change) for change in diff.cells]},
        "project": {"path": diff.project, "mapped": diff.mapped, "files": [asdict(file) for file in diff.files]},
    }  # fmt: skip
    for part in (*body["notebook"]["cells"], *(h for file in body["project"]["files"] for h in file["hunks"])):
        part["lines"] = [masked(text) for text in part["lines"]]
    return body


def _files(sides: Sides, places: Sequence[Function], parameters: Sequence[Parameter]) -> Iterator[FileChange]:
    for path, text in sides.edited.items():
        was = sides.base.files.get(path)
        sources = _sources(sides, path, places)
        if was is not None and path == f"src/{sides.base.package}/params.py":
            lines = {parameter.name: Source(parameter.cell, parameter.line, parameter.line) for parameter in parameters}
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
    """By line of the generated file; a statement over several lines comes from all of its lines in the cell, unless
    both have equally many."""
    found: dict[int, Source] = {}
    for function in (one for one in places if one.path == path):
        for place in function.places.values():
            source = sides.base.notebook.cells[place.span.cell - 1].source
            first = source.count("\n", 0, place.span.begin) + 1
            count = source.count("\n", place.span.begin, place.span.end) + 1
            chunk = place.chunk
            same = count == chunk.last - chunk.start + 1
            for n, line in enumerate(range(chunk.start, chunk.last + 1)):
                found[line] = Source(
                    place.span.cell, first + n if same else first, first + (n if same else count - 1)
                )  # fmt: skip
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
