"""Whether two values in wire form are the same: exactly for integers, labels and structure, nearly for floats.

The one comparison of every stage, notebook to module, MLflow and container. The generated tests carry the same rule in
plain Python (``tests/comparing.py`` of a project), as they run where nb2prod is not installed.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from nb2prod.model.schema import Schema, ValueSchema

Comparison = tuple[bool, float | None, str | None]
"""Equal; the largest absolute difference between numbers, None where none were compared; the first difference."""

_DOUBLE = (1e-9, 1e-12)
_SINGLE = (1e-5, 1e-6)
_HALF = (1e-2, 1e-3)


def first_difference(expected: Any, actual: Any, *, relative: float, absolute: float) -> Comparison:
    """Compare JSON values, `expected` being the notebook's.

    Integers, booleans, strings, None, lengths and keys must be equal. Where one of two numbers is a float they are
    equal within ``max(relative * max(|a|, |b|), absolute)``, as in `math.isclose`, so 1 equals 1.0. True is not 1.
    """
    largest: float | None = None
    reason: str | None = None
    waiting: list[tuple[tuple[str | int, ...], Any, Any]] = [((), expected, actual)]
    while waiting:  # a stack in reading order; a loop, as a deep value must not end in a RecursionError
        path, ours, theirs = waiting.pop()
        if _is_number(ours) and _is_number(theirs):
            largest = max(largest or 0.0, _distance(ours, theirs))
            if not _same_number(ours, theirs, relative, absolute):
                reason = reason or _said(path, f"{_shown(ours)} in the notebook, {_shown(theirs)} here")
        elif isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            reason = reason or _keys_differ(path, ours, theirs)
            shared = [key for key in ours if key in theirs]
            waiting.extend(((*path, str(key)), ours[key], theirs[key]) for key in reversed(shared))
        elif _is_list(ours) and _is_list(theirs):
            pairs = list(zip(ours, theirs, strict=False))
            if len(ours) != len(theirs):
                unit = "items" if path else "rows"
                reason = reason or _said(path, f"{len(ours)} {unit} in the notebook, {len(theirs)} here")
            waiting.extend(((*path, place), *pairs[place]) for place in reversed(range(len(pairs))))
        elif type(ours) is not type(theirs) or ours != theirs:
            reason = reason or _said(path, f"{_shown(ours)} in the notebook, {_shown(theirs)} here")
    return reason is None, largest, reason


def tolerance(schema: Schema) -> tuple[float, float]:
    """The relative and absolute tolerance for floats of the response: 1e-9 and 1e-12 for doubles, wider for less.

    The widest among the response's dtypes. A response without dtypes (JSON, records) takes the request's, as a Python
    float made from a float32 array is no more exact than that.
    """
    dtypes = _dtypes(schema.response) or [name for value in schema.request for name in _dtypes(value)]
    if any("float16" in name for name in dtypes):  # bfloat16 too
        return _HALF
    return _SINGLE if any("float32" in name for name in dtypes) else _DOUBLE


def comparison(schema: Schema) -> Callable[[Any, Any], Comparison]:
    """`first_difference` of (expected, actual) at the schema's tolerance."""
    relative, absolute = tolerance(schema)

    def compare(expected: Any, actual: Any) -> Comparison:
        return first_difference(expected, actual, relative=relative, absolute=absolute)

    return compare


def _dtypes(value: ValueSchema) -> list[str]:
    names = [column.dtype for column in value.columns] + [value.dtype]
    return [name.lower() for name in names if name]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _same_number(a: float, b: float, relative: float, absolute: float) -> bool:
    if isinstance(a, int) and isinstance(b, int):
        return a == b
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return math.isclose(a, b, rel_tol=relative, abs_tol=absolute)


def _distance(a: float, b: float) -> float:
    """Finite, so that the report stays JSON: a number that is not finite has no distance."""
    try:
        distance = abs(float(a) - float(b))
    except OverflowError:  # an integer beyond 1e308
        return 0.0 if a == b else math.nextafter(math.inf, 0)
    return distance if math.isfinite(distance) else 0.0


def _keys_differ(path: tuple[str | int, ...], ours: Mapping[Any, Any], theirs: Mapping[Any, Any]) -> str | None:
    if missing := [key for key in ours if key not in theirs]:
        return _said(path, f"{_shown(missing[0])} is in the notebook, not here")
    if added := [key for key in theirs if key not in ours]:
        return _said(path, f"{_shown(added[0])} is here, not in the notebook")
    return None


def _said(path: tuple[str | int, ...], what: str) -> str:
    """`what` with its place before it: ``row 3, "price": …``."""
    parts = []
    for depth, part in enumerate(path):
        if isinstance(part, str):
            parts.append(_shown(part))
        else:
            parts.append(f"row {part}" if depth == 0 else f"item {part}")
    return f"{', '.join(parts)}: {what}" if parts else what


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= 60 else text[:57] + "..."
