"""Requests and answers of every layout in the Open Inference and MLflow protocols, and the datatypes of tensors."""

import json
import math
import struct
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import pytest

from nb2prod.serving.protocols.outputs import known_outputs, outputs_of
from nb2prod.serving.protocols.v2 import HEADER_LENGTH

from .conftest import client_of
from .sample_service import Question, make_app

INFER = "/v2/models/sample/infer"


@dataclass(frozen=True)
class Arrays:
    rows: list[list[float]]


@dataclass(frozen=True)
class Texts:
    rows: list[str]


@dataclass(frozen=True)
class Records:
    rows: list[dict[str, Any]]


class Wide(TypedDict):
    size: int | None
    share: float | None
    kind: Literal["a", "b"]
    vector: list[float]
    on: bool


@dataclass(frozen=True)
class Table:
    rows: list[Wide]


class Share(TypedDict):
    share: float


@dataclass(frozen=True)
class Shares:
    rows: list[Share]


def echo(request: type[Any], **options: Any) -> Any:
    """A service that answers what it was asked."""
    return client_of(
        make_app(request=request, answer=lambda _, asked: vars(asked).get("rows", vars(asked)), golden=None, **options)
    )


def tensor(name: str, datatype: str, shape: list[int], data: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape} | ({"data": data} if data is not None else {}) | more


def infer(client: Any, *inputs: dict[str, Any], **more: Any) -> Any:
    return client.post(INFER, json={"inputs": list(inputs), **more})


def answered(response: Any) -> dict[str, Any]:
    """Output tensors by name."""
    assert response.status_code == 200, response.text
    return {output.pop("name"): output for output in response.json()["outputs"]}


def test_arrays():
    with echo(Arrays) as client:
        rows = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
        flat = tensor("rows", "FP64", [2, 3], [1, 2, 3, 4, 5, 6])
        nested = tensor("rows", "FP32", [2, 3], rows)
        for given in (flat, nested):
            assert answered(infer(client, given)) == {
                "predictions": {"datatype": "FP64", "shape": [2, 3], "data": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]}
            }
        for wrong in ([6], [2, 3, 2], [3, 3], [0, 3]):
            assert infer(client, flat | {"shape": wrong}).status_code == 422
        assert infer(client, nested | {"data": [[1, 2, 3], [4, 5]]}).status_code == 422
        assert infer(client, tensor("rows", "BYTES", [1, 1], ["1"])).json()["row"] == 0
        assert client.get("/v2/models/sample").json()["inputs"] == [tensor("rows", "FP64", [-1, -1])]
        for form in ("inputs", "instances"):
            assert client.post("/invocations", json={form: rows}).json() == {"predictions": rows}
        assert client.post("/invocations", json={"inputs": {"rows": rows}}).json() == {"predictions": rows}
        assert (
            client.post("/invocations", json={"dataframe_split": {"columns": ["a"], "data": [[1]]}}).status_code == 422
        )


def test_arrays_tell_their_width_by_the_golden_rows(tmp_path):
    path = tmp_path / "golden.json"
    path.write_text(json.dumps({"body": {"rows": [[1.0, 2.0]]}, "predictions": [[0.5, 0.5, 0.0]]}))
    app = make_app(request=Arrays, answer=lambda *_: [[0.5, 0.5, 0.0]], golden=path)
    with client_of(app) as client:
        metadata = client.get("/v2/models/sample").json()
        assert metadata["inputs"] == [tensor("rows", "FP64", [-1, 2])]
        assert metadata["outputs"] == [tensor("predictions", "FP64", [-1, 3])]


def test_texts():
    with echo(Texts) as client:
        for shape in ([2], [2, 1]):
            assert answered(infer(client, tensor("rows", "BYTES", shape, ["a", "é"])))["predictions"]["data"] == [
                "a",
                "é",
            ]
        split = {"dataframe_split": {"columns": ["text"], "data": [["a"], ["b"]]}}
        for body in (split, {"instances": ["a", "b"]}, {"inputs": ["a", "b"]}, {"inputs": {"rows": ["a", "b"]}}):
            assert client.post("/invocations", json=body).json() == {"predictions": ["a", "b"]}
        csv = client.post("/invocations", content='text\n"a, ""b"""\nc\n', headers={"Content-Type": "text/csv"})
        assert csv.json() == {"predictions": ['a, "b"', "c"]}
        assert infer(client, tensor("rows", "INT64", [1], [1])).status_code == 422


