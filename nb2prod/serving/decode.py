"""JSON in: the bytes of a body become the package's own `Request`, or a `Problem` that names row and field."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from nb2prod.serving.explain import READING, describe_names, explain, refuse_duplicate_keys
from nb2prod.serving.layout import Layout, layout_of
from nb2prod.serving.mirror import has_struct, mirror_request, required_keys
from nb2prod.serving.problem import Problem

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Decoder(Generic[R]):
    """`struct` is what OpenAPI is made from, `layout` what other protocols are.

    `decode(body)` gives a `Request` or raises `Problem` (400, 413, 422); `convert(values)` does the same from JSON
    values that are Python's already; `build(rows)` makes it of rows that have been looked at.
    """

    struct: type[msgspec.Struct]
    layout: Layout
    max_rows: int
    decode: Callable[[bytes], R]
    convert: Callable[[Any], R]
    build: Callable[[list[Any]], R]


def build_decoder(request: type[R], *, max_rows: int) -> Decoder[R]:
    """The decoder of a package's `Request`. Raises TypeError where a type in it has no JSON form."""
    struct = mirror_request(request)
    layout = layout_of(struct)
    table = layout.kind == "table"
    strict = msgspec.json.Decoder(struct)
    # (attribute of the struct, name in the JSON, goes back to dicts, least number of keys per row)
    plan: list[tuple[str, str, bool, int]] = []
    for field in msgspec.structs.fields(struct):
        row = layout.row if table and field.encode_name == "rows" else None
        keys = required_keys(row) if row is not None else 0
        plan.append((field.name, field.encode_name, has_struct(field.type), keys))
    own_keys = required_keys(struct)

    def locate(path: str) -> str:
        """One record in place of the rows is row 0."""
        return ".rows[0]" + path[5:] if table and path.startswith(".rows.") else path

    def decode(body: bytes) -> R:
        try:
            value = strict.decode(body)
        except READING as error:
            raise name_all(explain(error, body, locate), lambda: msgspec.json.decode(body)) from None
        request, keys = finish(value)
        # Each key costs a colon, so as many colons as required keys means that no key is there twice. More (an
        # optional key, a colon in a text, a dict, a duplicate) means a slower look; almost no table needs it.
        if body.count(b":") != keys:
            refuse_duplicate_keys(body)
        return request

    def convert(values: Any) -> R:
        try:
            value = msgspec.convert(values, struct)
        except READING as error:
            raise name_all(explain(error, locate=locate), lambda: values) from None
        return finish(value)[0]

    def finish(value: Any) -> tuple[R, int]:
        values: dict[str, Any] = {}
        keys = own_keys
        for attribute, name, to_dicts, row_keys in plan:
            part = getattr(value, attribute)
            if name == "rows":
                if table and not isinstance(part, list):
                    part = [part]
                if isinstance(part, list) and len(part) > max_rows:
                    raise too_many_rows(max_rows)
            if row_keys:
                keys += row_keys * len(part)
            values[name] = msgspec.to_builtins(part) if to_dicts else part
        return request(**values), keys

    def name_all(problem: Problem, read: Callable[[], Any]) -> Problem:
        """A column that is missing or unknown is seldom alone: name them all."""
        if problem.row is None or problem.code not in ("missing_field", "unknown_field") or layout.row is None:
            return problem
        try:
            row = read()["rows"]
            row = row[problem.row] if isinstance(row, list) else row
        except (*READING, IndexError):  # it is also broken further on, or has the key twice
            return problem
        if not isinstance(row, dict):
            return problem
        names = [column.name for column in layout.columns]
        missing = [column.name for column in layout.columns if column.required and column.name not in row]
        problem.message = f"row {problem.row}: {describe_names(missing, [name for name in row if name not in names])}"
        return problem

    return Decoder(struct, layout, max_rows, decode, convert, lambda rows: request(rows=rows))  # type: ignore[call-arg]


def too_many_rows(most: int) -> Problem:
    return Problem(413, "too_many_rows", f"more than {most} rows: send them in parts", field="rows")
