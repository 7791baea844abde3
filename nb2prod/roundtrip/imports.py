"""Imports that were added to the package, as lines of the notebook's import cell.

What a module of the package needs no longer goes by itself: converting leaves out imports that nothing reads.
"""

import ast
from collections.abc import Iterator, Mapping

from nb2prod.analysis.graph import NotebookGraph
from nb2prod.model.roles import Role
from nb2prod.roundtrip.edits import CellEdit
from nb2prod.roundtrip.places import Span, span_of

IMPORTS = (ast.Import, ast.ImportFrom)

_Alias = tuple[str, str, str]
"""Module (empty for ``import x``), name, and what it is called here."""


def import_edits(
    graph: NotebookGraph, sources: Mapping[int, str], was: Mapping[str, str], now: Mapping[str, str]
) -> Iterator[CellEdit]:
    """The imports that `now` has and `was` has not, where the notebook has them nowhere either."""
    there = {alias for s in graph.statements for alias, _ in _aliases(s.node)}
    added: dict[_Alias, tuple[str, int]] = {}
    for path, text in now.items():
        before = {alias for node in ast.parse(was[path]).body for alias, _ in _aliases(node)}
        for node in ast.parse(text).body:
            for alias, line in _aliases(node):
                if alias not in before and alias not in there:
                    added.setdefault(alias, (path, line))
    span = _behind_imports(graph)
    if span is None:
        return
    for alias, (path, line) in added.items():
        other = _bound_otherwise(graph, alias, sources)
        yield CellEdit(*(other or (span, "\n" + _statement(alias))), path, line)


def _aliases(node: ast.stmt) -> Iterator[tuple[_Alias, int]]:
    """Of imports at the top; those inside the package are nb2prod's own."""
    match node:
        case ast.Import(names=names):
            yield from ((("", a.name, a.asname or ""), node.lineno) for a in names)
        case ast.ImportFrom(module=str(module), names=names, level=0):
            yield from (((module, a.name, a.asname or ""), node.lineno) for a in names)


def _bound(alias: _Alias) -> str:
    module, name, called = alias
    return called or (name if module else name.split(".")[0])


def _statement(alias: _Alias) -> str:
    module, name, called = alias
    return f"{f'from {module} ' if module else ''}import {name}{f' as {called}' if called else ''}"


def _bound_otherwise(
    graph: NotebookGraph, alias: _Alias, sources: Mapping[int, str]
) -> tuple[Span, str] | None:  # fmt: skip
    """The notebook's import that gives another thing the same name, without it and with the new one."""
    for s in graph.statements:
        old = [one for one, _ in _aliases(s.node)]
        clash = next((one for one in old if _bound(one) == _bound(alias)), None)
        if clash is None or not any((clash[0], clash[2], alias[0], alias[2])):  # `import a.b` beside `import a.c`
            continue
        span = span_of(graph.notebook.cells[s.cell - 1], s, graph)
        text = sources[span.cell][span.begin : span.end]
        kept = [line for line in text.split("\n") if line.startswith("#")]
        return span, "\n".join([*kept, *(_statement(alias if one == clash else one) for one in old)])
    return None


def _behind_imports(graph: NotebookGraph) -> Span | None:
    """Behind the last import of the cell tagged `imports`, else of the first cell that has some, else atop the first
    cell of code."""
    found = [s for s in graph.statements if isinstance(s.node, IMPORTS)]
    tagged = [s for s in found if s.role is Role.IMPORTS]
    for group in (tagged, found):
        if group:
            last = [s for s in group if s.cell == group[0].cell][-1]
            span = span_of(graph.notebook.cells[last.cell - 1], last, graph)
            return Span(span.cell, span.end, span.end)
    return None
