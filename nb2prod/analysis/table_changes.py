"""What a statement changes of a table that a name already stands for.

df["Age"] = ages          df.loc[mask, "Age"] = 0          df["Age"] += 1          df.drop(columns=["id"], inplace=True)
del df["id"]              y = df.pop("Survived")           df.Age = ages           df.insert(0, "one", 1)
"""

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from nb2prod.analysis.names import root_name
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.rows import FITTING
from nb2prod.analysis.values import STATISTIC, Mark, Value, joined, marked, unknown

if TYPE_CHECKING:
    from nb2prod.analysis.tables import Tables


def change(tables: "Tables", node: ast.stmt, name: str, value: Value, columns: frozenset[str] | None) -> None:
    """The table has `value` in it from now on, in these columns (None: any)."""
    if value.kind == "unknown":
        tables.env[name] = value
        return
    before = tables.env[name]
    if any(not (value.sources <= before.sources or before.sources <= value.sources) for _ in (0,) if value.sources):
        tables.env[name] = unknown(node, "rows of two tables are put together here")
        return
    tables.note(node, name, replace(value, made=True), columns=columns)


def rename(tables: "Tables", node: ast.stmt, name: str, attr: str, value: Value) -> None:
    """``df.columns = [...]``, ``df.index = ...``."""
    if attr == "columns" and value.kind == "fixed" and not value.counted:
        table = replace(tables.env[name], made=False)
        lost = unknown(node, "columns are renamed by their place, and a request does not have all of them")
        tables.note(node, name, replace(table, problem=lost.problem))
    elif attr != "name":
        tables.env[name] = unknown(node, f"`.{attr}` is set here, which cannot be followed")


def as_column(source: ast.expr, value: Value) -> Value:
    """A value as it goes into a table: a fixed one that is a statistic gets its mark."""
    return value if value.kind == "unknown" else joined([(source, value)], "column", source)


def store(tables: "Tables", node: ast.stmt, name: str, target: ast.Subscript, source: ast.expr, value: Value) -> None:
    """``df["a"] = …``, ``df[mask] = …``."""
    table, reader = tables.env[name], tables.reader
    if not table.is_rows:
        return
    key = reader.value(target.slice)
    if key.kind == "unknown" or table.kind == "list":
        tables.env[name] = key if key.kind == "unknown" else unknown(node, "this list of rows is changed")
        return
    if table.kind != "frame" and key.kind == "fixed" and not isinstance(target.slice, ast.Tuple):
        tables.env[name] = unknown(node, "single rows of training data are changed here")
        return
    columns = reader.literal(target.slice) if key.kind == "fixed" else None
    parts = [(source, value)] if key.kind == "fixed" and not key.counted else [(source, value), (target.slice, key)]
    change(tables, node, name, joined(parts, "column", node), columns)


def store_at(
    tables: "Tables", node: ast.stmt, name: str, target: ast.Subscript, source: ast.expr, value: Value
) -> None:
    """``df.loc[mask, "a"] = …``."""
    reader = tables.reader
    rows = target.slice.elts[0] if isinstance(target.slice, ast.Tuple) else target.slice
    where = reader.value(rows)
    every = isinstance(rows, ast.Slice) and rows.lower is None and rows.upper is None
    if where.kind == "unknown" or not (where.depends or every):
        tables.env[name] = where if where.kind == "unknown" else unknown(
            node, "single rows of training data are changed here"
        )  # fmt: skip
        return
    columns = None
    if isinstance(target.slice, ast.Tuple) and len(target.slice.elts) == 2:
        columns = reader.literal(target.slice.elts[1])
    parts = [(source, value)] if every else [(source, value), (rows, where)]
    made = joined(parts, "column", node)
    if columns is not None and not every:  # the other rows keep what they have
        made = replace(made, columns=made.columns | {(name, c) for c in columns})
    change(tables, node, name, made, columns)


