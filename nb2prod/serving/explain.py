"""Why a body was refused, in the words of JSON: where, what was expected, never a value."""

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from nb2prod.serving.problem import LONGEST_NAME, Problem

MOST_NAMES = 10
"""So many columns are named in one message."""

JSON_WORDS = {"int": "integer", "float": "number", "str": "string", "bool": "true or false", "array": "list"}
"""msgspec speaks Python; callers speak JSON."""

READING = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding JSON raises; `msgspec.ValidationError` is a DecodeError."""


Locate = Callable[[str], str]
"""From the path of what was decoded, e.g. ``[2]``, to the path in the request: ``.rows[2].age``."""


def explain(error: Exception, body: bytes = b"", locate: Locate = str) -> Problem:
    """The problem behind one of `READING`, found in `body`, or in values that have left it."""
    if isinstance(error, msgspec.ValidationError):
        return _explain_mismatch(str(error), locate)
    if isinstance(error, RecursionError):
        return Problem(400, "too_deep", "the body is nested too deeply")
    if isinstance(error, UnicodeDecodeError):
        return Problem(400, "malformed_json", "the body is not UTF-8")
    text = str(error)
    if "truncated" in text:
        return Problem(400, "malformed_json", f"the body ends in the middle of the JSON (byte {len(body)})")
    found = re.search(r"\(byte (\d+)\)$", text)
    if found is None:
        return Problem(400, "malformed_json", "the body is not JSON")
    at = int(found.group(1))
    if is_not_finite(body, at) and (path := find_not_finite(body)) is not None:
        message = f"NaN and Infinity are not JSON (byte {at}): send null where it is allowed"
        return place(locate(path), "out_of_range", message)
    return Problem(400, "malformed_json", f"the body is not JSON in UTF-8 (byte {at})")


def is_not_finite(body: bytes, at: int) -> bool:
    """Whether JSON stops being JSON at this byte because of NaN or Infinity."""
    return bool(
        re.match(rb"-?(NaN|Inf|nan|inf)", body[at : at + 4]) or re.match(rb"-Inf", body[max(at - 1, 0) : at + 3])
    )


def find_not_finite(body: bytes) -> str | None:
    """The path, e.g. ``.rows[2].age``, of the first number without a finite double in what is else JSON; else None."""
    mark = object()

    def number(text: str) -> object:
        return text if math.isfinite(float(text)) else mark

    try:
        value = json.loads(body, parse_constant=lambda _: mark, parse_float=number, parse_int=number)
    except (ValueError, RecursionError):
        return None
    for path, leaf in walk_leaves(value):
        if leaf is mark:
            return path
    return None


def walk_leaves(value: Any) -> Iterator[tuple[str, Any]]:
    """Each value that is no list or object, with its path, in order; without recursion, as bodies may be deep."""
    todo = [("", value)]
    while todo:
        path, value = todo.pop()
        if isinstance(value, dict):
            todo += [(f"{path}.{name}", item) for name, item in reversed(value.items())]
        elif isinstance(value, list):
            todo += [(f"{path}[{number}]", value[number]) for number in range(len(value) - 1, -1, -1)]
        else:
            yield path, value


def refuse_duplicate_keys(body: bytes) -> None:
    """Raises Problem 400 if an object in valid JSON has a key twice: readers differ on which one counts."""

    def look(pairs: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in pairs}) == len(pairs):
            return
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise Problem(400, "duplicate_key", f"the key '{key[:LONGEST_NAME]}' is there twice", field=key)
            seen.add(key)

    try:
        json.loads(body, object_pairs_hook=look)
    except (ValueError, RecursionError):
        raise Problem(400, "malformed_json", "the body is not the JSON that is accepted here") from None


def describe_names(missing: list[str], unknown: list[str]) -> str:
    """Which columns are missing and which are not of the model, e.g. ``'Age' is not a field …; 'age' is missing``."""
    parts = []
    for names, one, many in (
        (unknown, "is not a field of this model", "are not fields of this model"),
        (missing, "is missing", "are missing"),
    ):
        if names:
            shown = ", ".join(f"'{name[:LONGEST_NAME]}'" for name in names[:MOST_NAMES])
            more = f" and {len(names) - MOST_NAMES} more" * (len(names) > MOST_NAMES)
            parts.append(f"{shown}{more} {one if len(names) == 1 else many}")
    return "; ".join(parts)


def place(path: str, code: str, message: str) -> Problem:
    """Problem 422 at a path such as ``.rows[2].age``: row 2, field 'age'."""
    row, field = _split_path(path)
    return Problem(422, code, f"{_where(row, field)}: {message}", field=field, row=row)


_PATH = re.compile(r"(?:\.rows\[(?P<row>\d+)\])?\.?(?P<field>.*)", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_TYPES = re.compile(r"Expected `([^`]*)`, got `([^`]*)`")
_BOUND = re.compile(r"Expected `(?:int|float)` (<=|>=|<|>) (\S+)")


def _split_path(path: str) -> tuple[int | None, str | None]:
    found = _PATH.fullmatch(path)
    if found is None:
        return None, None
    return int(found["row"]) if found["row"] else None, found["field"] or None


def _where(row: int | None, field: str | None) -> str:
    parts = [f"row {row}"] * (row is not None) + [f"field '{(field or '')[:LONGEST_NAME]}'"] * (field is not None)
    return ", ".join(parts) or "the body"


def _explain_mismatch(text: str, locate: Locate) -> Problem:
    what, _, path = text.rpartition(" - at `")
    if not what:
        what, path = text, "$`"
    path = path.removeprefix("key in ").removeprefix("$").removesuffix("`")
    for pattern, code, message in (
        (_MISSING, "missing_field", "is missing"),
        (_UNKNOWN, "unknown_field", "is not a field of this model"),
    ):
        if found := pattern.fullmatch(what):
            return place(locate(f"{path}.{found[1]}"), code, message)
    if found := _TYPES.fullmatch(what):
        return place(locate(path), "wrong_type", f"expected {_words(found[1])}, got {_words(found[2])}")
    if found := _BOUND.fullmatch(what):
        wide = len(found[2].lstrip("-")) > 18
        message = "does not fit into 64 bits" if wide else f"expected a number {found[1]} {found[2]}"
        return place(locate(path), "out_of_range", message)
    if "out of range" in what:
        return place(locate(path), "out_of_range", "is not a finite number of the expected size")
    if what.startswith("Expected "):
        return place(locate(path), "invalid", what.replace("`", ""))
    # e.g. "Invalid enum value 3": it would repeat the value
    return place(locate(path), "invalid", "is not one of the accepted values")


def _words(types: str) -> str:
    return " or ".join(JSON_WORDS.get(word, word) for word in types.split(" | "))
