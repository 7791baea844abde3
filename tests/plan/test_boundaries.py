"""Where training ends and prediction begins: request, response, artifacts, metrics, and what flows between cells."""

import pytest

from tests.plan.equality import Converted, analysed, convert, equal_or_refused, findings_of


def boundary_of(text: str) -> tuple[tuple[str, ...], tuple[str, ...], str | None]:
    boundary = analysed(text)[1]
    assert boundary is not None
    return boundary.request, boundary.artifacts, boundary.response


def around(inference: str, training: str = "model = pow(3, 1)") -> str:
    return f"# %% training\n{training}\n# %% request\nvalue = 9\n# %% inference\n{inference}\n"


@pytest.mark.parametrize(("inference", "kept"), [
    ("assert value\nvalue + model", ["assert value"]),
    ("if value < 0:\n    raise ValueError('below zero')\nanswer = value + model", ["raise ValueError"]),
    ("if value < 0:\n    raise ValueError('a')\nelif value > model:\n    assert value\nelse:\n    pass\nvalue + model",
     ["raise ValueError", "elif value > "]),
    ("answer = value + model\nassert answer > 0, answer", ["assert answer > 0"]),
    ("answer = value + model\nassert answer > LIMIT\nanswer", ["assert answer > LIMIT"]),
    ("assert model\nvalue + model", ["assert self.model"]),
    ("answer = value + model\nif answer < 0:\n    print('odd')\nanswer", []),
])  # fmt: skip
def test_what_refuses_a_request_or_an_answer_is_kept(inference: str, kept: list[str]) -> None:
    text = around(inference, "LIMIT = 3\nmodel = pow(3, 1)")
    assert equal_or_refused(text) == "equal"
    converted = convert(text)
    assert isinstance(converted, Converted)
    (predict,) = (source for path, source in converted.sources.items() if path.endswith("/predict.py"))
    assert all(part in predict for part in kept)
    assert bool(kept) == ("assert" in predict or "raise" in predict)


def test_a_check_that_reads_training_rows_is_left_out_and_told() -> None:
    text = around("assert value < max(rows)\nvalue * model", "rows = [pow(3, 1), 20]\nmodel = sum(rows)")
    assert list(findings_of(text)) == ["NB347"]
    assert boundary_of(text) == (("value",), ("model",), None)


@pytest.mark.parametrize(("inference", "response"), [
    ("value + model", None),
    ("answer = value + model", "answer"),
    ("answer = value + model\nanswer", "answer"),
    ("answer = value + model\nprint(answer)", "answer"),
    ("answer: int = value + model", "answer"),
    ("a = b = value + model", "a"),
    ("answer = value\nanswer += model", "answer"),
    ("answer = {}\nanswer['x'] = value + model", "answer"),
    ("answer = []\nanswer.append(value + model)", "answer"),
    ("answer = [value, model]\nanswer.sort()", "answer"),
    ("answer = []\nfor i in range(3):\n    answer.append(value + model + i)", "answer"),
    ("import contextlib\nwith contextlib.nullcontext():\n    answer = value + model", "answer"),
    ("if value > model:\n    answer = 1\nelse:\n    answer = 2", "answer"),
    ("try:\n    answer = value / model\nexcept ZeroDivisionError:\n    answer = 0", "answer"),
    ("answer = [value, model]\nfor x in answer:\n    print(x)", "answer"),
    ("answer = value + model\nassert answer", "answer"),
    ("answer = value + model\n'a note'", "answer"),
    ("def f(x): return x + model\nf(value)", None),
])  # fmt: skip
def test_the_response(inference: str, response: str | None) -> None:
    assert boundary_of(around(inference))[2] == response
    assert equal_or_refused(around(inference)) == "equal"


@pytest.mark.parametrize("inference", ["low, high = value, model", "print(value + model)", "import math", "pass"])
def test_no_response(inference: str) -> None:
    assert equal_or_refused(around(inference)) == ("NB303",)


def test_a_change_made_to_the_response_after_it_was_assigned() -> None:
    assert equal_or_refused(around("""
answer = [value + model]
print("next")
answer.append(value)
answer[0] += 1
""")) == "equal"  # fmt: skip


def test_several_inference_cells() -> None:
    assert equal_or_refused("""
# %% training
model = pow(3, 1)
# %% request
value = 9
# %% inference
half = value / 2
print(half)
# %%
print("in between")
# %% inference
half + model
""") == "equal"  # fmt: skip


def test_preprocessing_is_repeated_for_the_request() -> None:
    text = """
# %% training
rows = [1, 2, 3]
# %% preprocessing
top = max(rows)
def clean(x): return [r / top for r in x]
cleaned = clean(rows)
# %% training
model = sum(cleaned)
# %% request
new = [4, 5]
# %% preprocessing
ready = clean(new)
# %% inference
[r * model for r in ready]
"""
    assert equal_or_refused(text) == "equal"
    assert boundary_of(text)[0] == ("new",)


