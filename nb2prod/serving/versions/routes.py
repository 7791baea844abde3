"""What administrators do with versions: see them, put one live, go back.

GET  /admin/model                                        live, the one before it, and what was refused
POST /admin/model {"source": "models:/churn@champion"}   200 with the live version; 409 or 422 and why
POST /admin/rollback                                     200 with the live version; 409 where there is none before it
"""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nb2prod.serving.access import Access
from nb2prod.serving.access.audit import admin_route
from nb2prod.serving.body import read_body
from nb2prod.serving.explain import READING
from nb2prod.serving.problem import Problem
from nb2prod.serving.service import Service
from nb2prod.serving.settings import Settings
from nb2prod.serving.versions import RefusedVersionError
from nb2prod.serving.versions.swap import AnyModel, Swapper
from nb2prod.serving.wire import encode

_LONGEST_BODY = 10_000


class _Order(msgspec.Struct, forbid_unknown_fields=True):
    source: str


_STATUS = {"other_code": 409, "registry_failed": 502}
"""Of refusals; 422 for the others: the version itself is at fault, or there is none."""


def version_routes(swapper: Swapper, service: Service[Any, Any], access: Access, settings: Settings) -> list[Route]:
    async def show(_: Request) -> Response:
        refused = [{"source": each.source, "code": each.code, "message": each.message} for each in swapper.refused]
        previous = None if swapper.previous is None else _described(swapper.previous)
        live = None if service.model is None else _described(service.model)
        return _json({"live": live, "previous": previous, "loading": swapper.loading, "refused": refused})

    async def swap(http: Request) -> Response:
        body = await read_body(http.receive, limit=_LONGEST_BODY, seconds=settings.body_seconds)
        try:
            order = msgspec.json.decode(body, type=_Order)
        except READING:
            raise Problem(422, "invalid", 'the body must be {"source": "..."}') from None
        http.state.audited = {"source": order.source}
        try:
            return _json({"live": _described(await swapper.swap(order.source))})
        except RefusedVersionError as error:
            raise Problem(_STATUS.get(error.code, 422), error.code, str(error)) from None

    async def roll_back(_: Request) -> Response:
        return _json({"live": _described(await swapper.roll_back())})

    shown, swapped = admin_route(access, "show versions", show), admin_route(access, "swap version", swap)

    async def model(http: Request) -> Response:  # one route, so that a 405 allows both
        return await (swapped(http) if http.method == "POST" else shown(http))

    return [
        Route("/admin/model", model, methods=["GET", "POST"]),
        Route("/admin/rollback", admin_route(access, "roll back", roll_back), methods=["POST"]),
    ]


def _described(model: AnyModel) -> dict[str, str | None]:
    return {**model.label, "source": model.source}


def _json(content: Any) -> Response:
    return Response(encode(content), media_type="application/json")
