"""Which predictions are no more than calls on artifacts."""

import pytest

from nb2prod.fast.columns import NotDirectError
from nb2prod.fast.shape import read_shape
from nb2prod.model.schema import Column, Schema, ValueSchema

ROWS = ValueSchema("rows", "frame", (Column("a", "float64"), Column("b", "float64")))
TABLE = Schema((ROWS,), ValueSchema("answer", "frame", (Column("p", "float64"),)))
LIST = Schema((ROWS,), ValueSchema("answer", "array", dtype="float64", shape=(None,)))


FEATURES = '''OVER = "b"
def with_ratio(table, *, over=OVER):
    """Of a to another column."""
    made = table.copy()
    made["ratio"] = made["a"] / made[over]
    return made
'''
PLAIN = {"names": ["b"], "levels": {"a": ["x", "y"]}, "median": 3.0}


def shape_of(body, schema=LIST):
    lines = "\n".join(f"        {line}" for line in body.splitlines())
    head = "import numpy as np\nimport pandas as pd\nfrom .features import with_ratio\n\n\n"
    source = f"{head}class Predictor:\n    def predict(self, rows):\n{lines}\n"
    return read_shape(source, schema, {"predict": source, "features": FEATURES}, PLAIN)


CALL = ["call", ["model"], "predict", None]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return self.model.predict(rows)", CALL),
        ("found = self.model.predict(rows)\nreturn found", CALL),
        ("return self.model.predict(rows[['b', 'a']])", ["call", ["model"], "predict", ["b", "a"]]),
        ("return self.model.predict(self.scaler.transform(rows.values))",
         ["call", ["scaler", "model"], "predict", None]),
        ("return self.model.predict_proba(rows)[:, -1]", ["column", ["call", ["model"], "predict_proba", None], -1]),
        ("return np.expm1(self.model.predict(rows))", ["numpy", "expm1", [CALL], {}]),
        ("return self.model.predict(rows).round(2)", ["method", "round", CALL, [["constant", 2]], {}]),
        ("return self.model.predict(rows) > self.cut", ["compare", ">", CALL, ["self", "cut"]]),
        ("return self.model.predict(rows) * RATE", ["arithmetic", "*", CALL, ["global", "RATE", "predict"]]),
        ("return (self.model.predict(rows) > 0.5).astype(int)",
         ["method", "astype", ["compare", ">", CALL, ["constant", 0.5]], [["constant", "int"]], {}]),
    ],
)  # fmt: skip
def test_calls_on_artifacts_are_read(body, expected):
    assert shape_of(body) == ["list", expected]


def test_a_frame_of_calls_is_records():
    assert shape_of('return pd.DataFrame({"p": self.model.predict(rows)})', TABLE) == ["records", {"p": CALL}]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return self.model.predict(make_features(rows))", "make_features(rows)"),
        ("if len(rows):\n    return self.model.predict(rows)", "if len(rows):"),
        ("return self.model.predict(rows.ffill())", "rows.ffill()"),
        ("rows['c'] = rows['a'] - rows['a'].mean()\nreturn self.model.predict(rows)", "rows['a'].mean()"),
        ("rows = rows[rows['a'] > 0]\nreturn self.model.predict(rows)", "rows[rows['a'] > 0]"),
        ("rows['c'] = rows['a'].shift()\nreturn self.model.predict(rows)", "rows['a'].shift()"),
        ("rows['c'] = rows['a'] % rows['b']\nreturn self.model.predict(rows)", "rows['a'] % rows['b']"),
        ("rows['a'][0] = 1\nreturn self.model.predict(rows)", "rows['a'][0] = 1"),
        ("return self.model.predict(rows, 3)", "self.model.predict(rows, 3)"),
        ("return self.model.predict(rows)[0]", "self.model.predict(rows)[0]"),
        ("return np.load(self.model.predict(rows))", "np.load(self.model.predict(rows))"),
        ("return rows", "rows"),
    ],
)
def test_anything_else_is_refused_and_named(body, said):
    with pytest.raises(NotDirectError) as refusal:
        shape_of(body)
    assert str(refusal.value) == said


