"""The model asked from Python, by the same rules as over HTTP: what is refused there is refused here.

churn = load_predictor("churn")
churn.predict({"rows": [{"tenure_months": 2, ...}]})        JSON values in, JSON values out
"""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from nb2prod.serving.model import Model, Package, load_model
from nb2prod.serving.wire import encode


class InProcess:
    """One loaded version. May be asked by one thread at a time."""

    def __init__(self, model: Model[Any, Any]) -> None:
        self.model = model

    def predict(self, body: Mapping[str, Any] | bytes) -> Any:
        """What the service would answer as ``predictions``, for a body as JSON values or as JSON text.

        Raises Problem, with `code`, `row` and `field`, where the service would answer 4xx; and what the model raises.
        """
        request = self.model.package.decoder.decode(body if isinstance(body, bytes) else encode(body))
        return msgspec.json.decode(encode(self.model.answer(request)))


def load_predictor(package: str, folder: Path | None = None) -> InProcess:
    """The model of the generated package called `package`, which must be on the Python path.

    `folder` is that of its artifacts, unless they are where the package looks itself. Raises ModuleNotFoundError, and
    ValueError or OSError where an artifact is not the one that was saved.
    """
    app = importlib.import_module(f"{package}.service").app
    served: Package[Any, Any] = app.state.package
    return InProcess(load_model(served, None, None, folder=folder))
