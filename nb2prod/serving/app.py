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
from starlette.types import Receive, Scope, Send

from nb2prod.serving.access import Access
from nb2prod.serving.decode import build_decoder
from nb2prod.serving.docs import docs_response
from nb2prod.serving.envelope import Envelope
from nb2prod.serving.exchange import Exchange
from nb2prod.serving.golden import read_golden
from nb2prod.serving.graphql import graphql_route
from nb2prod.serving.model import Package, load_model
from nb2prod.serving.openapi import describe_api
from nb2prod.serving.problem import Problem, problem_response
from nb2prod.serving.routes import prediction_paths, question_routes, without_version
from nb2prod.serving.service import Service
from nb2prod.serving.settings import Settings
from nb2prod.serving.telemetry.build import build_observer
from nb2prod.serving.telemetry.routes import telemetry_routes
from nb2prod.serving.turn import Turn
from nb2prod.serving.versions.registry import check_watch
from nb2prod.serving.versions.routes import version_routes
from nb2prod.serving.versions.swap import Swapper
from nb2prod.serving.wire import encode
from nb2prod.serving.worker import Worker

P = TypeVar("P")
R = TypeVar("R")


class Application(Starlette):
    """Starlette, with a way past its layers for predictions: `exchanges` are the ones that have a path of their own."""

    exchanges: dict[str, Exchange]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            path = scope["path"]
            exchange = self.exchanges.get(path) or self.exchanges.get(without_version(path, self.state.service))
            if exchange is not None:
                await exchange(scope, receive, send)
                return
        await super().__call__(scope, receive, send)


def create_app(
    *,
    name: str,
    load: Callable[..., P],
    request: type[R],
    answer: Callable[[P, Any], object],
    arguments: Callable[[R], Any] = lambda request: request,
    golden: str | Path | None = None,
    artifacts: Path | None = None,
    code: Path | None = None,
    version: str | None = None,
    settings: Settings | None = None,
) -> Application:
    """The ASGI application of a generated package.

    `request` is a plain dataclass (JSON types, TypedDicts for rows); `arguments(request)` makes of it what the model
    takes, and raises ValueError, TypeError or KeyError for what it cannot (422); `answer(predictor, arguments)` gives
    JSON values; `golden` is the file of golden rows: warm-up and examples. `artifacts` is the folder that `load()`
    reads, `code` the package's folder: versions that bring the same code can be put live, and `load(folder)` reads
    their artifacts. `settings` are those of the environment unless given; `NB2PROD_API_KEY` is a key. The model is
    loaded when the server starts, in a thread of its own, and asked in another.

    Raises TypeError for a request type without a JSON form, OSError or ValueError for unreadable golden rows,
    ValueError for a setting that is no such value, or that promises an access that it cannot guard.
    """
    settings = Settings.from_environment(os.environ) if settings is None else settings
    access = Access(settings, os.environ)
    check_watch(settings.watch)
    decoder = build_decoder(request, max_rows=settings.max_rows)
    rows = read_golden(golden) if golden is not None else None
    name, version = settings.model_name or name, settings.model_version or version
    package = Package(name, load, decoder, arguments, answer, artifacts, settings.fast_path)
    observer = build_observer(settings, decoder.layout, name)
    service = Service(
        load=lambda: load_model(package, version, rows),
        worker=Worker(
            settings.max_pending,
            seconds=settings.predict_seconds,
            hung_limit=settings.max_hung,
            batch_rows=settings.max_batch_rows,
            wait_seconds=settings.wait_seconds,
        ),
        turn=Turn(settings.wait_seconds),
        log_values=settings.log_values,
    )

    swapper = Swapper(service, package, settings, code=code)

    async def live(_: Request) -> Response:
        return _json(encode({"status": "alive"}))

    async def ready(_: Request) -> Response:
        status = 200 if service.status == "ready" else 503
        label = service.model.label if service.model is not None else {"name": name, "version": version}
        path = service.model.path if service.model is not None else None
        return _json(encode({"status": service.status, "model": label, "path": path}), status)

    def describe(with_golden: bool) -> bytes:
        model, example = service.model, None
        if with_golden and model is not None and model.golden is not None:
            example = model.golden.example() if model.batches else model.golden
        return encode(
            describe_api(
                name=name,
                version=model.version if model is not None else version,
                decoder=decoder,
                example=example,
                needs_key=access.is_configured,
            )
        )

    async def openapi(http: Request) -> Response:
        # Golden rows are real data: where there is a key, only its holder sees them.
        return _json(describe(with_golden=access.shows_examples(http.scope["headers"])))

    async def docs(_: Request) -> Response:
        return docs_response()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        service.worker.on_batch = service.turn.on_batch = observer.batch
        service.worker.start()
        observer.start()
        service.worker.on_stuck = service.on_failure
        starting = asyncio.create_task(service.start())
        watching = [asyncio.create_task(run()) for run in app.state.background]
        yield
        starting.cancel()
        for task in watching:
            task.cancel()
        service.worker.stop()
        await asyncio.to_thread(observer.stop)

    paths = prediction_paths(decoder, name)
    exchanges = [Exchange(path, protocol, service, access, observer, settings) for path, protocol in paths.items()]
    app = Application(
        routes=[
            *(Route(exchange.path, exchange, methods=["POST"]) for exchange in exchanges),
            *question_routes(decoder, service, name),
            *version_routes(swapper, service, access, settings),
            *([graphql_route(decoder, service, access, observer, settings)] if settings.graphql else []),
            Route("/health/live", live),
            Route("/health/ready", ready),
            Route("/openapi.json", openapi),
            Route("/docs", docs),
            *telemetry_routes(observer, service, access, settings),
        ],
        middleware=[Middleware(Envelope, observer=observer)],
        exception_handlers={Problem: _on_problem, HTTPException: _on_http, ClientDisconnect: _on_disconnect},
        lifespan=lifespan,
    )
    app.exchanges = {exchange.path: exchange for exchange in exchanges}
    app.router.redirect_slashes = False
    app.state.service = service
    app.state.package = package
    app.state.needs_key = access.is_configured
    app.state.settings = settings
    # Coroutine functions that run as long as the application does.
    app.state.background = [access.watch, swapper.watch, swapper.reload_on_signal]
    return app


def _json(content: bytes, status: int = 200) -> Response:
    return Response(content, status_code=status, media_type="application/json")


async def _on_problem(http: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    http.state.code = problem.code
    return problem_response(problem, http.state.request_id, http.url.path)


async def _on_http(http: Request, error: Exception) -> Response:
    """What the router refuses: 404 and 405, in our own form."""
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "refused")
    http.state.code = code
    problem = Problem(error.status_code, code, error.detail, headers=dict(error.headers or {}))
    return problem_response(problem, http.state.request_id, http.url.path)


async def _on_disconnect(_: Request, __: Exception) -> Response:
    return Response(status_code=400)  # nobody reads it
