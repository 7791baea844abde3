"""The model for `mlflow models serve`: a pyfunc, saved from this file."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import mlflow
import peer_model


class Peer(mlflow.pyfunc.PythonModel):
    def load_context(self, context):  # noqa: ARG002
        self.model = peer_model.load()

    def predict(self, context, model_input, params=None):  # noqa: ARG002
        if peer_model.KIND == "text":
            return self.model(model_input["text"].tolist())
        if peer_model.KIND == "torch":
            return self.model(model_input.to_numpy())
        return self.model(model_input.to_dict(orient="records"))


if __name__ == "__main__":
    mlflow.pyfunc.save_model(sys.argv[1], python_model=Peer(), pip_requirements=["mlflow"])
