"""Connections under guard: nobody holds one open, or fills memory, without asking something.

uvicorn's own protocol has no limit on the head of a request nor on a client that does not read its answer. Deadlines
are looked after by a sweep over all connections twice a second, so that a quick request pays for no timer.

    idle ─► head ─► busy ─► writing ─► idle      `busy` has the limits of the application: body, queue, prediction
      keep_alive  header_seconds  write_seconds
"""

import asyncio
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from nb2prod.serving.log import logger
from nb2prod.serving.server.shortcut import SHORTCUT, Shortcut
from nb2prod.serving.settings import Settings
from nb2prod.serving.wire import encode

SPARE_CONNECTIONS = 32
"""So many beyond the limit are told why; further ones are cut at once."""

LINGER_SECONDS = 1.0
"""How long what a refused client still sends is read and dropped: closing at once would reset the connection, and
with it the answer."""

WIRE_FACTOR = 8
"""A body in chunks of one byte is six times as long on the wire; more than this is no body."""


class Guard:
    """The limits of all connections of a process; makes their protocols (`uvicorn.Config(http=guard.protocol)`)."""

    def __init__(self, settings: Settings, *, max_connections: int | None = None) -> None:
        self.settings = settings
        self.max_connections = max_connections or settings.max_connections
        self.draining = False
        """Every answer from now on ends its connection."""
        self.turned_away = 0
        shortest = min(settings.header_seconds, settings.write_seconds, settings.keep_alive_seconds)
        self._pause = min(0.5, shortest / 4)

    def protocol(self, **arguments: Any) -> "GuardedProtocol":
        return GuardedProtocol(self, **arguments)

    async def sweep(self, connections: Iterable["GuardedProtocol"]) -> None:
        """Until cancelled: cut what is over time."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._pause)
            now = loop.time()
            cut = sum(connection.cut_if_late(now) for connection in tuple(connections))
            # Counted, not one line each: whoever opens many connections must not fill the log as well.
            if cut:
                logger.warning("slow connections cut", extra={"fields": {"connections": cut}})
            if self.turned_away:
                fields = {"connections": self.turned_away, "limit": self.max_connections}
                logger.warning("too many connections", extra={"fields": fields})
                self.turned_away = 0


class GuardedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, guard: Guard, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.guard = guard
        self.refused = False
        self._in_head = False
        self._head_bytes = 0  # of a head that is not complete, without the latest chunk
        self._body_bytes = 0  # on the wire, chunk sizes included
        self._chunk = 0
        self._phase: tuple[str, Any] = ("head", None)
        self._since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._since = self.loop.time()
        excess = len(self.connections) - self.guard.max_connections
        if excess > 0:
            self.guard.turned_away += 1
            self.app = _TOO_MANY
        if excess > SPARE_CONNECTIONS:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        if self.refused:
            return
        self._chunk = len(data)
        super().data_received(data)
        if self._in_head:
            self._head_bytes += self._chunk
            if self._head_bytes > self.guard.settings.max_header_bytes:
                self.refuse(_HEADER_TOO_LARGE)
        elif self.cycle is not None and self.cycle.more_body:
            self._look_at_body()

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        limit = self.guard.settings.max_header_bytes
        if self._head_bytes + self._chunk > limit and self._size_of_head() > limit:
            self.app = _HEADER_TOO_LARGE
        self._in_head = False
        self._head_bytes = self._body_bytes = 0
        super().on_headers_complete()
        self.scope["extensions"] = {SHORTCUT: Shortcut(self.cycle)}  # type: ignore[dict-item]  # not only dicts
        if self.guard.draining:
            self.cycle.keep_alive = False

    def on_response_complete(self) -> None:
        """As uvicorn's, without a timer for the silence after each answer: the sweep looks after that."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())

    def refuse(self, answer: "Refusal") -> None:
        """Answer without the application, and end the connection."""
        if not self.transport.is_closing():
            self.transport.write(answer.wire())
            self.linger()

    def linger(self) -> None:
        """Nothing more will be said; what still comes is dropped, for a while."""
        self.refused = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def cut_if_late(self, now: float) -> bool:
        """Ends the connection if it has been in one phase of one request for too long, and says whether it was amid
        something. `now`: the loop's time."""
        settings = self.guard.settings
        waits = self.cycle is None or self.cycle.response_complete
        if self.transport.is_closing() or self.transport.get_write_buffer_size():
            kind, limit = "writing", settings.write_seconds
        elif not waits:
            kind, limit = "busy", float("inf")
        elif self._in_head or self.cycle is None:
            kind, limit = "head", settings.header_seconds
        else:
            kind, limit = "idle", settings.keep_alive_seconds
        if self._phase != (kind, self.cycle):
            self._phase, self._since = (kind, self.cycle), now
        if now - self._since <= limit:
            return False
        if kind == "idle":
            self.transport.close()
            return False
        if kind == "head" and not self.refused:
            self.refuse(_HEADER_TOO_SLOW)
        else:
            self.transport.abort()
        return True

    def _look_at_body(self) -> None:
        """A body that comes in parts. Trailers and sizes of chunks, which no application sees, have a limit, too."""
        if self.cycle.transport is self.transport:
            self.cycle.transport = Lingering(self)  # type: ignore[assignment]
        self._body_bytes += self._chunk
        if self._body_bytes > WIRE_FACTOR * self.guard.settings.max_body_bytes and not self.cycle.response_started:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self.refuse(_BODY_TOO_LARGE)

    def _size_of_head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)


class Lingering:
    """The transport of a request whose body is still coming: an answer before its end must not be reset."""

    def __init__(self, protocol: GuardedProtocol) -> None:
        self._protocol = protocol
        self.write = protocol.transport.write
        self.is_closing = protocol.transport.is_closing

    def close(self) -> None:
        if self._protocol.cycle.more_body and not self.is_closing():
            self._protocol.linger()
        else:
            self._protocol.transport.close()


class Refusal:
    """An answer that ends the connection: as an application, or as bytes."""

    def __init__(self, status: int, code: str, message: str, retry_after: int | None = None) -> None:
        error = {"code": code, "message": message, "field": None, "row": None}
        self._status = status
        self._body = encode({"error": error, "request_id": None})
        self._headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(self._body)).encode()),
            (b"connection", b"close"),
        ]
        if retry_after is not None:
            self._headers.append((b"retry-after", str(retry_after).encode()))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG002 - ASGI
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body})

    def wire(self) -> bytes:
        head = f"HTTP/1.1 {self._status} {HTTPStatus(self._status).phrase}\r\n".encode()
        return head + b"".join(b"%b: %b\r\n" % header for header in self._headers) + b"\r\n" + self._body


_TOO_MANY = Refusal(503, "too_many_connections", "too many connections: try again", retry_after=1)
_HEADER_TOO_LARGE = Refusal(431, "header_too_large", "the request's line and headers are too large")
_HEADER_TOO_SLOW = Refusal(408, "header_too_slow", "the request's headers took too long")
_BODY_TOO_LARGE = Refusal(413, "body_too_large", "the body is too large")
