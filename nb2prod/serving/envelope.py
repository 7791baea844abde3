"""Around every request: an id, headers that browsers obey, and the observer told of its end."""

import os
import re
import time
from collections.abc import Iterator

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nb2prod.serving.access import RawHeaders
from nb2prod.serving.access.headers import NO_STORE, SECURITY_HEADERS, STRICT_TRANSPORT
from nb2prod.serving.telemetry import Observer

REQUEST_ID = b"x-request-id"
_SANE_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")


class Envelope:
    """ASGI middleware. The id is the caller's `X-Request-ID` where that is a plain token, else a new one."""

    def __init__(self, app: ASGIApp, observer: Observer) -> None:
        self.app = app
        self._observer = observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = find_id(scope["headers"])
        scope["state"] = {**scope.get("state", {}), "request_id": request_id}
        started = time.perf_counter()
        status = 500

        async def send_in_envelope(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers: RawHeaders = message["headers"]
                cached = any(name == b"cache-control" for name, _ in headers)
                added = [(REQUEST_ID, request_id.encode()), *SECURITY_HEADERS, *([] if cached else [NO_STORE])]
                if scope["scheme"] == "https":
                    added.append(STRICT_TRANSPORT)
                message["headers"] = [*headers, *added]
            await send(message)

        try:
            await self.app(scope, receive, send_in_envelope)
        finally:
            # An unknown path is the caller's text, a query may hold values: neither is logged.
            route = getattr(scope.get("route"), "path", None)
            state = scope["state"]
            self._observer.request(
                scope["method"],
                route,
                status,
                time.perf_counter() - started,
                request_id,
                state.get("caller"),
                state.get("code"),
            )


def find_id(headers: RawHeaders) -> str:
    """The id of a request: the only one that was sent, if it is a plain token, else a new one."""
    sent = [value for name, value in headers if name == REQUEST_ID]
    if len(sent) == 1 and _SANE_ID.fullmatch(sent[0]):
        return bytes(sent[0]).decode("ascii")
    return next(_new_ids)


def _random_ids() -> Iterator[str]:
    """16 random bytes each; asking the system for many at a time costs as much as asking for one."""
    while True:
        block = os.urandom(16 * 256).hex()
        for start in range(0, len(block), 32):
            yield block[start : start + 32]


_new_ids = _random_ids()
