"""Work that goes on beside other work, and never longer than it is wanted."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from nb2prod.events import Cancel

Result = TypeVar("Result")
_LOOK_SECONDS = 0.2


class Stop:
    """A `Cancel` that is set with another one, or by itself."""

    def __init__(self, cancel: Cancel) -> None:
        self._cancel = cancel
        self._own = threading.Event()

    def set(self) -> None:
        self._own.set()

    def is_set(self) -> bool:
        return self._own.is_set() or self._cancel.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Looks at the other one as it begins and ends, and every 0.2 s where there is no `timeout`."""
        while not self.is_set():
            if self._own.wait(_LOOK_SECONDS if timeout is None else timeout) or timeout is not None:
                break
        return self.is_set()


class Start:
    """Starts calls in threads of their own. Each gets a `Cancel` to ask."""

    def __init__(self, pool: ThreadPoolExecutor, stop: Stop) -> None:
        self._pool, self._stop = pool, stop

    def __call__(self, work: Callable[[Cancel], Result]) -> Future[Result]:
        return self._pool.submit(work, self._stop)


@contextmanager
def beside(cancel: Cancel) -> Iterator[Start]:
    """Calls to be started while the block goes on. When it ends, by an error too, those at work are told to stop and
    waited for; with `cancel` they are told as well."""
    stop = Stop(cancel)
    with ThreadPoolExecutor(thread_name_prefix="beside") as pool:
        try:
            yield Start(pool, stop)
        finally:
            stop.set()
