"""The formats of artifacts: value -> (bytes, names of the types they need), and back.

The bytes are read back at once, in the kernel, to know that they are right. The generated package has its own loaders
(templates/package/artifacts.py.jinja), since it must stand alone.
"""

# ruff: noqa: ARG001, ARG005  (formats share one signature)
from __future__ import annotations

import importlib
import io
import json
import pickle
from collections.abc import Callable
from typing import Any

from .json_form import decode, dump_json
from .skops_form import dump_skops

SUFFIX = {
    "json": ".json",
    "npy": ".npy",
    "skops": ".skops",
    "lightgbm": ".txt",
    "xgboost": ".ubj",
    "torch": ".pt",
    "pickle": ".pkl",
}


def _dump_npy(value: Any) -> tuple[bytes, list[str]]:
    buffer = io.BytesIO()
    importlib.import_module("numpy").save(buffer, value, allow_pickle=False)
    return buffer.getvalue(), []


def _dump_torch(value: Any) -> tuple[bytes, list[str]]:
    torch = importlib.import_module("torch")
    buffer = io.BytesIO()
    torch.save(value, buffer)
    data = buffer.getvalue()
    return data, sorted(torch.serialization.get_unsafe_globals_in_checkpoint(io.BytesIO(data)))


def _load_torch(value: Any, data: bytes, trusted: list[str]) -> Any:
    torch = importlib.import_module("torch")
    with torch.serialization.safe_globals([_find(path) for path in trusted]):
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)


def _find(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _dump_lightgbm(value: Any) -> tuple[bytes, list[str]]:
    return value.model_to_string().encode(), []


def _dump_xgboost(value: Any) -> tuple[bytes, list[str]]:
    booster = value if type(value).__name__ == "Booster" else value.get_booster()
    return bytes(booster.save_raw("ubj")), []


def _load_xgboost(value: Any, data: bytes, trusted: list[str]) -> Any:
    model = type(value)()
    model.load_model(bytearray(data))
    return model


def _dump_pickle(value: Any) -> tuple[bytes, list[str]]:
    data = pickle.dumps(value, protocol=4)
    needed: set[str] = set()

    class Listing(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            needed.add(module + "." + name)
            return super().find_class(module, name)

    Listing(io.BytesIO(data)).load()
    return data, sorted(needed)


DUMP: dict[str, Callable[[Any], tuple[bytes, list[str]]]] = {
    "json": dump_json,
    "npy": _dump_npy,
    "skops": dump_skops,
    "lightgbm": _dump_lightgbm,
    "xgboost": _dump_xgboost,
    "torch": _dump_torch,
    "pickle": _dump_pickle,
}
LOAD: dict[str, Callable[[Any, bytes, list[str]], Any]] = {
    "json": lambda value, data, trusted: decode(json.loads(data)),
    "npy": lambda value, data, trusted: importlib.import_module("numpy").load(io.BytesIO(data), allow_pickle=False),
    "skops": lambda value, data, trusted: importlib.import_module("skops.io").loads(data, trusted=trusted),
    "lightgbm": lambda value, data, trusted: type(value)(model_str=data.decode()),
    "xgboost": _load_xgboost,
    "torch": _load_torch,
}
