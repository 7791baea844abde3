"""The Open Inference Protocol's paths."""

from typing import Any

from nb2prod.serving.openapi.schemas import answer, ref
from nb2prod.serving.openapi.subject import Subject
from nb2prod.serving.protocols.outputs import outputs_of
from nb2prod.serving.protocols.tensors import DATATYPES, MOST_DIMENSIONS
from nb2prod.serving.protocols.v2 import write_tensor
from nb2prod.serving.protocols.v2_metadata import example_inputs

_SHAPE = {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 2**53}, "maxItems": MOST_DIMENSIONS}
_PARAMETERS = {
    "type": ["object", "null"],
    "description": "`content_type` (pd, np, str), or those of the binary tensor extension",
}
_DATATYPE = {"enum": [*DATATYPES]}
SCHEMAS: dict[str, Any] = {
    "Tensor": {
        "type": "object",
        "required": ["name", "datatype", "shape"],
        "properties": {
            "name": {"type": "string"},
            "datatype": _DATATYPE,
            "shape": _SHAPE,
            "data": {
                "type": "array",
                "description": "Flat (row-major) or nested; null is a missing value",
            },
            "parameters": _PARAMETERS,
        },
    },
    "TensorMetadata": {
        "type": "object",
        "required": ["name", "datatype", "shape"],
        "properties": {
            "name": {"type": "string"},
            "datatype": _DATATYPE,
            "shape": {"type": "array", "items": {"type": "integer"}, "description": "-1: any size"},
            "parameters": _PARAMETERS,
        },
    },
    "InferRequest": {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": {"type": ["string", "null"], "maxLength": 1000},
            "inputs": {"type": "array", "items": ref("Tensor")},
            "outputs": {
                "type": ["array", "null"],
                "description": "All, where none is named",
                "items": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"type": "string"}, "parameters": _PARAMETERS},
                },
            },
            "parameters": _PARAMETERS,
        },
        "additionalProperties": False,
    },
    "InferAnswer": {
        "type": "object",
        "required": ["model_name", "id", "outputs"],
        "properties": {
            "model_name": {"type": "string"},
            "model_version": {"type": "string"},
            "id": {"type": "string"},
            "outputs": {"type": "array", "items": ref("Tensor")},
        },
    },
    "ServerMetadata": {
        "type": "object",
        "required": ["name", "version", "extensions"],
        "properties": {
            "name": {"type": "string"},
            "version": {"type": "string"},
            "extensions": {"type": "array", "items": {"type": "string"}},
        },
    },
    "ModelMetadata": {
        "type": "object",
        "required": ["name", "versions", "platform", "inputs", "outputs"],
        "properties": {
            "name": {"type": "string"},
            "versions": {"type": "array", "items": {"type": "string"}},
            "platform": {"type": "string"},
            "inputs": {"type": "array", "items": ref("TensorMetadata")},
            "outputs": {"type": "array", "items": ref("TensorMetadata")},
        },
    },
}
_LIVE = {"type": "object", "required": ["live"], "properties": {"live": {"type": "boolean"}}}
_READY = {"type": "object", "required": ["ready"], "properties": {"ready": {"type": "boolean"}}}
_NOT_HERE = {"404": answer("That version of the model is not live", ref("FlatProblem"))}
_VERSION = [{"name": "version", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}]


def paths(subject: Subject) -> dict[str, Any]:
    """By the model's name as it is; with and without the live version."""
    described = {
        "/v2": _get("v2_server", "What serves", {"200": answer("The server", ref("ServerMetadata"))}),
        "/v2/health/live": _get("v2_live", "Whether the process answers", {"200": answer("It does", _LIVE)}),
        "/v2/health/ready": _get("v2_ready", "Whether the model is ready", _readiness()),
    }
    model = f"/v2/models/{subject.name}"
    places: list[tuple[str, str, dict[str, Any]]] = [(model, "", {})]
    if subject.version is not None:
        places.append((f"{model}/versions/{{version}}", "_of_version", {"parameters": _VERSION}))
    for path, suffix, more in places:
        gone = _NOT_HERE if more else {}
        metadata = {"200": answer("Its inputs and outputs", ref("ModelMetadata")), **gone}
        metadata["503"] = answer("Not ready", ref("FlatProblem"))
        described[path] = _get(f"v2_model{suffix}", "What the model takes and gives", metadata) | more
        described[f"{path}/ready"] = _get(f"v2_model_ready{suffix}", "Whether it is ready", _readiness() | gone) | more
        described[f"{path}/infer"] = _infer(subject, f"{path}/infer", f"v2_infer{suffix}", gone) | more
    return described


def _infer(subject: Subject, path: str, operation: str, gone: dict[str, Any]) -> dict[str, Any]:
    asked = {"id": "42", "inputs": example_inputs(subject.layout, subject.example.body)}
    outputs = outputs_of(subject.example.predictions, []) if subject.is_real else []
    answered: dict[str, Any] = {"model_name": subject.name, "model_version": subject.version, "id": "42"}
    if subject.version is None:
        del answered["model_version"]
    answered["outputs"] = [write_tensor(output, None) for output in outputs]
    binary = {"schema": {"type": "string", "format": "binary"}}
    ok = answer("The predictions as tensors", ref("InferAnswer"), answered)
    ok["content"]["application/octet-stream"] = binary
    return subject.asked(
        path,
        {"application/json": {"schema": ref("InferRequest"), "example": asked}, "application/octet-stream": binary},
        {"200": ok, **gone},
        operationId=operation,
        summary="Predict with tensors (Open Inference Protocol v2)",
        description="In binary: the JSON, its length in the header `Inference-Header-Content-Length`, then the bytes "
        "of the tensors. An answer without an `id` of the caller's has the request's.",
    )


def _readiness() -> dict[str, Any]:
    return {"200": answer("It is", _READY), "503": answer("It is not", _READY)}


def _get(operation: str, summary: str, responses: dict[str, Any]) -> dict[str, Any]:
    return {"get": {"operationId": operation, "summary": summary, "responses": responses}}
