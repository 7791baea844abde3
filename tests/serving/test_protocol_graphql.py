"""GraphQL, where it is asked for: typed by the notebook's schema, within limits, its errors without values."""

import json
import subprocess
import sys

import pytest

from nb2prod.serving.settings import Settings

from .conftest import HERE, client_of
from .sample_service import GOLDEN, Question, make_app
from .test_protocol_shapes import Arrays, Records, Texts

graphql = pytest.importorskip("graphql")

ROWS = json.loads(GOLDEN.read_bytes())["body"]["rows"]
SPELLED = [{"sepal_length" if name == "sepal length" else name: value for name, value in row.items()} for row in ROWS]
ASK = "query ($rows: [Row!]!) { predict(rows: $rows) { predictions requestId model { name version } } }"


def app(**options):
    return make_app(settings=Settings(graphql=True, max_rows=5, max_body_bytes=200_000), version="7", **options)


@pytest.fixture(scope="module")
def client():
    with client_of(app()) as client:
        yield client


def ask(client, query, status=200, **more):
    response = client.post("/graphql", json={"query": query, **more})
    assert response.status_code == status, response.text
    return response.json()


def test_it_is_off_unless_asked_for():
    with client_of(make_app()) as client:
        assert client.post("/graphql", json={"query": "{ __typename }"}).status_code == 404


def test_golden_rows_get_golden_predictions(client):
    answer = ask(client, ASK, variables={"rows": SPELLED})
    predict = answer["data"]["predict"]
    assert predict["predictions"] == [8.1, None, 5.0]
    assert predict["model"] == {"name": "sample", "version": "7"}
    assert len(predict["requestId"]) == 32
    literal = '{ predict(rows: [{sepal_length: 1, rooms: 2, class: "a", member: true}]) { predictions } }'
    assert ask(client, literal) == {"data": {"predict": {"predictions": [3.0]}}}
    without = '{ predict(rows: [{rooms: 2, class: "a", member: true}]) { predictions } }'
    assert ask(client, without) == {"data": {"predict": {"predictions": [None]}}}  # null where it may be missing


def test_it_describes_itself_and_shows_no_page(client):
    schema = graphql.build_client_schema(ask(client, graphql.get_introspection_query())["data"])
    row = schema.type_map["Row"].fields
    assert {name: str(field.type) for name, field in row.items()} == {
        "sepal_length": "Float",
        "rooms": "Int64!",
        "class": "String!",
        "member": "Boolean!",
    }
    assert row["sepal_length"].description == "sepal length"
    assert client.get("/graphql").status_code == 405


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rooms": "secret-4711"}, "rows[1].rooms"),
        ({"rooms": 2**63}, "rows[1].rooms"),
        ({"sepal_length": True}, "rows[1].sepal_length"),
        ({"class": 4711}, "rows[1].class"),
        ({"member": "secret-4711"}, "rows[1].member"),
        ({"bath": "secret-4711"}, "rows[1]"),
        ({"rooms": None}, "rows[1].rooms"),
    ],
)
def test_values_that_do_not_fit_are_named_and_not_repeated(client, change, field):
    answer = ask(client, ASK, 400, variables={"rows": [SPELLED[0], SPELLED[1] | change]})
    assert field in answer["errors"][0]["message"]
    assert "4711" not in json.dumps(answer)


def test_literals_that_do_not_fit_are_not_repeated(client):
    for value in ('"secret-4711"', "4711.5", "{a: 4711}", "1e400"):
        query = (
            f'{{ predict(rows: [{{sepal_length: 1, rooms: {value}, class: "a", member: true}}]) {{ predictions }} }}'
        )
        assert "4711" not in json.dumps(ask(client, query, 400))
    infinite = '{ predict(rows: [{sepal_length: 1e400, rooms: 1, class: "a", member: true}]) { predictions } }'
    error = ask(client, infinite)["errors"][0]
    assert error["extensions"] == {"code": "out_of_range", "field": "sepal length", "row": 0}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "{",
        "secret-4711 {",
        "{ nothing }",
        "mutation { predict }",
        "{ model { name { x } } }",
        "{" + "model{name}" * 400 + "}",
        "{" + " ".join(f"a{n}:model{{name}}" for n in range(400)) + "}",
        "{ model " + "{ name " * 5000 + "}" * 5001,
        "query { ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
        "{ __schema { types " + "{ ofType " * 20 + "{ name }" + "}" * 20 + " } }",
        "{ model(a: " + "[" * 3000 + "]" * 3000 + ") { name } }",
        "{" + " " + "a " * 30_000 + "}",
        "query ($rows: [Row!]!) { predict(rows: $rows) { predictions } }",
        "query ($rows: [Query!]!) { predict(rows: $rows) { predictions } }",
        "query A { model { name } } query B { model { name } }",
    ],
    ids=range(16),
)
def test_what_is_no_query_or_too_large_is_400(client, query):
    answer = ask(client, query, 400)
    assert answer["errors"]
    assert "4711" not in json.dumps(answer)


