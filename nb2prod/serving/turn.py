"""What came in one turn of the event loop, answered by one run of the graph: a run costs more than its rows.

    this turn: A, B, C ─► end of the turn: one run ─► A, B, C

Nothing waits for company: the turn ends once everything that has been received is read.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from nb2prod.serving.fast import FastPath


@dataclass(frozen=True, slots=True)
class Due:
    """A request, and where its predictions are awaited."""

    fast: FastPath
    request: Any
    rows: int
    future: asyncio.Future[Any]


class Turn:
    """For one event loop. `on_batch(requests, rows)` is told of each run."""

    def __init__(self) -> None:
        self.on_batch: Callable[[int, int], None] = lambda _requests, _rows: None
        self._due: list[Due] = []

    async def ask(self, fast: FastPath, request: Any, rows: int) -> Any:
        """What the graph answers to a request of so many rows, `fast.inline_rows` at most; None where it cannot."""
        loop = asyncio.get_running_loop()
        if not self._due:
            loop.call_soon(self._end)
        due = Due(fast, request, rows, loop.create_future())
        self._due.append(due)
        return await due.future

    def _end(self) -> None:
        waiting, self._due = self._due, []
        run: list[Due] = []
        rows = 0
        for due in waiting:
            if run and (due.fast is not run[0].fast or rows + due.rows > due.fast.inline_rows):
                self._answer(run, rows)
                run, rows = [], 0
            run.append(due)
            rows += due.rows
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
