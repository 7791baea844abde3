"""One thread that predicts, so that the event loop never waits for a model; before it a queue with an end.

    run(call) ─► queue, at most `capacity` ─► thread ─► result        in time
                                              └─ 504, and another thread takes over: it hangs

A thread that hangs cannot be ended, only given up. After `hung_limit` of them nothing more is started: the worker is
stuck until one of them returns.
"""

import asyncio
import contextlib
import itertools
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from nb2prod.serving.log import logger
from nb2prod.serving.problem import Problem

T = TypeVar("T")


@dataclass(slots=True)
class Task:
    """A call to make in the thread, where its result is awaited, and when it began (monotonic, in the thread)."""

    call: Callable[[], Any]
    future: asyncio.Future[Any]
    started: float = 0.0


class Worker:
    """Runs calls one after the other in its own thread; `capacity` counts the running and the waiting ones.

    `start`, `run` and `stop` are for one event loop, which also does the counting: no locks. `seconds` is how long one
    call may run; waiting does not count, as it is not the caller's fault that another call hangs.
    """

    def __init__(self, capacity: int, *, seconds: float = 20.0, hung_limit: int = 4) -> None:
        self.capacity = capacity
        self.seconds = seconds
        self.hung_limit = hung_limit
        self.pending = 0
        self.hung = 0
        self.on_stuck: Callable[[], None] = lambda: None
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._numbers = itertools.count()
        # The thread's number and what it runs. Whoever pops the entry settles the task: the thread or the watchdog.
        self._running: dict[int, Task] = {}

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

    def refuse_if_full(self) -> None:
        """Raises Problem 503. Asked before a body is read, too: the cheapest moment to say no."""
        if self.pending >= self.capacity:
            raise Problem(503, "overloaded", "too many requests wait: try again", headers={"Retry-After": "1"})
        if self.is_stuck:
            raise _stuck()

    async def run(self, call: Callable[[], T]) -> T:
        """What `call()` returns or raises. Raises Problem 503 when the queue is full, 504 when the call hangs."""
        self.refuse_if_full()
        future: asyncio.Future[T] = self._loop.create_future()
        self.pending += 1
        self._tasks.put(Task(call, future))
        return await future

    def _start_thread(self) -> None:
        # A daemon: a prediction that hangs must not keep the process from ending.
        threading.Thread(target=self._work, args=(next(self._numbers),), name="predict", daemon=True).start()

    def _work(self, number: int) -> None:
        while (task := self._tasks.get()) is not None:
            task.started = time.monotonic()
            self._running[number] = task
            result, error = None, None
            try:
                result = task.call()
            except Exception as raised:
                error = raised
            except BaseException as raised:  # e.g. SystemExit in a notebook's code: a failed prediction, not our end
                error = RuntimeError(f"prediction raised {type(raised).__name__}")
            given_up = self._running.pop(number, None) is None
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
                if given_up:
                    self._loop.call_soon_threadsafe(self._came_back)
                    return
                self._loop.call_soon_threadsafe(self._settle, task, result, error)

    def _settle(self, task: Task, result: Any, error: Exception | None) -> None:
        self.pending -= 1
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
            for number, task in tuple(self._running.items()):
                if time.monotonic() - task.started > self.seconds and self._running.pop(number, None) is not None:
                    self._give_up(task)

    def _give_up(self, task: Task) -> None:
        self.hung += 1
        logger.error("a prediction hangs", extra={"fields": {"hung": self.hung, "limit": self.hung_limit}})
        self._settle(task, None, Problem(504, "too_slow", f"the prediction took longer than {self.seconds:g} s"))
        if not self.is_stuck:
            self._start_thread()
            return
        while not self._tasks.empty():
            waiting = self._tasks.get()
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