def test_fragments_within_fragments_are_counted_where_they_are_spread(client):
    fragments = " ".join(
        f"fragment f{n} on __Type {{ a: ofType {{ ...f{n + 1} }} b: ofType {{ ...f{n + 1} }} }}" for n in range(12)
    )
    bomb = f'{{ __type(name: "Row") {{ ...f0 }} }} {fragments} fragment f12 on __Type {{ name }}'
    assert ask(client, bomb, 400)["errors"]


def test_one_prediction_per_request_and_no_more_rows_than_elsewhere(client):
    twice = "query ($rows: [Row!]!) { a: predict(rows: $rows) { predictions } b: predict(rows: $rows) { predictions } }"
    answer = ask(client, twice, variables={"rows": SPELLED})
    assert answer["errors"][0]["extensions"]["code"] == "asked_twice"
    many = ask(client, ASK, variables={"rows": SPELLED[:1] * 6})
    assert many["errors"][0]["extensions"]["code"] == "too_many_rows"


def test_failures_of_the_model_are_500_as_elsewhere(client):
    row = SPELLED[0] | {"class": "raise"}
    assert ask(client, ASK, 500, variables={"rows": [row]})["error"]["code"] == "prediction_failed"


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"query":1}', '{"query":"{a}","x":1}', '{"query":"{a}","query":""}', "\ufeff{}"]
)
def test_bodies_are_read_as_strictly_as_elsewhere(client, body):
    response = client.post("/graphql", content=body.encode(), headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 422)
    assert (
        client.post("/graphql", content=b"{model{name}}", headers={"Content-Type": "application/graphql"}).status_code
        == 415
    )


@pytest.mark.parametrize(
    ("request_type", "query", "variables", "predictions"),
    [
        (Arrays, "query ($r: [[Float!]!]!) { predict(rows: $r) { predictions } }", {"r": [[1, 2.5]]}, [[1.0, 2.5]]),
        (Texts, "query ($r: [String!]!) { predict(rows: $r) { predictions } }", {"r": ["a"]}, ["a"]),
        (Records, "query ($r: [JSON!]!) { predict(rows: $r) { predictions } }", {"r": [{"a": [1]}]}, [{"a": [1]}]),
    ],
)
def test_lists(request_type, query, variables, predictions):
    with client_of(app(request=request_type, answer=lambda _, asked: asked.rows, golden=None)) as client:
        assert ask(client, query, variables=variables) == {"data": {"predict": {"predictions": predictions}}}


def test_one_value_per_name():
    with client_of(app(request=Question, answer=lambda _, asked: vars(asked), golden=None)) as client:
        answer = ask(client, '{ predict(question: "why?", vector: [[1, 2]], weights: {a: 1}) { predictions } }')
        predictions = answer["data"]["predict"]["predictions"]
        assert predictions == {"question": "why?", "k": 3, "weights": {"a": 1.0}, "vector": [[1.0, 2.0]], "extra": None}


def test_the_key_is_asked(monkeypatch):
    monkeypatch.setenv("NB2PROD_API_KEY", "k1")
    with client_of(app()) as client:
        assert client.post("/graphql", json={"query": "{ model { name } }"}).status_code == 401
        answer = client.post("/graphql", json={"query": "{ model { name } }"}, headers={"X-API-Key": "k1"})
        assert answer.json() == {"data": {"model": {"name": "sample"}}}


def test_without_the_package_it_says_what_is_needed():
    code = (
        "import sys; sys.modules['graphql'] = None\n"
        "import sample_service as s; s.make_app(settings=s.Settings(graphql=True))"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=HERE, capture_output=True, text=True)
    assert "NB2PROD_GRAPHQL is set, which needs the package graphql-core" in told.stderr
