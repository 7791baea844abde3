"""Why a line is in production, or is not."""

import pytest

from nb2prod.plan.explain import Account, explain, what_is
from tests.plan.equality import analysed

TEXT = """
# %%
import math
# %% parameters
alpha = 2
# %%
rows = [math.floor(3.5), 4]
shown = len(rows)
print(shown)
# %% functions
def scaled(x): return x * FACTOR
FACTOR = 10
def fitted(rows): return sum(rows)
# %% training
model = scaled(fitted(rows)) + alpha
# %% evaluation
score = model / 2
# %% request
value = 9
# %% inference
scaled(value) * model
# %% skip
other = model + shown
# %% test
assert value
"""
GRAPH, BOUNDARY, SELECTION, _ = analysed(TEXT)


def account(cell: int, line: int = 1) -> Account:
    (number,) = [s.number for s in GRAPH.of_cell(cell) if s.first_line == line]
    (found,) = explain(GRAPH, BOUNDARY, SELECTION, [number])
    return found


def cells(found: Account) -> list[tuple[str, str, list[int]]]:
    return [(c.use, c.root, [GRAPH.statements[link.number].cell for link in c.links]) for c in found.chains]


def test_the_way_goes_from_the_response_over_the_artifact_to_the_data() -> None:
    found = account(3)
    assert found.uses == ("training",)
    assert found.reason == "cell 5 reads `rows`"
    assert cells(found) == [("training", "the response", [8, 5, 3])]
    assert [link.name for link in found.chains[0].links] == ["", "model", "rows"]


def test_what_both_sides_use_has_a_way_from_each() -> None:
    assert cells(account(4, 1)) == [("prediction", "the response", [8, 4]), ("training", "the response", [8, 5, 4])]
    assert [use for use, *_ in cells(account(4, 2))] == ["prediction", "training"]


def test_preprocessing_is_in_both() -> None:
    text = """
# %%
raw = [pow(3, 1), 4]
# %% preprocessing
rows = [r / 2 for r in raw]
# %% training
model = sum(rows)
# %% request
raw = [9, 8]
# %% preprocessing
rows = [r / 2 for r in raw]
# %% inference
[r * model for r in rows]
"""
    graph, boundary, selection, _ = analysed(text)
    assert selection is not None
    for found in explain(graph, boundary, selection, range(len(graph.statements))):
        assert ("training" in found.uses) == (found.number in selection.training)
        assert ("prediction" in found.uses) == (found.number in selection.prediction)


def test_a_function_that_only_training_calls_is_in_training_only() -> None:
    assert account(4, 3).uses == ("training",)


@pytest.mark.parametrize(
    ("cell", "line", "uses", "reason"),
    [
        (1, 1, ("training",), "cell 3 reads `math`"),
        (2, 1, ("training",), "cell 5 reads `alpha`"),
        (6, 1, ("training",), "it is the metric `score`"),
        (8, 1, ("prediction",), "it is the response"),
        (7, 1, (), "it is the example of what a caller sends"),
        (10, 1, (), "it becomes a test of the package"),
        (3, 2, (), "nothing that production needs reads it: only its own cell reads `shown`, cell 9 (skip) reads"),
        (3, 3, (), "it makes and changes nothing that is read"),
        (9, 1, (), "nothing else reads `other`"),
    ],
)  # fmt: skip
def test_each_kind_of_line_has_its_reason(cell: int, line: int, uses: tuple[str, ...], reason: str) -> None:
    found = account(cell, line)
    assert found.uses == uses
    assert found.reason.startswith(reason)


def test_a_seed_is_kept_for_what_runs_below_it() -> None:
    text = """
# %% training
import numpy as np
np.set_printoptions(precision=3)
np.seterr(all="ignore")
model = np.float64(3) * 2
# %% request
value = 9
# %% inference
value * model
"""
    graph, boundary, selection, _ = analysed(text)
    assert selection is not None
    accounts = explain(graph, boundary, selection, selection.training)
    assert all(a.uses == ("training",) for a in accounts)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("model", "an artifact"),
        ("value", "the request"),
        ("score", "a metric"),
        ("scaled", "a function or class"),
        ("math", "an import"),
        ("alpha", "a parameter"),
        ("FACTOR", "a constant"),
        ("rows", "a value of the notebook"),
    ],
)
def test_what_a_name_is(name: str, words: str) -> None:
    assert what_is(GRAPH, BOUNDARY, name).startswith(words)


def test_without_a_boundary_nothing_is_claimed() -> None:
    graph, boundary, selection, _ = analysed("# %%\na = 1")
    (found,) = explain(graph, boundary, selection, [0])
    assert (found.uses, found.chains) == ((), ())
    assert "nb2prod check" in found.reason
