"""Who administered, what, and what came of it: one line each, which holds no key."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from nb2prod.serving.access import Access
from nb2prod.serving.problem import Problem

audit_logger = logging.getLogger("nb2prod.serving.audit")

Handler = Callable[[Request], Awaitable[Response]]


def admin_route(access: Access, action: str, handler: Handler) -> Handler:
    """`handler` for holders of the right `admin` only. Each attempt is audited, the refused ones, too.

    A handler may put more into the line: ``http.state.audited = {"source": ...}``.
    """

    async def administer(http: Request) -> Response:
        who: str | None = None
        outcome: dict[str, Any] = {"status": 500}
        try:
            caller = access.identify(http.scope["headers"])
            http.state.caller = who = caller.id
            access.allow(caller, "admin")
            response = await handler(http)
            outcome = {"status": response.status_code}
        except Problem as problem:
            outcome = {"status": problem.status, "code": problem.code}
            raise
        else:
            return response
        finally:
            request_id = getattr(http.state, "request_id", None)
            fields = {"who": who, "action": action, **outcome, "request_id": request_id}
            audit_logger.info("audit", extra={"fields": fields | getattr(http.state, "audited", {})})

    return administer
