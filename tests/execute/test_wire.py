"""Requests and responses of every kind: their schema, and their JSON as nb2prod.model.schema defines it."""

import importlib.util

import pytest

from nb2prod.model.schema import Column
from tests.execute.notebooks import capture_all, notebook, spec

REQUESTS = {
    "frame": "pd.DataFrame({'n': [1, 2], 'x': [0.1, None], 's': ['a', None], 'b': [True, False]})",
    "times": "pd.DataFrame({'t': pd.to_datetime(['2026-01-02 03:04', None]), 'z': pd.Timestamp(2026, 1, 2, tz='UTC')})",
    "kinds": "pd.DataFrame({'c': pd.Categorical(['y', 'x'], list('yxw')), 'i': pd.array([1, None], 'Int64')})",
    "small": "pd.DataFrame({'f': np.array([0.1], 'float32')}, index=['row'])",
    "daily": "pd.DataFrame({'n': [1, 2]}, index=pd.date_range('2026-01-02', periods=2, name='day'))",
    "hourly": "pd.DataFrame({'n': [1]}, index=pd.to_datetime(['2026-01-02 03:00']))",
    "numbered": "pd.DataFrame({'n': [1]}, index=pd.Index([7], name='Id'))",
    "series": "pd.Series([1.5, float('nan')], name='area')",
    "texts": "['good', 'bad']",
    "array": "np.arange(6, dtype='float32').reshape(2, 3)",
    "labels": "np.array(['a', 'b'], dtype=object)",
    "records": "[{'a': 1, 'b': 'x', 'c': None}, {'a': 2.5, 'b': 'y', 'c': 1}]",
    "uneven": "[{'a': 1}, {'b': {'c': [1]}}]",
    "number": "3",
    "ratio": "np.float64(0.5)",
    "text": "'hello'",
    "yes": "True",
    "nothing": "None",
    "numbers": "[1, 2.5]",
    "options": "{'a': [1, 2], 'b': [3]}",
    "loose": "{'a': 1, 'b': 'x'}",
}
RESPONSES = {
    "array": ("np.array([[0.1, np.nan]])", "array", [[0.1, None]]),
    "labels": ("np.array(['yes', 'no'])", "array", ["yes", "no"]),
    "days": ("np.array(['2026-01-02'], dtype='datetime64[ns]')", "array", ["2026-01-02T00:00:00"]),
    "flags": ("np.array([1, 2]) > 1", "array", [False, True]),
    "series": ("pd.Series([1, 2], index=['p', 'q'])", "series", [1, 2]),
    "frame": ("pd.DataFrame({0: [1.5], 1: ['x']})", "frame", [{"0": 1.5, "1": "x"}]),
    "binned": ("pd.cut(pd.Series([1.0, 9.0]), [0, 5, 10], labels=['low', 'high'])", "series", ["low", "high"]),
    "groups": ("pd.Categorical(['a', 'b'])", "array", ["a", "b"]),
    "index": ("pd.Index([1, 2])", "array", [1, 2]),
    "scalar": ("np.float32(0.5)", "json", 0.5),
    "zero": ("np.array(3)", "json", 3),
    "pair": ("(np.array([1]), [np.float64(2.0)])", "json", [[1], [2.0]]),
    "dict": ("{'p': np.array([0.5]), 'n': np.int64(3), 2: None}", "json", {"p": [0.5], "n": 3, "2": None}),
    "texts": ("['a', 'b']", "json", ["a", "b"]),
    "records": ("[{'label': 'a', 'score': np.float64(0.5)}]", "records", [{"label": "a", "score": 0.5}]),
    "day": ("__import__('datetime').date(2026, 1, 2)", "json", "2026-01-02"),
    "money": ("__import__('decimal').Decimal('1.5')", "json", 1.5),
}


