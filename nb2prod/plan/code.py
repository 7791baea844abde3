"""The notebook's code as it reads in the package: names that have become arguments are changed in place.

In `train` a parameter is read as ``params.alpha``; in `predict` an artifact as ``self.model``; a function that needs a
value is called with it. Everything else stays as it was written.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from nb2prod.analysis.graph import NotebookGraph, Placed, Statement
from nb2prod.analysis.names import kind_of
from nb2prod.analysis.nodes import walk
from nb2prod.plan.selection import Feature, Selection
from nb2prod.plan.splice import Cut, Edit, add_arguments, add_parameters, cut, replace_node

_LEFT = re.compile(r"\s*pass\s*(#.*)?")


@dataclass(frozen=True, slots=True)
class Code:
    """A statement as it reads in the package. `statement` is its number in the notebook graph; `lines` are the
    cell and its line that each line of `text` comes from; `apart` whether an empty line stands above it in its cell,
    `keeps` whether it also keeps values for the prediction."""

    statement: int
    cell: int
    text: str
    lines: tuple[tuple[int, int], ...]
    first_line: int
    apart: bool = False
    keeps: bool = False


class NotSpliceable(Exception):  # noqa: N818  (not an error of the user: the caller falls back)
    """A name stands where it cannot be replaced: in a string (``df.query``), or in an f-string before Python 3.12."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class Splicer:
    """How names read in one module: `value_of` gives the text for a name, or None where it stays as it is."""

    graph: NotebookGraph
    selection: Selection
    value_of: Callable[[Statement, str], str | None]
    qualified: frozenset[str] = frozenset()
    """Features that are reached through the module, since their names are taken here."""

    def statement(self, number: int) -> Code:
        s = self.graph.statements[number]
        source = cell_source(self.graph, s.cell)
        piece = cut(source, s.node, self.edits(s, source))
        code = self._code(s, piece)
        if s.dropped:
            whole = zip(code.lines, code.text.split("\n"), strict=True)
            kept = [(origin, line) for origin, line in whole if not _LEFT.fullmatch(line)]
            return replace(code, text="\n".join(line for _, line in kept), lines=tuple(origin for origin, _ in kept))
        if s.literal or s.fitted:
            return replace(code, text=f"{next(iter(s.facts.binds))} = {code.text}")
        return code

    def definition(self, feature: Feature) -> Code:
        """A function or class; what it needs has become keyword-only parameters."""
        s = self.graph.statements[feature.statement]
        source = cell_source(self.graph, s.cell)
        edits = list(self.edits(s, source))
        function = self.graph.definitions[feature.statement].node
        if feature.needs and not isinstance(function, ast.ClassDef):
            edits.append(add_parameters(function, source, feature.needs))
        piece = cut(source, s.node, edits)
        return self._code(s, piece)

    def _code(self, s: Statement, piece: Cut) -> Code:
        text = _without_replaced_lines(self.graph, s, piece)
        lines = tuple((s.cell, line) for line in piece.lines[-len(text.split("\n")) :])
        return Code(s.number, s.cell, text, lines, piece.first_line, piece.apart)

    def edits(self, s: Statement, source: str) -> Iterable[Edit]:
        calls = {id(n.func): n for n in walk(s.node) if isinstance(n, ast.Call)}
        blurred = inside_f_strings(s.node)
        for left in s.dropped:
            assert left.end_lineno is not None
            assert left.end_col_offset is not None
            yield Edit(left.lineno, left.col_offset, left.end_lineno, left.end_col_offset, "pass")
        for use in s.facts.uses:
            if use.context != "load":
                continue
            if isinstance(use.node, Placed):
                yield replace_node(use.node, self.value_of(s, use.name) or use.name)
                continue
            spliceable = isinstance(use.node, ast.Name) and id(use.node) not in blurred
            feature = self._feature(s, use.name)
            if feature is not None:
                if spliceable:
                    assert isinstance(use.node, ast.Name)
                    yield from self._feature_use(s, source, feature, use.node, calls.get(id(use.node)))
                elif isinstance(use.node, ast.Name):
                    raise NotSpliceable(use.name)
                continue
            text = self.value_of(s, use.name)
            if text is not None and text != use.name:
                if not spliceable:
                    raise NotSpliceable(use.name)
                assert isinstance(use.node, ast.Name)
                yield replace_node(use.node, text)

    def _feature(self, s: Statement, name: str) -> Feature | None:
        """The function or class that the name stands for here, if it reads another way in the package."""
        feature = self.selection.feature(name)
        if feature is None or not (feature.needs or name in self.qualified):
            return None
        contributors = self.graph.reads[s.number].get(name)
        return feature if contributors is None or kind_of(self.graph, contributors) == "feature" else None

    def _feature_use(
        self, s: Statement, source: str, feature: Feature, name: ast.Name, call: ast.Call | None
    ) -> Iterable[Edit]:
        text = f"notebook_code.{feature.name}" if feature.name in self.qualified else feature.name
        given = ", ".join(f"{need}={self.value_of(s, need) or need}" for need in feature.needs)
        if call is None and feature.needs:  # handed over as a value: df.apply(f)
            yield replace_node(name, f"partial({text}, {given})")
            return
        if text != feature.name:
            yield replace_node(name, text)
        if call is not None and given:
            yield from add_arguments(call, source, given)


def cell_source(graph: NotebookGraph, cell: int) -> str:
    source = graph.notebook.cells[cell - 1].python
    assert source is not None
    return source


def inside_f_strings(node: ast.AST) -> set[int]:
    """Names whose columns `ast` does not know: Python 3.11 places the inside of f-strings wrongly (bpo-35212)."""
    if sys.version_info >= (3, 12):
        return set()
    return {id(n) for f in walk(node) if isinstance(f, ast.JoinedStr) for n in walk(f)}


def _without_replaced_lines(graph: NotebookGraph, s: Statement, piece: Cut) -> str:
    """Leave out comment lines that stand for IPython syntax: they say nothing about this statement."""
    cell = graph.notebook.cells[s.cell - 1]
    original = set(cell.source.split("\n"))
    lines = piece.text.split("\n")
    while lines and lines[0].startswith("#") and lines[0] not in original:
        lines.pop(0)
    return "\n".join(lines)
