"""What the service answers, in process: ids, health, key, failures of the model, the description."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from nb2prod.serving import create_app
from nb2prod.serving.golden import read_golden
from nb2prod.serving.settings import Settings

from .conftest import TestClient, client_of, wait_until
from .sample_service import GOLDEN, Predictor, Question, Request, make_app

GOLDEN_BODY = json.loads(GOLDEN.read_bytes())["body"]
KEY = "correct horse"


def body_of(kind: str) -> dict[str, object]:
    return {"rows": [{"sepal length": 1.0, "rooms": 1, "class": kind, "member": True}]}


@pytest.fixture(scope="module")
def client():
    with client_of(make_app(version="7")) as client:
        yield client


@pytest.fixture
def guarded(monkeypatch):
    monkeypatch.setenv("NB2PROD_API_KEY", KEY)
    with client_of(make_app()) as client:
        yield client


def test_golden_rows_get_golden_predictions(client):
    answer = client.post("/predict", json=GOLDEN_BODY).json()
    assert answer["predictions"] == [8.1, None, 5.0]  # the NaN of the second row is null
    assert answer["model"] == {"name": "sample", "version": "7"}


def test_the_environment_names_the_model(monkeypatch):
    monkeypatch.setenv("NB2PROD_MODEL_NAME", "churn")
    monkeypatch.setenv("NB2PROD_MODEL_VERSION", "12")
    with client_of(make_app(version="7")) as client:
        assert client.post("/predict", json=GOLDEN_BODY).json()["model"] == {"name": "churn", "version": "12"}


@pytest.mark.parametrize("path", ["/predict", "/health/live", "/nowhere"])
def test_every_answer_carries_the_callers_id_or_a_new_one(client, path):
    assert client.get(path, headers={"X-Request-ID": "order-17:a"}).headers["x-request-id"] == "order-17:a"
    first, second = (client.get(path).headers["x-request-id"] for _ in range(2))
    assert first != second
    assert len(first) == 32


@pytest.mark.parametrize("sent", ["", "a b", "x" * 129, "<script>", 'a"b'])
def test_an_id_that_is_no_plain_token_is_replaced(client, sent):
    response = client.post("/predict", json=GOLDEN_BODY, headers={"X-Request-ID": sent})
    assert response.headers["x-request-id"] != sent
    assert response.json()["request_id"] == response.headers["x-request-id"]


def test_infinite_predictions_are_null(client):
    assert client.post("/predict", json=body_of("infinite")).json()["predictions"] == [None]


@pytest.mark.parametrize("kind", ["raise", "exit"])
def test_a_prediction_that_raises_is_500_logged_without_values(client, kind, caplog):
    response = client.post("/predict", json=body_of(kind))
    assert (response.status_code, response.json()["error"]["code"]) == (500, "prediction_failed")
    logged = next(record for record in caplog.records if record.getMessage() == "the prediction failed")
    assert logged.fields["request_id"] == response.json()["request_id"]
    assert "4711" not in response.text + json.dumps(logged.fields)
    assert any("sample_service.py" in frame for frame in logged.fields["frames"]) or kind == "exit"
    assert client.post("/predict", json=GOLDEN_BODY).status_code == 200  # the worker lives on


@pytest.mark.parametrize("result", [object(), {1, object()}, "\ud800"], ids=["object", "set", "surrogate"])
def test_predictions_that_are_no_json_are_500(result):
    with client_of(make_app(answer=lambda *_: result, golden=None)) as client:
        assert client.post("/predict", json=GOLDEN_BODY).status_code == 500


def test_not_ready_until_loaded_and_alive_meanwhile():
    gate = threading.Event()

    def load() -> Predictor:
        gate.wait(20)
        return Predictor()

    with TestClient(make_app(load=load)) as client:
        assert client.get("/health/ready").json()["status"] == "loading"
        assert client.get("/health/live").status_code == 200
        refused = client.post("/predict", json=GOLDEN_BODY)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        gate.set()
        wait_until(lambda: client.get("/health/ready").status_code == 200)
        assert client.post("/predict", json=GOLDEN_BODY).status_code == 200


@pytest.mark.parametrize(
    "broken",
    [
        {"load": lambda: 1 / 0},
        {"answer": lambda *_: 1 / 0},  # the warm-up fails
        {"request": Question},  # the golden body is of another schema
    ],
    ids=["load", "warm-up", "schema"],
)
def test_a_model_that_cannot_serve_is_never_ready(broken):
    with TestClient(make_app(**broken)) as client:
        status = wait_until(lambda: client.get("/health/ready").json()["status"].replace("loading", ""))
        assert status == "failed"
        assert client.post("/predict", json=GOLDEN_BODY).status_code == 503
        assert client.get("/health/live").status_code == 200


def test_a_full_queue_is_503_at_once_and_empties():
    gate = threading.Event()
    with client_of(make_app(answer=lambda *_: gate.wait(20), golden=None, settings=Settings(max_pending=2))) as client:
        with ThreadPoolExecutor(2) as pool:
            waiting = [pool.submit(client.post, "/predict", json=GOLDEN_BODY) for _ in range(2)]
            wait_until(lambda: client.app.state.service.worker.pending == 2)
            refused = client.post("/predict", json=GOLDEN_BODY)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            assert client.get("/health/live").status_code == 200
            gate.set()
            assert [answer.result().status_code for answer in waiting] == [200, 200]
        assert client.post("/predict", json=GOLDEN_BODY).status_code == 200


# key ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers", [{"Authorization": f"Bearer {KEY}"}, {"X-API-Key": KEY}], ids=["bearer", "x-api-key"]
)
def test_the_key_opens(guarded, headers):
    assert guarded.post("/predict", json=GOLDEN_BODY, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": "wrong"},
        {"X-API-Key": ""},
        {"X-API-Key": KEY + "x"},
        {"Authorization": KEY},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {KEY}", "X-API-Key": KEY},
        {"X-API-Key": "k" * 100_000},
    ],
    ids=lambda headers: " ".join(f"{name}={value[:16]}" for name, value in headers.items()) or "none",
)
def test_anything_else_is_401_before_the_body_is_looked_at(guarded, headers):
    for body in (GOLDEN_BODY, {"wrong": 1}):
        response = guarded.post("/predict", json=body, headers=headers)
        assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")


def test_a_key_in_the_address_does_not_count(guarded):
    assert guarded.post(f"/predict?api_key={KEY}", json=GOLDEN_BODY).status_code == 401


def test_health_needs_no_key(guarded):
    assert guarded.get("/health/ready").status_code == 200


def test_golden_rows_are_shown_to_the_holder_of_the_key_only(guarded):
    def shown(**headers):
        content = guarded.get("/openapi.json", headers=headers).json()["paths"]["/predict"]["post"]["requestBody"]
        return content["content"]["application/json"]["example"]["rows"][0]["sepal length"]

    assert (shown(), shown(**{"X-API-Key": KEY})) == (0.0, 5.1)


def test_an_empty_key_is_refused(monkeypatch):
    monkeypatch.setenv("NB2PROD_API_KEY", " ")
    with pytest.raises(ValueError, match="empty"):
        make_app()


# description --------------------------------------------------------------------------------------------------------


def test_openapi_holds_the_types_and_a_real_example(client):
    spec = client.get("/openapi.json").json()
    assert spec["openapi"] == "3.1.0"
    row = spec["components"]["schemas"]["Row"]
    assert row["required"] == ["sepal length", "rooms", "class", "member"]
    assert row["additionalProperties"] is False
    assert row["properties"]["sepal length"] == {"anyOf": [{"type": "number"}, {"type": "null"}]}
    predict = spec["paths"]["/predict"]["post"]
    example = predict["requestBody"]["content"]["application/json"]["example"]
    answer = predict["responses"]["200"]["content"]["application/json"]["example"]
    assert example["rows"] == GOLDEN_BODY["rows"][:2]
    assert client.post("/predict", json=example).json()["predictions"] == answer["predictions"]
    assert not list(find_dangling(spec))


@pytest.mark.parametrize("request_type", [Request, Question])
def test_a_made_up_example_is_accepted(request_type):
    with client_of(make_app(request=request_type, answer=lambda *_: 1, golden=None)) as client:
        predict = client.get("/openapi.json").json()["paths"]["/predict"]["post"]
        example = predict["requestBody"]["content"]["application/json"]["example"]
        assert client.post("/predict", json=example).status_code == 200


def find_dangling(spec):
    """References of the document that lead nowhere."""
    for reference in set(json.dumps(spec).split('"$ref": "#/components/schemas/')[1:]):
        name = reference.partition('"')[0]
        if name not in spec["components"]["schemas"]:
            yield name


def test_docs_allow_nothing_from_elsewhere(client):
    response = client.get("/docs")
    assert response.headers["content-type"].startswith("text/html")
    assert response.headers["content-security-policy"].startswith("default-src 'none'; connect-src 'self';")
    assert "http://" not in response.text
    assert "https://" not in response.text
    assert response.text.count("<script>") == response.text.count("<style>") == 1  # the two that the policy hashes


def test_golden_rows_of_another_shape_are_refused(tmp_path):
    path = tmp_path / "golden.json"
    path.write_text("[]")
    with pytest.raises(ValueError, match="not golden rows"):
        read_golden(path)


def test_a_request_that_is_no_dataclass_is_refused():
    with pytest.raises(TypeError, match="dataclass"):
        create_app(name="x", load=int, request=int, answer=lambda *_: None)
