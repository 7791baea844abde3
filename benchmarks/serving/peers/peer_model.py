"""The model as people load it: an artifact from joblib, a DataFrame, `predict`. The same for every peer."""

import os
import sys
from pathlib import Path

import joblib

PROJECT = Path(os.environ["PEER_PROJECT"])
KIND = os.environ["PEER_KIND"]


def load():
    """`predict(rows) -> list`, for rows as they come as JSON."""
    if KIND == "torch":
        return _torch()
    model = joblib.load(PROJECT / "peer.joblib")["model"]
    if KIND == "text":
        return lambda rows: model.predict_proba(rows)[:, 1].tolist()
    import pandas as pd

    def predict(rows):
        frame = pd.DataFrame(rows)
        probability = model.predict_proba(frame)[:, 1].tolist()
        churns = model.predict(frame).tolist()
        return [{"probability": p, "churns": c} for p, c in zip(probability, churns, strict=True)]

    return predict


def _torch():
    import numpy as np
    import torch

    torch.set_num_threads(1)
    sys.path.insert(0, str(PROJECT / "src"))
    found = joblib.load(PROJECT / "peer.joblib")
    net, mean, spread = found["net"].eval(), found["pixel_mean"], found["pixel_spread"]
    from torch_model.features import standardise

    def predict(rows):
        with torch.no_grad():
            return net(standardise(np.array(rows, dtype="float32"), mean, spread)).argmax(dim=1).tolist()

    return predict
