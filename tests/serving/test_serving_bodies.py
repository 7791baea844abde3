"""The catalogue of bad bodies. None causes a 5xx; each refusal names row and field, and repeats no value."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from nb2prod.serving.settings import Settings

from .conftest import client_of
from .sample_service import Question, Row, make_app

GOOD: dict[str, Any] = {"sepal length": 5.0, "rooms": 3, "class": "a", "member": True}
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def client():
    with client_of(make_app(settings=Settings(max_rows=5, max_body_bytes=20_000))) as client:
        yield client


@pytest.fixture(scope="module")
def asker():
    """A service whose request has one field per name, and anything in `extra`."""
    app = make_app(request=Question, answer=lambda _, question: [question.k, question.weights], golden=None)
    with client_of(app) as client:
        yield client


def post(client: TestClient, body: bytes | str, headers: dict[str, str] | None = None) -> Any:
    content = body.encode() if isinstance(body, str) else body
    return client.post("/predict", content=content, headers=JSON if headers is None else headers)


def rows(*values: str) -> str:
    return '{"rows":[' + ",".join(values) + "]}"


def row(**changes: str) -> str:
    """A good row as JSON text, with raw JSON in place of some values; `length` is short for ``sepal length``."""
    texts = {name: json.dumps(value) for name, value in GOOD.items()}
    texts |= {"sepal length" if name == "length" else name.rstrip("_"): text for name, text in changes.items()}
    return "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in texts.items()) + "}"


NOT_JSON = {
    "empty": b"",
    "text": b"hello",
    "truncated": b'{"rows":[{"rooms":1',
    "trailing": b'{"rows":[]} x',
    "two documents": b'{"rows":[]}{"rows":[]}',
    "single quotes": b"{'rows':[]}",
    "leading zero": rows(row(rooms="01")).encode(),
    "byte order mark": b"\xef\xbb\xbf" + rows(row()).encode(),
    "UTF-16": rows(row()).encode("utf-16"),
    "Latin-1": rows(row(class_='"\u00e9"')).encode("latin-1"),
    "lone surrogate": rows(row(class_='"\\ud800"')).encode(),
    "raw newline in a string": rows(row(class_='"a\nb"')).encode(),
    "duplicate key in a row": rows(row()[:-1] + ',"rooms":4}').encode(),
    "duplicate key, escaped": rows(row()[:-1] + ',"room\\u0073":4}').encode(),
    "duplicate key at the top": b'{"rows":[],"rows":[]}',
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_what_is_not_json_is_400(client, body):
    response = post(client, body)
    assert response.status_code == 400, response.text
    assert response.json()["error"]["code"] in ("malformed_json", "duplicate_key")


def test_nan_is_named(client):
    assert "NaN and Infinity are not JSON" in post(client, rows(row(length="NaN"))).json()["error"]["message"]


# body -> (code, row, field)
NOT_THE_SCHEMA = {
    "null": ("null", "wrong_type", None, None),
    "list": ("[]", "wrong_type", None, None),
    "string": ('"x"', "wrong_type", None, None),
    "no rows": ("{}", "missing_field", None, "rows"),
    "rows null": ('{"rows":null}', "wrong_type", None, "rows"),
    "one empty record": ('{"rows":{}}', "missing_field", 0, "sepal length"),
    "extra beside rows": ('{"rows":[],"model":"../x"}', "unknown_field", None, "model"),
    "url": ('{"url":"http://169.254.169.254/"}', "unknown_field", None, "url"),
    "row is a list": (rows(row(), "[1,2,3]"), "wrong_type", 1, None),
    "row is null": (rows("null"), "wrong_type", 0, None),
    "text NaN": (rows(row(length='"NaN"')), "wrong_type", 0, "sepal length"),
    "text number": (rows(row(), row(), row(length='"1.5"')), "wrong_type", 2, "sepal length"),
    "bool for number": (rows(row(length="true")), "wrong_type", 0, "sepal length"),
    "empty text for number": (rows(row(length='""')), "wrong_type", 0, "sepal length"),
    "bool for integer": (rows(row(rooms="true")), "wrong_type", 0, "rooms"),
    "float for integer": (rows(row(rooms="3.5")), "wrong_type", 0, "rooms"),
    "null where not nullable": (rows(row(), row(rooms="null")), "wrong_type", 1, "rooms"),
    "number for text": (rows(row(class_="1")), "wrong_type", 0, "class"),
    "integer for bool": (rows(row(member="1")), "wrong_type", 0, "member"),
    "missing column": (rows(row(), '{"rooms":1,"class":"a","member":true}'), "missing_field", 1, "sepal length"),
    "extra column": (rows(row(bath="1")), "unknown_field", 0, "bath"),
    "column in another case": (rows(row(Rooms="1")), "unknown_field", 0, "Rooms"),
    "NaN": (rows(row(), row(length="NaN")), "out_of_range", 1, "sepal length"),
    "Infinity": (rows(row(rooms="Infinity")), "out_of_range", 0, "rooms"),
    "-Infinity": (rows(row(length="-Infinity")), "out_of_range", 0, "sepal length"),
    "1e400": (rows(row(length="1e400")), "out_of_range", 0, "sepal length"),
    "2^63": (rows(row(rooms=str(2**63))), "out_of_range", 0, "rooms"),
    "-2^63-1": (rows(row(rooms=str(-(2**63) - 1))), "out_of_range", 0, "rooms"),
    "5,000 digits": (rows(row(rooms="1" * 5000)), "out_of_range", 0, "rooms"),
    "5,000 digits in a float": (rows(row(length="1" * 5000)), "out_of_range", 0, "sepal length"),
    "object for text": (rows(row(class_='{"a":1}')), "wrong_type", 0, "class"),
    "deep in a row": (rows(row(class_="[" * 9000)), "wrong_type", 0, "class"),
}


@pytest.mark.parametrize(("body", "code", "at", "field"), NOT_THE_SCHEMA.values(), ids=NOT_THE_SCHEMA.keys())
def test_what_is_not_the_schema_is_422_by_row_and_field(client, body, code, at, field):
    response = post(client, body)
    assert response.status_code == 422, response.text
    error = response.json()["error"]
    assert (error["code"], error["row"], error["field"]) == (code, at, field)
    if at is not None:
        assert f"row {at}" in error["message"]


ACCEPTED = {
    "golden": rows(row()),
    "no rows": rows(),
    "null where nullable": rows(row(length="null")),
    "integer for number": rows(row(length="5")),
    "subnormal": rows(row(length="5e-324")),
    "minus zero": rows(row(length="-0.0")),
    "2^53+1": rows(row(length=str(2**53 + 1))),
    "2^63-1": rows(row(rooms=str(2**63 - 1))),
    "colons in a text": rows(row(class_='"a:b:c \\u003a"')),
    "NUL, RTL and 4-byte text": rows(row(class_='"\\u0000 \u202e \U0001f600"')),
    "spaces": " \n" + rows(row()) + "\r\n ",
    "most rows": rows(*[row()] * 5),
}


@pytest.mark.parametrize("body", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_fits_is_answered(client, body):
    response = post(client, body)
    assert response.status_code == 200, response.text
    assert len(response.json()["predictions"]) == len(json.loads(body)["rows"])


def test_order_of_columns_does_not_matter(client):
    turned = dict(reversed(GOOD.items()))
    assert post(client, rows(json.dumps(turned))).json()["predictions"] == [8.0]


def test_values_are_never_repeated(client):
    for body in (rows(row(rooms='"secret-4711"')), rows(row(length="4711e400")), rows(row(class_="4711"))):
        response = post(client, body)
        assert response.status_code == 422
        assert "4711" not in response.text


def test_a_long_unknown_name_is_cut(client):
    response = post(client, '{"' + "n" * 15_000 + '":1}')
    assert response.status_code == 422
    assert len(response.content) < 500


def test_too_many_rows_is_413(client):
    response = post(client, rows(*[row()] * 6))
    assert (response.status_code, response.json()["error"]["code"]) == (413, "too_many_rows")


def test_a_body_over_the_limit_is_413_by_its_declared_length(client):
    response = post(client, b" " * 20_001)
    assert (response.status_code, response.headers["connection"]) == (413, "close")


def test_a_body_over_the_limit_is_413_while_it_streams(client):
    sent = 0

    def chunks():
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b" " * 1000

    response = client.post("/predict", content=chunks(), headers=JSON)
    assert (response.status_code, response.json()["error"]["code"]) == (413, "body_too_large")


WRONG_TYPES = [
    {},
    {"Content-Type": "text/plain"},
    {"Content-Type": "application/x-python-pickle"},
    {"Content-Type": "application/vnd.bentoml+pickle"},
    {"Content-Type": "multipart/form-data; boundary=x"},
    {"Content-Type": "application/x-www-form-urlencoded"},
    {"Content-Type": "application/json; charset=utf-16"},
    {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    {"Content-Type": "application/json", "Content-Encoding": "br"},
]


@pytest.mark.parametrize("headers", WRONG_TYPES, ids=str)
def test_another_content_type_is_415(client, headers):
    assert post(client, rows(row()), headers).status_code == 415


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])
def test_json_in_utf8_may_say_so(client, kind):
    assert post(client, rows(row()), {"Content-Type": kind}).status_code == 200


def test_other_methods_and_paths_are_refused_as_json(client):
    for method in ("GET", "PUT", "DELETE", "PATCH", "TRACE"):
        response = client.request(method, "/predict")
        assert (response.status_code, response.json()["error"]["code"]) == (405, "method_not_allowed")
    for path in ("/", "/predict/", "//predict", "/predict/../admin", "/%2e%2e/etc/passwd", "/" + "x" * 10_000):
        assert client.get(path).status_code in (404, 405)


# one field per request name ---------------------------------------------------------------------------------------


def test_defaults_of_the_request_hold(asker):
    assert post(asker, '{"question":"why?"}').json()["predictions"] == [3, {}]
    assert post(asker, '{"question":"why?","k":1,"weights":{"a":2}}').json()["predictions"] == [1, {"a": 2.0}]


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ("{}", 422, "missing_field", "question"),
        ('{"question":1}', 422, "wrong_type", "question"),
        ('{"question":"q","k":"1"}', 422, "wrong_type", "k"),
        ('{"question":"q","weights":{"a":"x"}}', 422, "wrong_type", "weights[...]"),
        ('{"question":"q","vector":[[1],["x"]]}', 422, "wrong_type", "vector[1][0]"),
        ('{"question":"q","weights":{"a":1,"a":2}}', 400, "duplicate_key", "a"),
        ('{"question":"q","extra":{"a":{"b":1,"b":1}}}', 400, "duplicate_key", "b"),
        ('{"question":"q","extra":' + "[" * 100_000, 400, "too_deep", None),
        ('{"question":"q","extra":' + '{"a":' * 100_000, 400, "too_deep", None),
        ('{"question":"q","extra":1e400}', 422, "out_of_range", "extra"),
    ],
)
def test_fields_are_named_without_a_row(asker, body, status, code, field):
    response = post(asker, body)
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["field"], error["row"]) == (status, code, field, None)


def test_half_a_million_keys_are_read(asker):
    keys = ",".join(f'"{number}":0' for number in range(500_000))
    assert post(asker, '{"question":"q","extra":{' + keys + "}}").status_code == 200


def test_the_sample_row_is_what_its_name_says():
    assert Row.__required_keys__ == set(GOOD)


def test_a_value_the_model_cannot_take_names_its_row_and_not_the_value() -> None:
    def arguments(request: Any) -> list[int]:
        return [int(row["class"]) for row in request.rows]

    row = {"sepal length": 1.0, "rooms": 1, "class": "7", "member": True}
    rows = [row] * 5 + [row | {"class": "secret-4711"}, row]
    with client_of(make_app(arguments=arguments, answer=lambda _, given: given, golden=None)) as client:
        assert client.post("/predict", json={"rows": rows[:5]}).json()["predictions"] == [7] * 5
        response = client.post("/predict", json={"rows": rows})
    assert response.status_code == 422
    assert response.json()["error"]["row"] == 5
    assert "4711" not in response.text