def test_an_untagged_cell_between_request_and_inference_belongs_to_the_prediction() -> None:
    text = """
# %% training
model = pow(3, 1)
# %% request
new = [4, 5]
# %%
n = len(new)
# %% inference
[r * model / n for r in new]
"""
    assert equal_or_refused(text) == "equal"
    assert boundary_of(text)[1] == ("model",)
    assert "NB308" in findings_of(text)


def test_an_artifact_computed_from_the_request_in_a_training_cell() -> None:
    assert equal_or_refused("""
# %% training
model = pow(3, 1)
# %% request
new = [4, 5]
# %% evaluation
n = len(new)
# %% inference
[r * model / n for r in new]
""") == ("NB321",)  # fmt: skip


def test_what_the_prediction_needs_is_made_between_its_statements() -> None:
    assert equal_or_refused("""
# %% request
new = [4, 5]
# %% inference
first = [r * 2 for r in new]
# %% training
model = pow(3, 1)
# %% inference
[r * model for r in first]
""") == "equal"  # fmt: skip


def test_training_and_prediction_in_any_order_of_cells() -> None:
    assert equal_or_refused("""
# %% request
new = [4, 5]
# %% training
model = pow(3, 1)
# %% inference
[r * model for r in new]
""") == "equal"  # fmt: skip


def test_several_names_in_a_request() -> None:
    text = around("value * rate + model").replace("value = 9", "value = 9\nrate = 0.5")
    assert boundary_of(text)[0] == ("rate", "value")
    assert equal_or_refused(text) == "equal"


def test_a_request_made_of_training_data() -> None:
    assert equal_or_refused("""
# %% training
rows = [1, 2, pow(3, 1)]
model = sum(rows)
# %% request
new = rows[:2]
new
# %% inference
[r * model for r in new]
""") == "equal"  # fmt: skip


def test_a_request_that_the_prediction_does_not_use() -> None:
    assert equal_or_refused(around("answer = model + 1")) == ("NB304",)


def test_a_request_inferred_from_the_prediction_call() -> None:
    text = """
# %% functions
class Model:
    def fit(self, x):
        self.n = len(x)
        return self
    def predict(self, x): return [self.n * i for i in x]
# %% training
rows = [1, pow(3, 1)]
model = Model().fit(rows)
new = [4, pow(5, 1)]
# %% inference
model.predict(new)
"""
    assert boundary_of(text) == (("new",), ("model",), None)
    assert equal_or_refused(text) == "equal"


def test_two_readings_of_the_request_are_asked_about() -> None:
    assert equal_or_refused("""
# %% functions
class Model:
    def predict(self, x, y): return x + y
# %% training
model = Model()
one = pow(3, 1)
two = pow(4, 1)
# %% inference
model.predict(one, two)
""") == ("NB306",)  # fmt: skip


def test_columns_that_training_made_are_no_request() -> None:
    assert equal_or_refused("""
# %% functions
class Model:
    def predict(self, x): return x["a"]
# %% training
model = Model()
frame = {"raw": pow(3, 1)}
frame["a"] = frame["raw"] * 2
# %% inference
model.predict(frame)
""") == ("NB320",)  # fmt: skip


def test_what_a_function_made_of_the_data_is_no_request() -> None:
    assert equal_or_refused("""
# %% functions
class Model:
    def predict(self, x): return x["a"]
def features(d): return {**d, "a": d["raw"] * 2}
# %% training
model = Model()
frame = {"raw": pow(3, 1)}
X = features(frame)
# %% inference
model.predict(X)
""") == ("NB320",)  # fmt: skip


@pytest.mark.parametrize(("text", "code"), [
    ("# %%\nx = 1\n# %%\nx + 1", "NB301"),
    ("# %% training\nx = 1", "NB302"),
    ("# %% training\nx = 1\n# %% inference\n", "NB303"),
])  # fmt: skip
def test_nothing_to_predict_with(text: str, code: str) -> None:
    assert equal_or_refused(text) == (code,)


def test_exploration_stays_behind() -> None:
    converted = convert("""
# %% training
rows = [1, 2, pow(3, 1)]
print(rows)
rows.count(1)
sorted(rows)[0]
# %%
total = 0
for r in rows:
    total += r
    print(total)
# %% training
model = sum(rows)
# %% request
value = 9
# %% inference
value + model
""")
    assert isinstance(converted, Converted)
    train = next(text for path, text in converted.sources.items() if path.endswith("train.py"))
    body = train.split("def train")[1].split("def main")[0]
    assert "total" not in body
    assert "count" not in body
    assert "print" not in body
    assert "sorted" not in body


def test_a_print_among_training_statements_does_no_harm() -> None:
    assert equal_or_refused("""
# %% training
total = 0
for r in range(pow(3, 1)):
    total += r
    print(total)
    display(total)
# %% request
value = 9
# %% inference
print(value)
value + total
""") == "equal"  # fmt: skip


