"""Results as JSON, and when two of them are the same. Standard library only: it runs in every tool's environment."""

import json
import math
import os
from pathlib import Path
from typing import Any


def encoded(value: Any) -> Any:
    """A result as JSON has it: arrays and series as lists, frames by column, anything else by its own text."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return value if not isinstance(value, float) or math.isfinite(value) else repr(value)
    if isinstance(value, dict):
        return {str(key): encoded(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [encoded(v) for v in value]
    if type(value).__name__ == "DataFrame":
        return {str(name): encoded(value[name].tolist()) for name in value.columns}
    if hasattr(value, "tolist"):
        return encoded(value.tolist())
    if isinstance(value, set | frozenset):
        return sorted(map(encoded, value))
    return str(value)


def same(one: Any, other: Any) -> bool:
    """Whether two encoded results are equal; floats within 1e-9 of the larger."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(v, other[k]) for k, v in one.items())
    return type(one) is type(other) and one == other


def write(value: Any) -> None:
    """Write a result as JSON to the file that the environment names."""
    Path(os.environ["CORPUS_RESULT"]).write_text(json.dumps(encoded(value)), encoding="utf-8")
