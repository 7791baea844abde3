"""A boundary between statements: training, prediction and evaluation in one cell, or nested in one call."""

import sys

import pytest

from tests.plan.equality import Converted, analysed, check, convert, equal_or_refused, findings_of

MODEL = """
# %% functions
class Mean:
    def __init__(self, shift=0):
        self.shift = shift
    def fit(self, rows, y):
        self.mean = sum(y) / len(y) + self.shift
        return self
    def predict(self, rows):
        return [r * self.mean for r in rows]
    def score(self, rows, y):
        return sum(p == t for p, t in zip(self.predict(rows), y)) / len(y)
def accuracy(y, predicted):
    return sum(p == t for p, t in zip(predicted, y)) / len(y)
# %% training
X, y = [pow(n, 1) for n in range(6)], [pow(n, 2) for n in range(6)]
X_train, X_test, y_train, y_test = X[:4], X[4:], y[:4], y[4:]
"""


def boundary_of(text: str) -> tuple[tuple[str, ...], tuple[str, ...], str | None]:
    boundary = analysed(text)[1]
    assert boundary is not None, findings_of(text)
    return boundary.request, boundary.artifacts, boundary.response


def sources(text: str) -> tuple[str, str]:
    """train.py and predict.py"""
    converted = convert(text)
    assert isinstance(converted, Converted), converted
    found = {path.rpartition("/")[2]: body for path, body in converted.sources.items()}
    return found["train.py"], found["predict.py"]


@pytest.mark.parametrize(("cell", "response"), [
    ("model = Mean()\nmodel.fit(X_train, y_train)\npredicted = model.predict(X_test)\n"
     "print(accuracy(y_test, predicted))", "predicted"),
    ("model = Mean()\nmodel.fit(X_train, y_train)\npredicted = model.predict(X_test)\n"
     "score = accuracy(y_test, predicted)", "predicted"),
    ("model = Mean().fit(X_train, y_train)\npredicted = model.predict(X_test)\n"
     "score = accuracy(y_test, predicted)\nscore", "predicted"),
    ("model = Mean()\nmodel.fit(X_train, y_train)\nprint(accuracy(y_test, model.predict(X_test)))", None),
    ("model = Mean()\nmodel.fit(X_train, y_train)\nscore = accuracy(y_test, model.predict(X_test))\nscore", None),
    ("model = Mean()\nmodel.fit(X_train, y_train)\naccuracy(y_test, model.predict(X_test))", None),
    ("model = Mean()\nmodel.fit(X_train, y_train)\nmodel.predict(X_test) == y_test", None),
    ("model = Mean()\nmodel.fit(X_train, y_train)\nprint('predicted:', [round(p) for p in model.predict(X_test)])",
     None),
    ("model = Mean()\nmodel.fit(X_train, y_train)\nshown = sum(model.predict(X_test)) / 2\nprint(shown)", "shown"),
])  # fmt: skip
def test_fit_predict_and_evaluate_in_one_cell(cell: str, response: str | None) -> None:
    text = f"{MODEL}# %% inference\n{cell}\n"
    assert equal_or_refused(text) == "equal"
    assert boundary_of(text) == (("X_test",), ("model",), response)
    train, predict = sources(text)
    assert ".fit(" in train
    assert ".fit(" not in predict
    assert "y_test" not in predict
    assert "print" not in predict


@pytest.mark.parametrize("cell", [
    "model = Mean()\nmodel.fit(X_train, y_train)\npredicted = model.predict(value)\nprint(predicted)",
    "model = Mean().fit(X_train, y_train)\nmodel.predict(value)",
    "scale = max(X_train)\nmodel = Mean().fit([x / scale for x in X_train], y_train)\n"
    "rows = [v / scale for v in value]\nmodel.predict(rows)",
    "answers = []\nmodel = Mean().fit(X_train, y_train)\nfor v in value:\n    answers += model.predict([v])\nanswers",
    "model = Mean()\nmodel.fit(X_train, y_train)\nbest = model\nbest.predict(value)",
])  # fmt: skip
def test_the_same_with_a_request_cell(cell: str) -> None:
    text = f"{MODEL}# %% request\nvalue = [2, 3]\n# %% inference\n{cell}\n"
    assert equal_or_refused(text) == "equal"
    assert "fit(" not in sources(text)[1]


