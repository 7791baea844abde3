"""Predictions by functions of the notebook: what of their arguments a caller sends, and what is kept."""

import pytest

from tests.plan.equality import analysed, equal_or_refused, findings_of

START = """
# %% imports
import numpy as np
from collections import namedtuple
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
# %% training
X, y = load_iris(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
centres = {c: X_train[y_train == c].mean(axis=0) for c in np.unique(y_train)}
# %% functions
def nearest(x, centres): return min(centres, key=lambda c: ((x - centres[c]) ** 2).sum())
def label(rows, centres): return np.array([nearest(x, centres) for x in rows])
def neighbour(X, y, x): return y[((X - x) ** 2).sum(axis=1).argmin()]
def moved(centres, w): return {c: v * w for c, v in centres.items()}
def accuracy(truth, given): return (truth == given).mean()
def closest(low, high=3.0): return nearest(np.array([low, high, low, 1.0]), centres)
# %% inference
"""


def boundary_of(code: str) -> tuple[tuple[str, ...], tuple[str, ...], str | None]:
    boundary = analysed(START + code)[1]
    assert boundary is not None, findings_of(START + code)
    return boundary.request, boundary.artifacts, boundary.response


@pytest.mark.parametrize(
    ("code", "request_names", "artifacts", "response"),
    [
        ("print((label(X_test, centres) == y_test).mean())", ("X_test",), ("centres",), None),
        ("print(accuracy(y_test, label(X_test, centres)))", ("X_test",), ("centres",), None),
        ("got = label(X_test, centres)\nhit = (got - y_test).mean()\nprint(hit)", ("X_test",), ("centres",), "got"),
        ("got = [nearest(x, centres) for x in X_test]", ("X_test",), ("centres",), "got"),
        ("got = []\nfor x in X_test:\n    got.append(nearest(x, centres))\nprint((np.array(got) == y_test).mean())",
         ("X_test",), ("centres",), "got"),
        ("got = [nearest(X_test[i], centres) for i in range(len(X_test))]", ("X_test",), ("centres",), "got"),
        ("got = [nearest(x, centres) for i, x in enumerate(X_test)]", ("X_test",), ("centres",), "got"),
        ("got = [neighbour(X_train, y_train, x) for x in X_test]", ("X_test",), ("X_train", "y_train"), "got"),
        ("chosen = np.arange(150) % 9 == 0\ngot = label(X[chosen], centres)", ("rows",), ("centres",), "got"),
        ("closest(5.0)", ("low",), ("centres",), None),
        ("got = closest(5.0, high=2.0)\ngot", ("high", "low"), ("centres",), "got"),
    ],
)  # fmt: skip
def test_rows_are_told_from_what_was_learned(
    code: str, request_names: tuple[str, ...], artifacts: tuple[str, ...], response: str | None
) -> None:
    assert boundary_of(code) == (request_names, artifacts, response)
    assert equal_or_refused(START + code) == "equal"


def test_a_count_of_hits_is_no_prediction() -> None:
    count = "hits = 0\nfor x, t in zip(X_test, y_test):\n    if nearest(x, centres) == t:\n        hits += 1"
    assert equal_or_refused(START + count) == ("NB303",)


def test_labels_of_the_rows_are_not_kept() -> None:
    both = "got = np.array([nearest(x, centres) + t for x, t in zip(X_test, y_test)])"
    assert equal_or_refused(START + both) == ("NB303",)
    search = (
        "best = 0\nfor w in (0.5, 1.0):\n    if (label(X_test * w, centres) == y_test).mean() > best:\n        best = w"
    )
    assert equal_or_refused(f"{START}{search}\ngot = label(X_test * best, centres)") == ("NB346",)


def test_what_is_found_with_the_labels_is_kept() -> None:
    search = """best, least = 0, 0
for w in (0.5, 1.0, 2.0):
    hits = (label(X_test, moved(centres, w)) == y_test).mean()
    if hits > least:
        best, least = w, hits
got = label(X_test, moved(centres, best))
"""
    assert boundary_of(search) == (("X_test",), ("best", "centres"), "got")
    assert equal_or_refused(START + search) == "equal"


def test_a_named_tuple_is_a_class_of_the_package() -> None:
    assert equal_or_refused("""
# %% imports
from collections import namedtuple
# %% functions
Leaf = namedtuple("Leaf", "value")
def grow(value): return Leaf(value)
# %% training
tree = grow(pow(3, 1))
# %% request
rows = [1, 2]
# %% inference
[tree.value * r for r in rows]
""") == "equal"  # fmt: skip


PREPARED = """
# %% imports
import pandas as pd
from sklearn.linear_model import LinearRegression
# %% training
train = pd.DataFrame({"a": [1.0, 2.0, 4.0, 7.0], "k": list("uvuv")})
test = pd.DataFrame({"a": [3.0, 5.0], "k": list("vu")})
# %% functions
def prepare(table, kept=None):
    table = table.copy()
    fit = kept is None
    if fit:
        kept = {"mean": table["a"].mean(), "levels": list(table["k"].unique())}
    table["b"] = table["a"] - kept["mean"]
    for level in kept["levels"]:
        table[f"k_{level}"] = (table["k"] == level).astype(int)
    return table.drop(columns=["k"]), kept
# %% training
rows, kept = prepare(train)
model = LinearRegression().fit(rows, [1, 2, 3, 4])
# %% inference
"""


def test_a_function_that_is_given_what_it_found_in_training() -> None:
    code = f"{PREPARED}ready, _ = prepare(test, kept)\nmodel.predict(ready)"
    boundary = analysed(code)[1]
    assert boundary is not None
    assert (boundary.request, boundary.artifacts) == (("test",), ("kept", "model"))
    assert equal_or_refused(code) == "equal"


def test_a_function_that_would_find_it_anew_in_the_request() -> None:
    assert equal_or_refused(f"{PREPARED}ready, _ = prepare(test)\nmodel.predict(ready)") == ("NB351",)


def test_a_statistic_under_a_local_name() -> None:
    code = PREPARED.replace("fit = kept is None\n    if fit:\n        kept", "kept")
    assert equal_or_refused(f"{code}ready, _ = prepare(test, kept)\nmodel.predict(ready)") == ("NB351",)
