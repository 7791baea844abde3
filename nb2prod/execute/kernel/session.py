"""The user's session: what the capture reads from it, and how it stays as it was.

Names come from IPython's user namespace. Random state and numpy's error state are as before after each stage, and the
notebook's own functions and classes belong to ``<package>.features`` only while an artifact is stored.
"""

from __future__ import annotations

import contextlib
import random
import sys
import types
from collections.abc import Iterator
from typing import Any

from .errors import CaptureError


def shell() -> Any:
    """IPython's shell, which has the user's names (``user_ns``) and transforms its code (``ast_transformers``)."""
    from IPython import get_ipython

    return get_ipython()  # type: ignore[no-untyped-call,unused-ignore]


def read_values(names: list[str], cell: int, when: str = "before") -> dict[str, Any]:
    """The values of these names. Raises CaptureError (NB507) where one does not exist `when` (before, after) `cell`."""
    user = shell().user_ns
    missing = [name for name in names if name not in user]
    if missing:
        listed = ", ".join(f"`{name}`" for name in missing)
        verb = "do" if len(missing) > 1 else "does"
        message = f"{listed} {verb} not exist {when} cell {cell} in a run from top to bottom."
        raise CaptureError("NB507", message, "Define it in an earlier cell; it may come from a cell that was deleted.")
    return {name: user[name] for name in names}


@contextlib.contextmanager
def random_state_kept() -> Iterator[None]:
    """Inside, random numbers may be drawn; after, the generators of random, numpy and torch are where they were."""
    state = random.getstate()
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    arrays = numpy.random.get_state() if numpy is not None else None
    tensors = torch.random.get_rng_state() if torch is not None else None
    try:
        yield
    finally:
        random.setstate(state)
        if numpy is not None:
            numpy.random.set_state(arrays)
        if torch is not None:
            torch.random.set_rng_state(tensors)


def numpy_errors_off() -> Any:
    """Inside, numpy neither warns nor raises; after, its error state is the user's again."""
    numpy = sys.modules.get("numpy")
    return numpy.errstate(all="ignore") if numpy is not None else contextlib.nullcontext()


@contextlib.contextmanager
def features_in_package(spec: dict[str, Any]) -> Iterator[None]:
    """Let the notebook's functions and classes belong to ``<package>.features``, where an artifact will find them."""
    package, user = spec["package"], shell().user_ns
    name = package + ".features"
    module = types.ModuleType(name)
    parent = types.ModuleType(package)
    parent.__path__ = []
    parent.features = module  # type: ignore[attr-defined]
    moved = []
    for feature in spec["features"]:
        value = user.get(feature)
        if value is None:
            continue
        setattr(module, feature, value)
        if getattr(value, "__module__", None) == "__main__":
            with contextlib.suppress(AttributeError, TypeError):
                value.__module__ = name
                moved.append(value)
    before = {key: sys.modules.get(key) for key in (package, name)}
    sys.modules[package], sys.modules[name] = parent, module
    try:
        yield
    finally:
        for value in moved:
            value.__module__ = "__main__"
        for key, old in before.items():
            if old is None:
                sys.modules.pop(key, None)
            else:
                sys.modules[key] = old
