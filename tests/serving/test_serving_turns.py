"""Requests of one turn of the event loop are answered by one run of the graph, each with its own."""

import asyncio
from dataclasses import dataclass

import pytest

from nb2prod.serving.turn import MOST_RUNS, Turn


@dataclass(frozen=True)
class Request:
    rows: list[float]


class Doubling:
    """In place of a graph; it cannot answer negative rows."""

    def __init__(self, inline_rows=8):
        self.inline_rows = inline_rows
        self.sizes = []

    def answer(self, request):
        self.sizes.append(len(request.rows))
        return None if min(request.rows) < 0 else [2 * row for row in request.rows]


def ask(turn, *asked):
    async def all_of_them():
        return await asyncio.gather(*(turn.ask(fast, Request(rows), len(rows)) for fast, rows in asked))

    return asyncio.run(all_of_them())


def test_one_run_answers_each_with_its_own():
    fast, told = Doubling(), []
    turn = Turn()
    turn.on_batch = lambda requests, rows: told.append((requests, rows))
    assert ask(turn, (fast, [1, 2]), (fast, [3]), (fast, [4, 5])) == [[2, 4], [6], [8, 10]]
    assert (fast.sizes, told, len(turn)) == ([5], [(3, 5)], 0)


def test_a_row_that_the_graph_does_not_answer_is_no_matter_of_the_others():
    fast = Doubling()
    assert ask(Turn(), (fast, [1]), (fast, [-1]), (fast, [3])) == [[2], None, [6]]
    assert fast.sizes == [3, 1, 1, 1]


def test_a_run_has_no_more_rows_than_the_loop_may_wait_for_and_one_version():
    fast, other = Doubling(inline_rows=3), Doubling()
    assert ask(Turn(), (fast, [1, 2]), (fast, [3, 4]), (other, [5]), (fast, [6])) == [[2, 4], [6, 8], [10], [12]]
    assert (fast.sizes, other.sizes) == ([2, 2, 1], [1])


def test_between_two_runs_the_loop_does_something_else():
    fast, seen = Doubling(inline_rows=1), []

    async def ask_and_look():
        turn = Turn()
        asked = [asyncio.ensure_future(turn.ask(fast, Request([1]), 1)) for _ in range(3)]
        while len(fast.sizes) < 3:
            await asyncio.sleep(0)
            seen.append(len(fast.sizes))
        await asyncio.gather(*asked)

    asyncio.run(ask_and_look())
    assert {1, 2} < set(seen)


@pytest.mark.parametrize(("wait_seconds", "runs"), [(1.0, MOST_RUNS), (0.003, 3), (0.0001, 0)])
@pytest.mark.parametrize("more", [0, 1])
def test_it_is_full_where_what_waits_takes_too_long(more, wait_seconds, runs):
    async def fill():
        fast, turn = Doubling(inline_rows=2), Turn(wait_seconds)
        asked = [asyncio.ensure_future(turn.ask(fast, Request([1]), 1)) for _ in range(2 * runs + more)]
        await asyncio.sleep(0)
        was_full = turn.is_full(fast)
        await asyncio.gather(*asked)
        return was_full, turn.is_full(fast)

    assert asyncio.run(fill()) == (bool(more), False)
