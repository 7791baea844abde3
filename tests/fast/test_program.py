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
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC
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


def convert_model(model, method="predict", answer=None, **changes):
    order = {
        "width": 0, "single": False, "columns": list(FRAME), "numbers": NUMBERS, "texts": TEXTS, "artifacts": {},
        "dtypes": {"size": "float64", "age": "int64", "new": "bool"},
        "answer": answer or ["list", ["call", ["model"], method, None]],
    } | changes  # fmt: skip
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


WORDS = [
    "good",
    "great",
    "fine",
    "lovely",
    "bad",
    "awful",
    "poor",
    "broken",
    "room",
    "view",
    "food",
    "bed",
    "staff",
    "noise",
    "Zürich",
]
DOCUMENTS = [" ".join(chance.choice(WORDS, 9)) for _ in range(300)]
LIKED = np.array([sum(word in text for word in WORDS[:4]) > 2 for text in DOCUMENTS])


def assert_same_of_texts(model, method="predict"):
    given = {"columns": [], "numbers": [], "texts": [], "kind": "texts"}
    path = convert_model(model, answer=["list", ["call", ["model"], method, {"series": ["rows"]}]], **given)
    rows = generated_rows(ValueSchema("rows", "texts"), DOCUMENTS[:10], 300)
    expected = getattr(model, method)(rows).tolist()
    for answered in (
        path.answer(SimpleNamespace(rows=rows)),
        [path.answer(SimpleNamespace(rows=[r]))[0] for r in rows],
    ):
        equal, _, reason = first_difference(expected, answered, relative=1e-9, absolute=1e-12)
        assert equal, reason


@pytest.mark.parametrize(
    "steps",
    [
        (TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression()),
        (TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3), norm="l1"), RidgeClassifier()),
        (CountVectorizer(stop_words="english", strip_accents="unicode"), TfidfTransformer(), LinearSVC()),
        (CountVectorizer(binary=True), MultinomialNB()),
        (TfidfVectorizer(), TruncatedSVD(3), RandomForestClassifier(10)),
        (CountVectorizer(), DecisionTreeClassifier()),
    ],
    ids=lambda steps: "-".join(type(step).__name__ for step in steps),
)
def test_texts_are_weighed_and_judged(steps):
    fitted = make_pipeline(*steps).fit(DOCUMENTS, LIKED)
    assert_same_of_texts(fitted)
    if hasattr(fitted, "predict_proba"):
        assert_same_of_texts(fitted, "predict_proba")


def test_a_column_of_texts_beside_numbers():
    frame = pd.DataFrame({"text": DOCUMENTS, "stars": chance.integers(1, 6, 300)})
    model = make_pipeline(
        make_column_transformer((TfidfVectorizer(), "text"), (StandardScaler(), ["stars"])), LogisticRegression()
    ).fit(frame, LIKED)
    path = convert_model(model, "predict_proba", columns=["text", "stars"], numbers=["stars"], texts=["text"])
    rows = frame.head(20).to_dict(orient="records")
    assert np.allclose(path.answer(SimpleNamespace(rows=rows)), model.predict_proba(frame.head(20)), rtol=1e-9)
    assert path.answer(SimpleNamespace(rows=[rows[0] | {"text": None}])) is None


def test_words_by_a_function_of_somebody_are_left_to_the_code():
    with pytest.raises(NotConvertible, match="function of its own"):
        assert_same_of_texts(make_pipeline(CountVectorizer(tokenizer=str.split), LinearSVC()).fit(DOCUMENTS, LIKED))


def test_columns_are_made_as_the_notebook_makes_them():
    def prepare(rows):
        rows = rows.copy()
        rows["rate"] = rows["size"].fillna(40.0) / (rows["age"] + 1)
        rows["old"] = (rows["age"] > 60) & rows["new"]
        rows["town"] = rows["town"].map({"north": 1, "south": 2})
        return rows[["rate", "old", "town", "age"]]

    size, age, new, town = (["request", name] for name in ("size", "age", "new", "town"))
    made = [
        ["rate", ["arithmetic", "/", ["numpy", "where", [["isna", size], ["self", "usual"], size], {}],
                  ["arithmetic", "+", age, ["constant", 1]]]],
        ["old", ["arithmetic", "&", ["compare", ">", age, ["constant", 60]], new]],
        ["town", ["map", town, [["north", 1], ["south", 2]]]],
        "age",
    ]  # fmt: skip
    model = make_pipeline(SimpleImputer(), LinearRegression()).fit(prepare(FRAME), SCORE)
    model.usual = 40.0
    order = {
        "width": 0, "single": False, "columns": list(FRAME), "numbers": NUMBERS, "texts": TEXTS, "artifacts": {},
        "dtypes": {"size": "float64", "age": "int64", "new": "bool"},
        "answer": ["list", ["call", ["model"], "predict", made]],
    }  # fmt: skip
    path = open_fast_path(*convert.build(convert.Shape(SimpleNamespace(model=model, usual=40.0), None, order), order))
    expected = model.predict(prepare(FRAME.head(12)))
    assert np.allclose(path.answer(SimpleNamespace(rows=GOLDEN)), expected, rtol=1e-9)
    assert np.allclose([path.answer(SimpleNamespace(rows=[row]))[0] for row in GOLDEN], expected, rtol=1e-9)
    assert path.answer(SimpleNamespace(rows=[GOLDEN[0] | {"age": -1}])) is None  # it divides by zero


def test_a_tie_of_votes_is_one():
    forest = RandomForestClassifier(100, random_state=0).fit(FRAME[["age", "new"]], chance.random(400) < 0.5)
    frame = pd.DataFrame({"age": range(90), "new": [number % 3 == 0 for number in range(90)]})
    share = forest.predict_proba(frame)
    path = convert_model(forest, columns=["age", "new"], numbers=["age", "new"], texts=[])
    rows = frame.to_dict(orient="records")
    assert path.answer(SimpleNamespace(rows=rows)) == forest.predict(frame).tolist()
    whole = convert_model(forest, "predict_proba", columns=["age", "new"], numbers=["age", "new"], texts=[])
    assert np.allclose(whole.answer(SimpleNamespace(rows=rows)), share, rtol=1e-12)


def test_a_model_that_cannot_be_converted_says_why():
    with pytest.raises(NotConvertible, match="SVC"):
        convert_model(make_pipeline(prepared(StandardScaler()), SVC()).fit(FRAME, TWO))
