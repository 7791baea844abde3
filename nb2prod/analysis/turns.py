"""Loops over tables, followed turn by turn.

    both = [train, test]
    for d in both:
        d["Age"] = d["Age"].fillna(0)       in the second turn: test["Age"] = test["Age"].fillna(0)

In its turn a table is what the loop's variable names, so the body is read with the table's own name in its place. What
the list holds must still be what the names stand for.
"""

import ast
import copy
from collections.abc import Mapping
from dataclasses import dataclass

from nb2prod.analysis.nodes import walk

_LEAVING = ast.Break | ast.Continue | ast.Return | ast.Yield | ast.YieldFrom | ast.Await | ast.Delete


@dataclass(frozen=True, slots=True)
class Turn:
    """The turn of `loop` that is about the table `table`."""

    loop: ast.For
    table: str

    @property
    def guard(self) -> str:
        """The test, inside the loop, that this is the turn."""
        assert isinstance(self.loop.target, ast.Name)
        return f"{self.loop.target.id} is {self.table}"


def members_of(node: ast.expr, bundles: Mapping[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    """The names in a literal list or tuple of names, or in one that a name stands for."""
    match node:
        case ast.List(elts=parts) | ast.Tuple(elts=parts) if parts and all(isinstance(p, ast.Name) for p in parts):
            return tuple(p.id for p in parts if isinstance(p, ast.Name))
        case ast.Name(id=name):
            return bundles.get(name)
    return None


def is_plain_body(loop: ast.For, members: tuple[str, ...]) -> bool:
    """Whether every table gets the whole body: nothing leaves it, and no name of a table is bound anew inside."""
    if not isinstance(loop.target, ast.Name) or loop.orelse or len(set(members)) < len(members):
        return False
    name = loop.target.id
    inside = [n for statement in loop.body for n in walk(statement)]
    if name in members or any(isinstance(n, _LEAVING | ast.Lambda) and _hides(n, name) for n in inside):
        return False
    stored = [n for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store | ast.Del)]
    own = [n for s in loop.body if rebinds(s, name) for n in [s.targets[0]]]  # type: ignore[attr-defined]
    return not any(n.id in members or (n.id == name and n not in own) for n in stored)


def rebinds(statement: ast.stmt, name: str) -> bool:
    """``d = d.drop(…)``: from here on the loop's variable is no longer the table."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=bound)]):
            return bound == name
    return False


def as_table(statement: ast.stmt, name: str, table: str) -> ast.stmt:
    """The statement with `table` for `name` wherever that is read; every node keeps its place in the source."""
    return _Renamed(name, table).visit(copy.deepcopy(statement))  # type: ignore[no-any-return]


def _hides(node: ast.AST, name: str) -> bool:
    return not isinstance(node, ast.Lambda) or any(a.arg == name for a in walk(node.args) if isinstance(a, ast.arg))


class _Renamed(ast.NodeTransformer):
    def __init__(self, name: str, table: str) -> None:
        self.name = name
        self.table = table

    def visit_Name(self, node: ast.Name) -> ast.Name:
        if node.id == self.name and isinstance(node.ctx, ast.Load):
            return ast.copy_location(ast.Name(self.table, node.ctx), node)
        return node
