"""FastAPI and joblib, as most people write it."""

from typing import Any

import peer_model
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
predict_rows = peer_model.load()


class Body(BaseModel):
    rows: list[Any]


@app.get("/ready")
def ready():
    return {"status": "ok"}


@app.post("/predict")
def predict(body: Body):
    return {"predictions": predict_rows(body.rows)}
