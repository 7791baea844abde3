"""A repeated loop, branch or ``with`` block: what it does besides is left out; it goes over columns that are there."""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nb2prod.analysis.deeds import Deed
from nb2prod.analysis.nodes import walk
from nb2prod.plan.keeping.kept import Keep, Names
from nb2prod.plan.keeping.places import Place, guard_of, place_of, span_of
from nb2prod.plan.splice import Edit

if TYPE_CHECKING:
    from nb2prod.plan.keeping.planner import Planner


def block_edits(
    planner: "Planner", number: int, whole: ast.For | ast.If | ast.With, live: set[Place], deeds: list[Deed]
) -> list[Edit]:
    """Leave out what a repeated block does besides, and go over those columns only that are there."""
    edits: list[Edit] = []
    needed: set[str] = set()
    for statement in reversed(list(simple_parts(whole.body))):
        if place_of(statement) in live:
            needed |= {n.id for n in walk(statement) if isinstance(n, ast.Name)}
    kept_nodes = {id(m.node) for d in deeds for m in d.value.marks if m.what == "statistic"}
    replaced = {n.id for d in deeds for m in d.value.marks if id(m.node) in kept_nodes
                for n in walk(m.node) if isinstance(n, ast.Name)}  # fmt: skip
    for statement in simple_parts(whole.body):
        stored = {n.id for n in walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        fitted = {m.operand.id for d in deeds for m in d.value.marks if m.what == "fitted"
                  and isinstance(m.operand, ast.Name)}  # fmt: skip
        if isinstance(statement, ast.For) and any(place_of(n) in live for n in _all_simple(statement)):
            edits += block_edits(planner, number, statement, live, deeds)
        elif place_of(statement) not in live and not (stored & needed - replaced - fitted):
            edits.append(removal_of(planner, number, statement))
    if isinstance(whole, ast.For) and isinstance(whole.target, ast.Name) and not deeds[0].over.counted:
        guard = _guard(planner, whole, deeds)
        if guard is not None:
            edits += guard
    return edits


def listed_columns(
    planner: "Planner", number: int, loop: ast.For, deed: Deed, names: Names
) -> tuple[list[Edit], list[Edit]]:
    """A loop over columns that depend on what training data hold, as ``df.select_dtypes("number").columns``."""
    text = ast.unparse(deed.loop.iter if deed.loop else loop.iter)
    if text in (f"{deed.name}.columns", deed.name):
        return [], []
    name = names.free("columns" if isinstance(loop.target, ast.Name) else "values")
    path = planner.path_of(number, loop) if deed.turn else ()
    planner.keeps.append(Keep(name, number, path, "before", f"list({text})", None, f"list({text})", guard_of(deed)))
    span = span_of(loop.iter)
    there = f"self.{name}"
    if isinstance(loop.target, ast.Name) and _reads_columns(loop, loop.target.id):
        there = f"[{loop.target.id} for {loop.target.id} in {there} if {loop.target.id} in {deed.name}]"
    return [] if deed.turn else [Edit(*span, name)], [Edit(*span, there)]


def _guard(planner: "Planner", loop: ast.For, deeds: list[Deed]) -> list[Edit] | None:
    table = next((d.name for d in deeds if d.loop is loop), None)
    variable = ast.unparse(loop.target)
    used_as_column = _reads_columns(loop, variable)
    if table is None or not used_as_column:
        return None
    names = _literals(loop.iter)
    if names is not None and all(planner.lineage.sent(c) for c in names) and not planner.lineage.columns.lists:
        return None
    text = ast.unparse(loop.iter)
    if text in (f"{table}.columns", table):
        return None
    start, end = loop.iter, loop.iter
    return [
        Edit(start.lineno, start.col_offset, start.lineno, start.col_offset, f"[{variable} for {variable} in "),
        Edit(end.end_lineno or 0, end.end_col_offset or 0, end.end_lineno or 0, end.end_col_offset or 0,
             f" if {variable} in {table}]"),
    ]  # fmt: skip


def removal_of(planner: "Planner", number: int, statement: ast.stmt) -> Edit:
    source = planner.graph.notebook.cells[planner.graph.statements[number].cell - 1].python or ""
    above = source.encode().split(b"\n")[statement.lineno - 2] if statement.lineno > 1 else b""
    before = source.encode().split(b"\n")[statement.lineno - 1][: statement.col_offset]
    if before.strip():
        planner.refuse("several statements stand on one line of a block", statement)
    return Edit(statement.lineno - 1, len(above), statement.end_lineno or 0, statement.end_col_offset or 0, "")


def _reads_columns(loop: ast.For, variable: str) -> bool:
    """Whether the loop reads the columns it goes over: ``df[c] = 0`` makes them."""
    keys = [n for n in walk(loop) if isinstance(n, ast.Subscript)
            and any(isinstance(k, ast.Name) and k.id == variable for k in walk(n.slice))]  # fmt: skip
    augmented = {id(n.target) for n in walk(loop) if isinstance(n, ast.AugAssign)}
    return any(not isinstance(n.ctx, ast.Store) or id(n) in augmented for n in keys)


def simple_parts(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, ast.If | ast.With):
            yield from simple_parts(statement.body)
        else:
            yield statement


def _all_simple(loop: ast.For) -> Iterator[ast.stmt]:
    for statement in simple_parts(loop.body):
        if isinstance(statement, ast.For):
            yield from _all_simple(statement)
        else:
            yield statement


def _literals(node: ast.expr) -> list[str] | None:
    if isinstance(node, ast.List | ast.Tuple) and all(isinstance(e, ast.Constant) for e in node.elts):
        return [str(e.value) for e in node.elts if isinstance(e, ast.Constant)]
    return None
