"""The application: routes in front of one service."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from nb2prod.serving.access import API_KEY, Access
from nb2prod.serving.body import check_headers, read_body
from nb2prod.serving.decode import build_decoder
from nb2prod.serving.docs import docs_response
from nb2prod.serving.envelope import Envelope
from nb2prod.serving.golden import read_golden
from nb2prod.serving.openapi import describe_api
from nb2prod.serving.problem import Problem, problem_response
from nb2prod.serving.service import Service
from nb2prod.serving.wire import encode
from nb2prod.serving.worker import Worker

P = TypeVar("P")
R = TypeVar("R")

LARGE_BODY = 65_536
"""Bytes from which decoding (about 10 ns per byte) is worth a thread, so that health checks do not wait for it."""


def create_app(
    *,
    name: str,
    load: Callable[[], P],
    request: type[R],
    answer: Callable[[P, Any], object],
    arguments: Callable[[R], Any] = lambda request: request,
    golden: str | Path | None = None,
    version: str | None = None,
    max_body_bytes: int = 10 * 1024 * 1024,
    max_rows: int = 10_000,
    max_pending: int = 128,
    body_seconds: float = 10.0,
) -> Starlette:
    """The ASGI application of a generated package.

    `request` is a plain dataclass (JSON types, TypedDicts for rows); `arguments(request)` makes of it what the model
    takes, and raises ValueError, TypeError or KeyError for what it cannot (422); `answer(predictor, arguments)` gives
    JSON values;
    `golden` is the file of golden rows: warm-up and examples. `NB2PROD_MODEL_NAME` and `NB2PROD_MODEL_VERSION` go
    before `name` and `version`; `NB2PROD_API_KEY` switches the key on. The model is loaded when the server starts,
    in the thread that will predict. At most `max_pending` predictions run or wait.

    Raises TypeError for a request type without a JSON form, OSError or ValueError for unreadable golden rows,
    ValueError for an empty key.
    """
    access = Access(os.environ.get(API_KEY))
    service = Service(
        name=os.environ.get("NB2PROD_MODEL_NAME") or name,
        version=os.environ.get("NB2PROD_MODEL_VERSION") or version,
        load=load,
        arguments=arguments,
        answer=answer,
        decoder=build_decoder(request, max_rows=max_rows),
        golden=read_golden(golden) if golden is not None else None,
        worker=Worker(max_pending),
    )

    async def predict(http: Request) -> Response:
        access.check(http.headers)
        service.refuse_if_unable()
        check_headers(http.headers, max_body_bytes)
        body = await read_body(http.receive, limit=max_body_bytes, seconds=body_seconds)
        decode = service.decoder.decode
        value = decode(body) if len(body) < LARGE_BODY else await asyncio.to_thread(decode, body)
        return _json(await service.predict(value, http.state.request_id))

    async def live(_: Request) -> Response:
        return _json(encode({"status": "alive"}))

    async def ready(_: Request) -> Response:
        status = 200 if service.state == "ready" else 503
        return _json(encode({"status": service.state, "model": service.model}), status)

    def describe(with_golden: bool) -> bytes:
        return encode(
            describe_api(
                name=service.name,
                version=service.version,
                struct=service.decoder.struct,
                golden=service.golden if with_golden else None,
                needs_key=access.needs_key,
            )
        )

    async def openapi(http: Request) -> Response:
        # Golden rows are real data: where there is a key, only its holder sees them.
        return _json(describe(with_golden=access.allows(http.headers)))

    async def docs(_: Request) -> Response:
        return docs_response()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        service.worker.start()
        starting = asyncio.create_task(service.start())
        yield
        starting.cancel()
        service.worker.stop()

    app = Starlette(
        routes=[
            Route("/predict", predict, methods=["POST"]),
            Route("/health/live", live),
            Route("/health/ready", ready),
            Route("/openapi.json", openapi),
            Route("/docs", docs),
        ],
        middleware=[Middleware(Envelope)],
        exception_handlers={Problem: _on_problem, HTTPException: _on_http, ClientDisconnect: _on_disconnect},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.service = service
    app.state.needs_key = access.needs_key
    return app


def _json(content: bytes, status: int = 200) -> Response:
    return Response(content, status_code=status, media_type="application/json")


async def _on_problem(http: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    return problem_response(problem, http.state.request_id)


async def _on_http(http: Request, error: Exception) -> Response:
    """What the router refuses: 404 and 405, in our own form."""
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "refused")
    problem = Problem(error.status_code, code, error.detail, headers=dict(error.headers or {}))
    return problem_response(problem, http.state.request_id)


async def _on_disconnect(_: Request, __: Exception) -> Response:
    return Response(status_code=400)  # nobody reads it
