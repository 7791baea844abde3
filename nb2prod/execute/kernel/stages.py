"""The four stages: what each takes from the session.

    before    just before the prediction code: artifacts, request
    arm       just before the response cell, where its last expression is the response
    after     just after the response cell: response, variables
    end       after the last cell: metrics, facts of the environment

A stage answers plain JSON values, which `nb2prod.execute.run` reads into a RunRecord.
"""

# ruff: noqa: ARG001  (stages share one signature)
from __future__ import annotations

import contextlib
import json
import math
import pathlib
import sys
from collections.abc import Callable
from typing import Any

from .artifacts import save_artifact
from .errors import CaptureError, UnfitError
from .kinds import rough_size, type_name
from .session import MISSING, Recorder, read_values, shell
from .wire import describe

_VARIABLE_LIMIT = 200_000  # characters of JSON
_MANY_ROWS = 1000
OURS: set[str] = set()
"""Modules that the capture imported, not the notebook."""


def _before(spec: dict[str, Any], folder: pathlib.Path) -> dict[str, Any]:
    names = read_values(list(spec["artifacts"]) + list(spec["request"]), spec["predict_cell"])
    artifacts, findings = [], []
    (folder / "artifacts").mkdir()
    for name in spec["artifacts"]:
        record, remarks = save_artifact(name, names[name], folder / "artifacts")
        artifacts.append(record)
        findings.extend(remarks)
    schemas, wires = [], {}
    for name in spec["request"]:
        try:
            schema, wires[name] = describe(name, names[name], strict=True)
        except UnfitError as reason:
            kind = type_name(type(names[name]))
            message = f"The request `{name}` ({kind}) cannot be sent by a caller: {reason}."
            hint = (
                "Make it a DataFrame, Series, array, tensor, list of strings or plain JSON value "
                "in a cell tagged `request`, and convert it in the prediction code."
            )
            raise CaptureError("NB511", message, hint) from None
        schemas.append(schema)
        rows = len(wires[name]) if isinstance(wires[name], list) else 1
        if rows > _MANY_ROWS:
            findings.append(
                {
                    "code": "NB513",
                    "severity": "info",
                    "message": f"The request `{name}` has {rows} rows; each becomes a golden row.",
                    "hint": f"A few are enough: `{name}.head(20)`.",
                }
            )
    one = len(schemas) == 1 and schemas[0]["kind"] != "json"
    body = {"rows": wires[schemas[0]["name"]]} if one else wires
    annotations = {name: type_name(type(value)) for name, value in names.items()}
    return {
        "artifacts": artifacts,
        "request": schemas,
        "body": body,
        "annotations": annotations,
        "findings": findings,
    }


def _arm(spec: dict[str, Any], folder: pathlib.Path) -> dict[str, Any]:
    trap = shell().display_trap
    trap.hook = Recorder(trap.hook)
    return {}


def _after(spec: dict[str, Any], folder: pathlib.Path) -> dict[str, Any]:
    name = spec["response"]
    if name is not None:
        value = read_values([name], spec["response_cell"], "after")[name]
    else:
        trap = shell().display_trap
        value, trap.hook = trap.hook.value, trap.hook.hook
        name = "response"
        if value is MISSING or value is None:
            message = "The response cell ends without a value" if value is MISSING else "The response is None"
            hint = "Let its last line be the prediction, or assign it to a name."
            raise CaptureError("NB508", message + ".", hint)
    try:
        schema, predictions = describe(name, value, strict=False)
    except UnfitError as reason:
        message = f"The response ({type_name(type(value))}) cannot be answered as JSON: {reason}."
        hint = "Let the prediction code end with an array, Series, DataFrame, list, dict or number."
        raise CaptureError("NB512", message, hint) from None
    variables = {}
    user = shell().user_ns
    for variable in spec["variables"]:
        with contextlib.suppress(Exception):  # a variable only helps to name a difference
            if variable in user and rough_size(user[variable]) < _VARIABLE_LIMIT:
                wire = describe(variable, user[variable], strict=False)[1]
                if len(json.dumps(wire, allow_nan=False)) <= _VARIABLE_LIMIT:
                    variables[variable] = wire
    annotations = {spec["response"]: type_name(type(value))} if spec["response"] else {}
    return {
        "response": schema,
        "predictions": predictions,
        "response_type": type_name(type(value)),
        "variables": variables,
        "annotations": annotations,
    }


def _end(spec: dict[str, Any], folder: pathlib.Path) -> dict[str, Any]:
    user = shell().user_ns
    metrics: dict[str, float] = {}
    for name in spec["metrics"]:
        value = user.get(name)
        flat = (
            {name + "." + str(key): item for key, item in value.items()} if isinstance(value, dict) else {name: value}
        )
        for key, item in flat.items():
            number = _number(item)
            if number is not None:
                metrics[key] = number
    ours = {"__main__", "__mp_main__", "_nb2prod_capture", spec["package"]}
    modules = sorted({name.partition(".")[0] for name in set(sys.modules) - OURS} - ours)
    return {
        "metrics": metrics,
        "modules": modules,
        "python": sys.executable,
        "python_version": ".".join(str(part) for part in sys.version_info[:3]),
    }


def _number(value: Any) -> float | None:
    """A finite number, also where numpy or torch holds it; else None."""
    try:
        value = value.item() if hasattr(value, "item") else value
        return float(value) if isinstance(value, (bool, int, float)) and math.isfinite(value) else None
    except (ValueError, RuntimeError, OverflowError):
        return None


STAGES: dict[str, Callable[[dict[str, Any], pathlib.Path], dict[str, Any]]] = {
    "before": _before,
    "arm": _arm,
    "after": _after,
    "end": _end,
}
