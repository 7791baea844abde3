"""Large bodies are decoded in a thread, one at a time: more threads would take the interpreter from the one that
predicts, for requests that may then have to be refused."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from nb2prod.serving.pace import Pace
from nb2prod.serving.problem import overloaded
from nb2prod.serving.worker import Worker

T = TypeVar("T")

LARGE_BODY = 65_536
"""Bytes from which decoding (about 10 ns per byte) is worth a thread, so that health checks do not wait for it."""


class Reader:
    """For one event loop, in front of `worker`, whose `wait_seconds` hold for both together: they share a processor."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.clock: Callable[[], float] = time.monotonic
        self.bodies = 0
        self._bytes = 0
        self._pace = Pace()
        self._turn = asyncio.Lock()

    @property
    def expected(self) -> float:
        """Seconds that the bodies are expected to take: until they are decoded, and predicted as others were."""
        return self._pace.expect(self.bodies, self._bytes) + self.bodies * self.worker.pace.mean

    async def read(self, decode: Callable[[bytes], T], body: bytes) -> T:
        """`decode(body)`, made in a thread. Raises what it raises, and Problem 503."""
        beyond = self.expected + self.worker.expected - self.worker.wait_seconds
        if self.bodies > 1 and beyond > 0:  # one is decoded, at least one waits
            raise overloaded(beyond)
        self.bodies += 1
        self._bytes += len(body)
        try:
            async with self._turn:
                self.worker.refuse_if_full()  # others were decoded meanwhile
                started = self.clock()
                try:
                    return await asyncio.to_thread(decode, body)
                finally:
                    self._pace.note(len(body), self.clock() - started)
        finally:
            self.bodies -= 1
            self._bytes -= len(body)
