"""Telemetry over HTTP: `GET /metrics`, `POST /feedback`, `DELETE /admin/requests/{id}`."""

import asyncio
import sqlite3
from typing import Annotated, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nb2prod.serving.access import Access
from nb2prod.serving.access.audit import admin_route
from nb2prod.serving.body import check_headers, read_body
from nb2prod.serving.explain import READING, explain, refuse_duplicate_keys
from nb2prod.serving.problem import Problem
from nb2prod.serving.service import Service
from nb2prod.serving.settings import Settings
from nb2prod.serving.telemetry import Observer
from nb2prod.serving.telemetry.requests import RequestLog
from nb2prod.serving.wire import encode

LARGEST_FEEDBACK = 1024 * 1024
ERASE_SECONDS = 10.0


class Feedback(msgspec.Struct, forbid_unknown_fields=True):
    """`truth` is any JSON: of one row where `row` says which, else of the whole answer."""

    request_id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]
    truth: Any
    row: Annotated[int, msgspec.Meta(ge=0, le=2**31)] | None = None


def telemetry_routes(observer: Observer, service: Service[Any, Any], access: Access, settings: Settings) -> list[Route]:
    decode = msgspec.json.Decoder(Feedback).decode

    async def metrics(http: Request) -> Response:
        http.state.caller = access.admit(http.scope["headers"], "metrics").id
        content, kind = _registry(http).text(http.headers.get("accept", ""))
        return Response(content, headers={"Content-Type": kind})

    def _registry(http: Request) -> Any:
        made = getattr(http.app.state, "metrics", None)
        if made is None:  # at the first scrape: the library takes a while to import
            from nb2prod.serving.telemetry.prometheus import Metrics, Scrape

            made = http.app.state.metrics = Metrics(Scrape(observer, service))
        return made

    async def feedback(http: Request) -> Response:
        http.state.caller = caller = access.admit(http.scope["headers"], "predict").id
        log = _request_log(observer)
        limit = min(LARGEST_FEEDBACK, settings.max_body_bytes)
        check_headers(http.headers.raw, limit, frozenset({"application/json"}))
        body = await read_body(http.receive, limit=limit, seconds=settings.body_seconds)
        try:
            told = decode(body)
            refuse_duplicate_keys(body)
            truth = encode(told.truth)
        except READING as error:
            raise explain(error, body) from None
        except UnicodeEncodeError:
            raise Problem(400, "malformed_json", "the body holds a character that is none") from None
        if not log.tell(told.request_id, caller, told.row, truth):
            raise Problem(503, "overloaded", "too much waits to be written: try again", headers={"Retry-After": "5"})
        observer.counts.feedback += 1
        return Response(encode({"status": "accepted"}), 202, media_type="application/json")

    async def erase(http: Request) -> Response:
        log = _request_log(observer)
        erased_id = http.path_params["request_id"]
        http.state.audited = {"erased": erased_id[:128]}
        try:
            async with asyncio.timeout(ERASE_SECONDS):
                erased = await asyncio.wrap_future(log.erase(erased_id))
        except (sqlite3.Error, OSError):  # TimeoutError is one
            raise Problem(
                503, "request_log_failed", "the request log could not be written: nothing is said to be erased"
            ) from None
        return Response(encode({"erased": erased}), media_type="application/json")

    return [
        Route("/metrics", metrics),
        Route("/feedback", feedback, methods=["POST"]),
        Route("/admin/requests/{request_id}", admin_route(access, "erase a request", erase), methods=["DELETE"]),
    ]


def _request_log(observer: Observer) -> RequestLog:
    """Raises Problem 404 where none is kept."""
    if observer.requests is None:
        raise Problem(404, "no_request_log", "this service keeps no request log (NB2PROD_REQUEST_LOG is not set)")
    return observer.requests
