"""The catalogue of bad bodies, by its numbers, in every protocol it applies to: none causes a 5xx, none is echoed.

81 to 91 are about what a body says, 92 to 95 about how it is sent, 96 to 99 about what is around it, 100 and 101 about
values that are of the right type and yet not right. Lengths and keys over real sockets are in test_serving_process.py.
"""

import json
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

import msgspec
import pytest
from starlette.testclient import TestClient

from nb2prod.serving.settings import Settings

from .conftest import client_of
from .sample_service import Question, make_app

ROW: dict[str, Any] = {"sepal length": 5.0, "rooms": 3, "class": "a", "member": True}
DATATYPES = {"sepal length": "FP64", "rooms": "INT64", "class": "BYTES", "member": "BOOL"}
JSON = {"Content-Type": "application/json"}
PATHS = ("/predict", "/invocations", "/v2/models/sample/infer")


@pytest.fixture(scope="module")
def client():
    with client_of(make_app(settings=Settings(max_rows=5, max_body_bytes=20_000))) as client:
        yield client


@pytest.fixture(scope="module")
def asker():
    """A service whose request has one field per name, and anything in `extra`."""
    with client_of(make_app(request=Question, answer=lambda *_: 1, golden=None)) as client:
        yield client


def post(client: TestClient, body: bytes | str, path: str = "/predict", headers: dict[str, str] | None = None) -> Any:
    content = body.encode() if isinstance(body, str) else body
    return client.post(path, content=content, headers=JSON if headers is None else headers)


def in_each(**changes: str) -> dict[str, str]:
    """A body per path with two rows, the second changed: raw JSON by name; `length` is short for ``sepal length``."""
    good = {name: json.dumps(value) for name, value in ROW.items()}
    bad = good | {"sepal length" if name == "length" else name.rstrip("_"): text for name, text in changes.items()}
    rows = ",".join("{" + ",".join(f"{json.dumps(n)}:{t}" for n, t in row.items()) + "}" for row in (good, bad))
    tensors = ",".join(
        f'{{"name":{json.dumps(n)},"datatype":"{DATATYPES.get(n, "FP64")}","shape":[2],"data":[{good.get(n, 1)},{t}]}}'
        for n, t in bad.items()
    )
    return {
        "/predict": f'{{"rows":[{rows}]}}',
        "/invocations": f'{{"dataframe_records":[{rows}]}}',
        "/v2/models/sample/infer": f'{{"inputs":[{tensors}]}}',
    }


def refusal(response: Any) -> dict[str, Any]:
    """The refusal in one form, whichever protocol it is in."""
    assert 400 <= response.status_code < 500, response.text
    content = response.json()
    error = content if isinstance(content["error"], str) else content["error"]
    assert error["code"]
    return {"status": response.status_code, "message": content["error"]} | error


def refused_at(
    client: TestClient, *, field: str, row: int | None = 1, code: str = "wrong_type", **changes: str
) -> None:
    """The changed value is refused with 422 by row and field, in each protocol."""
    for path, body in in_each(**changes).items():
        error = refusal(post(client, body, path))
        assert (error["status"], error["code"], error["field"], error["row"]) == (422, code, field, row), path


def accepted(client: TestClient, **changes: str) -> list[list[Any]]:
    """The predictions in each protocol."""
    answers = []
    for path, body in in_each(**changes).items():
        response = post(client, body, path)
        assert response.status_code == 200, (path, response.text)
        content = response.json()
        answers.append(content["predictions"] if "predictions" in content else content["outputs"][0]["data"])
    return answers


# what a body says ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", ["", "null", "[]", '"x"', "5", "{}"])
def test_body_81_no_object_or_an_empty_one(client, path, body):
    assert refusal(post(client, body, path))["status"] == (400 if body == "" else 422)


