"""What a part of a table is to one row: columns, rows that are chosen, accessors.

df["Age"]      df[df.Age > 3]      df.loc[:, "Age":]      df.values[:, :-1]      df.name.str
"""

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from nb2prod.analysis.values import ROWS, STATISTIC, Kind, Mark, Value, marked, unknown

if TYPE_CHECKING:
    from nb2prod.analysis.rowwise import Reader

Places = Literal["mask", "numbers", ""]
"""How a value says which rows to take."""


def attribute_value(reader: "Reader", node: ast.Attribute) -> Value:
    owner = reader.value(node.value)
    if owner.kind in ("fixed", "unknown"):
        return owner
    if owner.kind == "item":
        return owner
    if owner.kind == "accessor":
        return replace(owner, kind="column", made=True)
    if owner.kind == "bunch":
        return bunch_part(node, owner, node.attr)
    if owner.kind not in ROWS:
        return unknown(node, f"`.{node.attr}` cannot be followed")
    if node.attr in ("loc", "iloc"):
        return replace(owner, kind="indexer", owner=node.value)
    if node.attr in ("at", "iat", "T", "index"):
        what = "swaps rows and columns" if node.attr == "T" else "reads single rows by their label"
        return unknown(node, f"`.{node.attr}` {what}")
    if node.attr in ("columns", "dtypes", "dtype", "shape", "size", "ndim", "empty", "name", "nbytes", "is_unique"):
        return STATISTIC
    if node.attr == "values":
        return replace(owner, kind="array")
    if node.attr in ("str", "dt", "cat"):
        return replace(owner, kind="accessor")
    if owner.kind == "frame":
        return column_of(owner, frozenset({node.attr}))
    if node.attr == "codes" and owner.kind == "column":
        return replace(owner, kind="array")
    return unknown(node, f"`.{node.attr}` cannot be followed")


def column_of(frame: Value, names: frozenset[str]) -> Value:
    read = frozenset((n, c) for n in frame.names for c in names)
    return replace(frame, kind="column", columns=frame.columns | read, whole=frozenset(), dropped=frozenset(),
                   only=None, lists=())  # fmt: skip


def subscript_value(reader: "Reader", node: ast.Subscript) -> Value:
    owner = reader.value(node.value)
    if owner.kind in ("fixed", "unknown", "item"):
        if owner.kind == "unknown":
            return owner
        key = reader.value(node.slice)
        mixed = reader.mixed(node, [(node.value, owner), (node.slice, key)])
        return mixed if mixed is not None else unknown(node, "a table is used as a key here")
    if owner.kind == "indexer":
        return _indexed(reader, node)
    if owner.kind == "groups":
        whole = ast.Subscript(owner.owner or node.value, node.slice, ast.Load())
        return replace(owner, keys=(*owner.keys, node.slice), owner=ast.copy_location(whole, node))
    if owner.kind == "accessor":  # .str[0]
        return replace(owner, kind="column", made=True)
    if owner.kind == "several":
        return _item_of(node, owner)
    if owner.kind == "bunch" and isinstance(node.slice, ast.Constant):
        return bunch_part(node, owner, str(node.slice.value))
    if not owner.is_rows:
        return unknown(node, "this part of a table cannot be followed")
    return _keyed(reader, node, owner, node.slice)


def _item_of(node: ast.Subscript, owner: Value) -> Value:
    match node.slice:
        case ast.Constant(value=int(n)) if -len(owner.items) <= n < len(owner.items):
            return owner.items[n]
    return unknown(node, "it cannot be seen which of several tables this is")


def _keyed(reader: "Reader", node: ast.Subscript, owner: Value, key: ast.expr) -> Value:
    """``df[key]``: a column, columns, or some of the rows."""
    if isinstance(key, ast.Tuple) and owner.kind in ("array", "column"):
        return _array_part(reader, node, owner, key)
    if isinstance(key, ast.Slice):
        return _selected(node, owner, node.value)
    given = reader.value(key)
    if given.kind == "unknown":
        return given
    if given.is_rows:
        return _selected(node, owner, node.value)
    if given.kind != "fixed":
        return unknown(node, "this part of a table cannot be followed")
    names = reader.literal(key)
    places = places_of(key, reader.places) if names is None else ""
    if places == "mask" or (places and owner.kind != "frame"):
        return _selected(node, owner, node.value)
    if owner.kind == "frame" or names is not None:
        if names is not None and not isinstance(_literal_node(reader, key), ast.List | ast.Tuple | ast.Set | ast.BinOp):
            return column_of(owner, names)
        marks = (Mark(key, "statistic"),) if given.counted else ()
        if names is not None:
            only = names if owner.only is None else owner.only & names
            return marked(replace(owner, only=only), *marks)
        return marked(replace(owner, kind="frame", only=owner.only or frozenset(), lists=(*owner.lists, key)), *marks)
    return STATISTIC  # one row of an array, one value of a column


