"""Which predictions are no more than calls on artifacts."""

import pytest

from nb2prod.fast.shape import NotDirectError, read_shape
from nb2prod.model.schema import Column, Schema, ValueSchema

ROWS = ValueSchema("rows", "frame", (Column("a", "float64"), Column("b", "float64")))
TABLE = Schema((ROWS,), ValueSchema("answer", "frame", (Column("p", "float64"),)))
LIST = Schema((ROWS,), ValueSchema("answer", "array", dtype="float64", shape=(None,)))


def shape_of(body, schema=LIST):
    lines = "\n".join(f"        {line}" for line in body.splitlines())
    source = f"import numpy as np\nimport pandas as pd\n\n\nclass Predictor:\n    def predict(self, rows):\n{lines}\n"
    return read_shape(source, schema)


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
        ("return self.model.predict(rows) * RATE", ["arithmetic", "*", CALL, ["global", "RATE"]]),
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
        ("rows['c'] = rows['a'] * 2\nreturn self.model.predict(rows)", "rows['c'] = rows['a'] * 2"),
        ("if len(rows):\n    return self.model.predict(rows)", "if len(rows):"),
        ("return self.model.predict(rows.fillna(0))", "rows.fillna(0)"),
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
    schema = Schema((ValueSchema("texts", "texts"),), LIST.response)
    with pytest.raises(NotDirectError, match="a request of kind texts"):
        shape_of("return self.model.predict(rows)", schema)