NOT_JSON = {
    "text": b"hello",
    "truncated": b'{"rows":[{',
    "trailing": b'{"rows":[]} x',
    "two documents": b'{"rows":[]}{"rows":[]}',
    "single quotes": b"{'rows':[]}",
    "leading zero": b'{"rows":[01]}',
    "raw newline in a string": b'{"rows":["a\nb"]}',
    "comment": b'{"rows":[]}//',
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_body_82_not_json_is_400_at_a_byte(client, path, body):
    body = body.replace(b"rows", b"instances") if path == "/invocations" else body
    body = body.replace(b"rows", b"inputs") if "infer" in path else body
    error = refusal(post(client, body, path))
    assert (error["status"], error["code"]) == (400, "malformed_json")
    assert "(byte " in error["message"]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400"])
def test_body_83_a_number_that_is_not_finite_is_named(client, text):
    for path, body in in_each(length=text).items():
        if (path, text) == ("/invocations", "NaN"):  # as MLflow's own client writes a missing number
            assert post(client, body, path).json() == {"predictions": [8.0, None]}
            continue
        error = refusal(post(client, body, path))
        assert (error["status"], error["code"]) == (422, "out_of_range"), path
        assert (error["row"], error["field"]) in ((1, "sepal length"), (None, "inputs[0].data[1]")), path
    for path, body in in_each(rooms=text).items():
        assert refusal(post(client, body, path))["status"] == 422


@pytest.mark.parametrize("text", ['"NaN"', '"1.5"', "true", '""', '" 5 "', "[1]", "{}"])
def test_body_84_what_is_no_number_is_no_number(client, text):
    for path, body in in_each(length=text).items():
        error = refusal(post(client, body, path))
        assert error["status"] == 422
        assert (error["field"], error["row"]) == ("sepal length", 1) or error["code"] == "wrong_shape", path
    refused_at(client, rooms=text if text[0] not in "[" else '"1"', field="rooms")
    refused_at(client, rooms="3.5", field="rooms")
    refused_at(client, rooms="3.0", field="rooms")
    refused_at(client, class_="1", field="class")
    refused_at(client, member="1", field="member")
    refused_at(client, member='"true"', field="member")


def test_body_85_null_where_a_value_may_be_missing_and_where_not(client):
    assert accepted(client, length="null") == [[8.0, None]] * 3
    refused_at(client, rooms="null", field="rooms")
    refused_at(client, class_="null", field="class")
    refused_at(client, member="null", field="member")


def test_body_86_missing_extra_reordered_and_differently_cased_columns(client):
    for path, body in in_each(Rooms="1", bath="2").items():
        error = refusal(
            post(client, body.replace('"rooms":3,"class":"a","member":true,"R', '"class":"a","member":true,"R'), path)
        )
        assert error["status"] == 422
        assert "'Rooms', 'bath' are not fields of this model" in error["message"]
    turned = json.dumps({"rows": [dict(reversed(ROW.items()))]})
    assert post(client, turned).json()["predictions"] == [8.0]
    two_gone = json.dumps({"rows": [ROW, {"member": True, "rooms": 1, "Class": "a"}]})
    error = refusal(post(client, two_gone))
    assert error["message"] == "row 1: 'Class' is not a field of this model; 'sepal length', 'class' are missing"
    assert error["row"] == 1


def test_body_87_ragged_rows(client):
    split = {"columns": list(ROW), "data": [list(ROW.values()), [1.0, 2, "a"]]}
    error = refusal(client.post("/invocations", json={"dataframe_split": split}))
    assert (error["status"], error["row"], error["message"]) == (422, 1, "row 1: 3 values for 4 columns")
    columns = {name: [value] * (1 + (name == "rooms")) for name, value in ROW.items()}
    assert refusal(client.post("/invocations", json={"inputs": columns}))["field"] == "rooms"
    csv = "sepal length,rooms,class,member\n1,2,a,true\n1,2,a\n"
    assert refusal(post(client, csv, "/invocations", {"Content-Type": "text/csv"}))["row"] == 1
    for mixed in ('{"rows":[{},[1]]}', '{"rows":[1,"a"]}', '{"rows":[[1,2]]}'):
        assert refusal(post(client, mixed))["status"] == 422
    tensors = json.loads(in_each()[PATHS[2]])["inputs"]
    for wrong in ([3], [1, 2], [2, 2], [], [2, 1, 1]):
        inputs = [tensors[0] | {"shape": wrong}, *tensors[1:]]
        assert refusal(client.post(PATHS[2], json={"inputs": inputs}))["status"] == 422
    assert client.post(PATHS[2], json={"inputs": [t | {"shape": [2, 1]} for t in tensors]}).status_code == 200


def test_body_88_numbers_at_the_edges_never_wrap(client):
    assert accepted(client, length="5") == [[8.0, 8.0]] * 3
    for text in ("-0.0", "5e-324", str(2**53 + 1), "1.7976931348623157e308"):
        assert accepted(client, length=text) == [[8.0, float(text) + 3]] * 3
    assert accepted(client, rooms=str(2**63 - 1)) == [[8.0, 5.0 + (2**63 - 1)]] * 3
    for text in (str(2**63), str(-(2**63) - 1)):
        refused_at(client, rooms=text, field="rooms", code="out_of_range")


def test_body_89_a_key_twice(client):
    for path, body in in_each().items():
        for twice in ('"rooms":4,"room\\u0073":4', '"rooms":4,"rooms":4'):
            doubled = (
                body.replace('"rooms":3', twice) if "infer" not in path else body.replace('"data"', '"data":[],"data"')
            )
            error = refusal(post(client, doubled, path))
            assert (error["status"], error["code"]) == (400, "duplicate_key"), path
    assert refusal(post(client, '{"rows":[],"rows":[]}'))["code"] == "duplicate_key"
    split = '{"dataframe_split":{"columns":["rooms","rooms"],"data":[[1,2]]}}'
    assert refusal(post(client, split, "/invocations"))["code"] == "duplicate_key"
    assert refusal(post(client, "rooms,rooms\n1,2\n", "/invocations", {"Content-Type": "text/csv"}))["status"] == 400


def test_body_90_depth_many_keys_long_names_and_long_numbers(client, asker):
    deep = "[" * 9000
    for path in PATHS:
        for body in (deep, '{"rows":' + deep, '{"instances":' + deep, '{"inputs":[{"data":' + deep, '{"a":' * 3000):
            assert refusal(post(client, body, path))["status"] in (400, 422)
        long_name = refusal(post(client, '{"' + "n" * 15_000 + '":1}', path))
        assert len(str(long_name)) < 1000
    for name in ("rooms", "length"):
        for path, body in in_each(**{name: "1" * 5000}).items():
            assert refusal(post(client, body, path))["code"] == "out_of_range"
    for body in ('{"question":"q","extra":' + "[" * 100_000, '{"question":"q","extra":' + '{"a":' * 100_000):
        assert refusal(post(asker, body))["code"] == "too_deep"
    keys = ",".join(f'"{number}":0' for number in range(500_000))
    assert post(asker, '{"question":"q","extra":{' + keys + "}}").status_code == 200


def test_body_91_no_rows_and_too_many(client):
    assert client.post("/predict", json={"rows": []}).json()["predictions"] == []
    for empty in ({"dataframe_records": []}, {"instances": []}, {"inputs": {name: [] for name in ROW}}):
        assert client.post("/invocations", json=empty).json() == {"predictions": []}
    split = {"dataframe_split": {"columns": list(ROW), "data": []}}
    assert client.post("/invocations", json=split).json() == {"predictions": []}
    inputs = [{"name": name, "datatype": DATATYPES[name], "shape": [0], "data": []} for name in ROW]
    output = client.post(PATHS[2], json={"inputs": inputs}).json()["outputs"]
    assert output == [{"name": "predictions", "datatype": "FP64", "shape": [0], "data": []}]
    inputs = [{"name": n, "datatype": DATATYPES[n], "shape": [6], "data": [ROW[n]] * 6} for n in ROW]
    for path, body in {
        "/predict": {"rows": [ROW] * 6},
        "/invocations": {"instances": [ROW] * 6},
        PATHS[2]: {"inputs": inputs},
    }.items():
        assert refusal(client.post(path, json=body))["code"] == "too_many_rows"


@pytest.mark.parametrize(
    ("golden", "answers"),
    [([1, 2, 3], []), ({"a": [1, 2, 3], "b": ["x", "y", "z"]}, {"a": [], "b": []}), (7.5, None), ([1], None)],
    ids=["one per row", "lists by name", "a total", "another number"],
)
def test_body_91_a_model_that_cannot_take_no_rows(golden, answers, tmp_path):
    def answer(_: Any, request: Any) -> Any:
        if not request.rows:
            raise ValueError("Found array with 0 sample(s)")
        return golden

    path = tmp_path / "golden.json"
    path.write_text(json.dumps({"body": {"rows": [ROW] * 3}, "predictions": golden}))
    with client_of(make_app(answer=answer, golden=path)) as client:
        response = client.post("/predict", json={"rows": []})
        if answers is None:
            assert refusal(response)["code"] == "no_rows"
        else:
            assert response.json()["predictions"] == answers


# how it is sent -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
def test_body_92_longer_than_the_limit(client, path):
    declared = post(client, b" " * 20_001, path)
    assert (declared.status_code, declared.headers["connection"]) == (413, "close")
    streamed = client.post(path, content=(b" " * 1000 for _ in range(1000)), headers=JSON)
    assert refusal(streamed)["code"] == "body_too_large"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "deflate", "gzip, identity"])
