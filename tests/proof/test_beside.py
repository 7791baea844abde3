"""Work beside other work: stopped with the block, with the job, and never left behind."""

import threading

import pytest

from nb2prod.errors import GateError
from nb2prod.events import Cancel
from nb2prod.proof.beside import Stop, beside


def test_both_results_are_there() -> None:
    with beside(threading.Event()) as start:
        running = [start(lambda _stop, n=n: n * n) for n in range(3)]
        assert [one.result() for one in running] == [0, 1, 4]


def test_an_error_in_the_block_stops_what_runs_beside_it() -> None:
    ended = threading.Event()

    def work(stop: Cancel) -> None:
        assert stop.wait()
        ended.set()

    def block() -> None:
        with beside(threading.Event()) as start:
            start(work)
            raise GateError("no", code="NB711")

    with pytest.raises(GateError):
        block()
    assert ended.is_set()


def test_the_jobs_cancel_reaches_it() -> None:
    cancel = threading.Event()
    with beside(cancel) as start:
        running = start(lambda stop: stop.wait())
        cancel.set()
        assert running.result(timeout=60)


def test_what_it_raises_is_raised_where_its_result_is_asked_for() -> None:
    def work(_stop: Cancel) -> None:
        raise GateError("no tests", code="NB704")

    with beside(threading.Event()) as start:
        running = start(work)
        with pytest.raises(GateError, match="no tests"):
            running.result()


def test_a_stop_is_no_cancel_of_the_job() -> None:
    cancel = threading.Event()
    stop = Stop(cancel)
    assert not stop.wait(0)
    stop.set()
    assert stop.wait(0)
    assert not cancel.is_set()
