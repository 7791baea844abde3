"""``df.groupby("k")["x"].transform(…)`` taken apart: a value for each group that can be kept."""

import ast
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GroupParts:
    """`aggregate` is what gives one value for a group, as source; `fills`: it stands where `column` has no value."""

    table: ast.expr
    key: str
    column: str
    aggregate: str
    fills: bool


def group_parts(node: ast.Call) -> GroupParts | None:
    """The parts, or None where the groups are made in another way."""
    match node:
        case ast.Call(
            func=ast.Attribute(
                attr="transform",
                value=ast.Subscript(
                    value=ast.Call(func=ast.Attribute(attr="groupby", value=table), args=[key], keywords=[]),
                    slice=ast.Constant(value=str(column)),
                ),
            ),
            args=[function],
            keywords=[],
        ):
            pass
        case _:
            return None
    if isinstance(key, ast.List) and len(key.elts) == 1:
        key = key.elts[0]
    if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
        return None
    match function:
        case ast.Constant(value=str()):
            return GroupParts(table, key.value, column, ast.unparse(function), fills=False)
        case ast.Lambda(
            args=ast.arguments(args=[ast.arg(arg=own)]),
            body=ast.Call(func=ast.Attribute(attr="fillna", value=ast.Name(id=filled)), args=[statistic], keywords=[]),
        ) if own == filled and isinstance(statistic, ast.Call | ast.Subscript):
            return GroupParts(table, key.value, column, f"lambda {own}: {ast.unparse(statistic)}", fills=True)
    return None
