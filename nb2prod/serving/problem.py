"""What a caller is told when the answer is no: a status, a stable code, and where in the body.

Texts name rows, fields and types, never values: an answer may end up in somebody's log.
"""

import math
from typing import Any

from starlette.responses import Response

from nb2prod.serving.wire import encode

LONGEST_NAME = 100
"""A name that came from the caller is cut here before it is repeated."""


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """A refused request. `row` counts from 0 as in the JSON; `field` is a name of the schema or of the body."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str | None = None,
        row: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field[:LONGEST_NAME] if field is not None else None
        self.row = row
        self.headers = headers or {}


def overloaded(seconds: float = 1.0) -> Problem:
    """Too much waits; in so many seconds it may be less."""
    headers = {"Retry-After": f"{max(1, math.ceil(seconds))}"}
    return Problem(503, "overloaded", "too many requests wait: try again", headers=headers)


def describe_problem(problem: Problem, request_id: str, path: str) -> bytes:
    """``{"error": {"code", "message", "field", "row"}, "request_id"}``

    Below ``/v2`` the error is a text, as the Open Inference Protocol has it, and the rest stands beside it.
    """
    details: dict[str, Any] = {"code": problem.code, "field": problem.field, "row": problem.row}
    if path == "/v2" or path.startswith("/v2/"):
        return encode({"error": problem.message, **details, "request_id": request_id})
    return encode({"error": {"message": problem.message, **details}, "request_id": request_id})


def problem_response(problem: Problem, request_id: str, path: str = "") -> Response:
    """The description with the problem's status and headers."""
    return Response(
        describe_problem(problem, request_id, path),
        status_code=problem.status,
        headers=problem.headers,
        media_type="application/json",
    )
