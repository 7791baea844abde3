"""Requests, responses and variables in wire form: the JSON that a caller sends and gets (nb2prod.model.schema)."""

from __future__ import annotations

import datetime
import decimal
import math
import sys
from typing import Any

from .errors import UnfitError
from .kinds import is_a, is_pandas_array, type_name
from .schema import annotate, describe_column, describe_records, find_training_frame


def describe(name: str, value: Any, strict: bool) -> tuple[dict[str, Any], Any]:
    """The schema of a value and the value in wire form (nb2prod.model.schema). Raises UnfitError.

    `strict`: the value is a request, so that a caller's JSON must be able to make it again.
    """
    schema: dict[str, Any] = {
        "name": name,
        "kind": "json",
        "columns": [],
        "dtype": "",
        "shape": [],
        "annotation": "",
        "index": "",
        "learned": 0,
    }
    if is_a(value, "pandas", "DataFrame"):
        schema["kind"] = "frame"
        if not all(isinstance(column, str) for column in value.columns):
            if strict:
                raise UnfitError("its columns are not named by text")
            value = value.set_axis([str(column) for column in value.columns], axis=1)
        if not value.columns.is_unique:
            raise UnfitError("two of its columns have the same name")
        known, holds_all = find_training_frame(value) if strict else (None, False)
        schema["learned"] = len(known) if known is not None else 0
        index = _index_of(value) if strict else ""
        if index:
            schema["index"], value = index, value.reset_index(names=index)
        lists = [_cells(value[column], strict, column) for column in value.columns]
        schema["columns"] = [
            describe_column(
                column, value[column], None if known is None or column == index else known[column], may_miss=holds_all
            )
            for column in value.columns
        ]
        rows = [dict(zip(value.columns, row)) for row in zip(*lists)] if lists else []  # noqa: B905
        return schema, rows
    if is_a(value, "pandas", "Series"):
        schema["kind"], schema["dtype"] = "series", str(value.dtype)
        schema["columns"] = [describe_column(str(value.name or name), value, None)]
        return schema, _cells(value, strict, name)
    if is_pandas_array(value):
        value = sys.modules["numpy"].asarray(value)
    if is_a(value, "torch", "Tensor"):
        schema["kind"], schema["dtype"] = "tensor", str(value.dtype).replace("torch.", "")
        schema["shape"] = [None, *value.shape[1:]]
        if value.dim() == 0:
            return _json_schema(schema, value.item(), strict)
        value = value.detach().cpu()
        return schema, _nested((value.float() if schema["dtype"] == "bfloat16" else value).tolist(), strict)
    if is_a(value, "numpy", "ndarray"):
        if value.ndim == 0:
            return _json_schema(schema, value.item(), strict)
        schema["kind"], schema["dtype"], schema["shape"] = "array", str(value.dtype), [None, *value.shape[1:]]
        if strict and value.dtype.kind not in "biufUO":
            raise UnfitError(f"an array of {value.dtype} has no JSON form")
        if value.dtype.kind == "M":
            return schema, _nested(value.astype("datetime64[us]").tolist(), strict)
        return schema, _nested(value.tolist(), strict)
    if isinstance(value, list) and value and strict and all(type(item) is str for item in value):
        schema["kind"] = "texts"
        return schema, list(value)
    if isinstance(value, list) and value and all(type(item) is dict for item in value):
        wire = _nested(value, strict)
        schema["kind"], schema["columns"] = "records", describe_records(wire)
        return schema, wire
    return _json_schema(schema, value, strict)


def _index_of(frame: Any) -> str:
    """The name of an index that is data: it has a name, or holds times. Empty for mere row numbers."""
    times = is_a(frame.index, "pandas", "DatetimeIndex")
    name = "index" if times and frame.index.name is None else frame.index.name
    plain = times or str(frame.index.dtype) in ("str", "string") or getattr(frame.index.dtype, "kind", "") in "iufO"
    return name if isinstance(name, str) and plain and frame.index.nlevels == 1 and name not in frame.columns else ""


def unsent_index(value: Any) -> bool:
    """Whether it is a Series whose index is data (a name, or times), of which a caller sends the values alone."""
    return is_a(value, "pandas", "Series") and (
        is_a(value.index, "pandas", "DatetimeIndex") or isinstance(value.index.name, str)
    )


def _json_schema(schema: dict[str, Any], value: Any, strict: bool) -> tuple[dict[str, Any], Any]:
    wire = _nested(value, strict)
    schema.update(kind="json", dtype="", shape=[], annotation=annotate(wire))
    return schema, wire


def _nested(value: Any, strict: bool) -> Any:
    """JSON of a value made of lists, dicts and scalars; in a response also of arrays and frames."""
    if isinstance(value, (list, tuple)):
        return [_nested(item, strict) for item in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value) and strict:
            raise UnfitError("its keys are not text")
        return {str(key): _nested(item, strict) for key, item in value.items()}
    arrays = (("pandas", "DataFrame"), ("pandas", "Series"), ("numpy", "ndarray"), ("torch", "Tensor"))
    if not strict and (is_pandas_array(value) or any(is_a(value, *kind) for kind in arrays)):
        return describe("", value, strict=False)[1]
    return _scalar(value, strict)


def _scalar(value: Any, strict: bool) -> Any:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if is_a(value, "numpy", "datetime64"):
        value = value.astype("datetime64[us]").item()
    elif is_a(value, "numpy", "generic"):
        value = value.item()
    if isinstance(value, str):
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            raise UnfitError("it holds text that is not valid Unicode")
        return str(value)
    if isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        if math.isinf(value):
            raise UnfitError("it holds an infinite number")
        return None if math.isnan(value) else float(value)
    if not strict and isinstance(value, (datetime.date, datetime.time)):  # also datetimes, also pandas.Timestamp
        return value.isoformat()
    if not strict and isinstance(value, decimal.Decimal):
        return float(value)
    raise UnfitError(f"{type_name(type(value))} has no JSON form")


def _cells(series: Any, strict: bool, name: str) -> list[Any]:
    dtype = str(series.dtype)
    if strict and dtype.startswith(("timedelta", "complex", "period", "interval", "Sparse")):
        raise UnfitError(f"column `{name}` is {dtype}")
    strict = strict and not dtype.startswith("datetime64")  # the dtype tells how to read the text back
    try:
        return [_nested(item, strict) for item in series.tolist()]
    except UnfitError as reason:
        raise UnfitError(f"in column `{name}`, {reason}") from None
