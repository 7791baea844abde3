"""The OpenAPI 3.1 description: schemas from the request's own types, examples from the golden rows."""

from collections.abc import Iterable
from typing import Any

import msgspec

from nb2prod.serving.golden import Golden

PROBLEMS = {
    "400": "The body is not JSON in UTF-8, or an object has a key twice",
    "408": "The body came too slowly",
    "413": "The body is too large, or has too many rows",
    "415": "The body is not uncompressed `application/json`",
    "422": "The body does not fit the schema; `row` (from 0) and `field` say where",
    "500": "The model could not answer; the log has the request id",
    "503": "Not ready, or too many requests wait: try again after `Retry-After` seconds",
}


def describe_api(
    *, name: str, version: str | None, struct: type[msgspec.Struct], golden: Golden | None, needs_key: bool
) -> dict[str, Any]:
    """The document as JSON values. Without golden rows the example is made up from the types."""
    (reference,), components = msgspec.json.schema_components((struct,), ref_template="#/components/schemas/{name}")
    example = golden.example() if golden is not None else None
    body = example.body if example is not None else made_up(reference, components)
    answer = {
        "predictions": example.predictions if example is not None else [],
        "model": {"name": name, "version": version},
        "request_id": "0b6f2d9c4e1a4c58b0d3f7a2c9e81d64",
    }
    refused = {"description": "The key is missing or wrong"} if needs_key else None
    responses: dict[str, Any] = {
        "200": {
            "description": "The predictions, in the order of the rows",
            "headers": _ID_HEADER,
            "content": {"application/json": {"schema": _ref("Answer"), "example": answer}},
        },
        **_problems(PROBLEMS.items()),
        **(_problems([("401", refused["description"])]) if refused else {}),
    }
    predict: dict[str, Any] = {
        "operationId": "predict",
        "summary": f"Predict with {name}",
        "requestBody": {"required": True, "content": {"application/json": {"schema": reference, "example": body}}},
        "responses": dict(sorted(responses.items())),
    }
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": name, "version": version or "unversioned"},
        "paths": {
            "/predict": {"post": predict},
            "/health/live": {"get": _health("live", "Whether the process answers", ())},
            "/health/ready": {"get": _health("ready", "Whether the model is loaded and warmed up", ("503",))},
        },
        "components": {"schemas": {**components, **_SCHEMAS}},
    }
    if needs_key:
        predict["security"] = [{"bearer": []}, {"key": []}]
        document["components"]["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        }
    return document


def made_up(schema: dict[str, Any], components: dict[str, Any]) -> Any:
    """A smallest value that fits a JSON schema as msgspec writes them."""
    if "$ref" in schema:
        return made_up(components[schema["$ref"].rpartition("/")[2]], components)
    if "default" in schema:
        return schema["default"]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return made_up(schema["anyOf"][0], components)
    match schema.get("type"):
        case "object":
            names = schema.get("required", [])
            return {name: made_up(schema["properties"][name], components) for name in names}
        case "array":
            return [made_up(schema["items"], components)] if isinstance(schema.get("items"), dict) else []
        case "integer":
            return 0
        case "number":
            return 0.0
        case "string":
            return "text"
        case "boolean":
            return False
    return None


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _problems(texts: Iterable[tuple[str, str]]) -> dict[str, Any]:
    content = {"application/json": {"schema": _ref("Problem")}}
    return {status: {"description": text, "headers": _ID_HEADER, "content": content} for status, text in texts}


def _health(name: str, summary: str, also: tuple[str, ...]) -> dict[str, Any]:
    content = {"application/json": {"schema": _ref("Health")}}
    responses = {status: {"description": summary, "content": content} for status in ("200", *also)}
    return {"operationId": f"health_{name}", "summary": summary, "responses": responses}


_ID_HEADER = {"X-Request-ID": {"schema": {"type": "string"}, "description": "The caller's own id, or a new one"}}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_SCHEMAS: dict[str, Any] = {
    "Answer": {
        "type": "object",
        "required": ["predictions", "model", "request_id"],
        "properties": {
            "predictions": {"description": "As the notebook's response; a number that is not finite is null"},
            "model": _ref("Model"),
            "request_id": {"type": "string"},
        },
    },
    "Model": {
        "type": "object",
        "required": ["name", "version"],
        "properties": {"name": {"type": "string"}, "version": _TEXT_OR_NULL},
    },
    "Health": {
        "type": "object",
        "required": ["status"],
        "properties": {"status": {"type": "string"}, "model": _ref("Model")},
    },
    "Problem": {
        "type": "object",
        "required": ["error", "request_id"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message", "field", "row"],
                "properties": {
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "field": _TEXT_OR_NULL,
                    "row": {"type": ["integer", "null"], "description": "Counted from 0"},
                },
            },
            "request_id": {"type": "string"},
        },
    },
}
