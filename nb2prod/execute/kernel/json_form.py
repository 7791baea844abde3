"""Artifacts as JSON: plain values as they are, what JSON has no word for as ``{"$type": …}``.

{"sizes": (1, 2)}   ->   {"sizes": {"$type": "tuple", "items": [1, 2]}}
"""

from __future__ import annotations

import base64
import collections
import datetime
import importlib
import json
import sys
from typing import Any

from .errors import UnfitError
from .kinds import type_name


def dump_json(value: Any) -> tuple[bytes, list[str]]:
    tags: set[str] = set()
    return json.dumps(_encode(value, tags)).encode(), sorted(tags)


def _encode(value: Any, tags: Any) -> Any:
    """A value as JSON; what JSON has no word for becomes ``{"$type": …}``. The generated loader reads the same form."""
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if kind is list:
        return [_encode(item, tags) for item in value]
    if kind is dict and "$type" not in value and all(type(key) is str for key in value):
        return {key: _encode(item, tags) for key, item in value.items()}
    tag, fields = _tagged(value, kind)
    tags.add(tag)
    return {"$type": tag, **{key: _encode(item, tags) for key, item in fields.items()}}


def _tagged(value: Any, kind: type) -> tuple[str, dict[str, Any]]:
    if kind in (dict, collections.OrderedDict, collections.Counter):
        return type_name(kind), {"items": [[key, item] for key, item in value.items()]}
    if kind is tuple:
        return "tuple", {"items": list(value)}
    if kind in (set, frozenset):
        return type_name(kind), {"items": sorted(value, key=lambda item: (type(item).__name__, item))}
    if kind in (datetime.datetime, datetime.date):
        return type_name(kind), {"value": value.isoformat()}
    if kind is bytes:
        return "bytes", {"value": base64.b64encode(value).decode()}
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if numpy is not None and isinstance(value, numpy.generic):
        return "numpy." + kind.__name__, {"value": _plain(value.item())}
    if numpy is not None and kind is numpy.ndarray:
        if value.dtype.kind not in "biufUO":
            raise UnfitError(f"arrays of {value.dtype} have no JSON form")
        fields = {"dtype": str(value.dtype), "shape": list(value.shape), "values": value.ravel().tolist()}
        return "numpy.ndarray", fields
    if pandas is not None:
        if kind is pandas.Timestamp:
            return "pandas.Timestamp", {"value": value.isoformat(), "unit": value.unit}
        if kind is pandas.CategoricalDtype:
            return "pandas.CategoricalDtype", {"categories": value.categories, "ordered": bool(value.ordered)}
        if kind is pandas.RangeIndex:
            return "pandas.RangeIndex", {"range": [value.start, value.stop, value.step], "name": value.name}
        if kind is pandas.Index or kind.__name__ in ("DatetimeIndex", "CategoricalIndex"):
            return "pandas.Index", {**_column(value), "name": value.name}
        if kind is pandas.Series:
            return "pandas.Series", {**_column(value), "index": value.index, "name": value.name}
        if kind is pandas.DataFrame:
            columns = [value.iloc[:, position] for position in range(value.shape[1])]
            fields = {"columns": value.columns, "index": value.index, "series": [_column(column) for column in columns]}
            return "pandas.DataFrame", fields
    raise UnfitError(f"{type_name(kind)} has no JSON form")


def _column(values: Any) -> dict[str, Any]:
    """The values of a pandas Series or Index with their dtype; missing ones are None, times ISO 8601 text."""
    dtype = values.dtype
    plain = type(dtype).__module__.startswith("numpy") or str(dtype) in ("str", "string", "category", "boolean")
    if not (plain or str(dtype).lower().startswith(("int", "uint", "float", "datetime64"))):
        raise UnfitError(f"columns of {dtype} have no JSON form")
    missing = values.isna()
    items = [None if gone else _plain(item) for item, gone in zip(values.tolist(), missing)]  # noqa: B905
    return {"dtype": dtype if str(dtype) == "category" else str(dtype), "values": items}


def _plain(item: Any) -> Any:
    if isinstance(item, datetime.datetime):  # also pandas.Timestamp
        return item.isoformat()
    if type(item) in (bool, int, float, str):
        return item
    raise UnfitError(f"{type_name(type(item))} has no JSON form")


def decode(value: Any) -> Any:
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    fields = {key: decode(item) for key, item in value.items()}
    tag = fields.pop("$type", None)
    return fields if tag is None else _untagged(tag, fields)


def _untagged(tag: str, fields: dict[str, Any]) -> Any:
    plain: dict[str, Any] = {
        "dict": dict,
        "collections.OrderedDict": collections.OrderedDict,
        "tuple": tuple,
        "set": set,
        "frozenset": frozenset,
    }
    if tag in plain:
        return plain[tag](fields["items"])
    if tag == "collections.Counter":
        return collections.Counter(dict(fields["items"]))
    if tag in ("datetime.datetime", "datetime.date"):
        return getattr(datetime, tag[9:]).fromisoformat(fields["value"])
    if tag == "bytes":
        return base64.b64decode(fields["value"])
    if tag == "numpy.ndarray":
        numpy = importlib.import_module("numpy")
        return numpy.array(fields["values"], dtype=fields["dtype"]).reshape(fields["shape"])
    if tag.startswith("numpy."):
        return getattr(importlib.import_module("numpy"), tag[6:])(fields["value"])
    pandas = importlib.import_module("pandas")
    if tag == "pandas.Timestamp":
        return pandas.Timestamp(fields["value"]).as_unit(fields["unit"])
    if tag == "pandas.CategoricalDtype":
        return pandas.CategoricalDtype(**fields)
    if tag == "pandas.RangeIndex":
        return pandas.RangeIndex(*fields["range"], name=fields["name"])
    if tag == "pandas.Index":
        return pandas.Index(fields["values"], dtype=fields["dtype"], name=fields["name"])
    if tag == "pandas.Series":
        return pandas.Series(fields["values"], index=fields["index"], dtype=fields["dtype"], name=fields["name"])
    series = {at: pandas.Series(dtype=s["dtype"], data=s["values"]) for at, s in enumerate(fields["series"])}
    return pandas.DataFrame(series).set_axis(fields["index"]).set_axis(fields["columns"], axis=1)
