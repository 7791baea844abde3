"""What Python 3.12 and 3.13 read and 3.11 does not: it is cut, renamed and rendered like the rest."""

import sys

import pytest

from tests.plan.equality import equal_or_refused

pytestmark = pytest.mark.skipif(sys.version_info < (3, 12), reason="syntax of Python 3.12")


def test_names_inside_f_strings_become_arguments() -> None:
    assert equal_or_refused("""
# %% training
names = {"a": "one", "b": "two"}
unit = {"k": "m"}
def tell(key, *, sep=": "):
    return f"{f"{sep}".join([key, names[key]])} {
        unit["k"]  # metres
    }"
# %% request
keys = ["a", "b"]
# %% inference
[f"{tell(k, sep=f"{","} ")} of {len(names)} {'{}'} {names[k]!r:>{len(unit["k"]) + 4}}" for k in keys]
""") == "equal"  # fmt: skip


def test_type_parameters_and_aliases_travel_with_what_names_them() -> None:
    assert equal_or_refused("""
# %% imports
from dataclasses import dataclass
# %% functions
class Base:
    def __init__(self, value):
        self.value = value
type Row[T: Base] = list[T]
type Limit = int
def clipped[T: (int, float)](rows: list[T], top: T) -> list[T]:
    return [min(r, top, limit) for r in rows]
@dataclass
class Box[T: Base]:
    inside: T
    def get[U](self, other: U) -> T | U:
        return self.inside or other
# %% training
limit = sum([1, 2, 3])
# %% request
rows = [1, 7]
# %% inference
whole: Limit = 5
[*clipped(rows, whole), Box(Base(2)).get(3).value, Limit.__name__, Row.__type_params__[0].__bound__.__name__]
""") == "equal"  # fmt: skip


@pytest.mark.skipif(sys.version_info < (3, 13), reason="syntax of Python 3.13")
def test_a_default_of_a_type_parameter_is_needed_as_well() -> None:
    assert equal_or_refused("""
# %% functions
class Base: pass
def first[T = Base](rows: list[T]) -> T:
    return rows[0] + shift
# %% training
shift = sum([1, 2])
# %% request
rows = [1, 7]
# %% inference
[first(rows), first.__type_params__[0].__default__.__name__]
""") == "equal"  # fmt: skip


def test_comprehensions_see_what_they_saw() -> None:
    assert equal_or_refused("""
# %% training
scale = sum([1, 2])
class Bins:
    edges = [1, 2, 3]
    wide = [scale * e for e in edges]
# %% request
rows = [1, 2]
# %% inference
[[(e, r) for e in Bins.wide if (last := e) > r] for r in rows]
""") == "equal"  # fmt: skip
