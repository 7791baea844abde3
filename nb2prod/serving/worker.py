"""One thread that predicts, so that the event loop never waits for a model; before it a queue with an end.

    ask(...) ─► queue, at most `capacity` ─► thread ─► outcome       in time
                                             └─ 504, and another thread takes over: it hangs

Requests that came while it predicted are answered together by its next prediction (`nb2prod.serving.batch`), with those
that come right behind them: callers who got their answers at the same time ask again at the same time.

A thread that hangs cannot be ended, only given up. After `hung_limit` of them nothing more is started: the worker is
stuck until one of them returns.
"""

import asyncio
import contextlib
import itertools
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nb2prod.serving.batch import Asked, Outcome, answer_all
from nb2prod.serving.log import logger
from nb2prod.serving.pace import Pace
from nb2prod.serving.problem import Problem, overloaded

QUIET = 0.02
"""The next prediction begins when nothing has come for this part of the time that the last one took, …"""
LONGEST = 0.1
"""… or after this part of it."""

MOST_ROWS = 32_768
"""Rows beyond which nothing more may wait, however soon it would be answered: decoded, they are in memory."""


@dataclass(frozen=True, slots=True)
class Task:
    """What to ask of which model, and where the outcome is awaited."""

    answer: Callable[[Any], Any]
    asked: Asked
    future: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """Tasks that one prediction answers, and when it began by the worker's clock."""

    tasks: tuple[Task, ...]
    started: float


