"""One thread that predicts, so that the event loop never waits for a model; before it a queue with an end."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from nb2prod.serving.problem import Problem

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Task:
    """A call to make in the thread, and where its result is awaited."""

    call: Callable[[], Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


class Worker:
    """Runs calls one after the other in its own thread; `capacity` counts the running and the waiting ones.

    `start` and `run` are for one event loop at a time, which also does the counting: no locks.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.pending = 0
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()

    def start(self) -> None:
        # A daemon: a prediction that hangs must not keep the process from ending.
        threading.Thread(target=self._work, name="predict", daemon=True).start()

    def refuse_if_full(self) -> None:
        """Raises Problem 503. Asked before a body is read, too: the cheapest moment to say no."""
        if self.pending >= self.capacity:
            raise Problem(503, "overloaded", "too many requests wait: try again", headers={"Retry-After": "1"})

    async def run(self, call: Callable[[], T]) -> T:
        """What `call()` returns or raises. Raises Problem 503 when the queue is full."""
        self.refuse_if_full()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self.pending += 1
        self._tasks.put(Task(call, future, loop))
        return await future

    def stop(self) -> None:
        """The thread ends after the calls that wait."""
        self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            result, error = None, None
            try:
                result = task.call()
            except Exception as raised:
                error = raised
            except BaseException as raised:  # e.g. SystemExit in a notebook's code: a failed prediction, not our end
                error = RuntimeError(f"prediction raised {type(raised).__name__}")
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
                task.loop.call_soon_threadsafe(self._settle, task.future, result, error)

    def _settle(self, future: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
        self.pending -= 1
        if future.done():  # cancelled meanwhile
            return
        if error is None:
            future.set_result(result)
        else:
            # asyncio refuses StopIteration as the outcome of a future
            future.set_exception(RuntimeError("StopIteration") if isinstance(error, StopIteration) else error)
