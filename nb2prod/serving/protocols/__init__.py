"""The ways to ask for a prediction: each turns a body into the package's own `Request` and predictions into a body.

    bytes ─ read ─► Request ─ exchange ─► predictions ─ write ─► bytes

A protocol knows nothing of keys, limits, threads or metrics: `nb2prod.serving.exchange` does that for all of them.
"""

from typing import Any, NamedTuple, Protocol

from starlette.datastructures import Headers

from nb2prod.serving.model import Model


class Reply(NamedTuple):
    """What is sent back, beside the status 200."""

    content: bytes
    media_type: str = "application/json"


class PredictionProtocol(Protocol):
    """One way to ask. `name` stands in logs and metrics; `media_types` are the content types it reads."""

    name: str
    media_types: frozenset[str]

    def read(self, body: bytes, headers: Headers) -> Any:
        """The package's `Request`. Raises Problem (400, 413, 422)."""

    def write(self, predictions: Any, request: Any, model: Model[Any, Any], request_id: str) -> Reply:
        """Called in the thread of the model. Raises TypeError or ValueError for what has no form in this protocol."""