IMPORTS = "import numpy as np, pandas as pd"
WORDS = notebook("words = ['a', 'b']\nlimit = 2.0", "[len(word) for word in words]")
SCALED = """
import numpy as np, pandas as pd
raw = pd.DataFrame({"a": np.arange(100.0), "c": ["x", "y"] * 50, "price": 1})
raw.loc[[90], "a"] = None
scaled = raw.assign(a=(raw.a - 50) / 10)
big = pd.concat([scaled] * 3)
rows = raw[["a", "c"]].tail(5).dropna()
"""
BEYOND = SCALED + 'rows = pd.DataFrame({"a": [3.0, 50.0, 120.0], "c": ["x", "z", "y"]})'
CASES = {
    "requests": (
        notebook(IMPORTS, "\n".join(f"{name} = {code}" for name, code in REQUESTS.items()), "1"),
        spec(3, request=tuple(REQUESTS)),
    ),
    #  every response is captured as a variable too, which has the same wire form
    "responses": (
        notebook(
            IMPORTS, "\n".join(f"{name} = {code}" for name, (code, _, _) in RESPONSES.items()) + "\nresult = array"
        ),
        spec(2, response="result", variables=tuple(RESPONSES)),
    ),
    **{f"response {name}": (notebook(f"{IMPORTS}\n{code}"), spec(1)) for name, (code, _, _) in RESPONSES.items()},
    "words": (WORDS, spec(2, request=("words",))),
    "limit": (WORDS, spec(2, request=("limit",))),
    "both": (WORDS, spec(2, request=("words", "limit"))),
    "scaled": (notebook(SCALED, "len(rows)"), spec(2, request=("rows",))),
    "beyond": (notebook(BEYOND, "len(rows)"), spec(2, request=("rows",))),
    "indexed": (
        notebook(
            IMPORTS,
            "days = pd.Series([1.0], index=pd.to_datetime(['2026-01-02']))\n"
            "named = pd.Series([1.0], index=pd.Index([7], name='Id'))\nplain = pd.Series([1.0], index=[7])",
            "1",
        ),
        spec(3, request=("days", "named", "plain")),
    ),
    "many": (notebook("rows = list(map(str, range(2000)))", "len(rows)"), spec(2, request=("rows",))),
}
if importlib.util.find_spec("torch"):
    tensors = notebook("import torch\nx = torch.tensor([[1.0, float('nan')]])", "x.to(torch.bfloat16)")
    CASES["tensors"] = (tensors, spec(2, request=("x",)))


@pytest.fixture(scope="module")
def captured(tmp_path_factory):
    return capture_all(CASES, tmp_path_factory.mktemp("wire"))


@pytest.fixture(scope="module")
def requests(captured):
    record = captured["requests"]
    return {schema.name: schema for schema in record.schema.request}, record.body


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("frame", [{"n": 1, "x": 0.1, "s": "a", "b": True}, {"n": 2, "x": None, "s": None, "b": False}]),
        ("times", [{"t": "2026-01-02T03:04:00", "z": "2026-01-02T00:00:00+00:00"},
                   {"t": None, "z": "2026-01-02T00:00:00+00:00"}]),
        ("kinds", [{"c": "y", "i": 1}, {"c": "x", "i": None}]),
        ("small", [{"f": 0.10000000149011612}]),
        ("daily", [{"day": "2026-01-02T00:00:00", "n": 1}, {"day": "2026-01-03T00:00:00", "n": 2}]),
        ("hourly", [{"index": "2026-01-02T03:00:00", "n": 1}]),
        ("numbered", [{"Id": 7, "n": 1}]),
        ("series", [1.5, None]),
        ("texts", ["good", "bad"]),
        ("array", [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
        ("labels", ["a", "b"]),
        ("records", [{"a": 1, "b": "x", "c": None}, {"a": 2.5, "b": "y", "c": 1}]),
        ("number", 3),
        ("ratio", 0.5),
        ("nothing", None),
        ("options", {"a": [1, 2], "b": [3]}),
    ],
)  # fmt: skip
def test_a_request_in_wire_form(requests, name, wire) -> None:
    assert requests[1][name] == wire


def test_an_index_that_is_data_is_named(requests) -> None:
    named = {name: schema.index for name, schema in requests[0].items() if schema.index}
    assert named == {"daily": "day", "hourly": "index", "numbered": "Id"}


