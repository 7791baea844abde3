"""A statement that was edited in another layout keeps the layout it is written in."""

import ast

import pytest

from nb2prod.roundtrip.tokens import comments, with_edit

CASES = [
    ("f(a,  'x')", 'f(a, "x")', 'f(b, "x")', "f(b,  'x')"),
    ("f(a,  'x')", 'f(a, "x")', 'f(a, "x", c=1)', "f(a,  'x', c=1)"),
    ("f([\n  1,\n  2])", "f([1, 2])", "f([1, 3])", "f([\n  1,\n  3])"),
    ("f([1,2])", "f(\n    [\n        1,\n        2,\n    ]\n)", "f(\n    [\n        1,\n    ]\n)", "f([1])"),
    ("x = {'a': 1}", 'x = {"a": 1}', 'x = list({"a": 1})', "x = list({'a': 1})"),
    ("x = 'a'", 'x = "a"', 'x = "a"  # why', "x = 'a'  # why"),
    ("x  = 1 # old", "x = 1  # old", "x = 1  # new", "x  = 1 # new"),
    ("f( a=1, b='x')", 'f(a=1, b="x")', 'f(b="x")', "f(b='x')"),
    ("f(a , b)[::-1]", "f(a, b)[::-1]", "f(a)[::-1]", "f(a)[::-1]"),
    ("y = -x + 'a'", 'y = -x + "a"', 'y = x + "a"', "y = x + 'a'"),
    ("y['a'] = f'{h}_b'", 'y["a"] = f"{h}_b"', 'y["c"] = f"{h}_b"', "y[\"c\"] = f'{h}_b'"),
]


@pytest.mark.parametrize(("written", "generated", "edited", "expected"), CASES)
def test_edits(written: str, generated: str, edited: str, expected: str) -> None:
    found = with_edit(written, generated, edited)
    assert found == expected
    assert ast.dump(ast.parse(found)) == ast.dump(ast.parse(edited))
    assert comments(found) == comments(edited)


def test_what_cannot_be_placed_is_none() -> None:
    assert with_edit("x = (", "x = 1", "x = 2") is None
