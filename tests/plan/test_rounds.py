"""Loops around a prediction: over rows that look up their model, over models that answer together, or to compare."""

import pytest

from tests.plan.equality import analysed, equal_or_refused

START = """
# %% imports
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
# %% training
shops = pd.DataFrame({"shop": list("ab") * 10, "day": np.arange(20.0), "sold": np.arange(20.0) * 2})
old, new = shops.iloc[:14], shops.iloc[14:]
models = {}
for shop, part in old.groupby("shop"):
    models[shop] = LinearRegression().fit(part[["day"]], part["sold"])
days = new[["day"]]
# %% inference
"""


@pytest.mark.parametrize(
    ("code", "request_name"),
    [
        ("got = []\nfor _, row in new.iterrows():\n    m = models[row['shop']]\n"
         "    got.append(m.predict(pd.DataFrame([row[['day']]]).astype(float))[0])", "new"),
        ("got = [models[r.shop].predict([[r.day]])[0] for r in new.itertuples()]", "new"),
        ("got = []\nfor _, row in new.iterrows():\n    got.append(models.get(row['shop']).predict([[row['day']]])[0])\n"
         "new = new.assign(guess=got)\nnew.head()", "new"),
        ("got = np.mean([m.predict(days) for m in models.values()], axis=0)", "days"),
        ("got = np.zeros(len(days))\nfor m in models.values():\n    got += m.predict(days) / len(models)", "days"),
        ("each = []\nfor m in models.values():\n    each.append(m.predict(days))\ngot = np.mean(each, axis=0)", "days"),
    ],
)  # fmt: skip
def test_rows_are_looped_over_or_models_put_together(code: str, request_name: str) -> None:
    boundary = analysed(START + code)[1]
    assert boundary is not None
    assert (boundary.request, boundary.artifacts, boundary.response) == ((request_name,), ("models",), "got")
    assert equal_or_refused(START + code) == "equal"


@pytest.mark.parametrize(
    "code",
    [
        "for name, m in models.items():\n    got = m.predict(days)\n    print(name, got)",
        "for name in models:\n    m = models[name]\n    got = m.predict(days)\n    print(name, got)",
        "hits = 0\nfor m in models.values():\n    got = m.predict(days)\n    hits += (got > 3).sum()",
        "got = np.zeros(len(days))\nfor n in (1, 2):\n    m = LinearRegression().fit(old[['day']], old['sold'])\n"
        "    got += m.predict(days) / 2",
    ],
)
def test_a_comparison_is_asked_about(code: str) -> None:
    assert equal_or_refused(START + code) == ("NB343",)


def test_a_loop_over_its_own_variable_is_followed_to_its_end() -> None:
    assert equal_or_refused(f"{START}got = [models['a'].predict([[days]])[0] for days in days['day']]") != ()