def test_kinds_and_annotations(requests) -> None:
    schemas = requests[0]
    assert {name: schema.kind for name, schema in schemas.items() if schema.kind != "json"} == {
        "frame": "frame", "times": "frame", "kinds": "frame", "small": "frame", "daily": "frame",
        "hourly": "frame", "numbered": "frame", "series": "series", "texts": "texts",
        "array": "array", "labels": "array", "records": "records", "uneven": "records",
    }  # fmt: skip
    assert {name: schema.annotation for name, schema in schemas.items() if schema.kind == "json"} == {
        "number": "int", "ratio": "float", "text": "str", "yes": "bool", "nothing": "None", "numbers": "list[float]",
        "options": "dict[str, list[int]]", "loose": "dict[str, Any]",
    }  # fmt: skip


def test_columns(requests) -> None:
    schemas = requests[0]
    n, x, s, b = schemas["frame"].columns
    assert n == Column("n", "int64", False, 1.0, 2.0)
    assert x == Column("x", "float64", True, 0.1, 0.1)
    assert (s.nullable, s.categories) == (True, ())
    assert b == Column("b", "bool")
    assert schemas["kinds"].columns[0].categories == ("y", "x", "w")
    assert [column.dtype for column in schemas["times"].columns][1].endswith("UTC]")
    assert (schemas["series"].dtype, schemas["series"].columns[0].name) == ("float64", "area")
    assert (schemas["array"].dtype, schemas["array"].shape) == ("float32", (None, 3))
    assert [(c.name, c.dtype, c.nullable) for c in schemas["records"].columns] == [
        ("a", "float64", False), ("b", "object", False), ("c", "float64", True),
    ]  # fmt: skip
    assert schemas["uneven"].columns == ()


def test_responses(captured) -> None:
    record = captured["responses"]
    assert record.predictions == [[0.1, None]]
    assert record.variables == {name: wire for name, (_, _, wire) in RESPONSES.items()}


@pytest.mark.parametrize(
    ("name", "annotation"),
    [("frame", ""), ("series", ""), ("groups", ""), ("pair", "list[Any]"), ("dict", "dict[str, Any]"), ("records", "")],
)
def test_response_schema(name, annotation, captured) -> None:
    assert captured[f"response {name}"].schema.response.annotation == annotation


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_as_the_last_expression(name, captured) -> None:
    _, kind, wire = RESPONSES[name]
    record = captured[f"response {name}"]
    assert record.schema.response.kind == kind
    assert record.predictions == wire


def test_one_request_that_is_no_json_value_is_sent_as_rows(captured) -> None:
    assert captured["words"].body == {"rows": ["a", "b"]}
    assert captured["limit"].body == {"limit": 2.0}
    assert captured["both"].body == {"words": ["a", "b"], "limit": 2.0}


@pytest.mark.skipif("tensors" not in CASES, reason="torch is not installed")
def test_tensors(captured) -> None:
    record = captured["tensors"]
    schema = record.schema.request[0]
    assert (schema.kind, schema.dtype, schema.shape) == ("tensor", "float32", (None, 2))
    assert record.body == {"rows": [[1.0, None]]}
    assert (record.schema.response.dtype, record.predictions) == ("bfloat16", [[1.0, None]])


def test_ranges_come_from_the_frame_the_request_was_taken_from_not_from_a_scaled_copy(captured) -> None:
    a, c = captured["scaled"].schema.request[0].columns
    assert (a.minimum, a.maximum, a.nullable) == (0.0, 99.0, True)
    assert c.categories == ("x", "y")
    assert captured["scaled"].schema.request[0].learned == 100


def test_a_request_made_up_after_the_training_data_may_go_beyond_it(captured) -> None:
    (request,) = captured["beyond"].schema.request
    a, c = request.columns
    assert (request.learned, a.minimum, a.maximum, c.categories) == (100, 0.0, 120.0, ("x", "y", "z"))
    assert not a.nullable  # what training misses is no reason to let callers send it, unless the rows come from there


def test_an_index_that_is_not_sent_is_told(captured) -> None:
    told = captured["indexed"].findings
    assert [(finding.code, finding.message.split("`")[1]) for finding in told] == [
        ("NB243", "days"),
        ("NB243", "named"),
    ]
    assert told[0].hint.endswith("`days.to_frame()` has both.")


def test_many_rows_are_remarked_on(captured) -> None:
    assert [finding.code for finding in captured["many"].findings] == ["NB513"]
