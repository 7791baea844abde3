"""Names that Python, the package or the notebook itself uses for something else."""

import pytest

from tests.plan.equality import equal_or_refused


def test_functions_named_like_the_packages_own() -> None:
    assert equal_or_refused("""
# %% functions
def train(x): return x + 1
def main(x): return train(x) * 2
class Params:
    size = 3
# %% training
model = main(4) + Params.size
# %% request
value = 9
# %% inference
train(value) + model
""") == "equal"  # fmt: skip


def test_variables_named_like_the_packages_own() -> None:
    assert equal_or_refused("""
# %% parameters
params = 3
# %% training
train, test = [pow(3, 1)], [2]
Path = params + len(train)
settings = predictor = arguments = Path
# %% request
value = 9
# %% inference
[value, train, settings, Path]
# %% evaluation
main = len(test) + predictor
""") == "equal"  # fmt: skip


@pytest.mark.parametrize("name", ["Predictor", "Training", "float"])
def test_a_variable_that_train_needs_for_itself(name: str) -> None:
    assert equal_or_refused(f"""
# %% training
{name} = pow(3, 1)
model = {name} + 1
# %% request
value = 9
# %% inference
value + model
""") == ("NB329",)  # fmt: skip


@pytest.mark.parametrize("name", ["predict", "load", "self", "cls"])
def test_an_artifact_that_the_predictor_needs_for_itself(name: str) -> None:
    assert equal_or_refused(f"""
# %% training
{name} = pow(3, 1)
# %% request
value = 9
# %% inference
value + {name}
""") == ("NB329",)  # fmt: skip


def test_a_request_called_self() -> None:
    assert equal_or_refused("""
# %% training
model = pow(3, 1)
# %% request
self = 9
# %% inference
self + model
""") == ("NB329",)  # fmt: skip


def test_a_constant_called_as_a_generated_function() -> None:
    assert equal_or_refused("""
# %% functions
train = [1, 2]
# %% training
model = pow(3, 1)
# %% request
value = 9
# %% inference
[value, model, train]
""") == ("NB329",)  # fmt: skip


def test_an_import_called_as_a_generated_function() -> None:
    assert equal_or_refused("""
# %% imports
from shutil import copy as train
# %% training
model = pow(3, 1) if train else 0
# %% request
value = 9
# %% inference
value + model
""") == ("NB329",)  # fmt: skip


def test_the_notebooks_own_use_of_what_the_package_imports() -> None:
    assert equal_or_refused("""
# %% imports
import argparse
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
# %% functions
@dataclass
class Model:
    rows: list = field(default_factory=list)
    def add(self, x): return [*self.rows, x]
double = partial(pow, 2)
# %% training
model = Model([double(3), Path("a").name])
# %% request
value = 9
# %% inference
model.add(value)
""") == "equal"  # fmt: skip


def test_a_builtin_that_becomes_a_variable() -> None:
    assert equal_or_refused("""
# %% training
rows = [1, 2, pow(3, 1)]
max = max(rows)
# %% request
value = 9
# %% inference
value + max
""") == ("NB331",)  # fmt: skip


def test_an_import_that_becomes_a_variable() -> None:
    assert equal_or_refused("""
# %% imports
import time
# %% training
time = time.gmtime(0).tm_year
# %% request
value = 9
# %% inference
value + time
""") == ("NB331",)  # fmt: skip


def test_a_function_that_becomes_a_variable() -> None:
    assert equal_or_refused("""
# %% functions
def scale(x): return x * 2
# %% training
scale = scale(pow(3, 1))
# %% request
value = 9
# %% inference
value * scale
""") == "equal"  # fmt: skip


def test_a_function_with_needs_that_becomes_a_variable_in_the_prediction() -> None:
    assert equal_or_refused("""
# %% training
mean = pow(3, 1)
def scale(x): return x * mean
# %% request
value = 9
# %% inference
scale = scale(value)
[scale, scale + 1]
""") == "equal"  # fmt: skip


def test_a_shadowed_builtin_that_is_only_read() -> None:
    assert equal_or_refused("""
# %% training
id = pow(3, 1)
list = [id]
# %% request
input = 9
# %% inference
[input, id, list]
""") == "equal"  # fmt: skip


