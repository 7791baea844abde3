"""Past ASGI's messages where a request is all here: its body as it lies, its answer in one piece.

uvicorn looks at every header of every answer and writes it in two parts, which costs more than a quick prediction.
"""

from typing import Any

SHORTCUT = "nb2prod.shortcut"
"""The extension of ASGI under which an application finds it."""


class Shortcut:
    """Of one request of `nb2prod.serving.server.guard`."""

    __slots__ = ("_cycle",)

    def __init__(self, cycle: Any) -> None:
        self._cycle = cycle

    def body(self) -> bytes | None:
        """The whole body; None where ASGI's `receive` must be asked, as there is more to come."""
        cycle = self._cycle
        if cycle.more_body or cycle.disconnected or cycle.waiting_for_100_continue:
            return None
        return bytes(cycle.body)

    def answer(self, head: bytes, content: bytes) -> bool:
        """Answer 200 with these lines of headers, each with its end of line, its length and connection left out.

        False where ASGI's `send` must do it, as the caller reads too slowly or has gone.
        """
        cycle = self._cycle
        if cycle.flow.write_paused or cycle.disconnected:
            return False
        lines = [b"HTTP/1.1 200 OK\r\n"]
        for name, value in cycle.default_headers:
            lines += name, b": ", value, b"\r\n"
        if not cycle.keep_alive:
            lines.append(b"connection: close\r\n")
        lines += head, b"content-length: %d\r\n\r\n" % len(content), content
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        cycle.transport.write(b"".join(lines))
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()
        return True
