"""MLServer with a runtime of our own and adaptive batching; rows travel as JSON texts in one tensor."""

import json

import peer_model
from mlserver import MLModel
from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput


class Peer(MLModel):
    async def load(self) -> bool:
        self.model = peer_model.load()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        rows = [json.loads(text) for text in payload.inputs[0].data]
        answers = [json.dumps(answer) for answer in self.model(rows)]
        output = ResponseOutput(name="answer", shape=[len(answers), 1], datatype="BYTES", data=answers)
        return InferenceResponse(model_name=self.name, outputs=[output])