class Worker:
    """Answers one after the other in its own thread; `capacity` counts the running and the waiting ones, and
    `wait_seconds` is how long they may be expected to take together once any of them waits.

    `start`, `ask` and `stop` are for one event loop, which also does the counting: no locks. `seconds` is how long one
    prediction may run; waiting does not count, as it is not the caller's fault that another one hangs. `batch_rows` is
    how many rows are taken together at most; `on_batch(requests, rows)` is told of each prediction.
    """

    def __init__(
        self,
        capacity: int,
        *,
        seconds: float = 20.0,
        hung_limit: int = 4,
        batch_rows: int = 1024,
        wait_seconds: float = 1.0,
    ) -> None:
        self.capacity = capacity
        self.seconds = seconds
        self.hung_limit = hung_limit
        self.batch_rows = batch_rows
        self.wait_seconds = wait_seconds
        self.pending = 0
        self.hung = 0
        self.clock: Callable[[], float] = time.monotonic
        self.on_stuck: Callable[[], None] = lambda: None
        self.on_batch: Callable[[int, int], None] = lambda _requests, _rows: None
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._first: deque[Task | None] = deque()  # goes before the queue: taken from it, but not run
        self._numbers = itertools.count()
        # The thread's number and what it runs. Whoever pops the entry settles its tasks: the thread or the watchdog.
        self._running: dict[int, Batch] = {}
        self._took = 0.0
        self.pace = Pace()
        self._rows = 0  # of the pending ones
        self._shares = 0  # what they take of predictions that have room for `batch_rows`

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._start_thread()
        self._watchdog = self._loop.create_task(self._watch())

    def stop(self) -> None:
        """The thread ends after the calls that wait."""
        self._watchdog.cancel()
        self._tasks.put(None)

    @property
    def is_stuck(self) -> bool:
        return self.hung >= self.hung_limit

    @property
    def expected(self) -> float:
        """Seconds that what runs and waits is expected to take, at least: how rows fill predictions is not known."""
        return self.pace.expect(self._shares / self.batch_rows, self._rows)

    def refuse_if_full(self, ahead: float = 0.0) -> None:
        """Raises Problem 503. Asked before a body is read, too: the cheapest moment to say no.

        `ahead` are the seconds of other work that comes first.
        """
        if self.pending >= self.capacity:
            raise overloaded()
        if self.is_stuck:
            raise _stuck()
        if self.pending < 2 or (not self._first and self._tasks.empty()):  # one runs, or is about to; none waits
            return
        beyond = ahead + self.expected - self.wait_seconds
        if beyond > 0 or self._rows > MOST_ROWS:
            raise overloaded(beyond)

    async def ask(self, answer: Callable[[Any], Any], asked: Asked) -> Any:
        """What `asked.write(answer(asked.request))` returns or raises; asked of the same `answer` at the same time as
        others where it has rows. Raises Problem 503 when the queue is full, 504 when the prediction hangs."""
        self.refuse_if_full()
        future: asyncio.Future[Any] = self._loop.create_future()
        self._count(asked, 1)
        self._tasks.put(Task(answer, asked, future))
        return await future

    def _count(self, asked: Asked, sign: int) -> None:
        self.pending += sign
        self._rows += sign * asked.size
        self._shares += sign * (min(asked.rows, self.batch_rows) or self.batch_rows)

    def _start_thread(self) -> None:
        # A daemon: a prediction that hangs must not keep the process from ending.
        threading.Thread(target=self._work, args=(next(self._numbers),), name="predict", daemon=True).start()

    def _work(self, number: int) -> None:
        while tasks := self._take():
            batch = Batch(tasks, self.clock())
            self._running[number] = batch
            outcomes = answer_all(tasks[0].answer, [task.asked for task in tasks])
            given_up = self._running.pop(number, None) is None
            seconds = self.clock() - batch.started
            self._took = 0.0 if given_up else seconds
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
                if given_up:
                    self._loop.call_soon_threadsafe(self._came_back)
                    return
                self._loop.call_soon_threadsafe(self._settle_all, tasks, outcomes, seconds)

    def _take(self) -> tuple[Task, ...]:
        """The task whose turn it is, with those behind it that one prediction can answer, too. Empty: the end.

        While a thread hangs nothing is taken together, so that one request that hangs holds one thread.
        """
        first = self._first.popleft() if self._first else self._tasks.get()
        if first is None:
            return ()
        tasks, rows = [first], first.asked.rows
        if rows and not self.hung:
            self._let_them_come()
        while rows and rows < self.batch_rows and not self.hung:
            try:
                task = self._first.popleft() if self._first else self._tasks.get_nowait()
            except queue.Empty:
                break
            if task is None or task.answer != first.answer or not 0 < task.asked.rows <= self.batch_rows - rows:
                self._first.append(task)
                break
            tasks.append(task)
            rows += task.asked.rows
        return tuple(tasks)

    def _let_them_come(self) -> None:
        came, end = -1, time.monotonic() + LONGEST * self._took
        while came < self._tasks.qsize() < self.batch_rows and time.monotonic() < end:
            came = self._tasks.qsize()
            time.sleep(QUIET * self._took)

    def _settle_all(self, tasks: tuple[Task, ...], outcomes: list[Outcome], seconds: float) -> None:
        self.pace.note(sum(task.asked.size for task in tasks), seconds)
        self.on_batch(len(tasks), sum(task.asked.rows for task in tasks))
        for task, (result, error) in zip(tasks, outcomes, strict=True):
            self._settle(task, result, error)

    def _settle(self, task: Task, result: Any, error: Exception | None) -> None:
        self._count(task.asked, -1)
        if task.future.done():  # cancelled meanwhile
            return
        if error is None:
            task.future.set_result(result)
        else:
            # asyncio refuses StopIteration as the outcome of a future
            task.future.set_exception(RuntimeError("StopIteration") if isinstance(error, StopIteration) else error)

    async def _watch(self) -> None:
        """Gives up what runs too long. One look at a time costs nothing; a timer per prediction would."""
        while True:
            await asyncio.sleep(min(self.seconds / 10, 0.25))
            for number, batch in tuple(self._running.items()):
                if self.clock() - batch.started > self.seconds and self._running.pop(number, None) is not None:
                    self._give_up(batch)

    def _give_up(self, batch: Batch) -> None:
        self.hung += 1
        logger.error("a prediction hangs", extra={"fields": {"hung": self.hung, "limit": self.hung_limit}})
        if len(batch.tasks) == 1:
            problem = Problem(504, "too_slow", f"the prediction took longer than {self.seconds:g} s")
            self._settle(batch.tasks[0], None, problem)
        else:  # one of them hangs: each gets its turn by itself
            self._first.extendleft(reversed(batch.tasks))
        if not self.is_stuck:
            self._start_thread()
            return
        while self._first or not self._tasks.empty():
            waiting = self._first.popleft() if self._first else self._tasks.get()
            if waiting is not None:
                self._settle(waiting, None, _stuck())
        self.on_stuck()

    def _came_back(self) -> None:
        if self.is_stuck:
            self._start_thread()
        self.hung -= 1


def _stuck() -> Problem:
    headers = {"Retry-After": "10", "Connection": "close"}
    return Problem(503, "stuck", "predictions hang: this process cannot predict any more", headers=headers)
