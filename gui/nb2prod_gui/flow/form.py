"""The form that asks for one request: its fields from the schema, and the body from what was filled in."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from nb2prod.model.schema import Column, ValueSchema
from nb2prod_gui.flow.made import Made

Kind = Literal["integer", "number", "text", "choice", "yes_no", "json"]


class Field(msgspec.Struct, frozen=True):
    """`given` is the golden row's value, to begin with; `choices` are the categories seen."""

    name: str
    kind: Kind
    nullable: bool = False
    choices: tuple[str, ...] = ()
    given: Any = None


def fields_of(made: Made) -> tuple[Field, ...]:
    """One field per column of a table; one JSON field per value of anything else."""
    example = msgspec.json.decode(made.example) if made.example else {}
    request = made.manifest.request
    if len(request) == 1 and request[0].kind == "frame":
        row = (example.get("rows") or [{}])[0]
        return tuple(_field(column, row.get(column.name)) for column in request[0].columns)
    if _is_rows(request):
        return (Field("rows", "json", given=example.get("rows", [])),)
    return tuple(Field(value.name, "json", given=example.get(value.name)) for value in request)


def body_of(made: Made, filled: Mapping[str, Any]) -> bytes:
    """The request. Values of kind ``json`` are JSON texts. Raises ValueError that names the field that is none."""
    request = made.manifest.request
    if len(request) == 1 and request[0].kind == "frame":
        return msgspec.json.encode({"rows": [dict(filled)]})
    body = {}
    for name, text in filled.items():
        try:
            body[name] = msgspec.json.decode(text)
        except (msgspec.DecodeError, TypeError) as error:
            raise ValueError(f"{name}: {error}") from None
    return msgspec.json.encode(body)


def _is_rows(request: tuple[ValueSchema, ...]) -> bool:
    return len(request) == 1 and request[0].kind != "json"


def _field(column: Column, given: Any) -> Field:
    kind: Kind = "text"
    dtype = column.dtype.lower()
    if dtype.startswith("bool"):
        kind = "yes_no"
    elif column.categories:
        kind = "choice"
    elif dtype.startswith(("int", "uint")):
        kind = "integer"
    elif dtype.startswith("float"):
        kind = "number"
    return Field(column.name, kind, column.nullable, column.categories, given)
