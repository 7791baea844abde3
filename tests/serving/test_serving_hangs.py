"""Predictions that hang: given up at the deadline, the thread replaced; where that is no use, not ready."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from nb2prod.serving.settings import Settings

from .conftest import client_of, wait_until
from .sample_service import GOLDEN, Clock, answer_or_hang, make_app

GOLDEN_BODY = json.loads(GOLDEN.read_bytes())["body"]
HANGING = {"rows": [{"sepal length": 1.0, "rooms": 1, "class": "hang", "member": True}]}


@pytest.fixture
def clock():
    """Its time passes when something hangs, and then only."""
    clock = Clock()
    yield clock
    clock.release.set()


def app_of(clock, **settings):
    app = make_app(answer=answer_or_hang(clock), settings=Settings(**settings))
    app.state.service.worker.clock = clock
    return app


def test_fault_57_a_prediction_that_hangs_is_504_and_the_others_are_answered(clock):
    with client_of(app_of(clock)) as client, ThreadPoolExecutor(9) as pool:
        hanging = pool.submit(client.post, "/predict", json=HANGING)
        others = [pool.submit(client.post, "/predict", json=GOLDEN_BODY) for _ in range(8)]
        assert [other.result().status_code for other in others] == [200] * 8
        answer = hanging.result()
        assert (answer.status_code, answer.json()["error"]["code"]) == (504, "too_slow")
        assert client.get("/health/ready").status_code == 200


def test_fault_57_where_every_thread_hangs_the_service_is_not_ready_and_recovers(clock):
    told = []
    app = app_of(clock, max_hung=2, max_batch_rows=1)  # each hangs by itself
    app.state.service.on_failure = lambda: told.append("stuck")
    with client_of(app) as client, ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(client.post, "/predict", json=HANGING)]
        wait_until(lambda: app.state.service.worker.hung == 1)  # from now on nothing is taken together
        asked += [pool.submit(client.post, "/predict", json=HANGING) for _ in range(3)]
        assert sorted(answer.result().status_code for answer in asked) == [503, 503, 504, 504]
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.json()["status"], told) == (503, "stuck", ["stuck"])
        refused = client.post("/predict", json=GOLDEN_BODY)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
        clock.release.set()
        wait_until(lambda: client.get("/health/ready").status_code == 200)
        assert client.post("/predict", json=GOLDEN_BODY).status_code == 200


@pytest.mark.parametrize(
    ("kind", "status", "says"),
    [
        ("raise", 500, "prediction_failed"),
        ("exit", 500, "prediction_failed"),
        ("twice", 500, "prediction_failed"),
        ("nothing", 500, "prediction_failed"),
        ("infinite", 200, None),
    ],
)
def test_fault_58_what_the_model_does_wrong_is_its_fault_and_valid_json(kind, status, says, clock):
    body = {"rows": [GOLDEN_BODY["rows"][0] | {"class": kind}]}
    with client_of(app_of(clock)) as client, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.post("/predict", json=body), range(8)))
        assert {answer.status_code for answer in answers} == {status}
        for answer in answers:
            content = json.loads(answer.content, parse_constant=lambda name: pytest.fail(name))
            assert content["request_id"]
            assert content.get("error", {}).get("code") == says
        metrics = client.get("/metrics").text
        assert ('nb2prod_errors_total{code="prediction_failed",fault="model"} 8.0' in metrics) == (status == 500)
        assert client.post("/predict", json=GOLDEN_BODY).status_code == 200


def test_fault_58_a_huge_answer_is_an_answer(clock):
    rows = [GOLDEN_BODY["rows"][0]] * 9_000
    with client_of(app_of(clock)) as client:
        assert len(client.post("/predict", json={"rows": rows}).json()["predictions"]) == 9_000


def test_fault_61_liveness_does_not_depend_on_the_queue(clock):
    with client_of(app_of(clock, max_hung=1)) as client, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(client.post, "/predict", json=HANGING)
        assert client.get("/health/live").status_code == 200
        assert asked.result().status_code == 504
        assert client.get("/health/live").status_code == 200