def test_body_93_a_compressed_body(client, path, encoding):
    headers = JSON | {"Content-Encoding": encoding}
    assert refusal(post(client, in_each()[path], path, headers))["status"] == 415


@pytest.mark.parametrize("path", PATHS)
def test_body_94_encodings(client, path):
    for body in (
        in_each(class_='"\u00e9"')[path].encode("latin-1"),
        in_each()[path].encode("utf-16"),
        b"\xef\xbb\xbf" + in_each()[path].encode(),
        in_each(class_='"\\ud800"')[path].encode(),
        in_each(class_='"?"')[path].encode().replace(b"?", b"\xff"),
        in_each(class_='"?"')[path].encode().replace(b"?", b"\xc0\xaf"),
    ):
        assert refusal(post(client, body, path))["status"] == 400


@pytest.mark.parametrize("text", ["\x00", "\u202e", "\U0001f600", "e\u0301", "\u00e9", "a:b", " a ", "\u0130"])
def test_body_94_texts_arrive_as_they_were_sent(text):
    seen: list[str] = []

    def answer(_: Any, request: Any) -> Any:
        seen.extend(row["class"] for row in request.rows)
        return [1] * len(request.rows)

    with client_of(make_app(answer=answer, golden=None)) as client:
        accepted(client, class_=json.dumps(text))
        accepted(client, class_=json.dumps(text, ensure_ascii=False).replace("\x00", "\\u0000"))
    assert seen == ["a", text] * 6


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "text/plain",
        "application/x-python-pickle",
        "application/vnd.bentoml+pickle",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "application/vnd.apache.parquet",
    ],
)
@pytest.mark.parametrize("path", PATHS)
def test_body_95_another_content_type(client, path, kind):
    response = post(client, in_each()[path], path, {"Content-Type": kind} if kind else {})
    if kind is None and "infer" in path:  # tritonclient sends none
        assert response.status_code == 200
    else:
        assert refusal(response)["code"] == "wrong_content_type"


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])
@pytest.mark.parametrize("path", PATHS)
def test_body_95_json_may_say_that_it_is_utf8(client, path, kind):
    assert post(client, in_each()[path], path, {"Content-Type": kind}).status_code == 200


