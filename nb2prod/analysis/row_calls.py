"""What a call is to one row: of a function of the notebook, of Python or of a library, or a method of what is known.

Nothing is assumed of a call that is not known: what it gives is `unknown` as soon as it is given rows.
"""

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from nb2prod.analysis import rows as words
from nb2prod.analysis.functions import function_value
from nb2prod.analysis.methods import method_value
from nb2prod.analysis.names import import_path
from nb2prod.analysis.values import FIXED, STATISTIC, Mark, Value, joined, marked, unknown

if TYPE_CHECKING:
    from nb2prod.analysis.rowwise import Reader


def call_value(reader: "Reader", node: ast.Call) -> Value:
    path = import_path(reader.imported, node.func)
    arguments = [a.value if isinstance(a, ast.Starred) else a for a in node.args]
    given = [*arguments, *(k.value for k in node.keywords)]
    if path:
        return function_value(reader, node, path, given)
    if isinstance(node.func, ast.Name):
        return _function(reader, node, node.func.id, given)
    if not isinstance(node.func, ast.Attribute):
        return _plain(reader, node, [node.func, *given])
    owner = reader.value(node.func.value)
    if owner.kind == "unknown":
        return owner
    if owner.kind == "fixed":
        return _object(reader, node, node.func, owner, given)
    if owner.kind == "item":
        return _plain(reader, node, [node.func.value, *given])
    return method_value(reader, node, node.func, owner)


def _plain(reader: "Reader", node: ast.Call, nodes: list[ast.expr]) -> Value:
    """A call of something unknown: fine while it is given no rows."""
    parts = reader.parts(nodes)
    mixed = reader.mixed(node, parts)
    if mixed is not None:
        return mixed
    return unknown(node, f"`{ast.unparse(node.func)}` is given rows, and it is not known what it does with them")


def _function(reader: "Reader", node: ast.Call, name: str, given: list[ast.expr]) -> Value:
    values = [reader.value(g) for g in given]
    own = reader.call_own(name, node, values)
    if own is not None:
        return own
    if not any(v.depends for v in values):
        return _plain(reader, node, given)
    if name in ("len", "sum", "min", "max", "sorted", "set", "any", "all", "dict", "type", "print"):
        first = values[0] if values else FIXED
        return _plain(reader, node, given) if first.kind in ("item", "unknown") else STATISTIC
    if name in ("list", "tuple") and values[0].kind in ("column", "list", "array"):
        return replace(values[0], kind="list")
    if name in ("list", "tuple") and values[0].kind == "frame":
        return STATISTIC  # its columns
    if name in ("abs", "round") and values[0].is_rows:
        return joined(reader.parts(given), values[0].kind, node)
    if name == "zip" and all(v.kind in ("column", "list", "array") for v in values):
        return joined(reader.parts(given), "list", node)
    if name in ("map", "filter", "enumerate", "range", "iter"):
        return unknown(node, f"`{name}` over rows cannot be followed")
    return _plain(reader, node, given)


def _object(reader: "Reader", node: ast.Call, function: ast.Attribute, owner: Value, given: list[ast.expr]) -> Value:
    """A method of something fixed: ``scaler.transform(X)``."""
    parts = reader.parts(given)
    if not any(v.depends or v.kind == "unknown" for _, v in parts):
        return STATISTIC if owner.counted or any(v.counted for _, v in parts) else FIXED
    for _, value in parts:
        if value.kind == "unknown":
            return value
    rows = next((v for _, v in parts if v.is_rows), None)
    receiver = [(function.value, owner)] if owner.counted else []
    if rows is None:
        return _plain(reader, node, given)
    if function.attr in words.APPLYING:
        return joined([*receiver, *parts[:1]], "array", node)
    if function.attr == "fit_transform":
        maker = ast.unparse(function.value).split("(")[0].rpartition(".")[2]
        if maker in words.WITHOUT_TRANSFORM:
            return unknown(node, f"`{maker}` cannot be applied to new rows")
        first = joined(parts[:1], "array", node)
        return marked(first, Mark(node, "fitted", function.value))
    if function.attr in (*words.FITTING, "score", "evaluate"):
        return STATISTIC
    return _plain(reader, node, given)
