"""Which statement of a generated file is which statement of the notebook.

Pieces of the plan stand in the generated functions in their order; what stands between them, nb2prod wrote itself. A
statement can be edited from here only where translating its names back gives the notebook's statement again.
"""

import ast
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from tokenize import TokenError

from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.model.notebook import Cell
from nb2prod.plan.code import Code
from nb2prod.plan.extraction import ExtractionPlan
from nb2prod.plan.written import Part, package_parts, statements_of
from nb2prod.roundtrip.chunks import Chunk, Scope, scopes
from nb2prod.roundtrip.names import Names, as_in_notebook
from nb2prod.roundtrip.tokens import comments

TESTS = "tests/test_notebook.py"


@dataclass(frozen=True, slots=True)
class Span:
    """Text of a cell: `begin` and `end` count characters of its source."""

    cell: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Place:
    """A statement of a generated function. `statement` is its number in the notebook's graph, `span` its text there
    with the comments above it; `original` is that text as the generated file has it. `reason` says why an edit of it
    cannot go back, where it cannot."""

    chunk: Chunk
    statement: int
    span: Span
    original: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """A function or module of the package as it was generated; `places` are by the number of the chunk."""

    path: str
    scope: Scope
    names: Names
    places: Mapping[int, Place]


def functions(
    graph: NotebookGraph, plan: ExtractionPlan, sources: Mapping[str, str], values: Mapping[str, Iterable[str]]
) -> tuple[Function, ...]:
    """Every function that holds code of the notebook.

    `sources` are the generated files; `values` are names that, by owner, count as read from ``params`` or ``self``
    besides those of the plan: an edit may add some.
    """
    pieces = (*plan.constants, *plan.functions, *plan.training_code)
    needs = {name: added for code in pieces for name, added in _added_parameters(graph, code)}
    own = (p.name for p in plan.parameters)
    train = frozenset({*own, *values.get("params", ())}) - {*plan.train_locals}
    predict = frozenset({*plan.artifacts, *values.get("self", ())}) - {*plan.predict_locals}
    plain = Names("", frozenset(), needs)
    names = {"train": Names(plan.params_name, train, needs), "Predictor.predict": Names("self", predict, needs)}
    tests = groupby(plan.tests, key=lambda code: code.cell)
    parts = (*package_parts(plan), *(Part(TESTS, f"test_cell_{cell}", tuple(codes)) for cell, codes in tests))
    known = {path: scopes(text) for path, text in sources.items() if path in {part.path for part in parts}}
    return tuple(
        _function(graph, part, known[part.path][part.name], names.get(part.name, plain))
        for part in parts if part.path in known
    )  # fmt: skip


def _added_parameters(graph: NotebookGraph, code: Code) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The keyword-only parameters that a definition has only in the package."""
    node = graph.statements[code.statement].node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        written = next((n for n in ast.parse(code.text).body if isinstance(n, type(node))), node)
        before = {a.arg for a in node.args.kwonlyargs}
        added = tuple(a.arg for a in written.args.kwonlyargs if a.arg not in before)
        if added:
            yield node.name, added


def _function(graph: NotebookGraph, part: Part, scope: Scope, names: Names) -> Function:
    groups = statements_of(part, [chunk.node for chunk in scope.chunks])
    places: dict[int, Place] = {}
    for code, group in zip(part.pieces, groups, strict=True):
        tried = {n: _place(graph, code, scope.chunks[n], names) for n in group}
        fit = next((n for n, place in tried.items() if not place.reason), group[-1])
        places[fit] = tried[fit]
    return Function(part.path, scope, names, places)


def _place(graph: NotebookGraph, code: Code, chunk: Chunk, names: Names) -> Place:
    statement = graph.statements[code.statement]
    cell = graph.notebook.cells[statement.cell - 1]
    span = span_of(cell, statement, graph)
    place = Place(chunk, code.statement, span, "")
    if any(origin.file != graph.notebook.name for origin in cell.origins):
        return replace(place, reason="its code is another notebook's, which this cell runs")
    written = cell.source[span.begin : span.end]
    if cell.python is None or cell.python[span.begin : span.end] != written:
        return replace(place, reason="the cell has IPython's own syntax here, which was written as Python")
    try:
        original = translated(chunk, names)
        same = same_code(original, written)
    except SyntaxError:
        same, original = False, ""
    if not same:
        return replace(place, reason="nb2prod wrote this line another way than the notebook's")
    return replace(place, original=original)


_NOQA = re.compile(r"  # noqa: (?:E[47]\d\d|F\d+)(?:, ?(?:E[47]\d\d|F\d+))*$", re.MULTILINE)
"""What the layout writes behind a line of the notebook's (`nb2prod.formatting`)."""


def translated(chunk: Chunk, names: Names) -> str:
    """The chunk's text as the notebook would write it; a ``return`` becomes its value. Raises SyntaxError."""
    plain = without_marks(chunk.text)
    text = as_in_notebook(plain if same_code(plain, chunk.text) else chunk.text, names)
    if isinstance(chunk.node, ast.Return):
        lines = text.split("\n")
        first = next(n for n, line in enumerate(lines) if line.startswith("return"))
        lines[first] = lines[first].removeprefix("return").lstrip()
        text = "\n".join(lines)
    return text


def without_marks(text: str) -> str:
    return _NOQA.sub("", text)


def same_code(one: str, other: str) -> bool:
    """Whether both are the same statements, however they are laid out. Raises SyntaxError."""
    return _meaning(one) == _meaning(other)


def holds(text: str, edited: str) -> bool:
    """Whether both say the same, comments too."""
    try:
        return same_code(text, edited) and comments(text) == comments(edited)
    except (SyntaxError, TokenError):
        return False


def _meaning(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        match node:
            case (
                ast.FunctionDef(body=[ast.Expr(value=ast.Constant(value=str(words))), *_])
                | ast.AsyncFunctionDef(body=[ast.Expr(value=ast.Constant(value=str(words))), *_])
                | ast.ClassDef(body=[ast.Expr(value=ast.Constant(value=str(words))), *_])
            ):  # ruff moves docstrings
                node.body[0] = ast.Expr(ast.Constant("\n".join(map(str.rstrip, inspect.cleandoc(words).split("\n")))))
    return ast.dump(tree)


def span_of(cell: Cell, statement: Statement, graph: NotebookGraph) -> Span:
    """The statement's text in its cell: with the comment lines above it and a comment behind it."""
    node = statement.node
    source = cell.source
    lines = source.split("\n")
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    last = node.end_lineno or node.lineno
    others = [s.node for s in graph.of_cell(cell.index) if s.number != statement.number]
    begin = sum(len(line) + 1 for line in lines[: first - 1])
    if any((other.end_lineno or 0) == first for other in others) and first == node.lineno:
        begin += len(lines[first - 1].encode()[: node.col_offset].decode())
    else:
        while first > 1 and lines[first - 2].startswith("#") and not lines[first - 2].startswith(("#|", "# nb2prod:")):
            first -= 1
            begin -= len(lines[first - 1]) + 1
    end = sum(len(line) + 1 for line in lines[: last - 1])
    if any(other.lineno == last and other.col_offset > node.col_offset for other in others):
        end += len(lines[last - 1].encode()[: node.end_col_offset].decode())
    else:
        end += len(lines[last - 1])
    return Span(cell.index, begin, end)