def test_one_name_for_two_functions_of_which_both_are_used() -> None:
    assert equal_or_refused("""
# %% functions
def step(x): return x + 1
# %% training
model = step(3)
# %% functions
def step(x): return x * 2
# %% request
value = 9
# %% inference
step(value) + model
""") == ("NB313",)  # fmt: skip


def test_one_name_for_two_functions_of_which_one_is_used() -> None:
    assert equal_or_refused("""
# %% functions
def step(x): return x + 1
def step(x): return x * 2
# %% training
model = step(3)
# %% request
value = 9
# %% inference
step(value) + model
""") == "equal"  # fmt: skip


def test_a_helper_defined_twice_behind_one_function() -> None:
    assert equal_or_refused("""
# %% functions
def helper(x): return x + 1
def step(x): return helper(x)
# %% training
model = step(3)
# %% functions
def helper(x): return x * 2
# %% request
value = 9
# %% inference
step(value) + model
""") == ("NB313",)  # fmt: skip


def test_one_name_imported_from_two_places() -> None:
    assert equal_or_refused("""
# %% imports
from math import floor as f
# %% training
model = f(3.7)
# %% imports
from math import ceil as f
# %% request
value = 9.5
# %% inference
f(value) + model
""") in (("NB313", "NB332"), ("NB313",), ("NB332",))  # fmt: skip


def test_submodules_of_one_package() -> None:
    assert equal_or_refused("""
# %% imports
import os.path
import os
import xml.dom
import xml.sax
# %% training
model = len(os.path.join("a", "b")) + len(xml.dom.__name__) + len(xml.sax.__name__)
# %% request
value = 9
# %% inference
value + model + len(xml.sax.__name__)
""") == "equal"  # fmt: skip


def test_imports_on_several_branches() -> None:
    assert equal_or_refused("""
# %% imports
try:
    import surely_not_installed as fast
except ImportError:
    fast = None
try:
    from math import floor
except ImportError:
    from numpy import floor
# %% training
model = floor(3.7) + (1 if fast is None else 2)
# %% request
value = 9.5
# %% inference
floor(value) + model + (1 if fast is None else 2)
""") == "equal"  # fmt: skip


def test_an_import_on_a_condition_that_training_needs() -> None:
    assert equal_or_refused("""
# %% training
wanted = pow(3, 1)
if wanted:
    import math
model = math.floor(3.7)
# %% request
value = 9
# %% inference
value + model
""") == "equal"  # fmt: skip


def test_an_import_on_a_condition_that_the_prediction_needs() -> None:
    assert equal_or_refused("""
# %% training
wanted = pow(3, 1)
if wanted:
    import math
# %% request
value = 9.5
# %% inference
math.floor(value)
""") == ("NB333",)  # fmt: skip


def test_a_function_on_a_condition() -> None:
    assert equal_or_refused("""
# %% training
wanted = pow(3, 1)
if wanted:
    def step(x): return x + wanted
else:
    def step(x): return x
model = step(3)
wanted = 10
other = step(3)
# %% request
value = 9
# %% inference
[value, model, other]
""") == "equal"  # fmt: skip


def test_a_function_on_a_condition_that_the_prediction_needs() -> None:
    assert equal_or_refused("""
# %% training
if pow(3, 1):
    def step(x): return x + 1
# %% request
value = 9
# %% inference
step(value)
""") == ("NB333",)  # fmt: skip


def test_a_star_import() -> None:
    assert equal_or_refused("""
# %% imports
from not_installed import *
# %% training
model = floor(3.5)
# %% request
value = 9
# %% inference
value + model
""") == ("NB309", "NB314")  # fmt: skip


def test_a_name_that_no_cell_defines() -> None:
    assert equal_or_refused("""
# %% training
model = gone + 1
# %% request
value = 9
# %% inference
value + model
""") == ("NB309",)  # fmt: skip


def test_a_name_that_an_inner_loop_binds_and_the_outer_one_reads() -> None:
    assert equal_or_refused("""
# %% training
model = pow(3, 1)
for epoch in range(3):
    for step in range(2):
        loss = model + step
        model = loss
    shown = [loss, epoch]
# %% request
value = 9
# %% inference
[value * model, shown]
""") == "equal"  # fmt: skip


