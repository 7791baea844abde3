"""The end of a process that loses no request.

SIGTERM   readiness is false; new connections are answered; every answer ends its connection
+ drain_delay_seconds   nothing new is accepted; connections that were accepted may still ask
+ LAST_CALL             idle connections are closed; what runs may finish
+ drain_seconds         what still runs is cut
"""

import asyncio
import signal
from collections.abc import Callable
from types import FrameType
from typing import cast

import uvicorn

from nb2prod.serving.server.guard import Guard, GuardedProtocol

LAST_CALL = 0.25
"""Seconds for a connection that was accepted just before the end to send its request."""


class DrainingServer(uvicorn.Server):
    """uvicorn's server with connections under guard. `drain()` says whether callers may still be on their way here."""

    def __init__(self, config: uvicorn.Config, guard: Guard, drain: Callable[[], bool]) -> None:
        super().__init__(config)
        self._guard = guard
        self._drain = drain
        self._delayed = True

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        connections = cast(set[GuardedProtocol], self.server_state.connections)
        self._sweeper = asyncio.create_task(self._guard.sweep(connections))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGINT:  # somebody at a terminal waits
            self._delayed = False
        self._begin()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        end = asyncio.get_running_loop().time() + self._guard.settings.drain_delay_seconds
        while self._begin() and self._delayed and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.05)
        for server in self.servers:
            server.close()
        await asyncio.sleep(LAST_CALL)
        await super().shutdown(sockets)  # type: ignore[arg-type]
        self._sweeper.cancel()

    def _begin(self) -> bool:
        self._guard.draining = True
        return self._drain()
