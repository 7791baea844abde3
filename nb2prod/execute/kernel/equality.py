"""Whether a value that was read back is the one that was saved, down to types, dtypes and bits."""

from __future__ import annotations

import datetime
import math
import sys
from typing import Any

from .kinds import is_a

ADDRESSES = frozenset({"_stop_words_id"})
"""Attributes that hold a memory address (scikit-learn's text vectorisers: which stop words were checked last)."""


def is_same(one: Any, two: Any, seen: dict[tuple[int, int], Any]) -> bool:
    """Whether a value that was read back equals the one that was saved, down to types, dtypes and bits."""
    if one is two:
        return True
    if type(one) is not type(two):
        return False
    if (id(one), id(two)) in seen:
        return True
    seen[id(one), id(two)] = (one, two)
    if isinstance(one, float):
        return one == two or (math.isnan(one) and math.isnan(two))
    if isinstance(one, (str, bytes, bytearray, int, complex, set, frozenset, range, datetime.date)):
        return bool(one == two)
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(is_same(a, b, seen) for a, b in zip(one, two))  # noqa: B905
    if isinstance(one, dict):
        return is_same(list(one), list(two), seen) and is_same(list(one.values()), list(two.values()), seen)
    if is_a(one, "numpy", "ndarray") or is_a(one, "numpy", "generic"):
        if one.dtype != two.dtype or one.shape != two.shape:
            return False
        if one.dtype.names:
            return all(is_same(one[field], two[field], seen) for field in one.dtype.names)
        if one.dtype.hasobject:
            return is_same(one.ravel().tolist(), two.ravel().tolist(), seen)
        return bool(one.tobytes() == two.tobytes())
    for name, check in (("DataFrame", "frame"), ("Series", "series"), ("Index", "index")):
        if is_a(one, "pandas", name):
            testing = sys.modules["pandas"].testing
            getattr(testing, f"assert_{check}_equal")(one, two, check_exact=True)
            return True
    if is_a(one, "torch", "Tensor"):
        torch = sys.modules["torch"]
        a, b = one.detach().cpu(), two.detach().cpu()
        alike = a.dtype == b.dtype and a.shape == b.shape and one.requires_grad == two.requires_grad
        return alike and bool(torch.equal(a, b) or torch.allclose(a, b, rtol=0, atol=0, equal_nan=True))
    if is_a(one, "lightgbm", "Booster"):
        return bool(one.model_to_string() == two.model_to_string())
    if is_a(one, "xgboost", "Booster"):
        return bytes(one.save_raw("ubj")) == bytes(two.save_raw("ubj"))
    if is_a(one, "numpy.random", "RandomState"):  # its seed sequence is made anew and plays no part
        return is_same(one.get_state(legacy=False), two.get_state(legacy=False), seen)
    if type(one).__module__.startswith("scipy.sparse.") and hasattr(one, "tocoo"):
        stored, read = ([matrix.tocoo().coords, matrix.data, matrix.shape, matrix.format] for matrix in (one, two))
        return is_same(stored, read, seen)
    return is_same(_parts(one), _parts(two), seen)


def _parts(value: Any) -> Any:
    """What pickle would store of an object."""
    parts = value.__reduce_ex__(4)
    if isinstance(parts, str):
        return parts
    return [_stored(list(part) if at in (3, 4) and part is not None else part) for at, part in enumerate(parts)]


def _stored(part: Any) -> Any:
    if isinstance(part, dict) and ADDRESSES & part.keys():
        return {name: value for name, value in part.items() if name not in ADDRESSES}
    return part
