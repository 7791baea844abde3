"""Probes in a cell's code: a call between two statements, or around one expression, which leaves all else as it is.

    model.fit(X, y)                                    model.fit(X, y)
                                                       probe(0)
    print(score(y_test, model.predict(X_test)))        print(score(y_test, probe(1, model.predict(X_test))))

A probe finds its statement by its text, so that lines IPython adds or moves do not matter. Pure: trees in, trees out.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any


class Probe:
    """One place in a cell. `where` has the fields of `nb2prod.model.run.Probe`; an empty `text` means its cell."""

    def __init__(self, number: int, where: Mapping[str, Any]) -> None:
        self.number = number
        self.kind: str = where["kind"]
        self.nth: int = where["nth"]
        self.path: list[tuple[str, int | None]] = [(field, index) for field, index in where["path"]]
        self.statement = _shape(where["text"]) if where["text"] else None
        self.is_placed = False


def insert(tree: ast.Module, probes: list[Probe], hook: str) -> ast.Module:
    """Put in the probes whose statements the tree has; `hook` is the text of an expression that is called."""
    for statement in tree.body:
        _marked(statement)
        _number(statement, ())
    # the innermost expression first, as long as the ways hold
    for probe in sorted(probes, key=lambda p: -len(p.path) if p.kind == "value" else 0):
        if not probe.is_placed:
            probe.is_placed = _place(tree, probe, hook)
    return ast.fix_missing_locations(tree)


def _place(tree: ast.Module, probe: Probe, hook: str) -> bool:
    at = _position(tree, probe)
    if at is None:
        return False
    if probe.kind == "value":
        return _wrap(tree.body[at], probe, hook)
    if probe.path:
        return _place_inside(tree.body[at], probe, hook)
    call = ast.Expr(_call(hook, probe, None))
    if probe.kind == "before":
        target: ast.stmt | None = tree.body[at] if at < len(tree.body) else None
        tree.body.insert(at, ast.copy_location(call, target) if target is not None else call)
    else:
        after = at + 1
        shown = after == len(tree.body) and isinstance(tree.body[at], ast.Expr)
        if shown:  # what a cell ends with stays its last expression, so that it is shown
            last = tree.body[at]
            assert isinstance(last, ast.Expr)
            last.value = ast.copy_location(_call(hook, probe, last.value), last.value)
        else:
            tree.body.insert(after, ast.copy_location(call, tree.body[at]))
    return True


def _number(statement: ast.stmt, path: tuple[tuple[str, int | None], ...]) -> None:
    """Remember of each statement in a block where it stands, before anything is put in."""
    for field in ("body", "orelse"):
        for index, child in enumerate(getattr(statement, field, [])):
            child._nb2prod_path = [*path, (field, index)]
            _number(child, (*path, (field, index)))


def _place_inside(statement: ast.stmt, probe: Probe, hook: str) -> bool:
    """Before or after a statement of a block, as often as that runs."""
    for owner in ast.walk(statement):
        for field in ("body", "orelse"):
            block: Any = getattr(owner, field, None)
            for index, child in enumerate(block if isinstance(block, list) else ()):
                if getattr(child, "_nb2prod_path", None) == probe.path:
                    call = ast.copy_location(ast.Expr(_call(hook, probe, None)), child)
                    block.insert(index + (probe.kind == "after"), call)
                    return True
    return False


def _position(tree: ast.Module, probe: Probe) -> int | None:
    """The index of the statement in the cell."""
    if probe.statement is None:
        return 0 if probe.kind == "before" else len(tree.body) - 1 if tree.body else None
    found = [n for n, s in enumerate(tree.body) if _marked(s) == probe.statement]
    return found[probe.nth] if probe.nth < len(found) else None


def _wrap(statement: ast.stmt, probe: Probe, hook: str) -> bool:
    """Let the hook see the value of an expression inside the statement and give it back."""
    owner: Any = statement
    path = probe.path or [("value", None)]
    if not probe.path and not isinstance(statement, ast.Expr):
        return False
    for field, index in path[:-1]:
        value = getattr(owner, field)
        owner = value if index is None else value[index]
    field, index = path[-1]
    place = getattr(owner, field)
    given = place if index is None else place[index]
    call = ast.copy_location(_call(hook, probe, given), given)
    if index is None:
        setattr(owner, field, call)
    else:
        place[index] = call
    return True


def _call(hook: str, probe: Probe, value: ast.expr | None) -> ast.Call:
    function = ast.parse(hook, mode="eval").body
    call = ast.Call(function, [ast.Constant(probe.number), *([value] if value is not None else [])], [])
    if value is None:
        call._nb2prod = True  # type: ignore[attr-defined]
    return call


def _shape(text: str) -> str:
    return ast.dump(ast.parse(text).body[0])


def _marked(statement: ast.stmt) -> str:
    if isinstance(statement, ast.Expr) and hasattr(statement.value, "_nb2prod"):
        return ""
    shape = getattr(statement, "_nb2prod_shape", None)
    if shape is None:
        shape = ast.dump(statement)
        statement._nb2prod_shape = shape  # type: ignore[attr-defined]  # as it was before anything was put in
    return str(shape)
