"""What came in one turn of the event loop, answered by one run of the graph: a run costs more than its rows.

    this turn: A, B, C ─► end of the turn: one run ─► A, B, C

Nothing waits for company: the turn ends once everything that has been received is read.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from nb2prod.serving.fast import INLINE_SECONDS, FastPath

MOST_RUNS = 100
"""Runs of `nb2prod.serving.fast.INLINE_SECONDS` that may wait, whatever the setting: their rows are in memory."""


@dataclass(slots=True)
class Due:
    """A request, and where its predictions are awaited."""

    fast: FastPath
    request: Any
    rows: int
    future: asyncio.Future[Any]


class Turn:
    """For one event loop. `wait_seconds` is how long the runs that wait may take; `on_batch(requests, rows)` is told of
    each; the length is how many requests wait."""

    def __init__(self, wait_seconds: float = 1.0) -> None:
        self.most_runs = min(MOST_RUNS, wait_seconds / INLINE_SECONDS)
        self.on_batch: Callable[[int, int], None] = lambda _requests, _rows: None
        self._due: deque[Due] = deque()
        self._rows = 0

    def __len__(self) -> int:
        return len(self._due)

    def is_full(self, fast: FastPath) -> bool:
        return self._rows > self.most_runs * fast.inline_rows

    async def ask(self, fast: FastPath, request: Any, rows: int) -> Any:
        """What the graph answers to a request of so many rows, `fast.inline_rows` at most; None where it cannot."""
        loop = asyncio.get_running_loop()
        if not self._due:
            loop.call_soon(self._end, loop)
        due = Due(fast, request, rows, loop.create_future())
        self._due.append(due)
        self._rows += rows
        return await due.future

    def _end(self, loop: asyncio.AbstractEventLoop) -> None:
        """One run. What is left gets the next one after another turn, so that the loop waits for one run only."""
        run = [self._due.popleft()]
        fast, rows = run[0].fast, run[0].rows
        while self._due and self._due[0].fast is fast and rows + self._due[0].rows <= fast.inline_rows:
            run.append(self._due.popleft())
            rows += run[-1].rows
        self._rows -= rows
        if self._due:
            loop.call_soon(self._end, loop)
        self._answer(run, rows)

    def _answer(self, run: list[Due], rows: int) -> None:
        fast = run[0].fast
        self.on_batch(len(run), rows)
        if len(run) == 1:
            given = [fast.answer(run[0].request)]
        else:
            together = replace(run[0].request, rows=[row for due in run for row in due.request.rows])
            predictions = fast.answer(together)
            if isinstance(predictions, list) and len(predictions) == rows:
                given, start = [], 0
                for due in run:
                    given.append(predictions[start : start + due.rows])
                    start += due.rows
            else:  # a row is outside what was compared: its own request goes to the code, and no other
                given = [fast.answer(due.request) for due in run]
        for due, part in zip(run, given, strict=True):
            if not due.future.done():  # cancelled meanwhile
                due.future.set_result(part)
