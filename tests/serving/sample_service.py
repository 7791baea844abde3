"""A package as a conversion makes it, small enough to read: what the tests serve, in and out of process."""

import ctypes
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

from nb2prod.serving import create_app
from nb2prod.serving.settings import Settings as Settings

GOLDEN = Path(__file__).with_name("golden.json")
RELEASE = threading.Event()
"""Ends what hangs."""

Row = TypedDict("Row", {"sepal length": float | None, "rooms": int, "class": str, "member": bool})


@dataclass(frozen=True)
class Request:
    rows: list[Row]


@dataclass(frozen=True)
class Question:
    """One field per request name: a request of kind `json`."""

    question: str
    k: int = 3
    weights: dict[str, float] = field(default_factory=dict)
    vector: list[list[float]] | None = None
    extra: Any = None


class Predictor:
    """Adds length and rooms. The class of a row asks for trouble: a failure, a NaN, a slow model."""

    @classmethod
    def load(cls) -> "Predictor":
        time.sleep(float(os.environ.get("SAMPLE_LOAD_SECONDS", "0")))
        if os.environ.get("SAMPLE_LOAD_FAILS"):
            raise FileNotFoundError("artifacts/model.skops is missing")
        return cls()

    def predict(self, rows: list[Row]) -> list[float]:
        return [self._predict(row) for row in rows]

    def _predict(self, row: Row) -> float:
        if row["class"] == "raise":
            raise ValueError(f"cannot use {row['class']} secret-4711")
        if row["class"] == "exit":
            raise SystemExit(3)
        if row["class"] == "slow":
            time.sleep(0.5)
        if row["class"] == "pause":
            time.sleep(0.002)
        if row["class"] == "hang":
            RELEASE.wait()
        if row["class"] == "crash":
            ctypes.string_at(0)
        if row["class"] == "infinite":
            return float("inf")
        length = row["sepal length"]
        return float("nan") if length is None else length + row["rooms"]


def answer(predictor: Predictor, request: Request) -> object:
    return predictor.predict(request.rows)


def make_app(**options: Any) -> Any:
    settings = {"name": "sample", "load": Predictor.load, "request": Request, "answer": answer, "golden": GOLDEN}
    return create_app(**settings | options)


if __name__ != "__main__":
    app = make_app()
