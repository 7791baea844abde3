"""A package as a conversion makes it, small enough to read: what the tests serve, in and out of process."""

import ctypes
import hashlib
import json
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

from nb2prod.serving import create_app
from nb2prod.serving.settings import Settings as Settings

GOLDEN = Path(__file__).with_name("golden.json")

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
    """Adds length, rooms and an offset, its artifact. The class of a row asks for trouble."""

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset

    @classmethod
    def load(cls, folder: Path | None = None) -> "Predictor":
        time.sleep(float(os.environ.get("SAMPLE_LOAD_SECONDS", "0")))
        if os.environ.get("SAMPLE_LOAD_FAILS"):
            raise FileNotFoundError("artifacts/model.skops is missing")
        if folder is None:
            return cls()
        data = (folder / "offset.json").read_bytes()
        if hashlib.sha256(data).hexdigest() != json.loads((folder / "artifacts.json").read_text())["offset"]["sha256"]:
            raise ValueError("offset.json is not the file that artifacts.json describes")
        content = json.loads(data)
        time.sleep(content.get("slow", 0))
        if content.get("huge"):
            raise MemoryError
        return cls(content["offset"])

    def predict(self, rows: list[Row]) -> list[float]:
        kinds = {row["class"] for row in rows}
        if "nothing" in kinds:
            return []
        return [self._predict(row) for row in rows] * (2 if "twice" in kinds else 1)

    def _predict(self, row: Row) -> float:
        if row["class"] == "raise":
            raise ValueError(f"cannot use {row['class']} secret-4711")
        if row["class"] == "exit":
            raise SystemExit(3)
        if row["class"] == "slow":
            time.sleep(0.5)
        if row["class"] == "pause":
            time.sleep(0.002)
        if row["class"] == "doze":
            time.sleep(0.02)
        if row["class"] == "crash":
            ctypes.string_at(0)
        if row["class"] == "infinite":
            return float("inf")
        length = row["sepal length"]
        return float("nan") if length is None else length + row["rooms"] + self.offset


def answer(predictor: Predictor, request: Request) -> object:
    return predictor.predict(request.rows)


class Clock:
    """A worker's clock for tests: a minute passes whenever a prediction begins to hang, until `release`."""

    def __init__(self) -> None:
        self.now = 0.0
        self.release = threading.Event()

    def __call__(self) -> float:
        return self.now


def answer_or_hang(clock: Clock) -> Any:
    """`answer`, which hangs for a row of the class "hang"."""

    def asked(predictor: Predictor, request: Request) -> object:
        if any(row["class"] == "hang" for row in request.rows):
            clock.now += 60
            clock.release.wait()
            return [0.0 for _ in request.rows]
        return answer(predictor, request)

    return asked


def make_app(**options: Any) -> Any:
    settings = {"name": "sample", "load": Predictor.load, "request": Request, "answer": answer, "golden": GOLDEN}
    if code := os.environ.get("SAMPLE_CODE"):
        settings["code"] = Path(code)
    return create_app(**settings | options)


if __name__ != "__main__":
    app = make_app()
