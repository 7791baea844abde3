"""One prediction over HTTP, the same for every protocol: who may, how much, what is asked, what is answered.

Plain ASGI: for a row that is predicted in 20 µs, the layers of a web framework cost more than everything else.
"""

import time
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from nb2prod.serving.access import Access
from nb2prod.serving.access.headers import NO_STORE, SECURITY_HEADERS, STRICT_TRANSPORT
from nb2prod.serving.body import check_headers, read_body, too_large
from nb2prod.serving.envelope import REQUEST_ID, find_id
from nb2prod.serving.log import describe_error, logger
from nb2prod.serving.problem import Problem, describe_problem
from nb2prod.serving.protocols import PredictionProtocol, Reply
from nb2prod.serving.reading import LARGE_BODY
from nb2prod.serving.server.shortcut import SHORTCUT, Shortcut
from nb2prod.serving.service import Service
from nb2prod.serving.settings import Settings
from nb2prod.serving.telemetry import Observer

FIXED_LINES = b"".join(b"%b: %b\r\n" % header for header in (NO_STORE, *SECURITY_HEADERS))


class Exchange:
    """An ASGI application for `path`: answers requests in one protocol, problems too, and logs each once."""

    def __init__(
        self,
        path: str,
        protocol: PredictionProtocol,
        service: Service[Any, Any],
        access: Access,
        observer: Observer,
        settings: Settings,
    ) -> None:
        self.path = path
        self._protocol = protocol
        self._service = service
        self._access = access
        self._observer = observer
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter_ns()
        request_id = find_id(scope["headers"])
        status, caller, code = 200, None, None
        # Taken out, as it holds the request, which holds the scope: a circle costs the garbage collector.
        shortcut: Shortcut | None = scope.get("extensions", {}).pop(SHORTCUT, None)
        try:
            known = self._access.identify(scope["headers"])
            caller = known.id
            self._access.allow(known, "predict")
            reply = await self._answer(scope, receive, shortcut, request_id, caller, started)
        except Problem as problem:
            status, code = problem.status, problem.code
            reply = Reply(describe_problem(problem, request_id, self.path), headers=problem.headers)
        except ClientDisconnect:
            status, code = 400, "disconnected"  # nobody reads it
            return
        except Exception as error:  # a fault of ours: the caller gets the form of every refusal all the same
            logger.error("a request failed", extra={"fields": describe_error(error, with_message=False)})
            status, code = 500, "internal"
            fault = Problem(500, "internal", "the service could not answer")
            reply = Reply(describe_problem(fault, request_id, self.path))
        finally:
            seconds = (time.perf_counter_ns() - started) / 1e9
            self._observer.request(scope["method"], self.path, status, seconds, request_id, caller, code)
        if shortcut is not None and status == 200 and reply.headers is None and scope["scheme"] == "http":
            head = b"content-type: %b\r\nx-request-id: %b\r\n" % (reply.media_type.encode(), request_id.encode())
            if shortcut.answer(head + FIXED_LINES, reply.content):
                return
        headers = [
            (b"content-type", reply.media_type.encode()),
            (b"content-length", b"%d" % len(reply.content)),
            (REQUEST_ID, request_id.encode()),
            NO_STORE,
            *SECURITY_HEADERS,
        ]
        if scope["scheme"] == "https":
            headers.append(STRICT_TRANSPORT)
        for name, value in (reply.headers or {}).items():
            headers.append((name.lower().encode(), value.encode("latin-1")))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.content})

    async def _answer(
        self,
        scope: Scope,
        receive: Receive,
        shortcut: Shortcut | None,
        request_id: str,
        caller: str,
        started: int,
    ) -> Reply:
        """Raises Problem, ClientDisconnect."""
        headers = scope["headers"]
        model = self._service.live_model()
        limit = self._settings.max_body_bytes
        check_headers(headers, limit, self._protocol.media_types)
        body = shortcut.body() if shortcut is not None else None
        if body is None:
            body = await read_body(receive, limit=limit, seconds=self._settings.body_seconds)
        elif len(body) > limit:
            raise too_large(limit)
        size = len(body)
        if size < LARGE_BODY:
            request, how = self._protocol.read(body, headers)
        else:
            request, how = await self._service.reader.read(lambda body: self._protocol.read(body, headers), body)
        del body  # not needed while the request waits
        decoded = time.perf_counter_ns()
        predictions, reply = await self._service.predict(
            model, request, request_id, lambda given: (given, self._protocol.write(given, how, model, request_id))
        )
        self._observer.prediction(
            *(self._protocol.name, request_id, caller, model, request, predictions, size),
            *(started, decoded, time.perf_counter_ns(), headers),
        )
        return reply