def test_what_a_metric_fits_later_leaves_the_artifact_alone() -> None:
    text = f"""{MODEL}
# %% inference
model = Mean()
model.fit(X_train, y_train)
predicted = model.predict(X_test)
model.fit(X_test, y_test)
score = model.mean
# %% evaluation
again = model.score(X_test, y_test) + score
"""
    assert equal_or_refused(text) == "equal"
    assert "deepcopy(model)" in sources(text)[0]


def test_the_binding_that_is_live_where_the_prediction_is_made() -> None:
    assert equal_or_refused(f"""{MODEL}
# %% training
model = Mean().fit(X_train, y_train)
# %% inference
predicted = model.predict(X_test)
# %% training
model = Mean(5).fit(X_train, y_train)
# %% evaluation
score = accuracy(y_test, model.predict(X_test))
""") == "equal"  # fmt: skip


@pytest.mark.parametrize(("cell", "code"), [
    ("print(model.score(X_test, y_test))", "NB342"),
    ("for m in [Mean(), Mean(1)]:\n    m.fit(X_train, y_train)\n    p = m.predict(X_test)\n"
     "    print(accuracy(y_test, p))", "NB343"),
    ("results = {}\nfor name, m in {'a': Mean(), 'b': Mean(1)}.items():\n"
     "    results[name] = accuracy(y_test, m.fit(X_train, y_train).predict(X_test))\nresults", "NB343"),
    ("other = Mean(1).fit(X_train, y_train)\nmodel.predict(other.predict(X_test) + X_train)", "NB306"),
])  # fmt: skip
def test_a_refusal_says_which_line_to_add(cell: str, code: str) -> None:
    text = f"{MODEL}# %% training\nmodel = Mean().fit(X_train, y_train)\n# %% inference\n{cell}\n"
    assert code in equal_or_refused(text)
    assert findings_of(text)[code].hint


def test_typed_in_rows_are_the_request() -> None:
    text = f"{MODEL}# %% training\nmodel = Mean().fit(X_train, y_train)\n# %% inference\nmodel.predict([3, 4])\n"
    assert equal_or_refused(text) == "equal"
    assert boundary_of(text)[0] == ("rows",)
    assert "self.model.predict(rows)" in sources(text)[1]


def test_typed_in_rows_under_a_name() -> None:
    text = f"""{MODEL}# %% training
model = Mean().fit(X_train, y_train)
# %% inference
new = [3, 4]
predicted = model.predict(new)
print(predicted)
"""
    assert equal_or_refused(text) == "equal"
    assert boundary_of(text)[0] == ("new",)


def test_typed_in_rows_that_are_transformed_under_a_name() -> None:
    text = f"""{MODEL}class Shift:
    def fit(self, rows):
        self.by = max(rows)
        return self
    def transform(self, rows):
        return [r - self.by for r in rows]
# %% training
shift = Shift().fit(X_train)
model = Mean().fit(shift.transform(X_train), y_train)
# %% inference
ready = shift.transform([3, 4])
predicted = model.predict(ready)
print(predicted)
"""
    assert equal_or_refused(text) == "equal"
    assert boundary_of(text) == (("rows",), ("model", "shift"), "predicted")


def test_typed_in_rows_inside_a_display() -> None:
    text = f"""{MODEL}# %% training
rows = 3
model = Mean().fit(X_train, y_train)
# %% inference
print("a prediction", model.predict([3, 4])[0])
"""
    assert equal_or_refused(text) == "equal"
    assert boundary_of(text)[0] == ("request",)


def test_a_dictionary_of_models() -> None:
    text = f"""{MODEL}# %% training
models = {{"a": Mean(), "b": Mean(1)}}
for m in models.values():
    m.fit(X_train, y_train)
# %% inference
print(accuracy(y_test, models["b"].predict(X_test)))
"""
    assert equal_or_refused(text) == "equal"
    assert boundary_of(text)[:2] == (("X_test",), ("models",))