def test_a_name_that_one_round_of_a_loop_leaves_for_the_next() -> None:
    assert equal_or_refused("""
# %% training
model = pow(3, 1)
while model < 20:
    if model < 7:
        step = model * 2
    model = model + step
# %% request
value = 9
# %% inference
value + model
""") == "equal"  # fmt: skip


def test_a_name_that_only_a_function_reads_and_no_cell_defines() -> None:
    assert equal_or_refused("""
# %% functions
def step(x): return x + gone
# %% training
model = pow(3, 1)
# %% request
value = 9
# %% inference
step(value) + model
""") == ("NB309",)  # fmt: skip


def test_a_name_deleted_and_made_again() -> None:
    assert equal_or_refused("""
# %% training
rows = [1]
n = len(rows)
del rows
rows = [pow(3, 1)] * 3
# %% request
value = 9
# %% inference
rows + [value, n]
""") == "equal"  # fmt: skip


def test_a_deleted_name_is_gone() -> None:
    assert equal_or_refused("""
# %% training
rows = [1]
del rows
model = rows
# %% request
value = 9
# %% inference
[model, value]
""") == ("NB309",)  # fmt: skip


def test_names_that_only_ipython_has() -> None:
    assert equal_or_refused("""
# %% training
pow(3, 1)
# %% training
model = _
# %% request
value = 9
# %% inference
[model, value]
""") == ("NB326",)  # fmt: skip


def test_an_underscore_of_ones_own() -> None:
    assert equal_or_refused("""
# %% training
_, model = divmod(pow(3, 1), 2)
for _ in range(3):
    model += _
# %% request
value = 9
# %% inference
[model, value]
""") == "equal"  # fmt: skip


def test_running_as_a_script() -> None:
    assert equal_or_refused("""
# %% training
model = 0
if __name__ == "__main__":
    model = pow(3, 1)
# %% request
value = 9
# %% inference
[model, value]
""") == ("NB328",)  # fmt: skip


def test_unicode_names_and_texts() -> None:
    assert equal_or_refused("""
# %% parameters
größe = 3
# %% training
naïve = {"ключ": größe, "é": größe * 2}
def größer(x): return x + naïve["ключ"]
# %% request
值 = 9
# %% inference
["ü" * größe, größer(值), naïve["é"], "日本", größer(größe)]
""") == "equal"  # fmt: skip


def test_annotations_that_name_the_notebooks_classes() -> None:
    assert equal_or_refused("""
# %% imports
from __future__ import annotations
from typing import NamedTuple
from enum import Enum
from dataclasses import dataclass
# %% functions
class Colour(Enum):
    RED = 1
    BLUE = 2
class Point(NamedTuple):
    x: int
    y: int = 0
@dataclass(frozen=True)
class Model:
    points: list[Point]
    colour: "Colour" = Colour.RED
def moved(p: Point, by: "int" = 1) -> "Point":
    other: Point = Point(p.x + by, p.y)
    return other
# %% training
model: Model = Model([moved(Point(1)), Point(2, 3)], Colour.BLUE)
# %% request
value = 9
# %% inference
[moved(p, value)[0] for p in model.points] + [model.colour.name]
""") == "equal"  # fmt: skip


def test_an_annotation_in_quotes_pulls_the_class_in() -> None:
    assert equal_or_refused("""
# %% functions
class Row:
    pass
def width(x: "list[Row]") -> int: return len(x)
# %% training
model = pow(3, 1)
# %% request
value = "abc"
# %% inference
width(value) + model
""") == "equal"  # fmt: skip


def test_a_function_beside_train_calls_one_whose_name_train_uses_itself() -> None:
    assert equal_or_refused("""
# %% training
step = lambda x: x + start
start = pow(3, 1)
model = step(2)
# %% request
value = 9
# %% functions
def step(x): return x * 2
# %% inference
answer = step(value) + model
# %% evaluation
def twice(x): return step(step(x))
score = twice(4)
""") == "equal"  # fmt: skip