def test_records_are_json_in_bytes():
    with echo(Records) as client:
        given = tensor("rows", "BYTES", [2], ['{"a":1}', '{"b":[1,{"c":null}]}'])
        assert answered(infer(client, given)) == {
            "predictions": {
                "datatype": "BYTES",
                "shape": [2],
                "data": ['{"a":1}', '{"b":[1,{"c":null}]}'],
                "parameters": {"content_type": "json"},
            }
        }
        assert client.get("/v2/models/sample").json()["inputs"][0]["parameters"] == {"content_type": "json"}
        for wrong in ('{"a":', "[1]", '{"a":1,"a":2}', '{"a":NaN}'):
            assert 400 <= infer(client, tensor("rows", "BYTES", [2], ["{}", wrong])).status_code < 500
        records = [{"a": 1}, {"b": 2.5}]
        assert client.post("/invocations", json={"dataframe_records": records}).json() == {"predictions": records}


def test_one_value_per_name():
    with echo(Question) as client:
        inputs = [
            tensor("question", "BYTES", [1], ["why?"]),
            tensor("k", "INT32", [1], [5]),
            tensor("vector", "FP64", [1, 2], [[1, 2]]),
            tensor("weights", "BYTES", [1], ['{"a":2}']),
            tensor("extra", "BYTES", [1], ['{"x":[1]}']),
        ]
        outputs = answered(infer(client, *inputs))
        assert outputs["k"] == {"datatype": "INT64", "shape": [1], "data": [5]}
        assert outputs["vector"] == {"datatype": "FP64", "shape": [1, 2], "data": [1.0, 2.0]}
        assert outputs["weights"]["data"] == ['{"a":2.0}']
        assert answered(infer(client, inputs[0]))["k"]["data"] == [3]
        assert infer(client, tensor("question", "BYTES", [2], ["a", "b"])).status_code == 422
        values = {"question": "why?", "k": 5}
        for body in (
            {"inputs": values},
            {"instances": [values]},
            {"dataframe_records": [values]},
            {"dataframe_split": {"columns": ["question", "k"], "data": [["why?", 5]]}},
        ):
            assert client.post("/invocations", json=body).json()["predictions"]["k"] == 5
        assert client.post("/invocations", json={"instances": [values] * 2}).status_code == 422
        shapes = {each["name"]: each["shape"] for each in client.get("/v2/models/sample").json()["inputs"]}
        assert shapes == {"question": [1], "k": [1], "weights": [1], "vector": [-1, -1], "extra": [1]}


WIDE = {"size": 3, "share": 0.5, "kind": "a", "vector": [1.0, 2.0], "on": True}


def test_a_table_with_categories_and_lists():
    with echo(Table) as client:
        inputs = [
            tensor("size", "INT8", [2], [3, None]),
            tensor("share", "FP16", [2], [0.5, None]),
            tensor("kind", "BYTES", [2], ["a", "b"]),
            tensor("vector", "BYTES", [2], ["[1,2]", "[]"]),
            tensor("on", "BOOL", [2], [True, False]),
        ]
        outputs = answered(infer(client, *inputs))
        assert outputs["size"] == {"datatype": "FP64", "shape": [2], "data": [3, None]}
        assert outputs["kind"] == {"datatype": "BYTES", "shape": [2], "data": ["a", "b"]}
        assert outputs["vector"]["data"] == ["[1.0,2.0]", "[]"]
        unseen = infer(client, *inputs[:2], tensor("kind", "BYTES", [2], ["a", "secret"]), *inputs[3:])
        assert (unseen.json()["row"], unseen.json()["field"]) == (1, "kind")
        assert "secret" not in unseen.text
        csv = "size,share,kind,vector,on\n"
        refused = client.post("/invocations", content=csv + "1,2,a,[1],true\n", headers={"Content-Type": "text/csv"})
        assert refused.status_code == 422  # a list has no CSV form
        wrong = client.post("/invocations", json={"instances": [WIDE, WIDE | {"vector": [1, "x"]}]}).json()["error"]
        assert (wrong["row"], wrong["field"]) == (1, "vector[1]")


