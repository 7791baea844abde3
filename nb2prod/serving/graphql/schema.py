"""The GraphQL schema of a request: inputs by its types, the answer as JSON."""

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLFloat,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    Undefined,
)

from nb2prod.serving.layout import Column, Layout

Resolve = Callable[..., Awaitable[Any]]


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise ValueError("not an integer of 64 bits")
    return value


def _literal_integer(node: Any, _: Any = None) -> int:
    if node.kind != "int_value":
        raise ValueError("not an integer")
    return _integer(int(node.value) if len(node.value) < 20 else None)


JSON = GraphQLScalarType("JSON", description="Any JSON value")
INT64 = GraphQLScalarType(
    "Int64", description="An integer of 64 bits", parse_value=_integer, parse_literal=_literal_integer
)
_LEAVES = {"integer": INT64, "number": GraphQLFloat, "boolean": GraphQLBoolean, "text": GraphQLString, "other": JSON}

MODEL = GraphQLObjectType(
    "Model", {"name": GraphQLField(GraphQLNonNull(GraphQLString)), "version": GraphQLField(GraphQLString)}
)
PREDICTION = GraphQLObjectType(
    "Prediction",
    {
        "predictions": GraphQLField(
            JSON, description="As the notebook's response; a number that is not finite is null"
        ),
        "requestId": GraphQLField(GraphQLNonNull(GraphQLString)),
        "model": GraphQLField(GraphQLNonNull(MODEL)),
    },
)


def build_schema(layout: Layout, resolve_predict: Resolve, resolve_model: Callable[..., Any]) -> GraphQLSchema:
    """`predict` takes what the body of `/predict` has; its resolver gets the names of the body as keywords."""
    if layout.kind == "table":
        named = _spell(column.name for column in layout.columns)
        fields = {
            named[column.name]: GraphQLInputField(
                _type(column), _default(column), description=column.name, out_name=column.name
            )
            for column in layout.columns
        }
        row = GraphQLInputObjectType("Row", fields)
        arguments = {"rows": GraphQLArgument(_many(row))}
    elif layout.kind == "list":
        arguments = {"rows": GraphQLArgument(_many(_bare_type(layout.columns[0])))}
    else:
        named = _spell(column.name for column in layout.columns)
        arguments = {
            named[column.name]: GraphQLArgument(
                _type(column), _default(column), description=column.name, out_name=column.name
            )
            for column in layout.columns
        }
    predict = GraphQLField(GraphQLNonNull(PREDICTION), arguments, resolve_predict)
    model = GraphQLField(GraphQLNonNull(MODEL), resolve=resolve_model)
    return GraphQLSchema(GraphQLObjectType("Query", {"predict": predict, "model": model}))


def _many(element: Any) -> Any:
    return GraphQLNonNull(GraphQLList(GraphQLNonNull(element)))


def _type(column: Column) -> Any:
    """Not null unless the value may be missing, or has a default."""
    may_be_null = column.nullable or not column.required or column.leaf == "other"
    return _bare_type(column) if may_be_null else GraphQLNonNull(_bare_type(column))


def _bare_type(column: Column) -> Any:
    kind: Any = _LEAVES[column.leaf]
    for _ in range(column.depth):
        kind = GraphQLList(GraphQLNonNull(kind))
    return kind


def _default(column: Column) -> Any:
    """A column that must be there but may be null is null where a query leaves it out."""
    return None if column.nullable and column.required else Undefined


def _spell(names: Iterable[str]) -> dict[str, str]:
    """A GraphQL name per name: letters, digits and underscores, none twice."""
    spelled: dict[str, str] = {}
    for name in names:
        made = re.sub(r"[^A-Za-z0-9_]", "_", name) or "_"
        made = f"_{made}" if made[0].isdigit() else made
        made = re.sub(r"^__+", "_", made)
        unique, number = made, 2
        while unique in spelled.values():
            unique, number = f"{made}_{number}", number + 1
        spelled[name] = unique
    return spelled
