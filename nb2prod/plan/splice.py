"""Cutting source from a cell and changing names in it, without reprinting it: comments and layout stay.

    model.predict(scaler.transform(Z))   ->   self.model.predict(self.scaler.transform(Z))

Positions are those of `ast`: lines from 1, columns in UTF-8 bytes.
"""

import ast
import io
import tokenize
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from nb2prod.analysis.nodes import walk


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
    """A statement's own text with its comments: `first_line` is the cell line its first line of code stands on, `lines`
    those that each line of the text comes from; `apart` says whether an empty line stands above it."""

    text: str
    lines: tuple[int, ...]
    first_line: int
    apart: bool


def replace_node(node: ast.expr, text: str) -> Edit:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return Edit(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset, text)


def cut(source: str, statement: ast.stmt, edits: Iterable[Edit], *, comments: bool = True) -> Cut:
    """The statement's source with `edits` made, comment lines directly above it and a comment behind it kept."""
    lines = source.encode("utf-8").split(b"\n")
    # Of two edits at one place the one that replaces comes first: an insertion would move what it is about.
    for edit in sorted(edits, key=lambda e: (e.line, e.column, e.end_line, e.end_column), reverse=True):
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
    before = first - len(above) - 2
    kept = [(number, line) for number, line in enumerate((*above, *body), before + 2) if line != b"\0"]
    text = b"\n".join(line for _, line in kept).decode("utf-8")
    lines_from = tuple(number for number, line in kept for _ in line.split(b"\n"))
    return Cut(text, lines_from, first, apart=before >= 0 and not original[before].strip())


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
    for node in walk(ast.parse(text)):
        if isinstance(node, ast.Constant | ast.JoinedStr) and isinstance(getattr(node, "value", ""), str | bytes):
            inside |= set(range(node.lineno + 1, (node.end_lineno or node.lineno) + 1))
    return "\n".join(
        line if number in inside or not line.strip() else prefix + line
        for number, line in enumerate(text.split("\n"), start=1)
    )


def add_parameters(
    function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, source: str, names: tuple[str, ...]
) -> Edit:  # fmt: skip
    """Keyword-only parameters `names` at the end of a signature, before ``**kwargs``."""
    tokens = _tokens(source)
    if isinstance(function, ast.Lambda):
        return _add_to_lambda(function, source, names)
    opening = _opening_parenthesis(tokens, _characters(source, function.lineno, function.col_offset))
    closing, double_star = opening, None
    depth = 0
    for number in range(opening, len(tokens)):
        text = tokens[number].string if tokens[number].type == tokenize.OP else ""
        depth += (text in _OPENING) - (text in _CLOSING)
        if depth == 1 and text == "**" and tokens[number - 1].string in ("(", ","):
            double_star = number
        if depth == 0:
            closing = number
            break
    arguments = function.args
    star = "" if arguments.vararg or arguments.kwonlyargs else "*, "
    added = star + ", ".join(names)
    if double_star is not None:
        return _insertion(source, tokens[double_star].start, f"{added}, ")
    separator = "" if tokens[closing - 1].string in ("(", ",") else ", "
    return _insertion(source, tokens[closing].start, separator + added)


def _add_to_lambda(function: ast.Lambda, source: str, names: tuple[str, ...]) -> Edit:
    tokens, kwarg = _tokens(source), function.args.kwarg
    star = "" if function.args.vararg or function.args.kwonlyargs else "*, "
    added = star + ", ".join(names)
    if kwarg is not None:
        at = bisect_left(tokens, _characters(source, kwarg.lineno, kwarg.col_offset), key=lambda token: token.start)
        return _insertion(source, tokens[at - 1].start, f"{added}, ")
    body = _characters(source, function.body.lineno, function.body.col_offset)
    colon = bisect_left(tokens, body, key=lambda token: token.start) - 1
    while tokens[colon].string != ":":  # parentheses around the body
        colon -= 1
    before = " " if tokens[colon - 1].string in ("lambda", ",") else ", "
    return _insertion(source, tokens[colon].start, before + added)


def add_arguments(call: ast.Call, source: str, arguments: str) -> tuple[Edit, ...]:
    """``f(x)`` becomes ``f(x, k=v)``: inserted before the closing parenthesis."""
    assert call.end_lineno is not None
    assert call.end_col_offset is not None
    line, column = call.end_lineno, call.end_col_offset - 1
    match call.args:
        case [ast.GeneratorExp(end_lineno=end_line, end_col_offset=end) as only] if (end_line, end) == (
            call.end_lineno,
            call.end_col_offset,
        ):  # `f(x for x in y)`: its parentheses are those of the call
            start = Edit(only.lineno, only.col_offset, only.lineno, only.col_offset, "(")
            return start, Edit(line, column + 1, line, column + 1, f", {arguments})")
    tokens = _tokens(source)
    closing = bisect_left(tokens, _characters(source, line, column), key=lambda token: token.start)
    separator = "" if tokens[closing - 1].string in ("(", ",") else ", "
    return (Edit(line, column, line, column, separator + arguments),)


_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_LAYOUT = frozenset({tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT})


@lru_cache(maxsize=8)
def _tokens(source: str) -> list[tokenize.TokenInfo]:
    """The tokens of a cell but its layout and comments."""
    every = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token for token in every if token.type not in _LAYOUT]


def _opening_parenthesis(tokens: list[tokenize.TokenInfo], start: tuple[int, int]) -> int:
    """The parenthesis of the signature that begins at `start`: behind the name and its type parameters."""
    depth = 0
    for number in range(bisect_left(tokens, start, key=lambda token: token.start), len(tokens)):
        text = tokens[number].string if tokens[number].type == tokenize.OP else ""
        if text == "(" and depth == 0:
            return number
        depth += (text == "[") - (text == "]")
    raise ValueError("no signature")


def _characters(source: str, line: int, column: int) -> tuple[int, int]:
    """A position of `ast` (bytes) as one of `tokenize` (characters)."""
    return line, len(source.split("\n")[line - 1].encode()[:column].decode())


def _insertion(source: str, position: tuple[int, int], text: str) -> Edit:
    line, characters = position
    column = len(source.split("\n")[line - 1][:characters].encode())
    return Edit(line, column, line, column, text)
