"""What a request is made of, for the protocols that speak of columns and tensors rather than of our own JSON.

==========  ==========================================  =============================================
kind        the request                                 its parts
==========  ==========================================  =============================================
``table``   ``{"rows": [{column: value}, ...]}``        a column per field of a row
``list``    ``{"rows": [value, ...]}``                  one column, ``rows``: texts, numbers, arrays
``fields``  ``{name: value, ...}``                      a value per name
==========  ==========================================  =============================================
"""

from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec import inspect

from nb2prod.serving.mirror import PERSONAL

Kind = Literal["table", "list", "fields"]
Leaf = Literal["integer", "number", "boolean", "text", "other"]


@dataclass(frozen=True, slots=True)
class Column:
    """`type` is the mirrored type of one value; `leaf` is what it is after `depth` lists, null aside; `personal`: to be
    kept out of the request log."""

    name: str
    type: Any
    required: bool
    leaf: Leaf
    depth: int
    nullable: bool
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """`columns` are the parts; for a list the one column's `type` is that of an element. `row`: a table's struct."""

    kind: Kind
    columns: tuple[Column, ...]
    row: type[msgspec.Struct] | None = None


def layout_of(struct: type[msgspec.Struct]) -> Layout:
    """The layout of a mirrored request."""
    fields = msgspec.structs.fields(struct)
    if len(fields) == 1 and fields[0].encode_name == "rows":
        rows = fields[0]
        if (row := row_of(rows.type)) is not None:
            return Layout("table", _columns(row), row)
        if get_origin(rows.type) is list:
            return Layout("list", (_column("rows", get_args(rows.type)[0], True),))
    return Layout("fields", _columns(struct))


def row_of(annotation: Any) -> type[msgspec.Struct] | None:
    """The struct in ``list[Row]`` or ``list[Row] | Row``."""
    for part in (annotation, *get_args(annotation)):
        if get_origin(part) is list:
            row = get_args(part)[0]
            return row if isinstance(row, type) and issubclass(row, msgspec.Struct) else None
    return None


def _columns(struct: type[msgspec.Struct]) -> tuple[Column, ...]:
    return tuple(_column(f.encode_name, f.type, f.required) for f in msgspec.structs.fields(struct))


def _column(name: str, annotation: Any, required: bool) -> Column:
    kind, depth, nullable, personal = inspect.type_info(annotation), 0, False, False
    while True:
        if isinstance(kind, inspect.UnionType):
            others = [t for t in kind.types if not isinstance(t, inspect.NoneType)]
            nullable |= any(isinstance(t, inspect.NoneType) for t in kind.types)
            if len(others) != 1:
                return Column(name, annotation, required, "other", 0, nullable, personal)
            kind = others[0]
        elif isinstance(kind, inspect.Metadata):
            personal |= bool((kind.extra or {}).get(PERSONAL))
            kind = kind.type
        elif isinstance(kind, inspect.ListType):
            kind, depth = kind.item_type, depth + 1
        else:
            leaf = _leaf(kind)
            return Column(name, annotation, required, leaf, 0 if leaf == "other" else depth, nullable, personal)


def _leaf(kind: inspect.Type) -> Leaf:
    match kind:
        case inspect.IntType():
            return "integer"
        case inspect.FloatType():
            return "number"
        case inspect.BoolType():
            return "boolean"
        case inspect.StrType():
            return "text"
        case inspect.LiteralType() if all(isinstance(value, str) for value in kind.values):
            return "text"
        case inspect.LiteralType() if all(isinstance(value, int) for value in kind.values):
            return "integer"
    return "other"
