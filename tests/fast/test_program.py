"""Fitted models as graphs: they say what the model says, to nine digits, near and far outside its training."""

import json
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import nb2prod.fast.child
from nb2prod.fast.rows import generated_rows
from nb2prod.model.schema import Column, ValueSchema
from nb2prod.parity import first_difference
from nb2prod.serving.fast import open_fast_path

pytest.importorskip("skl2onnx")
pytest.importorskip("onnxruntime")
sys.path.insert(0, str(Path(nb2prod.fast.child.__file__).parent / "program"))
convert = pytest.importorskip("convert")
NotConvertible = pytest.importorskip("onnx_trees").NotConvertible

chance = np.random.default_rng(3)
FRAME = pd.DataFrame(
    {
        "size": chance.normal(50, 20, 400).round(1),
        "age": chance.integers(0, 90, 400),
        "town": chance.choice(["north", "south", "Ärger 😀"], 400),
        "kind": chance.choice(["a", "b"], 400),
        "new": chance.random(400) < 0.5,
    }
)
FRAME.loc[::9, "size"] = np.nan
SCORE = FRAME["size"].fillna(40) + FRAME["age"] * (FRAME["town"] == "north") + chance.normal(0, 5, 400)
TWO, THREE = (SCORE > 60).to_numpy(), pd.cut(SCORE, 3, labels=["low", "mid", "high"]).astype(str).to_numpy()
NUMBERS, TEXTS = ["size", "age", "new"], ["town", "kind"]
SCHEMA = ValueSchema(
    "rows",
    "frame",
    (
        Column("size", "float64", True, 0.0, 110.0),
        Column("age", "int64", False, 0, 89),
        Column("town", "str", categories=("north", "south")),
        Column("kind", "str", categories=("a", "b")),
        Column("new", "bool"),
    ),
)
GOLDEN = json.loads(FRAME.head(12).to_json(orient="records"))


def prepared(*steps, encoder=None):
    encoder = encoder or OneHotEncoder(handle_unknown="ignore")
    return make_column_transformer((make_pipeline(SimpleImputer(), *steps), NUMBERS), (encoder, TEXTS))


def convert_model(model, method="predict", answer=None):
    order = {
        "width": 0, "single": False, "columns": list(FRAME), "numbers": NUMBERS, "texts": TEXTS, "artifacts": {},
        "answer": answer or ["list", ["call", ["model"], method, None]],
    }  # fmt: skip
    shape = convert.Shape(SimpleNamespace(model=model), None, order)
    recipe, graph = convert.build(shape, order)
    return open_fast_path(recipe, graph)


def assert_same(model, method, count=250):
    """Row by row, of all rows that the graph answers; the model's own refusals among them."""

    def ask(rows):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return getattr(model, method)(pd.DataFrame(rows).astype({"size": "float64", "age": "int64"})).tolist()

    path, rows = convert_model(model, method), generated_rows(SCHEMA, GOLDEN, count)
    code = convert._answers_of(ask, rows)
    fast = [path.answer(SimpleNamespace(rows=[row])) for row in rows]
    answered = [place for place, one in enumerate(fast) if one is not None]
    assert set(range(len(GOLDEN))) <= set(answered)
    for place in answered:
        equal, _, reason = first_difference([code[place]], fast[place], relative=1e-9, absolute=1e-12)
        assert equal, (rows[place], reason)


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(max_iter=2000), DecisionTreeClassifier(random_state=0), RandomForestClassifier(30),
        ExtraTreesClassifier(20), GradientBoostingClassifier(n_estimators=30),
        HistGradientBoostingClassifier(max_iter=30),
    ],
    ids=lambda model: type(model).__name__,
)  # fmt: skip
@pytest.mark.parametrize("target", [TWO, THREE], ids=["two classes", "three classes"])
def test_a_classifier_gives_its_probabilities_and_its_labels(model, target):
    fitted = make_pipeline(prepared(StandardScaler()), model).fit(FRAME, target)
    assert_same(fitted, "predict_proba")
    assert_same(fitted, "predict")


@pytest.mark.parametrize(
    "model",
    [
        LinearRegression(), RandomForestRegressor(20), GradientBoostingRegressor(n_estimators=30),
        HistGradientBoostingRegressor(max_iter=30),
    ],
    ids=lambda model: type(model).__name__,
)  # fmt: skip
def test_a_regressor_gives_its_numbers(model):
    assert_same(make_pipeline(prepared(MinMaxScaler()), model).fit(FRAME, SCORE), "predict")


def test_lightgbm_gives_its_numbers():
    lightgbm = pytest.importorskip("lightgbm")
    for model, target in (
        (lightgbm.LGBMClassifier(n_estimators=20), TWO),
        (lightgbm.LGBMRegressor(n_estimators=20), SCORE),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert_same(make_pipeline(prepared(), model.set_params(verbose=-1)).fit(FRAME, target), "predict")


def test_what_is_not_known_here_is_left_to_skl2onnx():
    assert_same(make_pipeline(prepared(StandardScaler()), KMeans(3, n_init=1)).fit(FRAME), "predict")


def test_a_category_that_is_an_error_of_the_model_is_left_to_its_code():
    for encoder in (OneHotEncoder(), OrdinalEncoder()):
        fitted = make_pipeline(prepared(encoder=encoder), LinearRegression()).fit(FRAME, SCORE)
        path = convert_model(fitted)
        assert path.answer(SimpleNamespace(rows=GOLDEN)) is not None
        assert path.answer(SimpleNamespace(rows=[GOLDEN[0] | {"town": "never seen"}])) is None
        assert_same(fitted, "predict", 40)


def test_numbers_that_a_float_cannot_hold_are_left_to_the_code():
    path = convert_model(make_pipeline(prepared(), RandomForestClassifier(5)).fit(FRAME, TWO))
    assert path.answer(SimpleNamespace(rows=[GOLDEN[0] | {"age": 10**17}])) is None


def test_records_of_several_calls_on_one_model():
    fitted = make_pipeline(prepared(StandardScaler()), LogisticRegression(max_iter=2000)).fit(FRAME, TWO)
    answer = ["records", {"p": ["column", ["call", ["model"], "predict_proba", None], 1],
                          "yes": ["call", ["model"], "predict", None]}]  # fmt: skip
    made = convert_model(fitted, answer=answer).answer(SimpleNamespace(rows=GOLDEN[:3]))
    expected = fitted.predict_proba(FRAME.head(3))[:, 1]
    assert np.allclose([row["p"] for row in made], expected, rtol=1e-9)
    assert [row["yes"] for row in made] == fitted.predict(FRAME.head(3)).tolist()


def test_a_model_that_cannot_be_converted_says_why():
    with pytest.raises(NotConvertible, match="SVC"):
        convert_model(make_pipeline(prepared(StandardScaler()), SVC()).fit(FRAME, TWO))
