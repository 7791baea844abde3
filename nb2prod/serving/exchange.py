"""One prediction over HTTP, the same for every protocol: who may, how much, what is asked, what is answered."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from nb2prod.serving.access import Access
from nb2prod.serving.body import check_headers, read_body
from nb2prod.serving.protocols import PredictionProtocol
from nb2prod.serving.service import Service
from nb2prod.serving.settings import Settings

LARGE_BODY = 65_536
"""Bytes from which decoding (about 10 ns per byte) is worth a thread, so that health checks do not wait for it."""


class Exchange:
    """Answers requests in one protocol. Problems are raised; the application answers them."""

    def __init__(
        self, protocol: PredictionProtocol, service: Service[Any, Any], access: Access, settings: Settings
    ) -> None:
        self._protocol = protocol
        self._service = service
        self._access = access
        self._settings = settings

    async def __call__(self, http: Request) -> Response:
        self._access.check(http.headers)
        model = self._service.live_model()
        limit = self._settings.max_body_bytes
        check_headers(http.headers, limit, self._protocol.media_types)
        body = await read_body(http.receive, limit=limit, seconds=self._settings.body_seconds)
        read = self._protocol.read
        if len(body) < LARGE_BODY:
            request, how = read(body, http.headers)
        else:
            request, how = await asyncio.to_thread(read, body, http.headers)
        request_id: str = http.state.request_id
        reply = await self._service.predict(
            model, request, request_id, lambda given: self._protocol.write(given, how, model, request_id)
        )
        return Response(reply.content, media_type=reply.media_type, headers=reply.headers)
