"""Requests that wait are answered together, and none is worse off for it."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from nb2prod.serving.settings import Settings

from .conftest import client_of, wait_until
from .sample_service import GOLDEN, Clock, Predictor, Request, answer, answer_or_hang, make_app


def row(length, kind="a"):
    return {"sepal length": length, "rooms": 1, "class": kind, "member": True}


class Gate:
    """A model that waits before it answers what comes first, and remembers how many rows it was asked at a time."""

    def __init__(self):
        self.open = threading.Event()
        self.sizes = []

    def __call__(self, predictor, request):
        if self.open.is_set() or len(request.rows) != 1 or request.rows[0]["class"] != "first":
            self.sizes.append(len(request.rows))
            return answer(predictor, request)
        self.open.wait(20)
        return [0.0]


def ask_while_it_runs(bodies, golden=GOLDEN, **settings):
    """The answers to `bodies`, which all came while the model was busy, and the sizes of its predictions."""
    gate = Gate()
    app = make_app(answer=gate, golden=golden, settings=Settings(**settings))
    with client_of(app) as client, ThreadPoolExecutor(len(bodies) + 1) as pool:
        gate.sizes.clear()
        pending = lambda: app.state.service.worker.pending  # noqa: E731
        first = pool.submit(client.post, "/predict", json={"rows": [row(0.0, "first")]})
        wait_until(lambda: pending() == 1)
        asked = []
        for body in bodies:
            asked.append(pool.submit(client.post, "/predict", json=body))
            wait_until(lambda: pending() == len(asked) + 1)
        gate.open.set()
        assert first.result().status_code == 200
        return [each.result() for each in asked], gate.sizes


def test_requests_that_wait_are_answered_by_one_prediction_each_with_its_own():
    bodies = [{"rows": [row(float(number)) for _ in range(number)]} for number in (1, 3, 2)]
    answers, sizes = ask_while_it_runs(bodies)
    assert sizes == [6]
    assert [each.json()["predictions"] for each in answers] == [[2.0], [4.0] * 3, [3.0] * 2]


def test_a_row_that_fails_fails_its_own_request_only():
    answers, sizes = ask_while_it_runs([{"rows": [row(1.0)]}, {"rows": [row(1.0, "raise")]}, {"rows": [row(2.0)]}])
    assert [each.status_code for each in answers] == [200, 500, 200]
    assert answers[2].json()["predictions"] == [3.0]
    assert sizes == [3, 1, 1, 1]


def test_a_request_without_rows_goes_by_itself():
    answers, sizes = ask_while_it_runs([{"rows": []}, {"rows": [row(1.0)]}, {"rows": [row(2.0)]}])
    assert [each.json()["predictions"] for each in answers] == [[], [2.0], [3.0]]
    assert sizes == [0, 2]


def test_no_more_rows_are_taken_together_than_the_setting_says():
    _, sizes = ask_while_it_runs([{"rows": [row(1.0)] * 2} for _ in range(4)], max_batch_rows=5)
    assert sizes == [4, 4]


def test_rows_that_depend_on_their_neighbours_are_never_taken_together():
    class Sum(Gate):
        def __call__(self, predictor, request):
            given = super().__call__(predictor, request)
            return [sum(given) for _ in given]

    app = make_app(answer=Sum())
    with client_of(app):
        assert not app.state.service.model.batches


@pytest.mark.parametrize("golden", [None, {"rows": [row(1.0)]}], ids=["none", "one row"])
def test_without_golden_rows_to_see_it_nothing_is_taken_together(golden, tmp_path):
    path = None
    if golden is not None:
        path = tmp_path / "golden.json"
        path.write_text(json.dumps({"body": golden, "predictions": [2.0]}))
    _, sizes = ask_while_it_runs([{"rows": [row(1.0)]}, {"rows": [row(2.0)]}], golden=path)
    assert sizes == [1, 1]


def test_fault_57_one_of_a_batch_that_hangs_is_504_and_the_others_are_answered():
    clock = Clock()
    app = make_app(answer=answer_or_hang(clock))
    app.state.service.worker.clock = clock
    try:
        with client_of(app) as client, ThreadPoolExecutor(9) as pool:
            bodies = [{"rows": [row(1.0, "hang" if number == 4 else "a")]} for number in range(9)]
            answers = list(pool.map(lambda body: client.post("/predict", json=body), bodies))
            assert [each.status_code for each in answers] == [200] * 4 + [504] + [200] * 4
    finally:
        clock.release.set()


def test_a_request_of_more_than_rows_is_no_batch():
    from nb2prod.serving.batch import count_rows

    from .sample_service import Question

    assert count_rows(Request([row(1.0), row(2.0)])) == 2
    assert count_rows(Question("why")) == 0
    assert Predictor().predict([row(1.0)]) == [2.0]