def test_a_request_of_another_kind_is_refused():
    schema = Schema((ValueSchema("records", "records"),), LIST.response)
    with pytest.raises(NotDirectError, match="a request of kind records"):
        shape_of("return self.model.predict(rows)", schema)


def test_texts_and_a_column_of_texts_go_to_a_model_as_a_series():
    texts = Schema((ValueSchema("texts", "texts"),), LIST.response)
    expected = ["call", ["tfidf", "model"], "predict", {"series": ["rows"]}]
    assert shape_of("return self.model.predict(self.tfidf.transform(rows))", texts) == ["list", expected]
    frame = Schema((ValueSchema("rows", "frame", (Column("review", "str"),)),), LIST.response)
    expected = ["call", ["model"], "predict", {"series": ["request", "review"]}]
    assert shape_of('words = rows["review"]\nreturn self.model.predict(words)', frame) == ["list", expected]


A, B = ["request", "a"], ["request", "b"]


@pytest.mark.parametrize(
    ("body", "given"),
    [
        ("rows['c'] = rows['a'] / rows['b']", ["a", "b", ["c", ["arithmetic", "/", A, B]]]),
        ("rows['a'] *= 2", [["a", ["arithmetic", "*", A, ["constant", 2]]], "b"]),
        ("rows['a'] = rows['a'].fillna(self.median)",
         [["a", ["numpy", "where", [["isna", A], ["self", "median"], A], {}]], "b"]),
        ("rows['a'] = rows.a.clip(lower=0)",
         [["a", ["numpy", "clip", [["attribute", "a", A], ["constant", 0], ["constant", None]], {}]], "b"]),
        ("rows = rows.drop(columns=['a'])", ["b"]),
        ("rows.drop('a', axis=1, inplace=True)", ["b"]),
        ("rows = rows.rename(columns={'a': 'c'})", [["c", A], "b"]),
        ("rows = rows.assign(c=np.log1p(rows['b']))[['c', 'a']]", [["c", ["numpy", "log1p", [B], {}]], "a"]),
        ("rows = rows[self.names]", ["b"]),
        ("rows = rows.fillna({'a': 0})", [["a", ["numpy", "where", [["isna", A], ["constant", 0], A], {}]], "b"]),
        ("rows = rows.reindex(columns=['b', 'new'], fill_value=0)", ["b", ["new", ["filled", 0]]]),
        ("rows.b = rows['a'] * np.pi",
         ["a", ["b", ["attribute", "b", ["arithmetic", "*", A, ["constant", 3.141592653589793]]]]]),
        ("rows = with_ratio(rows)", ["a", "b", ["ratio", ["arithmetic", "/", A, B]]]),
        ("rows = with_ratio(rows, over='a')", ["a", "b", ["ratio", ["arithmetic", "/", A, A]]]),
        ("other = rows\nother['c'] = other['a']", ["a", "b", ["c", A]]),
        ("other = rows.copy()\nother['c'] = other['a']", None),
    ],
)  # fmt: skip
def test_columns_made_row_by_row_are_read(body, given):
    assert shape_of(f"{body}\nreturn self.model.predict(rows)") == ["list", ["call", ["model"], "predict", given]]


def test_levels_of_training_become_one_column_each():
    table = "rows.astype({c: pd.CategoricalDtype(levels) for c, levels in self.levels.items()})"
    is_x, is_y = (["compare", "==", A, ["constant", level]] for level in "xy")
    expected = ["list", ["call", ["model"], "predict", ["b", ["a_x", is_x], ["a_y", is_y]]]]
    assert shape_of(f"rows = pd.get_dummies({table})\nreturn self.model.predict(rows)") == expected
    first_dropped = ["list", ["call", ["model"], "predict", ["b", ["a_y", is_y]]]]
    assert shape_of(f"return self.model.predict(pd.get_dummies({table}, drop_first=True))") == first_dropped


def test_a_request_column_in_the_answer_is_told_as_it_came():
    made = shape_of('return pd.DataFrame({"id": rows["a"], "p": self.model.predict(rows)})', TABLE)
    assert made == ["records", {"id": A, "p": CALL}]