def augment(tables: "Tables", node: ast.AugAssign, target: ast.expr, source: ast.expr) -> None:
    value = tables.reader.value(source)
    old = tables.reader.value(target)
    if isinstance(target, ast.Name):
        if old.depends or value.depends:
            both = joined([(target, old), (source, value)], old.kind if old.depends else value.kind, node)
            tables.bind(node, target.id, both)
        return
    root = root_name(target)
    if root in tables.env and tables.env[root].depends:
        columns = tables.reader.literal(target.slice) if isinstance(target, ast.Subscript) else None
        change(tables, node, root, joined([(target, old), (source, value)], "column", node), columns)


def delete(tables: "Tables", node: ast.stmt, target: ast.expr) -> None:
    if isinstance(target, ast.Name):
        tables.env.pop(target.id, None)
        return
    root = root_name(target)
    if root in tables.env and tables.env[root].depends:
        names = tables.reader.literal(target.slice) if isinstance(target, ast.Subscript) else None
        if names is None:
            tables.env[root] = unknown(node, "it cannot be seen which column is deleted")
        else:
            _remove(tables, node, root, names)


def take_popped(tables: "Tables", node: ast.stmt, source: ast.expr) -> None:
    """``y = df.pop("target")`` also takes the column away."""
    for part in walk(source):
        match part:
            case ast.Call(func=ast.Attribute(attr="pop", value=ast.Name(id=name)), args=[key]) if name in tables.env:
                names = tables.reader.literal(key)
                if names is not None and tables.env[name].kind == "frame":
                    _remove(tables, node, name, names)


def _remove(tables: "Tables", node: ast.stmt, name: str, names: frozenset[str]) -> None:
    table = replace(tables.env[name], dropped=names, made=False)
    tables.note(node, name, table, columns=names)


def call_for_effect(tables: "Tables", node: ast.stmt, call: ast.Call) -> None:
    """A call made for its effect: ``df.fillna(0, inplace=True)``, ``df.insert(…)``, ``clean(df)``."""
    reader = tables.reader
    root = root_name(call.func)
    table = tables.env.get(root)
    if isinstance(call.func, ast.Attribute) and table is not None and table.depends:
        in_place = any(
            k.arg == "inplace" and isinstance(k.value, ast.Constant) and k.value.value is True for k in call.keywords
        )
        if in_place:
            whole = isinstance(call.func.value, ast.Name)
            column = None if whole else reader.value(call.func.value).columns
            value = reader.value(_without_inplace(call))
            if whole and value.is_rows:
                _replace(tables, node, root, value)
            else:
                change(tables, node, root, value, frozenset(c for _, c in column) if column else None)
        elif call.func.attr == "insert" and len(call.args) == 3 and isinstance(call.func.value, ast.Name):
            made = as_column(call.args[2], reader.value(call.args[2]))
            if ast.unparse(call.args[0]) != "0" and made.kind != "unknown":
                made = marked(made, Mark(call.args[0], "inserted", call.func.value))
            change(tables, node, root, made, reader.literal(call.args[1]))
        elif call.func.attr == "insert":
            tables.env[root] = unknown(call, "it cannot be seen what is inserted where")
        elif call.func.attr == "pop" and (names := reader.literal(call.args[0] if call.args else None)):
            _remove(tables, node, root, names)
        return
    if tables.loop is not None and isinstance(call.func, ast.Attribute) and call.func.attr in FITTING and root:
        tables.env[root] = STATISTIC  # fitted anew in each turn
        return
    changed = tables.graph.direct(tables.number) & tables.env.keys() if tables.depth == 0 else frozenset()
    given = {n.id for a in call.args for n in walk(a) if isinstance(n, ast.Name)}
    for name in sorted(changed & given):
        if tables.env[name].is_rows and not isinstance(call.func, ast.Attribute):
            value = reader.value(call)
            change(tables, node, name, value if value.kind == "unknown" else tables.env[name], None)


def _replace(tables: "Tables", node: ast.stmt, name: str, value: Value) -> None:
    """A whole table changed in place: like binding the name to what the call would give."""
    tables.note(node, name, value, binds=True)


def _without_inplace(call: ast.Call) -> ast.Call:
    kept = [k for k in call.keywords if k.arg != "inplace"]
    return ast.copy_location(ast.Call(call.func, call.args, kept), call)
