"""BentoML with a batchable endpoint."""

from typing import Any

import bentoml
import peer_model


@bentoml.service(workers=1, traffic={"timeout": 60})
class Service:
    def __init__(self) -> None:
        self.model = peer_model.load()

    @bentoml.api(batchable=True, max_batch_size=512, max_latency_ms=1000)
    def predict(self, rows: list[Any]) -> list[Any]:
        return self.model(rows)