def _literal_node(reader: "Reader", key: ast.expr) -> ast.expr:
    return reader.constants.get(key.id, key) if isinstance(key, ast.Name) else key


def _selected(node: ast.expr, owner: Value, operand: ast.expr) -> Value:
    return marked(owner, Mark(node, "selection", operand))


def _array_part(reader: "Reader", node: ast.Subscript, owner: Value, key: ast.Tuple) -> Value:
    first, *others = key.elts
    every = isinstance(first, ast.Slice) and first.lower is None and first.upper is None and first.step is None
    if isinstance(first, ast.Constant) and first.value is Ellipsis:
        every, others = True, []
    if not every or any(reader.value(o).kind != "fixed" for o in others):
        return unknown(node, "rows and columns of an array are chosen at once")
    table = frame_of_values(node.value)
    if table is None or len(others) != 1 or reader.value(table).kind != "frame":
        return owner
    # ``df.values[:, :-1]``: a request may have fewer columns, so their names are kept
    chosen = ast.copy_location(ast.Subscript(ast.Attribute(table, "iloc", ast.Load()), key, ast.Load()), node)
    kept = replace(owner, only=owner.only or frozenset(), lists=(*owner.lists, chosen))
    return marked(kept, Mark(node, "columns", table))


def _indexed(reader: "Reader", node: ast.Subscript) -> Value:
    """``df.loc[rows, columns]``."""
    assert isinstance(node.value, ast.Attribute)
    operand = node.value.value
    table = reader.value(operand)
    by_name = node.value.attr == "loc"
    if not isinstance(node.slice, ast.Tuple) or len(node.slice.elts) != 2:
        if isinstance(node.slice, ast.Constant | ast.UnaryOp):
            return STATISTIC  # one row
        return _selected(node, table, operand)
    rows, columns = node.slice.elts
    every = isinstance(rows, ast.Slice) and rows.lower is None and rows.upper is None and rows.step is None
    names = reader.literal(columns) if by_name else None
    if reader.value(columns).kind != "fixed":
        return unknown(node, "these columns are chosen in a way that cannot be followed")
    if not every:
        if by_name is False and _is_every(columns) and not isinstance(rows, ast.Constant | ast.UnaryOp):
            return _selected(node, table, operand)
        if names is None or isinstance(rows, ast.Constant):
            return STATISTIC if isinstance(rows, ast.Constant) else unknown(
                node, "rows and columns are chosen at once"
            )  # fmt: skip
        return unknown(node, "rows and columns are chosen at once")
    if names is not None:
        if isinstance(_literal_node(reader, columns), ast.Constant):
            return column_of(table, names)
        return replace(table, only=names if table.only is None else table.only & names)
    one = isinstance(columns, ast.Constant | ast.UnaryOp)
    kept = replace(table, kind="column" if one else "frame", only=table.only or frozenset(), lists=(node,))
    return marked(kept, Mark(node, "columns", operand))


def bunch_part(node: ast.expr, owner: Value, name: str) -> Value:
    """``iris.data``: the table that scikit-learn loads."""
    if name in ("data", "frame", "images", "target"):
        kind: Kind = "column" if name == "target" else "frame" if name == "frame" else "array"
        return Value(kind, owner.sources, marks=(Mark(node, "source"),))
    return STATISTIC


def frame_of_values(node: ast.expr) -> ast.expr | None:
    """The table in ``df.values``, ``df.to_numpy()``."""
    match node:
        case ast.Attribute(value=table, attr="values"):
            return table
        case ast.Call(func=ast.Attribute(value=table, attr="to_numpy"), args=[], keywords=[]):
            return table
    return None


def _is_every(node: ast.expr) -> bool:
    return isinstance(node, ast.Slice) and node.lower is None and node.upper is None and node.step is None


def places_of(node: ast.expr | None, known: Mapping[str, Places]) -> Places:
    """Whether an expression that no table is read for says which rows to take: a mask, or their numbers.

    `known` are the names that do.
    """
    match node:
        case ast.Name(id=name):
            return known.get(name, "")
        case ast.Compare() | ast.UnaryOp(op=ast.Invert()) | ast.BinOp(op=ast.BitAnd() | ast.BitOr()):
            return "mask"
        case ast.Subscript(value=inner, slice=ast.Slice()):
            return places_of(inner, known)
        case ast.Call(func=ast.Attribute(attr="permutation" | "arange" | "argsort" | "flatnonzero")):
            return "numbers"
        case ast.Call(func=ast.Attribute(attr="astype"), args=[ast.Name(id="bool")]):
            return "mask"
        case _:
            return ""
