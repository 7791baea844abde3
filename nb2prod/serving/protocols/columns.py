"""A request from columns, as tensors, frames and CSV bring it, by the same rules as one in our own JSON."""

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from nb2prod.serving.decode import Decoder, too_many_rows
from nb2prod.serving.explain import READING, describe_names, explain, place
from nb2prod.serving.layout import Column
from nb2prod.serving.problem import Problem


def request_from_columns(decoder: Decoder[Any], columns: Mapping[str, list[Any]], *, texts: bool = False) -> Any:
    """The request of a table. With `texts`, numbers come as text (CSV). Raises Problem (413, 422)."""
    layout = decoder.layout
    known = {column.name: column for column in layout.columns}
    missing = [column.name for column in layout.columns if column.required and column.name not in columns]
    unknown = [name for name in columns if name not in known]
    if missing or unknown:
        code = "missing_field" if missing else "unknown_field"
        raise Problem(422, code, describe_names(missing, unknown), field=(missing or unknown)[0])
    count = len(next(iter(columns.values()), ()))
    for name, values in columns.items():
        if len(values) != count:
            message = f"field '{name}' has {len(values)} values, the first one {count}"
            raise Problem(422, "ragged", message, field=name)
    if count > decoder.max_rows:
        raise too_many_rows(decoder.max_rows)
    converted = [convert_column(known[name], values, texts=texts) for name, values in columns.items()]
    names = list(columns)
    return decoder.build([dict(zip(names, row, strict=True)) for row in zip(*converted, strict=True)])


def convert_column(column: Column, values: list[Any], *, texts: bool = False) -> list[Any]:
    """Values as the column's type has them. Raises Problem 422 with row and field."""
    lax = texts and column.leaf in ("integer", "number", "boolean") and column.depth == 0
    try:
        converted = msgspec.convert(values, list[column.type], strict=not lax)  # type: ignore[name-defined]
    except READING as error:
        raise explain(error, locate=lambda path: locate_cell(path, column.name)) from None
    if lax and column.leaf == "number":
        for row, number in enumerate(converted):
            if number is not None and not math.isfinite(number):
                raise place(locate_cell(f"[{row}]", column.name), "out_of_range", "is not a finite number")
    return msgspec.to_builtins(converted) if column.leaf == "other" else converted


def locate_cell(path: str, name: str) -> str:
    """``[2][0]`` of column ``vector`` is ``.rows[2].vector[0]``."""
    row, _, rest = path.partition("]")
    return f".rows{row}].{name}{rest}"