def test_a_prediction_over_several_lines() -> None:
    assert equal_or_refused(f"""{MODEL}
# %% inference
model = Mean().fit(X_train, y_train)
print(accuracy(
    y_test,
    [round(p)
     for p in model
     .predict(X_test)],
))
""") == "equal"  # fmt: skip


def test_a_model_that_is_fitted_where_it_predicts() -> None:
    text = f"""{MODEL}
# %% inference
predicted = Mean(1).fit(X_train, y_train).predict(X_test)
print(accuracy(y_test, predicted))
"""
    assert equal_or_refused(text) == "equal"
    assert boundary_of(text) == (("X_test",), ("fitted",), "predicted")
    train, predict = sources(text)
    assert "fitted = Mean(1).fit(X_train, y_train)" in train
    assert "self.fitted.predict(X_test)" in predict


def test_a_model_that_is_fitted_in_a_call_of_a_metric() -> None:
    text = f"""{MODEL}
# %% inference
print(accuracy(y_test, Mean(1).fit(X_train, y_train).predict(X_test)))
"""
    assert equal_or_refused(text) == "equal"
    assert boundary_of(text) == (("X_test",), ("fitted",), None)


def test_measures_in_a_block_stay_behind() -> None:
    text = f"""{MODEL}
# %% inference
import contextlib
model = Mean().fit(X_train, y_train)
with contextlib.nullcontext():
    out = model.predict(X_test)
    predicted = [round(p) for p in out]
    share = accuracy(y_test, predicted)  # how good
    print(share)
print(share)
"""
    assert equal_or_refused(text) == "equal"
    assert boundary_of(text) == (("X_test",), ("model",), "predicted")
    assert "accuracy" not in sources(text)[1]


def test_typed_in_rows_that_are_made_ready_first() -> None:
    text = f"""{MODEL}# %% training
model = Mean().fit(X_train, y_train)
top = max(X_train)
# %% inference
new = [3, 4]
scaled = [n / top for n in new]
model.predict(scaled)
"""
    assert equal_or_refused(text) == "equal"
    assert boundary_of(text)[:2] == (("new",), ("model", "top"))
    assert "NB307" in findings_of(text)


@pytest.mark.parametrize("made", [
    "shifted = lambda r: r + shift",
    "shifted = lambda r, /, *more, **options: r + shift",
    "shifted = lambda r, by={'a': [1, 2]}: r + shift",
    "shifted = (lambda r: [r + shift, len([q for q in (r,) if q])][0])",
])  # fmt: skip
def test_a_lambda_that_reads_values_is_a_function(made: str) -> None:
    text = f"# %% training\nshift = pow(3, 1)\n{made}\n# %% request\nvalue = 2\n# %% inference\nshifted(value)\n"
    assert equal_or_refused(text) == "equal"


def test_a_function_mapped_over_rows_is_not_kept() -> None:
    assert equal_or_refused("""
# %% training
shift = pow(3, 1)
def shifted(r): return r + shift
first = list(map(shifted, [1, 2]))
shift = pow(4, 1)
second = sorted([1, 2], key=shifted)
# %% request
value = 2
# %% inference
[value, first, second, max([value, 1], key=shifted)]
""") == "equal"  # fmt: skip


def test_a_prediction_inside_an_f_string() -> None:
    assert equal_or_refused(f"""{MODEL}# %% training
model = Mean().fit(X_train, y_train)
# %% inference
print(f"share: {{accuracy(y_test, model.predict(X_test)):.2f}}")
""") == "equal"  # fmt: skip


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="positions inside f-strings are right")
def test_a_prediction_inside_an_f_string_whose_parts_have_no_place() -> None:
    assert equal_or_refused(f"""{MODEL}# %% training
model = Mean().fit(X_train, y_train)
# %% inference
print(f'''predicted:
  {{model.predict(X_test)}}''')
""") in ("equal", ("NB345",))  # fmt: skip


