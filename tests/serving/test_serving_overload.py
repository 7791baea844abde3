"""What waits is counted by the time it is expected to take: large requests are refused sooner, none for nothing."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from nb2prod.serving.pace import Pace
from nb2prod.serving.reading import Reader
from nb2prod.serving.settings import Settings
from nb2prod.serving.worker import Worker

from .conftest import client_of, wait_until
from .sample_service import GOLDEN, answer, make_app

ROW = {"sepal length": 1.0, "rooms": 1, "class": "a", "member": True}


class Slow:
    """A model, and the worker's clock: a prediction takes `fixed` seconds and so many per row. It waits for `open`."""

    def __init__(self, fixed, per_row):
        self.now, self.fixed, self.per_row = 0.0, fixed, per_row
        self.open = threading.Event()
        self.open.set()

    def __call__(self, predictor, request):
        self.open.wait(20)
        self.now += self.fixed + self.per_row * len(request.rows)
        return answer(predictor, request)


class Asking:
    """`ask(rows)` while the model is busy: the refusal, or None where it was accepted, and then it waits."""

    def __init__(self, client, pool):
        self.client, self.pool = client, pool
        self.worker = client.app.state.service.worker
        self.waiting = []

    def ask(self, rows):
        before = self.worker.pending
        asked = self.pool.submit(self.client.post, "/predict", json={"rows": [ROW] * rows})
        wait_until(lambda: asked.done() or self.worker.pending > before)
        if asked.done():
            return asked.result()
        self.waiting.append(asked)
        return None


@pytest.fixture
def busy():
    """`busy(model, learned, **settings)`: asks a model that has answered requests of so many rows, and now waits."""
    with ExitStack() as ended:

        def start(model, learned, golden=None, **settings):
            app = make_app(answer=model, golden=golden, settings=Settings(**settings))
            app.state.service.worker.clock = lambda: model.now
            client = ended.enter_context(client_of(app))
            for rows in learned:
                assert client.post("/predict", json={"rows": [ROW] * rows}).status_code == 200
            pool = ended.enter_context(ThreadPoolExecutor(16))
            ended.callback(model.open.set)
            model.open.clear()
            return Asking(client, pool)

        yield start


def test_what_would_wait_longer_than_the_setting_is_503_at_once_and_the_rest_is_answered(busy):
    model = Slow(0.0, 0.25)
    asking = busy(model, [4], wait_seconds=5)
    assert [asking.ask(4) for _ in range(6)] == [None] * 6  # 6 s, once the sixth is there
    refused = asking.ask(4)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.json()["error"]["code"] == "overloaded"
    assert asking.client.get("/health/live").status_code == 200
    model.open.set()
    assert [each.result().status_code for each in asking.waiting] == [200] * 6
    assert asking.client.post("/predict", json={"rows": [ROW] * 4}).status_code == 200


def test_rows_count_not_requests(busy):
    asking = busy(Slow(0.0, 0.25), [1, 40], wait_seconds=5)
    assert [asking.ask(2), asking.ask(2), asking.ask(2)] == [None] * 3
    asking = busy(Slow(0.0, 0.25), [1, 40], wait_seconds=5)
    assert asking.ask(2) is None
    assert asking.ask(30) is None  # itself 7.5 s, but it does not wait long
    assert asking.ask(1).headers["retry-after"] == "4"  # 8 s wait


def test_rows_that_wait_are_bounded_for_a_quick_model_too(busy):
    asking = busy(Slow(0.0, 0.0), [1])
    assert [asking.ask(9_000) for _ in range(4)] == [None] * 4
    assert asking.ask(1).headers["retry-after"] == "1"


def test_where_nothing_waits_nothing_is_refused(busy):
    asking = busy(Slow(60.0, 0.0), [1], wait_seconds=1, predict_seconds=1000)
    assert asking.ask(1) is None
    wait_until(lambda: asking.worker._tasks.empty())  # it runs
    assert asking.ask(1) is None  # for a minute, and yet
    assert asking.ask(1).headers["retry-after"] == "119"


def test_requests_that_one_prediction_will_answer_are_not_each_counted_as_one(busy):
    asking = busy(Slow(0.5, 0.0), [1, 1], golden=GOLDEN, wait_seconds=1)
    assert asking.client.app.state.service.model.batches
    assert [asking.ask(1) for _ in range(12)] == [None] * 12


def test_after_a_flood_everything_is_as_before(busy):
    model = Slow(0.0, 0.25)
    asking = busy(model, [4], wait_seconds=5)
    for _ in range(3):
        model.open.clear()
        assert [asking.ask(4) for _ in range(6)] == [None] * 6
        assert asking.ask(4).status_code == 503
        model.open.set()
        wait_until(lambda: asking.worker.pending == 0)
    assert (asking.worker._rows, asking.worker._shares) == (0, 0)


def test_small_calls_tell_little_about_large_ones():
    pace = Pace()
    for _ in range(100):
        pace.note(1, 0.003)
    assert pace.expect(1, 1000) == pytest.approx(0.003)
    pace.note(1000, 0.013)
    assert pace.expect(2, 1001) == pytest.approx(0.016, rel=0.1)


@pytest.mark.parametrize("rows", [1, 1000])
def test_a_model_that_has_become_slow_or_quick_is_noticed(rows):
    pace = Pace()
    assert pace.expect(5, 5 * rows) == 0.0
    for seconds in (0.01, 0.5, 0.002):
        for _ in range(100):
            pace.note(rows, seconds)
        assert pace.expect(5, 5 * rows) == pytest.approx(5 * seconds, rel=0.1)


def test_large_bodies_are_decoded_one_at_a_time_and_refused_where_they_would_wait_too_long():
    now, most, running = [0.0], [0], [0]
    gate = threading.Event()

    def decode(body):
        running[0] += 1
        most[0] = max(most[0], running[0])
        gate.wait(20)
        now[0] += 2.0
        running[0] -= 1
        return body

    async def flood():
        reader = Reader(Worker(128, wait_seconds=5.0))
        reader.clock = lambda: now[0]
        gate.set()
        assert await reader.read(decode, b"body") == b"body"
        gate.clear()
        asked = [asyncio.ensure_future(reader.read(decode, b"body")) for _ in range(5)]
        await asyncio.sleep(0)
        gate.set()
        return await asyncio.gather(*asked, return_exceptions=True), reader.bodies

    given, left = asyncio.run(flood())
    assert given[:3] == [b"body"] * 3
    assert [(each.status, each.headers) for each in given[3:]] == [(503, {"Retry-After": "1"})] * 2
    assert (most, left) == ([1], 0)


def test_a_body_that_waited_is_not_decoded_where_the_predictions_have_become_too_many():
    decoded = []

    async def two():
        worker = Worker(1)

        def decode(body):
            decoded.append(body)
            worker.pending = 1

        reader = Reader(worker)
        asked = [reader.read(decode, name) for name in (b"first", b"second")]
        return await asyncio.gather(*asked, return_exceptions=True)

    first, second = asyncio.run(two())
    assert (decoded, first, second.status) == ([b"first"], None, 503)
