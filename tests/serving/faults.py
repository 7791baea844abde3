"""How much of a fault a test causes: a little, or with `NB2PROD_FAULTS=1` (`make test-faults`) what is promised."""

import os
from typing import Any, TypeVar

T = TypeVar("T")

LONG = os.environ.get("NB2PROD_FAULTS") == "1"


def small_or_long(small: T, long: T) -> T:
    return long if LONG else small


def figures(fault: str, **values: Any) -> None:
    """What was measured, for `pytest -s`."""
    shown = (f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}" for name, value in values.items())
    print(f"\nfault {fault}: {', '.join(shown)}")
