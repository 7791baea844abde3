"""JSON in: the bytes of a body become the package's own `Request`, or a `Problem` that names row and field."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, get_args, get_origin

import msgspec

from nb2prod.serving.mirror import has_struct, mirror_request, required_keys
from nb2prod.serving.problem import LONGEST_NAME, Problem

R = TypeVar("R")

JSON_WORDS = {"int": "integer", "float": "number", "str": "string", "bool": "true or false"}
"""msgspec speaks Python; callers speak JSON."""


@dataclass(frozen=True, slots=True)
class Decoder(Generic[R]):
    """`struct` is what OpenAPI is made from; `decode(body)` gives a `Request` or raises `Problem` (400, 413, 422)."""

    struct: type[msgspec.Struct]
    decode: Callable[[bytes], R]


def build_decoder(request: type[R], *, max_rows: int) -> Decoder[R]:
    """The decoder of a package's `Request`. Raises TypeError where a type in it has no JSON form."""
    struct = mirror_request(request)
    strict = msgspec.json.Decoder(struct)
    # (attribute of the struct, name in the JSON, goes back to dicts, least number of keys per row)
    plan: list[tuple[str, str, bool, int]] = []
    for field in msgspec.structs.fields(struct):
        row = next(iter(get_args(field.type)), None) if get_origin(field.type) is list else None
        keys = required_keys(row) if isinstance(row, type) and issubclass(row, msgspec.Struct) else 0
        plan.append((field.name, field.encode_name, has_struct(field.type), keys))
    own_keys = required_keys(struct)

    def decode(body: bytes) -> R:
        try:
            value = strict.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise explain(error, body) from None
        values: dict[str, Any] = {}
        keys = own_keys
        for attribute, name, to_dicts, row_keys in plan:
            part = getattr(value, attribute)
            if name == "rows" and isinstance(part, list) and len(part) > max_rows:
                raise Problem(413, "too_many_rows", f"more than {max_rows} rows: send them in parts", field="rows")
            if row_keys:
                keys += row_keys * len(part)
            values[name] = msgspec.to_builtins(part) if to_dicts else part
        # Each key costs a colon, so as many colons as required keys means that no key is there twice. More (an
        # optional key, a colon in a text, a dict, a duplicate) means a slower look; almost no table needs it.
        if body.count(b":") != keys:
            refuse_duplicate_keys(body)
        return request(**values)

    return Decoder(struct, decode)


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


def explain(error: Exception, body: bytes) -> Problem:
    """The problem behind what msgspec raised, in the words of JSON and without any value."""
    if isinstance(error, msgspec.ValidationError):
        return _explain_mismatch(str(error))
    if isinstance(error, RecursionError):
        return Problem(400, "too_deep", "the body is nested too deeply")
    if isinstance(error, UnicodeDecodeError):
        return Problem(400, "malformed_json", "the body is not UTF-8")
    text = str(error)
    if "truncated" in text:
        return Problem(400, "malformed_json", "the body ends in the middle of the JSON")
    found = re.search(r"\(byte (\d+)\)$", text)
    if found is None:
        return Problem(400, "malformed_json", "the body is not JSON")
    at = int(found.group(1))
    if re.match(rb"-?(NaN|Inf|nan|inf)", body[at:]) or re.match(rb"-Inf", body[max(at - 1, 0) :]):
        return Problem(
            400, "malformed_json", f"NaN and Infinity are not JSON (byte {at}): send null where it is allowed"
        )
    return Problem(400, "malformed_json", f"the body is not JSON in UTF-8 (byte {at})")


_PATH = re.compile(r"(?:\.rows\[(?P<row>\d+)\])?\.?(?P<field>.*)", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_TYPES = re.compile(r"Expected `([^`]*)`, got `([^`]*)`")


def _explain_mismatch(text: str) -> Problem:
    what, _, path = text.rpartition(" - at `")
    if not what:
        what, path = text, "$`"
    path = path.removeprefix("key in ").removeprefix("$").removesuffix("`")
    place = _PATH.fullmatch(path)
    row = int(place["row"]) if place and place["row"] else None
    field = (place["field"] or None) if place else None
    if found := _MISSING.fullmatch(what):
        code, field, message = "missing_field", _join(field, found[1]), "is missing"
    elif found := _UNKNOWN.fullmatch(what):
        code, field, message = "unknown_field", _join(field, found[1]), "is not a field of this model"
    elif found := _TYPES.fullmatch(what):
        code, message = "wrong_type", f"expected {_words(found[1])}, got {_words(found[2])}"
    elif "out of range" in what:
        code, message = "out_of_range", "is not a finite number of the expected size"
    elif what.startswith("Expected `int` "):
        code, message = "out_of_range", "does not fit into 64 bits"
    elif what.startswith("Expected "):
        code, message = "invalid", what.replace("`", "")
    else:  # e.g. "Invalid enum value 3": it would repeat the value
        code, message = "invalid", "is not one of the accepted values"
    where = [f"row {row}"] * (row is not None) + [f"field '{(field or '')[:LONGEST_NAME]}'"] * (field is not None)
    return Problem(422, code, f"{', '.join(where) or 'the body'}: {message}", field=field, row=row)


def _join(parent: str | None, name: str) -> str:
    return f"{parent}.{name}" if parent else name


def _words(types: str) -> str:
    return " or ".join(JSON_WORDS.get(word, word) for word in types.split(" | "))
