"""Where a deed stands in the notebook: its place, the way to it in its statement, the part of it that a name gets."""

import ast

from nb2prod.analysis.deeds import Deed
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.values import Mark

Path = tuple[tuple[str, int], ...]
Place = tuple[int, int, type]


def place_of(node: ast.AST) -> Place:
    """Where a statement stands; one that was read with a table's name in it stands where it did."""
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0), type(node)


def guard_of(deed: Deed) -> str:
    return deed.turn.guard if deed.turn is not None else ""


def path_to(root: ast.AST, wanted: ast.AST) -> Path | None:
    for name in ("body", "orelse"):
        for index, child in enumerate(getattr(root, name, [])):
            if place_of(child) == place_of(wanted):
                return ((name, index),)
            if (rest := path_to(child, wanted)) is not None:
                return ((name, index), *rest)
    return None


def given_part(deed: Deed) -> ast.expr | None:
    """What one of several names gets: its part of a tuple, or what a split takes rows from."""
    match deed.node:
        case ast.Assign(targets=[ast.Tuple(elts=targets) | ast.List(elts=targets)], value=value):
            at = next((n for n, t in enumerate(targets) if isinstance(t, ast.Name) and t.id == deed.name), None)
            if at is None:
                return None
            if isinstance(value, ast.Tuple | ast.List):
                return value.elts[at]
            last = deed.value.marks[-1] if deed.value.marks else None
            if last is not None and last.what in ("selection", "aligned") and last.operand is not None:
                return last.operand
            match value:
                case ast.Call(func=ast.Attribute(attr="align", value=table)) if at == 0:  # it keeps what it has
                    return table
            return value
    return None


def is_part(mark: Mark, deed: Deed) -> bool:
    part = given_part(deed)
    return part is not None and any(n is mark.node for n in walk(part))


def stands_in(node: ast.AST, whole: ast.AST) -> bool:
    inside = {(getattr(n, "lineno", 0), getattr(n, "col_offset", 0), getattr(n, "end_col_offset", 0), type(n))
              for n in walk(whole)}  # fmt: skip
    place = (getattr(node, "lineno", 0), getattr(node, "col_offset", 0), getattr(node, "end_col_offset", 0), type(node))
    return place in inside


def loop_key(deed: Deed) -> str | None:
    if deed.loop is None:
        return None
    names = [n.id for n in walk(deed.loop.target) if isinstance(n, ast.Name)]
    return names[-1] if names else None


def span_of(node: ast.expr) -> tuple[int, int, int, int]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return node.lineno, node.col_offset, node.end_lineno, node.end_col_offset