@pytest.mark.parametrize("cell", ["nan", "inf", "-Infinity", " 1", "1_0", "0x1", "1,5", "null?", "--1", "1e999"])
def test_a_csv_number_is_a_number(cell):
    app = make_app(request=Shares, answer=lambda _, asked: [row["share"] for row in asked.rows], golden=None)
    with client_of(app) as client:
        headers = {"Content-Type": "text/csv"}
        assert client.post("/invocations", content="share\n1e3\n-2\n", headers=headers).json() == {
            "predictions": [1e3, -2]
        }
        refused = client.post("/invocations", content=f'share\n1\n"{cell}"\n', headers=headers)
        assert (refused.status_code, refused.json()["error"]["row"]) == (422, 1)
        assert client.post("/invocations", content="share\n1\n\n2\n", headers=headers).status_code == 422
        assert client.post("/invocations", content='share\n"1\n', headers=headers).status_code == 400


# binary tensors -----------------------------------------------------------------------------------------------------


def in_binary(client: Any, parts: list[tuple[dict[str, Any], bytes]], **changes: Any) -> Any:
    inputs = [part | {"parameters": {"binary_data_size": len(raw)}} for part, raw in parts]
    head = json.dumps({"inputs": inputs, **changes.get("more", {})}).encode()
    headers = {HEADER_LENGTH: str(changes.get("length", len(head)))}
    return client.post(
        INFER, content=head + b"".join(raw for _, raw in parts) + changes.get("after", b""), headers=headers
    )


@pytest.mark.parametrize(
    ("datatype", "code", "value"),
    [
        ("FP64", "d", 0.1), ("FP32", "f", 0.5), ("FP16", "e", 0.25), ("INT8", "b", -128), ("INT16", "h", -2),
        ("INT32", "i", -3), ("INT64", "q", -(2**62)), ("UINT8", "B", 255), ("UINT16", "H", 65_535),
        ("UINT32", "I", 2**32 - 1), ("UINT64", "Q", 2**62),
    ],
)  # fmt: skip
def test_numbers_in_binary(datatype, code, value):
    with echo(Arrays) as client:
        raw = struct.pack(f"<2{code}", value, 1)
        response = in_binary(client, [(tensor("rows", datatype, [1, 2]), raw)])
        assert answered(response)["predictions"]["data"] == [float(value), 1.0]
        for wrong in (raw[:-1], raw + b"\0", b""):
            assert in_binary(client, [(tensor("rows", datatype, [1, 2]), wrong)]).status_code == 422


def test_bfloat16_and_missing_and_infinite_numbers_in_binary():
    with echo(Arrays) as client:
        raw = struct.pack("<f", 1.5)[2:] + struct.pack("<f", -2.0)[2:]
        assert answered(in_binary(client, [(tensor("rows", "BF16", [2, 1]), raw)]))["predictions"]["data"] == [
            1.5,
            -2.0,
        ]
        for bad, code in ((math.inf, "out_of_range"), (math.nan, "wrong_type")):
            refused = in_binary(client, [(tensor("rows", "FP64", [2, 1]), struct.pack("<2d", 1, bad))]).json()
            assert (refused["code"], refused["row"]) == (code, 1)
        huge = struct.pack("<2d", 1.7e308, 1.7e308)
        assert in_binary(client, [(tensor("rows", "FP64", [2, 1]), huge)]).status_code == 200


def test_wrong_bytes_are_refused():
    with echo(Texts) as client:
        good = b"\x01\0\0\0a\x02\0\0\0bc"
        assert answered(in_binary(client, [(tensor("rows", "BYTES", [2]), good)]))["predictions"]["data"] == ["a", "bc"]
        for wrong in (good[:-1], good + b"\0", b"\xff\xff\xff\xffa", b"\x01\0\0\0\xff\x01\0\0\0b"):
            assert in_binary(client, [(tensor("rows", "BYTES", [2]), wrong)]).status_code == 422
        for change in ({"length": 5}, {"length": 10**9}, {"length": "-1"}, {"length": "x"}, {"after": b"\0"}):
            assert in_binary(client, [(tensor("rows", "BYTES", [2]), good)], **change).status_code in (400, 422)
        both = tensor("rows", "BYTES", [2], ["a", "b"], parameters={"binary_data_size": 0})
        assert infer(client, both).status_code == 422
        assert infer(client, tensor("rows", "BYTES", [2])).json()["code"] == "missing_field"
        assert infer(client, tensor("rows", "BYTES", [2**53], [])).status_code == 422


