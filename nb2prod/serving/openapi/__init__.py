"""The OpenAPI 3.1 description: schemas from the request's own types, examples from the golden rows.

Each protocol describes its own paths from one `Subject`: what is asked, and what an example of it is answered.
"""

from typing import Any

import msgspec

from nb2prod.serving.decode import Decoder
from nb2prod.serving.golden import Golden
from nb2prod.serving.openapi import mlflow, open_inference, operations, own
from nb2prod.serving.openapi.schemas import SCHEMAS, made_up
from nb2prod.serving.openapi.subject import Subject


def describe_api(
    *, name: str, version: str | None, decoder: Decoder[Any], example: Golden | None, needs_key: bool
) -> dict[str, Any]:
    """The document as JSON values. `example` is a body with its answer; without one it is made up from the types."""
    (reference,), components = msgspec.json.schema_components(
        (decoder.struct,), ref_template="#/components/schemas/{name}"
    )
    shown = example if example is not None else Golden(made_up(reference, components), [])
    subject = Subject(name, version, decoder.layout, reference, components, shown, example is not None, needs_key)
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": name, "version": version or "unversioned"},
        "paths": {
            **own.paths(subject),
            **open_inference.paths(subject),
            **mlflow.paths(subject),
            **operations.paths(subject),
        },
        "components": {"schemas": {**components, **SCHEMAS, **open_inference.SCHEMAS}},
    }
    if needs_key:
        document["components"]["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        }
    return document
