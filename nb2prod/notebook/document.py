"""Text to document: JSON as the standard has it, where parsers cannot disagree about what was read.

Python's own `json` is more generous than JSON: it takes NaN, lets the last of two equal keys win, and recurses. Here
each of these is refused, with the line.
"""

import json
import re
from typing import Any

from nb2prod.errors import InputError, Where
from nb2prod.notebook.text import shorten, truncated

DEPTH_LIMIT = 100
DIGITS_LIMIT = 4000
"""Below CPython's own limit (4300) for converting text to int."""

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z|\\\Z)'
_STRING_OR_BRACKET = re.compile(rf"{_STRING}|([\[{{])|([\]}}])", re.DOTALL)
_STRING_OR_CONSTANT = re.compile(rf"{_STRING}|(NaN|-?Infinity)", re.DOTALL)
_STRING_OR_NUMBER = re.compile(rf"{_STRING}|(\d{{{DIGITS_LIMIT + 1}}})", re.DOTALL)
_LONGEST_TOKEN = 12
"""A literal or an escape that the end of the file cuts off starts at most so far from it."""


class _RefusalError(Exception):
    """Raised inside json's hooks, which know no position."""

    def __init__(self, code: str, what: str) -> None:
        self.code = code
        self.what = what


def parse_json(text: str, name: str, size: int) -> Any:
    """The JSON value of `text`; `size` is the file's size in bytes, for the message about a file that ends early.

    Raises InputError NB105 (no JSON), NB110 (ends early), NB118 (depth), NB119 (long number), NB120 (not valid JSON,
    NaN, Infinity), NB121 (a key twice).
    """
    where = Where(path=name)
    open_at_end = _check_depth(text, where)
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer)
    except json.JSONDecodeError as error:
        cut = error.msg.startswith("Unterminated string") or error.pos >= len(text.rstrip()) - _LONGEST_TOKEN
        if open_at_end and cut:
            raise truncated(size, where) from None
        raise InputError(
            f"not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}.",
            code="NB120",
            where=Where(name, line=error.lineno),
            hint="Restore the notebook from where it came, or repair that line.",
        ) from None
    except _RefusalError as refusal:
        raise _explain(refusal, text, name) from None
    except RecursionError:  # not reached behind the depth check; kept because a crash here would be a bomb's success
        raise _too_deep(where) from None


def _check_depth(text: str, where: Where) -> bool:
    """Whether brackets are open at the end. Raises InputError NB118 beyond `DEPTH_LIMIT`."""
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        if match.lastindex == 1:
            depth += 1
            if depth > DEPTH_LIMIT:
                raise _too_deep(where)
        elif match.lastindex == 2:
            depth -= 1
    return depth > 0


def _too_deep(where: Where) -> InputError:
    return InputError(
        f"nested deeper than {DEPTH_LIMIT} levels.",
        code="NB118",
        where=where,
        hint="No notebook is: find out what wrote this file.",
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        keys = [key for key, _ in pairs]
        raise _RefusalError("NB121", next(key for key in value if keys.count(key) > 1))
    return value


def _constant(text: str) -> Any:
    raise _RefusalError("NB120", text)


def _integer(text: str) -> int:
    if len(text) > DIGITS_LIMIT:
        raise _RefusalError("NB119", text)
    return int(text)


def _explain(refusal: _RefusalError, text: str, name: str) -> InputError:
    if refusal.code == "NB121":
        return InputError(
            f"the key {shorten(refusal.what)} stands twice in one object; programs disagree on which one counts.",
            code="NB121",
            where=Where(name),
            hint="Delete one of them.",
        )
    pattern = _STRING_OR_CONSTANT if refusal.code == "NB120" else _STRING_OR_NUMBER
    position = next((match.start() for match in pattern.finditer(text) if match.lastindex), 0)
    line = text.count("\n", 0, position) + 1
    if refusal.code == "NB119":
        return InputError(
            f"the number at line {line} has {len(refusal.what)} digits.",
            code="NB119",
            where=Where(name, line=line),
            hint=f"At most {DIGITS_LIMIT} are read.",
        )
    return InputError(
        f"{refusal.what} at line {line} is not JSON.",
        code="NB120",
        where=Where(name, line=line),
        hint="If it stands in an output, clear the outputs and save again.",
    )
