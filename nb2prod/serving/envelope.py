"""Around every request: an id, headers that browsers obey, and one line of access log without values."""

import re
import time
import uuid

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nb2prod.serving.log import logger

REQUEST_ID = "x-request-id"
_SANE_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")


class Envelope:
    """ASGI middleware. The id is the caller's `X-Request-ID` where that is a plain token, else a new one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope["state"] = {**scope.get("state", {}), "request_id": request_id}
        started = time.perf_counter()
        status = 500

        async def send_in_envelope(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self.app(scope, receive, send_in_envelope)
        finally:
            # An unknown path is the caller's text, a query may hold values: neither is logged.
            route = getattr(scope.get("route"), "path", None)
            milliseconds = round((time.perf_counter() - started) * 1000, 2)
            fields = {
                "request_id": request_id,
                "method": scope["method"],
                "route": route,
                "status": status,
                "ms": milliseconds,
            }
            logger.info("request", extra={"fields": fields})


def _request_id(scope: Scope) -> str:
    sent = [value for name, value in scope["headers"] if name == REQUEST_ID.encode()]
    if len(sent) == 1 and _SANE_ID.fullmatch(sent[0]):
        return bytes(sent[0]).decode("ascii")
    return uuid.uuid4().hex
