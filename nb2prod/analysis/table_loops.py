"""Loops around what is done to tables: over the names of columns, over fixed values, and over tables, turn by turn."""

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nb2prod.analysis.nodes import walk
from nb2prod.analysis.turns import Turn, as_table, is_plain_body, members_of, rebinds
from nb2prod.analysis.values import FIXED, LABEL, STATISTIC, unknown

if TYPE_CHECKING:
    from nb2prod.analysis.tables import Tables


def follow_loop(tables: "Tables", node: ast.For) -> None:
    """What the loop does to tables; those of a loop that cannot be followed are unknown from now on."""
    members = members_of(node.iter, tables.bundles)
    if members and any(tables.env.get(m, FIXED).is_rows for m in members):
        _turns(tables, node, members)
        return
    over = tables.reader.value(node.iter)
    if tables.loop is not None and over is FIXED and len(tables.inner) < 3:
        around, tables.inner = tables.inner, (*tables.inner, node)
        _forget(tables, {n.id for n in walk(node.target) if isinstance(n, ast.Name)})
        with _labels(tables, node.target):
            tables.block(node.body)
        tables.inner = around
        return
    names = {n.id for n in walk(node.target) if isinstance(n, ast.Name)}
    if over.kind == "frame" or (isinstance(node.iter, ast.Name) and over.kind == "fixed"):
        over = STATISTIC if over.kind == "frame" else over
    if over.kind != "fixed" or tables.loop is not None:
        tables.lose(node, "a loop over rows cannot be followed" if over.depends else "this loop cannot be followed")
        return
    _forget(tables, names)
    for name in names:
        tables.env.pop(name, None)
        tables.constants.pop(name, None)
        tables.places.pop(name, None)
    tables.counted_loops += over.counted
    tables.loop, tables.over = node, over
    with _labels(tables, node.target):
        tables.block(node.body)
    tables.loop, tables.over = None, FIXED
    for name in [n for n, v in tables.env.items() if v is STATISTIC and not tables.depth]:
        del tables.env[name]


@contextmanager
def _labels(tables: "Tables", target: ast.expr) -> Iterator[None]:
    """While the loop runs its variable stands for one name."""
    name = target.id if isinstance(target, ast.Name) else ""
    if name:
        tables.env[name] = LABEL
    yield
    if tables.env.get(name) is LABEL:
        del tables.env[name]


def _forget(tables: "Tables", names: Iterable[str]) -> None:
    for name in names:
        tables.env.pop(name, None)
        tables.constants.pop(name, None)


def _turns(tables: "Tables", node: ast.For, members: tuple[str, ...]) -> None:
    """A loop over tables: for each of them its body, with the table in place of the loop's variable."""
    if tables.turn is not None or tables.loop is not None or tables.depth or not is_plain_body(node, members):
        tables.lose(node, "this loop over tables cannot be followed")
        return
    assert isinstance(node.target, ast.Name)
    for name in members:
        if not tables.env.get(name, FIXED).is_rows:
            continue
        tables.turn = Turn(node, name)
        is_table = True
        for statement in node.body:
            if is_table:
                tables.run(as_table(statement, node.target.id, name))
            else:
                tables.run(statement)
            is_table = is_table and not rebinds(statement, node.target.id)
    tables.turn = None
    for name in [n for n, v in tables.env.items() if v is STATISTIC]:
        del tables.env[name]
    if is_table:
        tables.env[node.target.id] = unknown(node, "it is one of several tables")
