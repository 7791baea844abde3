"""The generated `schema.py`, executed: JSON to Python and back, for every kind of value."""

import json
import math
from types import ModuleType
from typing import Any

import pytest

from nb2prod.formatting import format_sources
from nb2prod.model.schema import Column, Schema, ValueSchema
from nb2prod.render.schema import schema_module

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")


def executed(*request: ValueSchema, response: ValueSchema | None = None) -> ModuleType:
    text = schema_module(Schema(request, response or ValueSchema("", "json", annotation="Any")), "notebook cell 1")
    text = format_sources({"schema.py": text}, "example")["schema.py"]
    module = ModuleType("schema")
    exec(compile(text, "schema.py", "exec"), module.__dict__)
    return module


def read(module: ModuleType, body: Any) -> dict[str, Any]:
    return module.request_from_json(vars(module.Request(**json.loads(json.dumps(body)))))


FRAME = ValueSchema("rows_in", "frame", columns=(
    Column("area", "float64", nullable=True),
    Column("rooms", "int64"),
    Column("floor", "Int64", nullable=True),
    Column("kind", "category", categories=("flat", "house")),
    Column("sold", "datetime64[ns]", nullable=True),
    Column("lift", "bool"),
    Column("name of it", "object", nullable=True),
))  # fmt: skip


def row(**changed: Any) -> dict[str, Any]:
    return {"area": 1.5, "rooms": 2, "floor": 3, "kind": "flat", "sold": "2024-01-02T00:00:00", "lift": True,
            "name of it": "x"} | changed  # fmt: skip


@pytest.mark.parametrize(("index", "name"), [("day", "day"), ("index", None)])
def test_a_frame_gets_its_index_back(index: str, name: str | None) -> None:
    schema = ValueSchema("sales", "frame", columns=(Column(index, "datetime64[us]"), Column("n", "int64")), index=index)
    frame = read(executed(schema), {"rows": [{"n": 3, index: "2026-01-02T00:00:00"}]})["sales"]
    made = pd.DataFrame({"n": [3]}, index=pd.DatetimeIndex(["2026-01-02"], dtype="datetime64[us]", name=name))
    pd.testing.assert_frame_equal(frame, made)


def test_a_frame_keeps_dtypes_and_missing_values() -> None:
    missing = row(area=None, floor=None, sold=None, **{"name of it": None})
    frame = read(executed(FRAME), {"rows": [row(), missing]})["rows_in"]
    assert [str(d) for d in frame.dtypes] == [
        "float64",
        "int64",
        "Int64",
        "category",
        "datetime64[ns]",
        "bool",
        "object",
    ]
    assert list(frame["kind"].cat.categories) == ["flat", "house"]
    assert frame.iloc[1].isna().tolist() == [True, False, True, False, True, False, True]
    assert frame["sold"][0] == pd.Timestamp(2024, 1, 2)


def test_columns_are_read_by_the_names_that_callers_use() -> None:
    columns = (Column("area", "float64", renamed_from="a"), Column("day", "datetime64[us]", renamed_from="index"))
    schema = ValueSchema("sales", "frame", columns=columns, index="index")
    frame = read(executed(schema), {"rows": [{"day": "2026-01-02T00:00:00", "area": 3}]})["sales"]
    made = pd.DataFrame({"a": [3.0]}, index=pd.DatetimeIndex(["2026-01-02"], dtype="datetime64[us]"))
    pd.testing.assert_frame_equal(frame, made)


def test_columns_are_answered_by_the_names_that_callers_know() -> None:
    columns = (Column("share of", "float64", renamed_from="0"), Column("b", "int64"))
    module = executed(ValueSchema("x", "json"), response=ValueSchema("y", "frame", columns=columns))
    assert module.response_to_json(pd.DataFrame({0: [0.5], "b": [1]})) == [{"share of": 0.5, "b": 1}]


def test_the_order_of_keys_does_not_matter() -> None:
    module = executed(FRAME)
    backwards = dict(reversed(row().items()))
    assert list(read(module, {"rows": [backwards]})["rows_in"].columns) == [c.name for c in FRAME.columns]


