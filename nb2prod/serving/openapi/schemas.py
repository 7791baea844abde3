"""Schemas that every description shares, and a smallest value of any schema."""

from typing import Any

PROBLEMS = {
    "400": "The body is not JSON in UTF-8, or an object has a key twice",
    "408": "The body came too slowly",
    "413": "The body is too large, or has too many rows",
    "415": "The body is compressed, or of a media type that is not taken here",
    "422": "The body does not fit the schema; `row` (from 0) and `field` say where",
    "500": "The model could not answer; the log has the request id",
    "503": "Not ready, or too many requests wait: try again after `Retry-After` seconds",
    "504": "The prediction took too long",
}
KEY_PROBLEMS = {
    "401": "The key is missing or wrong",
    "403": "The key has no right to do this",
    "429": "Too many requests for this key: try again after `Retry-After` seconds",
}
ID_HEADER = {"X-Request-ID": {"schema": {"type": "string"}, "description": "The caller's own id, or a new one"}}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_WHERE = {"field": _TEXT_OR_NULL, "row": {"type": ["integer", "null"], "description": "Counted from 0"}}
_CODE = {"type": "string", "description": "Stable, for programs"}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


SCHEMAS: dict[str, Any] = {
    "Answer": {
        "type": "object",
        "required": ["predictions", "model", "request_id"],
        "properties": {
            "predictions": {"description": "As the notebook's response; a number that is not finite is null"},
            "model": ref("Model"),
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
        "properties": {"status": {"type": "string"}, "model": ref("Model")},
    },
    "Problem": {
        "type": "object",
        "required": ["error", "request_id"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message", "field", "row"],
                "properties": {"code": _CODE, "message": {"type": "string"}, **_WHERE},
            },
            "request_id": {"type": "string"},
        },
    },
    "FlatProblem": {
        "type": "object",
        "required": ["error", "code", "field", "row", "request_id"],
        "properties": {"error": {"type": "string"}, "code": _CODE, **_WHERE, "request_id": {"type": "string"}},
    },
}


def answer(description: str, schema: dict[str, Any], example: Any = None) -> dict[str, Any]:
    """A response in JSON."""
    content = {"schema": schema} | ({"example": example} if example is not None else {})
    return {"description": description, "content": {"application/json": content}}


def problems(*, flat: bool, needs_key: bool) -> dict[str, Any]:
    """The refusals of a prediction by status."""
    texts = PROBLEMS | (KEY_PROBLEMS if needs_key else {})
    schema = ref("FlatProblem" if flat else "Problem")
    return {status: {**answer(text, schema), "headers": ID_HEADER} for status, text in texts.items()}


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
        case "integer" | "number" as kind:
            least = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
            number = max(least, 0) if schema.get("maximum", 0) >= 0 else schema["maximum"]
            return number if kind == "integer" else float(number)
        case "string":
            return "text"
        case "boolean":
            return False
    return None
