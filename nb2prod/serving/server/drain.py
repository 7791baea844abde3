"""The end of a process that loses no request.

SIGTERM   readiness is false; new connections are answered; every answer ends its connection
+ drain_delay_seconds   nothing new is accepted; connections that were accepted may still ask
+ LAST_CALL             idle connections are closed; what runs may finish
+ drain_seconds         what still runs is cut
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import struct
import sys
from collections.abc import Callable
from types import FrameType
from typing import cast

import uvicorn

from nb2prod.serving.server.guard import Guard, GuardedProtocol

LAST_CALL = 0.25
"""Seconds for a connection that was begun just before the end to be accepted, and as many to send its request."""

_ATTACH_FILTER = 26  # SO_ATTACH_FILTER of Linux
_DROP_SYN = ((0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))
"""Classic BPF (code, jump if true, if false, value): load the byte of TCP flags; where SYN is set, drop the packet."""


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
            for listener in server.sockets:
                refuse_handshakes(listener.fileno())
        await last_call()
        for server in self.servers:
            server.close()
        await last_call()
        await super().shutdown(sockets)  # type: ignore[arg-type]
        self._sweeper.cancel()

    def _begin(self) -> bool:
        self._guard.draining = True
        return self._drain()


async def last_call() -> None:
    """The time, and what came in it: a process that gets its processor back late finds both at once."""
    await asyncio.sleep(LAST_CALL)
    for _ in range(3):
        await asyncio.sleep(0)


def refuse_handshakes(listener: int) -> None:
    """Let the kernel drop the first packet of new connections to this listening socket (Linux; elsewhere nothing).

    Closing a listener resets the connections that the kernel has made and nobody has accepted yet. With this there are
    none when it is closed: whoever comes now is refused when its packet is sent again, a second later.
    """
    if not sys.platform.startswith("linux"):
        return
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in _DROP_SYN))
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(listener)) as same:
        same.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack("HP", len(_DROP_SYN), ctypes.addressof(program)))
