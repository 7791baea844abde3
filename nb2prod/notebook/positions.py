"""Where the parts of a JSON text stand, so that one of them can be replaced and all others stay as they are.

    {"cells": [{"metadata": {}}]}
               ^           ^
               member      its value

The text is one that `nb2prod.notebook.document` has accepted; values are skipped by json's own scanner.
"""

import json
import re
from dataclasses import dataclass

_SPACE = re.compile(r"[ \t\n\r]*")
_decode = json.JSONDecoder().raw_decode


@dataclass(frozen=True, slots=True)
class Member:
    """One ``"key": value`` of an object: where the key starts, where the value starts and ends."""

    key: str
    start: int
    key_end: int
    value: int
    end: int


def skip_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def space_before(text: str, at: int) -> str:
    """The white space that ends at `at`."""
    begin = at
    while begin and text[begin - 1] in " \t\n\r":
        begin -= 1
    return text[begin:at]


def members(text: str, start: int) -> tuple[Member, ...]:
    """The members of the object whose ``{`` is at `start`."""
    found: list[Member] = []
    at = skip_space(text, start + 1)
    while text[at] != "}":
        key, key_end = _decode(text, at)
        value = skip_space(text, skip_space(text, key_end) + 1)  # behind the colon
        end = _decode(text, value)[1]
        found.append(Member(key, at, key_end, value, end))
        at = _next(text, end)
    return tuple(found)


def elements(text: str, start: int) -> tuple[tuple[int, int], ...]:
    """(start, end) of each element of the array whose ``[`` is at `start`."""
    found: list[tuple[int, int]] = []
    at = skip_space(text, start + 1)
    while text[at] != "]":
        end = _decode(text, at)[1]
        found.append((at, end))
        at = _next(text, end)
    return tuple(found)


def _next(text: str, end: int) -> int:
    """Behind the comma after a value, or at the closing bracket."""
    at = skip_space(text, end)
    return skip_space(text, at + 1) if text[at] == "," else at
