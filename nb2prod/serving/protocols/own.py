"""`POST /predict`: the body is the package's `Request` as JSON."""

from typing import Any

from nb2prod.serving.access import RawHeaders
from nb2prod.serving.decode import Decoder
from nb2prod.serving.model import Model
from nb2prod.serving.protocols import Reply
from nb2prod.serving.wire import encode


class Own:
    """``{"rows": [...]}`` to ``{"predictions": ..., "model": {"name", "version"}, "request_id": ...}``."""

    name = "predict"
    media_types = frozenset({"application/json"})

    def __init__(self, decoder: Decoder[Any]) -> None:
        self._decoder = decoder

    def read(self, body: bytes, headers: RawHeaders) -> tuple[Any, None]:  # noqa: ARG002 - others look at them
        return self._decoder.decode(body), None

    def write(self, predictions: Any, how: None, model: Model[Any, Any], request_id: str) -> Reply:  # noqa: ARG002
        return Reply(encode({"predictions": predictions, "model": model.label, "request_id": request_id}))
