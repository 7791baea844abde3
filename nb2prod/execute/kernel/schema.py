"""What is known of a value beside its wire form: columns with dtypes, ranges and labels; annotations of JSON values."""

from __future__ import annotations

import contextlib
import math
from typing import Any

from .kinds import is_a
from .session import shell


def describe_column(name: str, series: Any, training: Any, *, may_miss: bool = True) -> dict[str, Any]:
    """A column's dtype, whether it misses values, its range or labels, over the request and the training data.

    `may_miss`: whether a value that is missing in the training data alone makes the column one that may miss values.
    """
    column: dict[str, Any] = {
        "name": name,
        "dtype": str(series.dtype),
        "nullable": False,
        "minimum": None,
        "maximum": None,
        "categories": [],
    }
    seen = [series.dropna(), *([] if training is None else [training.dropna()])]
    column["nullable"] = bool(series.isna().any() or (may_miss and training is not None and training.isna().any()))
    kind = getattr(series.dtype, "kind", "O")
    if kind in "iuf":
        ends = [float(end) for part in seen if len(part) for end in (part.min(), part.max())]
        ends = [end for end in ends if math.isfinite(end)]
        if ends:
            column["minimum"], column["maximum"] = min(ends), max(ends)
    elif column["dtype"] == "category":
        labels = series.dtype.categories.tolist()
        if len(labels) <= 50 and all(isinstance(label, str) for label in labels):
            column["categories"] = labels
    elif kind == "O" or column["dtype"] in ("str", "string"):
        rows = sum(len(part) for part in seen)
        with contextlib.suppress(TypeError):  # unhashable values
            labels = set()
            for part in seen:
                labels.update(part.unique().tolist())
            # Labels repeat; free text does not.
            if len(labels) <= 50 and 2 * len(labels) <= rows and all(isinstance(label, str) for label in labels):
                column["categories"] = sorted(labels)
    return column


def find_training_frame(request: Any) -> tuple[Any, bool]:
    """The frame the request was probably taken from, or made up after; and whether its ranges hold all of the request.

    It has the same columns and dtypes, more rows, and a range that holds most of each column: a scaled copy of the
    training data has the same columns too, but not the same range. None where there is no such frame.
    """
    best, best_rank = None, (0.0, 0)
    for frame in list(shell().user_ns.values()):
        if not is_a(frame, "pandas", "DataFrame") or frame is request or len(frame) <= len(request):
            continue
        if not frame.columns.is_unique or not set(request.columns) <= set(frame.columns):
            continue
        held = min((_held(frame[column], request[column]) for column in request.columns), default=0.0)
        if held > 0.5 and (held, len(frame)) > best_rank:
            best, best_rank = frame, (held, len(frame))
    return best, best_rank[0] == 1.0


def _held(known: Any, asked: Any) -> float:
    """The share of the values asked that lie in the known range; 0 for another dtype."""
    # An integer column without the rows that miss values was a float column with them.
    if known.dtype != asked.dtype and not (known.dtype.kind == "f" and asked.dtype.kind == "i"):
        return 0.0
    if getattr(asked.dtype, "kind", "O") not in "iuf" or not asked.notna().any():
        return 1.0
    return float(asked.dropna().between(known.min(), known.max()).mean())


def describe_records(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Columns of a list of objects that share their keys and hold scalars; else none."""
    names = list(records[0])
    if not all(list(record) == names for record in records):
        return []
    columns = []
    for name in names:
        items = [record[name] for record in records]
        kinds = {type(item) for item in items if item is not None}
        if kinds <= {int, float} and kinds:
            dtype = "float64" if float in kinds or None in items else "int64"
        elif kinds in ({bool}, {str}):
            dtype = "bool" if kinds == {bool} else "object"
        else:
            return []
        column = {"name": name, "dtype": dtype, "nullable": None in items, "minimum": None, "maximum": None}
        columns.append({**column, "categories": []})
    return columns


def annotate(value: Any) -> str:
    """The annotation of a JSON value, e.g. ``list[int]``.

    The same as `nb2prod.analysis.parameters.type_of`, which cannot be imported here: the kernel may lack nb2prod.
    """
    if value is None:
        return "None"
    if isinstance(value, list):
        return f"list[{_common(value)}]"
    if isinstance(value, dict):
        return f"dict[str, {_common(list(value.values()))}]"
    return type(value).__name__


def _common(values: list[Any]) -> str:
    kinds = {annotate(value) for value in values}
    if kinds == {"int", "float"}:
        return "float"
    return kinds.pop() if len(kinds) == 1 else "Any"
