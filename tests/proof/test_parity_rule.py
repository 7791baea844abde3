"""When two values are the same, and how the first difference is named; here and in the tests of a project alike."""

import importlib.util
import json
import sys
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nb2prod.model.schema import Column, Schema, ValueSchema
from nb2prod.parity import comparison, first_difference, tolerance
from nb2prod.render.templates import fill


@pytest.fixture(scope="module")
def comparing(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """``tests/comparing.py`` of a project whose package is empty."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "golden").mkdir()
    golden = {"tolerance": {"relative": 1e-9, "absolute": 1e-12}}
    (folder / "golden" / "golden.json").write_text(json.dumps(golden))
    for name, attribute in (("predict", "Predictor"), ("schema", "json_value")):
        module = ModuleType(f"hollow.{name}")
        setattr(module, attribute, object)
        sys.modules[f"hollow.{name}"] = module
    sys.modules["hollow"] = ModuleType("hollow")
    file = folder / "comparing.py"
    file.write_text(fill("tests/comparing.py.jinja", package="hollow"))
    spec = importlib.util.spec_from_file_location("generated_comparing", file)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


CASES = [
    ([1, 2.0], [1, 2.0], True, 0.0, None),
    ([1], [1.0], True, 0.0, None),
    ([1.0], [1.0 + 1e-12], True, pytest.approx(1e-12, rel=1e-3), None),
    ([1], [2], False, 1.0, "row 0: 1 in the notebook, 2 here"),
    ([10**17], [10**17 + 1], False, None, "row 0: 100000000000000000 in the notebook, 100000000000000001 here"),
    ([True], [1], False, None, "row 0: true in the notebook, 1 here"),
    ([None], [None], True, None, None),
    ([None], [0.0], False, None, "row 0: null in the notebook, 0.0 here"),
    (["a"], ["b"], False, None, 'row 0: "a" in the notebook, "b" here'),
    ([1.0], [1.0, 2.0], False, 0.0, "1 rows in the notebook, 2 here"),
    ([[1.0], [2.0]], [[1.0], [2.5]], False, 0.5, "row 1, item 0: 2.0 in the notebook, 2.5 here"),
    (
        [{"id": 1, "price": 1.0}, {"id": 2, "price": 1.0}],
        [{"id": 1, "price": 1.0}, {"id": 2, "price": 1.2}],
        False,
        pytest.approx(0.2),
        'row 1, "price": 1.0 in the notebook, 1.2 here',
    ),
    ([{"a": 1}], [{"b": 1}], False, None, 'row 0: "a" is in the notebook, not here'),
    ([{"a": 1}], [{"a": 1, "b": 1}], False, 0.0, 'row 0: "b" is here, not in the notebook'),
    ({"a: b": [1.0]}, {"a: b": [2.0]}, False, 1.0, '"a: b", item 0: 1.0 in the notebook, 2.0 here'),
]


@pytest.mark.parametrize(("expected", "actual", "equal", "largest", "reason"), CASES)
def test_values_compared(
    comparing: ModuleType, expected: Any, actual: Any, equal: bool, largest: float | None, reason: str | None
):
    found = first_difference(expected, actual, relative=1e-9, absolute=1e-12)
    assert (found[0], found[2]) == (equal, reason)
    if not isinstance(largest, type(None)):
        assert found[1] == largest
    assert comparing.first_difference(expected, actual) == reason


JSON = st.recursive(
    st.sampled_from([None, False, True, -1, 0, 1, 0.0, 1.0, 1.0 + 1e-13, 1.5, "", "a", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=1), inner, max_size=2),
    max_leaves=8,
)


@given(JSON, JSON)
def test_a_project_compares_as_nb2prod_does(comparing: ModuleType, one: Any, other: Any):
    assert comparing.first_difference(one, other) == first_difference(one, other, relative=1e-9, absolute=1e-12)[2]
    assert first_difference(one, one, relative=0, absolute=0)[0]


def test_a_deep_value_is_no_crash():
    deep: Any = 1.0
    for _ in range(5_000):
        deep = [deep]
    assert first_difference(deep, deep, relative=0, absolute=0)[0]


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (ValueSchema("y", "array", dtype="float64", shape=(None,)), (1e-9, 1e-12)),
        (ValueSchema("y", "tensor", dtype="float32", shape=(None, 3)), (1e-5, 1e-6)),
        (ValueSchema("y", "tensor", dtype="bfloat16", shape=(None, 3)), (1e-2, 1e-3)),
        (ValueSchema("y", "array", dtype="int64", shape=(None,)), (1e-9, 1e-12)),
        (ValueSchema("y", "frame", columns=(Column("a", "float64"), Column("b", "float32"))), (1e-5, 1e-6)),
    ],
)
def test_the_tolerance_follows_the_dtype(response: ValueSchema, expected: tuple[float, float]):
    request = ValueSchema("x", "array", dtype="float64", shape=(None, 2))
    assert tolerance(Schema((request,), response)) == expected


def test_json_made_from_single_precision_is_no_more_exact():
    request = ValueSchema("x", "array", dtype="float32", shape=(None, 2))
    schema = Schema((request,), ValueSchema("y", "json", annotation="list[float]"))
    assert comparison(schema)([1.0], [1.000001]) == (True, pytest.approx(1e-6, rel=1e-3), None)