@pytest.mark.parametrize("glance", ["labels[:2]", "len(labels)", "collections.Counter(labels)", "max(labels)"])
def test_a_glance_at_the_prediction_is_not_the_response(glance: str) -> None:
    text = f"""# %%
import collections
{MODEL.strip()}
# %% training
model = Mean().fit(X_train, y_train)
# %% request
rows = [3, 4, 5]
# %% inference
labels = model.predict(rows)
{glance}
"""
    assert boundary_of(text)[2] == "labels"
    assert equal_or_refused(text) == "equal"


def test_a_figure_that_predictions_are_drawn_on_is_no_response() -> None:
    text = f"""{MODEL}# %% training
model = Mean().fit(X_train, y_train)
# %% request
rows = [3, 4, 5]
# %% inference
import matplotlib.pyplot as plt
guess = model.predict(rows)
fig, axes = plt.subplots(1, 3)
for ax, g in zip(axes, guess):
    ax.set_title(str(g))
"""
    assert boundary_of(text)[2] == "guess"
    assert equal_or_refused(text) == "equal"


CUT = """
# %% imports
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split
# %% training
X = np.arange(24.0).reshape(12, 2) ** 1.5
X_train, X_test, y_train, y_test = train_test_split(X, X[:, 0] * 2 + 1, random_state=0)
model = LinearRegression().fit(X_train, y_train)
# %% inference
"""


@pytest.mark.parametrize(
    "inference",
    [
        "model.predict(X_test)[:2]",
        "print('first', model.predict(X_test)[0:2])",
        "yhat = model.predict(X_test)\nyhat[:2]",
        "yhat = model.predict(X_test)\nfirst = yhat[:2]\nprint(first)",
        "first = model.predict(X_test)[:2]",
        "out = pd.DataFrame({'yhat': model.predict(X_test)})\nout = out.head(2)\nout",
        "out = pd.DataFrame({'yhat': model.predict(X_test).round(2)}).tail(1)",
    ],
)
def test_a_part_of_the_answers_by_position_is_a_glance(inference: str) -> None:
    """The package answers all rows: the response is what stood before it was cut."""
    result = convert(CUT + inference)
    assert isinstance(result, Converted)
    assert len(check(result)) == 3


@pytest.mark.parametrize(
    "inference", ["[round(p) for p in model.predict(X_test)[:2]]", "yhat = model.predict(X_test)[:2]\nyhat.round(1)"]
)
def test_a_response_made_of_a_part_of_the_answers_is_refused(inference: str) -> None:
    assert equal_or_refused(CUT + inference) == ("NB356",)


def test_the_best_of_all_are_no_glance() -> None:
    result = convert(CUT + "scores = model.predict(X_test)\nbest = np.argsort(scores)[:2]")
    assert isinstance(result, Converted)
    assert len(check(result)) == 2


def test_an_answer_that_is_saved_last_is_the_response() -> None:
    text = f"""{MODEL}
import io
import json
model = Mean().fit(X_train, y_train)
# %% inference
labels = model.predict(X_test)
answer = {{"answers": labels}}
json.dump(answer, io.StringIO())
"""
    assert equal_or_refused(text) == "equal"
    assert boundary_of(text) == (("X_test",), ("model",), "answer")


def test_rows_that_a_model_was_fitted_to_in_the_same_cell_are_not_where_training_begins() -> None:
    text = (
        f"{MODEL}# %% inference\nhalf, rest = X[:3], X[3:]\nmodel = Mean().fit(half, y[:3])\nout = model.predict(X)\n"
    )
    assert equal_or_refused(text) == "equal"
    assert boundary_of(text) == (("X",), ("model",), "out")


def test_made_data_in_the_cell_that_predicts() -> None:
    text = """
# %% imports
from sklearn.datasets import make_moons
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
# %% inference
P, q = make_moons(n_samples=40, random_state=0)
A, B, a, b = train_test_split(P, q, random_state=0)
model = LogisticRegression().fit(A, a)
print(model.predict(B))
"""
    assert equal_or_refused(text) == "equal"
    assert boundary_of(text) == (("B",), ("model",), None)
