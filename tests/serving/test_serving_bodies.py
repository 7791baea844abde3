"""Bodies of `/predict`: one record or many, one field per name, values that only the model can refuse."""

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


def test_one_record_is_one_row(client):
    one = post(client, '{"rows":' + row() + "}").json()
    assert one["predictions"] == post(client, rows(row())).json()["predictions"] == [8.0]
    error = post(client, '{"rows":' + row(rooms='"x"') + "}").json()["error"]
    assert (error["row"], error["field"]) == (0, "rooms")
    assert post(client, '{"rows":' + row()[:-1] + ',"rooms":4}}').json()["error"]["code"] == "duplicate_key"


def test_nan_is_named(client):
    error = post(client, rows(row(length="NaN"))).json()["error"]
    assert "NaN and Infinity are not JSON" in error["message"]
    assert (error["row"], error["field"]) == (0, "sepal length")


@pytest.mark.parametrize(
    "body",
    ['{"rows":{}', '{"rows":[{}', '{"rows":[{}],"rows":5}', '{"rows":[{}],"rows":[]}', '{"rows":[{}],"rows":[5]}'],
)
def test_what_is_wrong_in_two_ways_is_refused_for_one(client, body):
    assert post(client, body).status_code == 422


def test_many_wrong_columns_are_named_up_to_a_limit(client):
    body = json.dumps({"rows": [{f"wrong {number}" * 30: 1 for number in range(50)}]})
    error = post(client, body).json()["error"]
    assert "and 40 more are not fields" in error["message"]
    assert len(error["message"]) < 1500


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