def test_no_rows_keep_columns_and_dtypes() -> None:
    frame = read(executed(FRAME), {"rows": []})["rows_in"]
    assert frame.shape == (0, 7)
    assert str(frame["rooms"].dtype) == "int64"


def test_a_frame_goes_to_json_and_back() -> None:
    module = executed(FRAME, response=FRAME)
    rows = [row(), row(area=None, floor=None, sold=None)]
    frame = read(module, {"rows": rows})["rows_in"]
    assert json.loads(json.dumps(module.response_to_json(frame), allow_nan=False)) == rows


@pytest.mark.parametrize(("dtype", "values"), [
    ("float32", [1.5, 2.5]), ("int64", [1, 2]), ("bool", [True, False]), ("object", ["a", "b"]),
])  # fmt: skip
def test_an_array_goes_to_json_and_back(dtype: str, values: list[Any]) -> None:
    value = ValueSchema("x", "array", dtype=dtype, shape=(None,))
    module = executed(value, response=value)
    array = read(module, {"rows": values})["x"]
    assert str(array.dtype) == dtype
    assert json.loads(json.dumps(module.response_to_json(array))) == values


def test_a_matrix_without_rows_keeps_its_width() -> None:
    value = ValueSchema("x", "array", dtype="float64", shape=(None, 3))
    assert read(executed(value), {"rows": []})["x"].shape == (0, 3)
    assert read(executed(value), {"rows": [[1, 2, 3]]})["x"].shape == (1, 3)


def test_a_number_that_json_cannot_hold_is_null() -> None:
    module = executed(FRAME, response=ValueSchema("", "array", dtype="float64", shape=(None,)))
    assert module.response_to_json(np.array([1.5, math.nan, math.inf])) == [1.5, None, None]


def test_a_series_keeps_name_dtype_and_missing_values() -> None:
    value = ValueSchema("s", "series", columns=(Column("s", "float64", nullable=True),), dtype="float64")
    module = executed(value, response=value)
    series = read(module, {"rows": [1.0, None]})["s"]
    assert str(series.dtype) == "float64"
    assert module.response_to_json(series) == [1.0, None]


def test_a_series_of_labels() -> None:
    value = ValueSchema("s", "series", columns=(Column("s", "category", categories=("a", "b")),), dtype="category")
    series = read(executed(value), {"rows": ["b"]})["s"]
    assert list(series.cat.categories) == ["a", "b"]


def test_a_tensor_goes_to_json_and_back() -> None:
    torch = pytest.importorskip("torch")
    value = ValueSchema("t", "tensor", dtype="torch.float32", shape=(None, 2))
    module = executed(value, response=value)
    tensor = read(module, {"rows": [[1.0, 2.0]]})["t"]
    assert tensor.dtype == torch.float32
    assert module.response_to_json(tensor) == [[1.0, 2.0]]


@pytest.mark.parametrize(("kind", "value"), [
    ("texts", ["a", "b"]), ("texts", []), ("records", [{"a": 1, "b": None}]), ("records", []),
])  # fmt: skip
def test_texts_and_records_are_themselves(kind: Any, value: Any) -> None:
    schema = ValueSchema("x", kind)
    module = executed(schema, response=schema)
    assert read(module, {"rows": value}) == {"x": value}
    assert module.response_to_json(value) == value


def test_several_values_are_known_by_name() -> None:
    module = executed(
        FRAME, ValueSchema("rate", "json", annotation="float"), ValueSchema("x", "array", dtype="int64", shape=(None,))
    )
    found = read(module, {"rows_in": [row()], "rate": 0.5, "x": [1]})
    assert found["rate"] == 0.5
    assert found["rows_in"].shape == (1, 7)
    assert found["x"].tolist() == [1]


def test_a_json_value_of_anything() -> None:
    module = executed(ValueSchema("x", "json", annotation="dict[str, float]"))
    answer = {"a": np.float64(1.5), 2: (np.int64(3), np.bool_(True)), "t": pd.Timestamp(2024, 1, 2), "n": pd.NaT,
              "d": np.array([[1, 2]])}  # fmt: skip
    assert json.loads(json.dumps(module.json_value(answer), allow_nan=False)) == {
        "a": 1.5, "2": [3, True], "t": "2024-01-02T00:00:00", "n": None, "d": [[1, 2]],
    }  # fmt: skip