def test_a_missing_text_is_sent_as_json_where_binary_was_asked_for():
    answer = {"label": ["a", None], "score": [0.5, None], "rank": [1, 2], "sure": [True, False]}
    with client_of(make_app(request=Texts, answer=lambda *_: answer, golden=None)) as client:
        response = infer(client, tensor("rows", "BYTES", [1], ["x"]), parameters={"binary_data_output": True})
        size = int(response.headers[HEADER_LENGTH])
        outputs = {o["name"]: o for o in json.loads(response.content[:size])["outputs"]}
        assert outputs["label"]["data"] == ["a", None]
        raw = response.content[size:]
        assert len(raw) == 16 + 16 + 2
        score, missing, *ranks = struct.unpack("<2d2q", raw[:32])
        assert (score, math.isnan(missing), ranks, raw[32:]) == (0.5, True, [1, 2], b"\x01\x00")


@pytest.mark.parametrize(
    "parameters",
    [{"classification": 3}, {"shared_memory_region": "x"}, {"sequence_id": 1}, {"content_type": "base64"}, {"a": 1}],
)
def test_options_that_are_not_obeyed_are_refused(parameters):
    with echo(Texts) as client:
        given = tensor("rows", "BYTES", [1], ["x"])
        assert infer(client, given, parameters=parameters).status_code == 422
        assert infer(client, given | {"parameters": parameters}).status_code == 422
        assert infer(client, given, outputs=[{"name": "predictions", "parameters": parameters}]).status_code == 422


@pytest.mark.parametrize("codec", ["pd", "np", "str"])
def test_mlservers_codecs_are_understood(codec):
    with echo(Texts) as client:
        given = tensor("rows", "BYTES", [1], ["x"], parameters={"content_type": codec})
        assert infer(client, given, parameters={"content_type": codec, "headers": {"a": "b"}}).status_code == 200


# answers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("predictions", "expected"),
    [
        ([1, 2], [("predictions", "INT64", [2])]),
        ([1.5, 2], [("predictions", "FP64", [2])]),
        ([1, None], [("predictions", "FP64", [2])]),
        ([2**53 + 1, None], [("predictions", "BYTES", [2])]),
        ([2**63], [("predictions", "BYTES", [1])]),
        ([True, False], [("predictions", "BOOL", [2])]),
        ([True, None], [("predictions", "BYTES", [2])]),
        ([True, 1], [("predictions", "BYTES", [2])]),
        (["a", None], [("predictions", "BYTES", [2])]),
        ([[1, 2], [3, 4]], [("predictions", "INT64", [2, 2])]),
        ([[1, 2], [3]], [("predictions", "BYTES", [2])]),
        ([[[0.5]]], [("predictions", "FP64", [1, 1, 1])]),
        ([], [("predictions", "FP64", [0])]),
        ([None], [("predictions", "FP64", [1])]),
        (7, [("predictions", "INT64", [1])]),
        ("a", [("predictions", "BYTES", [1])]),
        (None, [("predictions", "FP64", [1])]),
        ([{"a": 1, "b": "x"}, {"a": 2.5, "b": "y"}], [("a", "FP64", [2]), ("b", "BYTES", [2])]),
        ([{"a": 1}, {"b": 2}], [("predictions", "BYTES", [2])]),
        (
            {"label": "x", "scores": [0.1, 0.9], "why": {"a": 1}},
            [("label", "BYTES", [1]), ("scores", "FP64", [2]), ("why", "BYTES", [1])],
        ),
        ({}, [("predictions", "BYTES", [1])]),
        ([[]], [("predictions", "FP64", [1, 0])]),
    ],
)  # fmt: skip
def test_answers_as_tensors(predictions, expected):
    outputs = outputs_of(predictions, [])
    assert [(o.name, o.datatype, o.shape) for o in outputs] == expected
    for output in outputs:
        assert len(output.values) == math.prod(output.shape)
        assert all(isinstance(value, str | None) for value in output.values) == (output.datatype == "BYTES") or (
            set(output.values) <= {None}
        )


def test_the_golden_rows_types_hold_where_no_value_tells():
    known = outputs_of([{"a": 0.5, "b": 1}], [])
    assert [(o.datatype, o.shape) for o in outputs_of([], known)] == [("FP64", [0]), ("INT64", [0])]
    assert [o.datatype for o in outputs_of([{"a": 1, "b": 2}], known)] == ["FP64", "INT64"]
    assert known_outputs(None) == []
