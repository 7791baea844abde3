"""The notebook's code as it reads in the package: names that have become arguments are changed in place.

In `train` a parameter is read as ``params.alpha``; in `predict` an artifact as ``self.model``; a function that needs a
value is called with it. Everything else stays as it was written.
"""

import ast
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.plan.selection import Feature, Selection
from nb2prod.plan.splice import Cut, Edit, add_arguments, add_parameters, cut, replace_node


@dataclass(frozen=True, slots=True)
class Code:
    """A statement as it reads in the package. `statement` is its number in the notebook graph."""

    statement: int
    cell: int
    text: str
    first_line: int


class NotSpliceable(Exception):  # noqa: N818  (not an error of the user: the caller falls back)
    """A name stands where its position is not known (inside an f-string before Python 3.12)."""

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
        piece = cut(source, s.node, self._edits(s, source))
        return Code(number, s.cell, _without_replaced_lines(self.graph, s, piece), piece.first_line)

    def expression(self, number: int) -> Code:
        """The value of an expression statement, e.g. for ``return``; comments above it come along."""
        return self.statement(number)

    def definition(self, feature: Feature) -> Code:
        """A function or class; what it needs has become keyword-only parameters."""
        s = self.graph.statements[feature.statement]
        source = cell_source(self.graph, s.cell)
        edits = list(self._edits(s, source))
        if feature.needs and isinstance(s.node, ast.FunctionDef | ast.AsyncFunctionDef):
            edits.append(add_parameters(s.node, source, feature.needs))
        piece = cut(source, s.node, edits)
        return Code(feature.statement, s.cell, _without_replaced_lines(self.graph, s, piece), piece.first_line)

    def _edits(self, s: Statement, source: str) -> Iterable[Edit]:
        calls = {id(n.func): n for n in ast.walk(s.node) if isinstance(n, ast.Call)}
        blurred = _inside_f_strings(s.node)
        for use in s.facts.uses:
            if use.context != "load" or not isinstance(use.node, ast.Name):
                continue
            feature = self.selection.feature(use.name)
            if feature is not None and (feature.needs or use.name in self.qualified):
                if id(use.node) in blurred:
                    raise NotSpliceable(use.name)
                yield from self._feature_use(s, source, feature, use.node, calls.get(id(use.node)))
                continue
            text = self.value_of(s, use.name)
            if text is not None and text != use.name:
                if id(use.node) in blurred:
                    raise NotSpliceable(use.name)
                yield replace_node(use.node, text)

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
            yield add_arguments(call, source, given)


def cell_source(graph: NotebookGraph, cell: int) -> str:
    source = graph.notebook.cells[cell - 1].python
    assert source is not None
    return source


def _inside_f_strings(node: ast.AST) -> set[int]:
    """Names whose columns `ast` does not know: Python 3.11 places the inside of f-strings wrongly (bpo-35212)."""
    if sys.version_info >= (3, 12):
        return set()
    return {id(n) for f in ast.walk(node) if isinstance(f, ast.JoinedStr) for n in ast.walk(f)}


def _without_replaced_lines(graph: NotebookGraph, s: Statement, piece: Cut) -> str:
    """Leave out comment lines that stand for IPython syntax: they say nothing about this statement."""
    cell = graph.notebook.cells[s.cell - 1]
    original = set(cell.source.split("\n"))
    lines = piece.text.split("\n")
    while lines and lines[0].startswith("#") and lines[0] not in original:
        lines.pop(0)
    return "\n".join(lines)
