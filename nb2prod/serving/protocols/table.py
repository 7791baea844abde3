"""Tables as other tools write them: pandas' ``split`` form and CSV, to columns by name."""

import csv
import io
from typing import Any

from nb2prod.serving.explain import place
from nb2prod.serving.problem import LONGEST_NAME, Problem

SPLIT = {"columns", "data", "index"}


def columns_of_split(value: Any) -> dict[str, list[Any]]:
    """``{"columns": [...], "data": [[...], ...]}``; an ``index`` is not part of the data. Raises Problem 422."""
    if not isinstance(value, dict):
        raise place(".dataframe_split", "wrong_type", "expected object")
    for name in value:
        if name not in SPLIT:
            raise place(f".dataframe_split.{name}", "unknown_field", "is not a field of this protocol")
    for name in ("columns", "data"):
        if not isinstance(value.get(name), list):
            code, message = ("wrong_type", "expected list") if name in value else ("missing_field", "is missing")
            raise place(f".dataframe_split.{name}", code, message)
    if not isinstance(value.get("index", []), list):
        raise place(".dataframe_split.index", "wrong_type", "expected list")
    names, rows = value["columns"], value["data"]
    if not all(isinstance(name, str) for name in names):
        raise place(".dataframe_split.columns", "wrong_type", "expected list of strings")
    if "index" in value and len(value["index"]) != len(rows):
        raise place(".dataframe_split.index", "ragged", f"{len(value['index'])} values for {len(rows)} rows")
    return _columns(names, rows)


def read_csv(body: bytes) -> dict[str, list[Any]]:
    """The columns below the header line as texts; an empty cell is a missing value. Raises Problem (400, 422)."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Problem(400, "malformed_csv", "the body is not UTF-8") from None
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        message = "the body is not CSV: a quote is open or out of place, or a cell is longer than 128 KiB"
        raise Problem(400, "malformed_csv", message) from None
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise Problem(422, "missing_field", "the body: expected a header line with the columns' names")
    rows: list[Any] = [[cell if cell != "" else None for cell in line] for line in lines[1:]]
    return _columns(lines[0], rows)


def _columns(names: list[str], rows: list[Any]) -> dict[str, list[Any]]:
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Problem(400, "duplicate_key", f"the column '{twice[:LONGEST_NAME]}' is there twice", field=twice)
    for number, row in enumerate(rows):
        if not isinstance(row, list):
            raise place(f".rows[{number}]", "wrong_type", "expected list")
        if len(row) != len(names):
            raise place(f".rows[{number}]", "ragged", f"{len(row)} values for {len(names)} columns")
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}
