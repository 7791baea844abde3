"""What a value is, told without importing the library it belongs to.

The kernel may lack any library; a value of a library that is not loaded cannot exist, so `sys.modules` is enough.
"""

from __future__ import annotations

import sys
from typing import Any


def type_name(kind: type) -> str:
    """Where a type is from, e.g. ``pandas.DataFrame`` as pandas says it; of built-in types only the name."""
    return kind.__qualname__ if kind.__module__ == "builtins" else kind.__module__ + "." + kind.__qualname__


def is_a(value: Any, module: str, name: str) -> bool:
    """Whether `value` is an instance of ``module.name`` or a subclass; False where that module is not loaded."""
    loaded = sys.modules.get(module)
    kind = getattr(loaded, name, None)
    return isinstance(kind, type) and isinstance(value, kind)


def is_pandas_array(value: Any) -> bool:
    """An index, a Categorical, or another of pandas' own arrays."""
    return hasattr(value, "__array__") and type(value).__module__.partition(".")[0] == "pandas"


def holds_torch(value: Any, depth: int) -> bool:
    """Whether a tensor or network is in the value, at most three containers (from `depth`) deep."""
    torch = sys.modules.get("torch")
    if torch is None or depth > 3:
        return False
    if isinstance(value, (torch.Tensor, torch.nn.Module)):
        return True
    if isinstance(value, dict):
        return any(holds_torch(item, depth + 1) for item in value.values())
    return isinstance(value, (list, tuple)) and any(holds_torch(item, depth + 1) for item in value)


def rough_size(value: Any) -> int:
    """Roughly how long the wire form would be, without making it."""
    size = getattr(value, "size", None)
    if isinstance(size, int):
        return size
    if callable(getattr(value, "numel", None)):
        return int(value.numel())
    return len(value) if isinstance(value, (list, dict, str)) else 1
