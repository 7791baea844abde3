"""Generated text back as the notebook would write it: the inverse of `nb2prod.plan.code`.

self.model.predict(scale(rows, factor=self.factor))   ->   model.predict(scale(rows))
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from nb2prod.plan.code import inside_f_strings

_Span = tuple[int, int, str]
"""Start and end in the bytes of the text, and what stands there instead."""
_Place = Callable[[int | None, int | None], int]
"""A position of `ast` as an offset in bytes."""


@dataclass(frozen=True, slots=True)
class Names:
    """How the notebook's names read in one function of the package.

    `owner` is what values are read from (``params`` or ``self``), `values` are those names; `needs` are the arguments
    that calls of the notebook's functions were given besides.
    """

    owner: str
    values: frozenset[str]
    needs: Mapping[str, tuple[str, ...]]


def as_in_notebook(text: str, names: Names) -> str:
    """`text` (statements, not indented) with the notebook's names. Raises SyntaxError for text that is no Python."""
    tree = ast.parse(text)
    lines = text.encode().split(b"\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    blurred = inside_f_strings_of(tree)
    data = text.encode()

    def at(line: int | None, column: int | None) -> int:
        return starts[(line or 1) - 1] + (column or 0)

    spans: list[_Span] = []
    for node in ast.walk(tree):
        if id(node) not in blurred:
            spans += _spans(node, names, at, data)
    for start, end, new in sorted(_outermost(spans), reverse=True):
        data = data[:start] + new.encode() + data[end:]
    return data.decode()


def inside_f_strings_of(tree: ast.Module) -> set[int]:
    return {number for statement in tree.body for number in inside_f_strings(statement)}


def _outermost(spans: Iterable[_Span]) -> Iterator[_Span]:
    end = -1
    for span in sorted(set(spans), key=lambda s: (s[0], -s[1])):
        if span[0] >= end:
            yield span
            end = span[1]


def _spans(node: ast.AST, names: Names, at: _Place, data: bytes) -> Iterator[_Span]:
    match node:
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner == names.owner and name in names.values:
            yield at(node.lineno, node.col_offset), at(node.end_lineno, node.end_col_offset), name
        case ast.Attribute(value=ast.Name(id="notebook_code"), attr=name):
            yield at(node.lineno, node.col_offset), at(node.end_lineno, node.end_col_offset), name
        case ast.Call(func=ast.Name(id="partial"), args=[function], keywords=keywords) if (
            keywords and (name := _called(function)) and {k.arg for k in keywords} <= {*names.needs.get(name, ())}
        ):
            yield at(node.lineno, node.col_offset), at(node.end_lineno, node.end_col_offset), name
        case ast.Call() if needs := names.needs.get(_called(node.func), ()):
            yield from _without_arguments(node, needs, at, data)
        case ast.FunctionDef() | ast.AsyncFunctionDef() if needs := names.needs.get(node.name, ()):
            yield from _without_parameters(node, needs, at, data)


def _called(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="notebook_code"), attr=name):
            return name
    return ""


def _without_arguments(call: ast.Call, needs: tuple[str, ...], at: _Place, data: bytes) -> Iterator[_Span]:
    """Take out the keyword arguments that were added, each with the comma before it."""
    nodes: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    parts = sorted(
        ((at(n.lineno, n.col_offset), at(n.end_lineno, n.end_col_offset), n) for n in nodes), key=lambda part: part[0]
    )
    opening = data.index(b"(", at(call.func.end_lineno, call.func.end_col_offset)) + 1
    closing = at(call.end_lineno, call.end_col_offset) - 1
    kept = [part for part in parts if not (isinstance(part[2], ast.keyword) and part[2].arg in needs)]
    if len(kept) == len(parts):
        return
    if not kept:
        yield opening, closing, ""
        return
    for number, (_, end, node) in enumerate(parts):
        if isinstance(node, ast.keyword) and node.arg in needs:
            yield (parts[number - 1][1], end, "") if number else (opening, parts[1][0], "")


def _without_parameters(
    function: ast.FunctionDef | ast.AsyncFunctionDef, needs: tuple[str, ...], at: _Place, data: bytes
) -> Iterator[_Span]:
    """Take out the keyword-only parameters that were added, and their star where it was added with them."""
    arguments = function.args
    added = [a for a in arguments.kwonlyargs if a.arg in needs]
    if not added:
        return
    before: list[ast.expr | ast.arg] = [*arguments.posonlyargs, *arguments.args, *arguments.defaults]
    before += [arguments.vararg] if arguments.vararg else []
    before += [a for a in arguments.kwonlyargs if a.arg not in needs]
    before += [d for d in arguments.kw_defaults if d is not None]
    end = at(added[-1].end_lineno, added[-1].end_col_offset)
    ends = [at(node.end_lineno, node.end_col_offset) for node in before]
    if start := max((one for one in ends if one < end), default=0):
        yield start, end, ""
        return
    opening = data.index(b"(", at(function.lineno, function.col_offset)) + 1
    follows = data[end:].lstrip()
    if arguments.kwarg is not None or follows.startswith(b","):
        end += data[end:].index(b",") + 1
    yield opening, end, ""