def test_metrics_after_the_inference() -> None:
    assert equal_or_refused("""
# %% training
model = pow(3, 1)
# %% request
rows = [1, 2]
# %% inference
answers = [r * model for r in rows]
answers
# %% evaluation
error = abs(sum(answers) - 10) / 2
scores = {"a": error, "b": 2}
""") == "equal"  # fmt: skip


def test_parameters_are_settings_of_training() -> None:
    text = """
# %% parameters
alpha = 2
sizes = [1, 2]
name = "x"
half = alpha / 2
# %% training
alpha *= 3
sizes.append(alpha)
model = sum(sizes) + half
# %% request
value = 9
# %% inference
[value * model, name, alpha]
"""
    assert equal_or_refused(text) == "equal"
    assert equal_or_refused(text, {"sizes": [5], "name": "y"}) == "equal"


def test_a_parameter_that_the_prediction_and_a_function_read() -> None:
    text = """
# %% parameters
threshold = 2
# %% functions
def over(x): return x > threshold
# %% training
model = [over(x) for x in (1, 2, 3)]
# %% request
value = 9
# %% inference
[over(value), model, threshold]
"""
    assert equal_or_refused(text) == "equal"
    assert equal_or_refused(text, {"threshold": 20}) == "equal"


def test_a_parameter_changed_inside_the_parameters_cell() -> None:
    assert equal_or_refused("""
# %% parameters
alpha = 2
alpha *= 3
beta = 1
# %% training
model = alpha + beta
# %% request
value = 9
# %% inference
value * model
""", {"beta": 5}) == "equal"  # fmt: skip


def test_a_parameter_set_twice() -> None:
    assert equal_or_refused("""
# %% parameters
alpha = 2
alpha = 4
# %% training
model = alpha + 1
# %% request
value = 9
# %% inference
value * model
""") == "equal"  # fmt: skip


def test_seeds_are_kept() -> None:
    text = """
# %% imports
import random
# %%
random.seed(3)
# %% training
rows = [1, 2, 3]
random.shuffle(rows)
model = rows[0] + random.randint(0, 100)
# %% request
value = 9
# %% inference
value * model
"""
    assert equal_or_refused(text) == "equal"
    assert "NB308" in findings_of(text)


def test_a_skipped_cell_that_training_needs_is_pulled_in() -> None:
    text = """
# %% skip
rows = [pow(3, 1)]
# %% training
model = sum(rows)
# %% request
value = 9
# %% inference
value * model
"""
    assert equal_or_refused(text) == "equal"
    assert "tagged `skip`" in findings_of(text)["NB308"].message


def test_a_dictionary_of_artifacts_filled_in_the_prediction() -> None:
    # answer holds `names`, but adding to answer does not change `names`
    assert equal_or_refused("""
# %% training
names = ["a", "b"] * pow(3, 1)
# %% request
value = 2
# %% inference
answer = {"names": names}
answer["value"] = value
answer["first"] = names[value]
answer
""") == "equal"  # fmt: skip


def test_an_artifact_inside_a_dictionary_that_is_changed() -> None:
    assert equal_or_refused("""
# %% training
names = ["a", "b"] * pow(3, 1)
# %% request
value = "c"
# %% inference
answer = {"names": names}
answer["names"].append(value)
answer
""") == "equal"  # fmt: skip


def test_tuples_and_closures_as_artifacts() -> None:
    assert equal_or_refused("""
# %% training
low, high = divmod(pow(30, 1), 7)
pair = (low, [high])
# %% request
value = 2
# %% inference
(value - low) / pair[1][0]
""") == "equal"  # fmt: skip


def test_the_model_is_made_again_later() -> None:
    # model 1 --> inference;  model 2 is only looked at
    assert equal_or_refused("""
# %% training
model = pow(3, 1)
# %% request
value = 2
# %% inference
value * model
# %%
model = pow(4, 1)
print(model)
""") == "equal"  # fmt: skip


def test_several_models_of_which_the_prediction_uses_one() -> None:
    text = """
# %% functions
class Model:
    def fit(self, n):
        self.n = n
        return self
# %% training
one = Model().fit(1)
two = Model().fit(2)
best = max((one, two), key=lambda m: m.n)
# %% request
value = 2
# %% inference
value * best.n
"""
    assert equal_or_refused(text) == "equal"
    assert boundary_of(text)[1] == ("best",)


def test_an_attribute_set_on_a_model() -> None:
    assert equal_or_refused("""
# %% functions
class Model:
    pass
# %% training
model = Model()
model.n = pow(3, 1)
setattr(model, "m", 4)
# %% request
value = 2
# %% inference
value * model.n * model.m
""") == "equal"  # fmt: skip


def test_an_answer_is_not_its_own_request() -> None:
    assert equal_or_refused("""
# %% training
squares = {k: pow(k, 2) for k in range(9)}
# %% functions
def best(n, least=0): return [k for k in squares if k > least][:n]
# %% inference
found = best(*(2, 1))
found
""") == ("NB306",)  # fmt: skip
