"""The ways to ask for a prediction: each turns a body into the package's own `Request` and predictions into a body.

    bytes ─ read ─► Request, how ─ exchange ─► predictions ─ write(how) ─► bytes

A protocol knows nothing of keys, limits, threads or metrics: `nb2prod.serving.exchange` does that for all of them.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from nb2prod.serving.access import RawHeaders
from nb2prod.serving.model import Model


class Reply(NamedTuple):
    """What is sent back, beside the status 200."""

    content: bytes
    media_type: str = "application/json"
    headers: Mapping[str, str] | None = None


class PredictionProtocol(Protocol):
    """One way to ask. `name` stands in logs and metrics; `media_types` are the content types it reads ("": none)."""

    name: str
    media_types: frozenset[str]

    def read(self, body: bytes, headers: RawHeaders) -> tuple[Any, Any]:
        """The package's `Request`, and how it is to be answered (for `write`). Raises Problem (400, 413, 422)."""

    def write(self, predictions: Any, how: Any, model: Model[Any, Any], request_id: str) -> Reply:
        """Called in the thread of the model. Raises Problem 422 for an answer of another form than was asked for,
        TypeError or ValueError for what has no form in this protocol."""