# what is around it --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
def test_body_96_other_methods(client, path):
    for method in ("GET", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"):
        response = client.request(method, path)
        assert refusal(response)["code"] == "method_not_allowed"
        assert response.headers["allow"] == "POST"


def test_body_96_other_paths(client):
    for path in (
        "/",
        "/predict/",
        "//predict",
        "/predict/../admin",
        "/predict/%2e%2e/admin",
        "/%2e%2e/etc/passwd",
        "/" + "x" * 10_000,
        "/v2/models/sample/infer/",
        "/v2/models/other/infer",
        "/v2/models/sample/versions/9/infer",
        "/v2/models/../infer",
        "/v2/models//infer",
        "/invocations/x",
    ):
        for method in ("GET", "POST"):
            assert client.request(method, path).status_code in (403, 404, 405), path


@pytest.mark.parametrize("path", PATHS)
def test_body_97_keys(path, monkeypatch):
    monkeypatch.setenv("NB2PROD_API_KEY", "k1")
    with client_of(make_app()) as client:
        body = in_each()[path]
        for headers in (
            {},
            {"X-API-Key": "k2"},
            {"X-API-Key": "k1", "Authorization": "Bearer k1"},
            {"X-API-Key": "k" * 10**6},
        ):
            assert post(client, body, path, JSON | headers).status_code == 401
        assert post(client, body, path + "?api_key=k1").status_code == 401
        assert post(client, body, path, JSON | {"X-API-Key": "k1"}).status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_body_98_headers_of_proxies_and_browsers_change_nothing(client, path):
    plain = post(client, in_each()[path], path)
    strange = {
        "Host": "evil.example:99999",
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "gopher",
        "X-HTTP-Method-Override": "DELETE",
        "X-Request-ID": "a\tb\x01",
    }
    response = post(client, in_each()[path], path, JSON | strange)
    assert response.status_code == plain.status_code == 200
    assert set(response.headers) == set(plain.headers)
    assert not [name for name in response.headers if name.startswith("access-control")]
    assert len(response.headers["x-request-id"]) == 32
    assert "evil" not in response.text + str(response.headers)
    # A page of another site must not use a service that asks nobody for a key.
    assert refusal(post(client, in_each()[path], path, JSON | {"Origin": "https://evil.example"}))["status"] == 403


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/health/live", "/v2", "/ping"])
def test_body_99_ranges_are_ignored(client, path):
    ranges = "bytes=" + ",".join(f"{n}-{n}" for n in range(10_000))
    response = client.get(path, headers={"Range": ranges})
    assert response.status_code == 200
    assert len(response.content) == len(client.get(path).content)


# the right type, and yet not right ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ge:
    """As annotated_types writes a bound."""

    ge: int


class Person(TypedDict):
    age: Annotated[int, Ge(0), msgspec.Meta(le=120)]
    siblings: Annotated[int, "uint8"]
    share: Annotated[float, msgspec.Meta(ge=0, le=1)] | None


@dataclass(frozen=True)
class People:
    rows: list[Person]


def test_body_100_bounds_of_the_interface_hold():
    app = make_app(request=People, answer=lambda _, request: [row["age"] for row in request.rows], golden=None)
    good = {"age": 0, "siblings": 255, "share": None}
    with client_of(app) as client:
        assert client.post("/predict", json={"rows": [good, good | {"share": 1}]}).json()["predictions"] == [0, 0]
        for name, value in (("age", -5), ("age", 999), ("siblings", 256), ("siblings", -1), ("share", 1.5)):
            inputs = [
                {"name": n, "datatype": "FP64" if n == "share" else "INT64", "shape": [1], "data": [v]}
                for n, v in (good | {name: value}).items()
            ]
            for path, body in {
                "/predict": {"rows": [good | {name: value}]},
                "/invocations": {"inputs": {n: [v] for n, v in (good | {name: value}).items()}},
                PATHS[2]: {"inputs": inputs},
            }.items():
                error = refusal(client.post(path, json=body))
                assert (error["status"], error["code"]) == (422, "out_of_range")
                assert (error["row"], error["field"]) == (0, name)
                assert str(value) not in error["message"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "body", ['{"url":"http://169.254.169.254/"}', '{"model":"../x"}', '{"rows":[],"model":"../x"}']
)
def test_body_101_what_is_no_field_is_refused_and_nothing_is_fetched(client, path, body):
    error = refusal(post(client, body, path))
    assert error["status"] == 422
    assert error["field"] in ("url", "model") or path != "/predict"


def test_no_refusal_repeats_a_value(client):
    secrets = {"length": '"secret-4711"', "rooms": '"4711"', "class_": "4711", "member": "4711"}
    for name, secret in secrets.items():
        for path, body in in_each(**{name: secret}).items():
            response = post(client, body, path)
            assert response.status_code == 422
            assert "4711" not in response.text
    for path, body in in_each(length="4711e400").items():
        assert "4711" not in post(client, body, path).text
