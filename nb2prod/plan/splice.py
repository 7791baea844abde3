"""Cutting source from a cell and changing names in it, without reprinting it: comments and layout stay.

    model.predict(scaler.transform(Z))   ->   self.model.predict(self.scaler.transform(Z))

Positions are those of `ast`: lines from 1, columns in UTF-8 bytes.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the bytes between two positions; equal positions insert."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True)
class Cut:
    """A statement's own text with its comments: `first_line` is the cell line its first line of code stands on."""

    text: str
    first_line: int


def replace_node(node: ast.expr, text: str) -> Edit:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return Edit(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset, text)


def cut(source: str, statement: ast.stmt, edits: Iterable[Edit], *, comments: bool = True) -> Cut:
    """The statement's source with `edits` made, comment lines directly above it and a comment behind it kept."""
    lines = source.encode("utf-8").split(b"\n")
    for edit in sorted(edits, key=lambda e: (e.line, e.column), reverse=True):
        tail = lines[edit.end_line - 1][edit.end_column :]
        lines[edit.line - 1 : edit.end_line] = [
            lines[edit.line - 1][: edit.column] + edit.text.encode() + tail,
            *(b"\0" for _ in range(edit.end_line - edit.line)),
        ]  # a removed line leaves a mark, so that the numbers of the others hold
    first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))])
    assert statement.end_lineno is not None
    assert statement.end_col_offset is not None
    original = source.encode("utf-8").split(b"\n")
    behind = original[statement.end_lineno - 1][statement.end_col_offset :]
    body = lines[first - 1 : statement.end_lineno]
    if behind:
        body[-1] = body[-1][: len(body[-1]) - len(behind)]
        if behind.strip().startswith(b"#"):
            body[-1] += b"  " + behind.strip()
    if first == statement.lineno:
        body[0] = body[0][statement.col_offset :]  # `a = 1; b = 2`: the second starts inside the line
    above = _comments_above(original, first) if comments and statement.col_offset == 0 else []
    text = b"\n".join(line for line in (*above, *body) if line != b"\0").decode("utf-8")
    return Cut(text, first)


def _comments_above(lines: list[bytes], first: int) -> list[bytes]:
    above: list[bytes] = []
    for line in reversed(lines[: first - 1]):
        if not line.startswith(b"#") or line.startswith((b"#|", b"# nb2prod:")):
            break
        above.insert(0, line)
    return above


def indent(text: str, prefix: str = "    ") -> str:
    """`text` (whole statements) moved right, except lines inside a string, which would change its value."""
    inside: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant | ast.JoinedStr) and isinstance(getattr(node, "value", ""), str | bytes):
            inside |= set(range(node.lineno + 1, (node.end_lineno or node.lineno) + 1))
    return "\n".join(
        line if number in inside or not line.strip() else prefix + line
        for number, line in enumerate(text.split("\n"), start=1)
    )


def add_parameters(function: ast.FunctionDef | ast.AsyncFunctionDef, source: str, names: tuple[str, ...]) -> Edit:
    """Keyword-only parameters `names` at the end of a signature."""
    arguments = function.args
    added = ", ".join(names)
    if arguments.kwarg is not None:  # before `**kwargs`
        line = source.encode("utf-8").split(b"\n")[arguments.kwarg.lineno - 1]
        column = line.rindex(b"**", 0, arguments.kwarg.col_offset)
        star = "" if arguments.vararg or arguments.kwonlyargs else "*, "
        return Edit(arguments.kwarg.lineno, column, arguments.kwarg.lineno, column, f"{star}{added}, ")
    star = "" if arguments.vararg or arguments.kwonlyargs else "*, "
    last = _last_argument(arguments)
    if last is None:
        line_number, column = _after_name(function, source)
        return Edit(line_number, column, line_number, column, f"{star}{added}")
    end_line, end_column = last.end_lineno or last.lineno, last.end_col_offset or last.col_offset
    if not arguments.vararg and not arguments.kwonlyargs and _ends_with_slash(arguments, source, end_line, end_column):
        line = source.encode("utf-8").split(b"\n")[end_line - 1]
        end_column = line.index(b"/", end_column) + 1
    return Edit(end_line, end_column, end_line, end_column, f", {star}{added}")


def _last_argument(arguments: ast.arguments) -> ast.arg | ast.expr | None:
    nodes: list[ast.arg | ast.expr] = [
        a for a in (*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs) if a is not None
    ]
    nodes += [d for d in (*arguments.defaults, *arguments.kw_defaults) if d is not None]
    return max(nodes, key=lambda n: (n.end_lineno or 0, n.end_col_offset or 0), default=None)


def _ends_with_slash(arguments: ast.arguments, source: str, line: int, column: int) -> bool:
    rest = source.encode("utf-8").split(b"\n")[line - 1][column:].lstrip(b" ,")
    return bool(arguments.posonlyargs) and not arguments.args and rest.startswith(b"/")


def _after_name(function: ast.FunctionDef | ast.AsyncFunctionDef, source: str) -> tuple[int, int]:
    line = source.encode("utf-8").split(b"\n")[function.lineno - 1]
    return function.lineno, line.index(b"(", function.col_offset) + 1


def add_arguments(call: ast.Call, source: str, arguments: str) -> Edit:
    """``f(x)`` becomes ``f(x, k=v)``: inserted before the closing parenthesis."""
    assert call.end_lineno is not None
    assert call.end_col_offset is not None
    line, column = call.end_lineno, call.end_col_offset - 1
    given = [*call.args, *(k.value for k in call.keywords)]
    if not given:
        return Edit(line, column, line, column, arguments)
    last = max(given, key=lambda n: (n.end_lineno or 0, n.end_col_offset or 0))
    lines = source.encode("utf-8").split(b"\n")
    between = _text_between(lines, last.end_lineno or 0, last.end_col_offset or 0, line, column)
    comma = any(part.split(b"#")[0].rstrip(b" )").endswith(b",") for part in between.split(b"\n"))
    return Edit(line, column, line, column, f"{'' if comma else ', '}{arguments}")


def _text_between(lines: list[bytes], line: int, column: int, end_line: int, end_column: int) -> bytes:
    if line == end_line:
        return lines[line - 1][column:end_column]
    return b"\n".join([lines[line - 1][column:], *lines[line : end_line - 1], lines[end_line - 1][:end_column]])
