"""What operators ask: metrics, feedback on earlier predictions, the request log, versions."""

from typing import Any

from nb2prod.serving.openapi.schemas import KEY_PROBLEMS, PROBLEMS, answer, ref
from nb2prod.serving.openapi.subject import REQUEST_ID, Subject

_FEEDBACK = {
    "type": "object",
    "required": ["request_id", "truth"],
    "properties": {
        "request_id": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"},
        "truth": {"description": "What came true, in any JSON: of one row where `row` says which, else of the answer"},
        "row": {"type": ["integer", "null"], "minimum": 0, "maximum": 2**31},
    },
    "additionalProperties": False,
}
_ACCEPTED = {"type": "object", "required": ["status"], "properties": {"status": {"const": "accepted"}}}
_ERASED = {"type": "object", "required": ["erased"], "properties": {"erased": {"type": "integer"}}}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_LIVE: dict[str, Any] = {
    "type": ["object", "null"],
    "properties": {"name": {"type": "string"}, "version": _TEXT_OR_NULL, "source": _TEXT_OR_NULL},
}
_SWAPPED = {"type": "object", "required": ["live"], "properties": {"live": _LIVE}}
_VERSIONS = {
    "type": "object",
    "required": ["live", "previous", "loading", "refused"],
    "properties": {"live": _LIVE, "previous": _LIVE, "refused": {"type": "array"}},
}
_SOURCE = {
    "type": "object",
    "required": ["source"],
    "properties": {"source": {"type": "string", "description": "A folder of artifacts, or models:/NAME@ALIAS"}},
    "additionalProperties": False,
}
_SWAP_PROBLEMS = {
    "403": KEY_PROBLEMS["403"],
    "408": PROBLEMS["408"],
    "409": "The version is of other code, or there is none to go back to",
    "413": PROBLEMS["413"],
    "422": "The version cannot be served, and the message says why; the live one stays",
    "502": "The registry could not be asked",
    "503": "Versions cannot be changed now",
}
_NO_LOG = "This service keeps no request log"
_BY_ID = [{"name": "request_id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}]


def paths(subject: Subject) -> dict[str, Any]:
    text = {"text/plain": {"schema": {"type": "string"}}}
    metrics = {"200": {"description": "Counts and times", "content": text}}
    example = {"request_id": REQUEST_ID, "truth": 1, "row": 0}
    feedback = _operation(
        subject,
        "feedback",
        "Tell what came true after a prediction",
        {"202": answer("It will be written", _ACCEPTED), "404": _problem(_NO_LOG)}
        | {status: _problem(PROBLEMS[status]) for status in ("400", "408", "413", "415", "422", "503")},
    )
    feedback["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": _FEEDBACK, "example": example}},
    }
    erased = {"200": answer("How many rows were erased", _ERASED), "404": _problem(_NO_LOG)}
    erased |= {"403": _problem(KEY_PROBLEMS["403"]), "503": _problem("The request log could not be written")}
    swapped = {"200": answer("The version that is live now", _SWAPPED)}
    swapped |= {status: _problem(text) for status, text in _SWAP_PROBLEMS.items()}
    swap = _operation(subject, "swap_version", "Put another version live", swapped)
    swap["requestBody"] = {"required": True, "content": {"application/json": {"schema": _SOURCE}}}
    versions = {"200": answer("The versions", _VERSIONS), "403": _problem(KEY_PROBLEMS["403"])}
    return {
        "/metrics": {"get": _operation(subject, "metrics", "Prometheus metrics", metrics)},
        "/feedback": {"post": feedback},
        "/admin/requests/{request_id}": {
            "delete": _operation(subject, "erase_request", "Erase a request from the request log", erased)
            | {"parameters": _BY_ID}
        },
        "/admin/model": {"get": _operation(subject, "versions", "Live and earlier versions", versions), "post": swap},
        "/admin/rollback": {"post": _operation(subject, "roll_back", "Go back to the version before", swapped)},
    }


def _operation(subject: Subject, name: str, summary: str, responses: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": name, "summary": summary, "responses": responses}
    if subject.needs_key:
        operation["security"] = [{"bearer": []}, {"key": []}]
        operation["responses"] = responses | {status: _problem(text) for status, text in KEY_PROBLEMS.items()}
    return operation


def _problem(text: str) -> dict[str, Any]:
    return answer(text, ref("Problem"))
