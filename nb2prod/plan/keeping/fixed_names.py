"""Names that a repeated step reads besides its rows: artifacts, or copies where they change before the prediction."""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nb2prod.analysis.deeds import Deed
from nb2prod.analysis.names import kind_of
from nb2prod.analysis.nodes import walk
from nb2prod.plan.keeping.kept import Keep, Names
from nb2prod.plan.keeping.places import given_part, guard_of, loop_key, path_to, place_of, span_of
from nb2prod.plan.splice import Edit

if TYPE_CHECKING:
    from nb2prod.plan.keeping.planner import Planner


def fixed_edits(
    planner: "Planner", number: int, deed: Deed, hidden: list[ast.expr], names: Names
) -> Iterator[Edit] | list[Edit]:
    """Names that are the same for every row: artifacts, or copies where they change before the prediction."""
    edits: list[Edit] = []
    loops = [*([deed.loop] if deed.loop else []), *deed.inner]
    local = {n.id for loop in loops for n in walk(loop.target) if isinstance(n, ast.Name)}
    local |= _own_names(deed.node)
    skipped = {id(n) for h in hidden for n in walk(h)}
    root: ast.AST = given_part(deed) or deed.node
    nodes = [n for n in walk(root) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    if deed.loop is not None and not deed.over.counted:
        nodes += [n for n in walk(deed.loop.iter) if isinstance(n, ast.Name)]
    nodes += [n for loop in deed.inner for n in walk(loop.iter) if isinstance(n, ast.Name)]
    rows = {deed.name} | deed.value.names
    copies: dict[str, str] = {}
    for name in sorted(planner.graph.late[number] - rows):  # what functions that are called here read
        contributors = planner.graph.reads[number].get(name)
        if contributors is None or kind_of(planner.graph, contributors) not in ("value", "parameter"):
            continue
        if planner.is_stable(number, name):
            planner.fixed[name] = None
        else:
            planner.refuse(f"a function that is called here reads `{name}`, which gets another value later", deed.node)
    for node in nodes:
        contributors = planner.graph.reads[number].get(node.id)
        if id(node) in skipped or node.id in rows | local or contributors is None:
            continue
        if kind_of(planner.graph, contributors) in ("import", "feature") or _is_constant(planner, contributors):
            continue
        if node.id in {d.name for d in planner.lineage.deeds} | {planner.lineage.request}:
            planner.refuse(f"`{node.id}` is read here besides its rows", deed.node)
            continue
        if planner.is_stable(number, node.id) or _is_filled(planner, number, deed, node.id):
            planner.fixed[node.id] = None
            continue
        changes_here = node.id in planner.graph.bound_by(number) | planner.graph.direct(number)
        part = _part(deed, node.id) if deed.turn is not None else None
        if changes_here and deed.loop is not None and part is None:
            planner.refuse(f"`{node.id}` changes from turn to turn of this loop", deed.node)
        if node.id not in copies:
            copies[node.id] = names.free(f"{node.id}_then")
            path, guard = (planner.path_of(number, part), guard_of(deed)) if part is not None else ((), "")
            planner.keeps.append(
                Keep(copies[node.id], number, path, "before", node.id, None, f"deepcopy({node.id})", guard)
            )
        edits.append(Edit(*span_of(node), f"self.{copies[node.id]}"))
    return edits


def _part(deed: Deed, name: str) -> ast.stmt | None:
    """The statement in the body of a loop over tables that the deed stands in, which only reads `name`."""
    assert deed.turn is not None
    body = deed.turn.loop.body
    found = next((s for s in body if place_of(s) == place_of(deed.node) or path_to(s, deed.node) is not None), None)
    if found is None:
        return None
    for node in walk(found):
        match node:
            case ast.Name(id=stored, ctx=ast.Store() | ast.Del()) if stored == name:
                return None
            case ast.Attribute() | ast.Subscript() if not isinstance(node.ctx, ast.Load):
                if any(isinstance(n, ast.Name) and n.id == name for n in walk(node.value)):
                    return None
            case ast.Call(func=function, args=given):
                owner = [function.value] if isinstance(function, ast.Attribute) else []
                if any(isinstance(n, ast.Name) and n.id == name for n in (*owner, *given)):
                    return None
    return found


def _is_filled(planner: "Planner", number: int, deed: Deed, name: str) -> bool:
    """``encoders[col]`` in a loop over `col`: each turn has its own, and they stay."""
    key = loop_key(deed)
    if key is None or not planner.is_stable(number, name, after=True):
        return False
    assert deed.loop is not None
    by_key = {id(n.value) for n in walk(deed.loop) if isinstance(n, ast.Subscript)
              and isinstance(n.slice, ast.Name) and n.slice.id == key}  # fmt: skip
    return all(id(n) in by_key for n in walk(deed.loop) if isinstance(n, ast.Name) and n.id == name)


def _is_constant(planner: "Planner", contributors: frozenset[int]) -> bool:
    return kind_of(planner.graph, contributors) == "constant"


def _own_names(node: ast.AST) -> set[str]:
    """Names that lambdas and comprehensions bind for themselves."""
    found = {a.arg for n in walk(node) if isinstance(n, ast.Lambda) for a in n.args.args}
    for n in walk(node):
        if isinstance(n, ast.comprehension):
            found |= {t.id for t in walk(n.target) if isinstance(t, ast.Name)}
    return found
