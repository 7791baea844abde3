"""The stages, and what the probes of a cell take from the session.

    arm       just before a cell that is probed: its code is to get the probes
    probes    as the cell runs: artifacts and request before the prediction needs them, the response as it is made
    disarm    just after the cell: every probe has fired, and well
    end       after the last cell: all that was taken, metrics, facts of the environment

A stage answers plain JSON values, which `nb2prod.execute.run` reads into a RunRecord.
"""

from __future__ import annotations

import ast
import contextlib
import json
import math
import pathlib
import sys
import sysconfig
from collections.abc import Callable
from typing import Any

from .artifacts import save_artifact
from .errors import CaptureError, UnfitError
from .kinds import rough_size, type_name
from .probes import Probe, insert
from .rows import Watcher
from .session import read_values, shell
from .wire import describe, unsent_index

_VARIABLE_LIMIT = 200_000  # characters of JSON
_MANY_ROWS = 1000
OURS: set[str] = set()
"""Modules that the capture imported, not the notebook."""


ARMED: dict[str, Any] = {}
"""The cell that is about to run: its order (`spec`), its probes, what transforms it, the first `failure`."""
_FOUND: dict[str, dict[str, Any]] = {}
"""What the probes have taken so far, by the folder of the run."""
_HOOK = "__import__('sys').modules['" + __name__.rpartition(".")[0] + "'].probe"


def _found(spec: dict[str, Any]) -> dict[str, Any]:
    empty: dict[str, Any] = {"artifacts": {}, "schemas": {}, "wires": {}, "annotations": {}, "findings": []}
    empty["watcher"] = Watcher()
    return _FOUND.setdefault(spec["folder"], empty)


class _Transformer:
    """What IPython lets see each cell's tree before it is compiled."""

    def __init__(self, probes: list[Probe]) -> None:
        self.probes = probes

    def visit(self, tree: ast.Module) -> ast.Module:
        return insert(tree, self.probes, _HOOK)


def _arm(spec: dict[str, Any]) -> dict[str, Any]:
    (pathlib.Path(spec["folder"]) / "artifacts").mkdir(exist_ok=True)
    probes = [Probe(n, where) for n, where in enumerate(spec["probes"]) if where["cell"] == spec["cell"]]
    transformer = _Transformer(probes)
    ARMED.clear()
    ARMED.update(spec=spec, transformer=transformer, fired=set())
    shell().ast_transformers.append(transformer)
    return {}


def _disarm(spec: dict[str, Any]) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        shell().ast_transformers.remove(ARMED["transformer"])
    failure, silent = ARMED.get("failure"), [p for p in ARMED["transformer"].probes if p.number not in ARMED["fired"]]
    silent = [p for p in silent if not (p.is_placed and p.path and p.kind != "value")]  # in a block that did not run
    if failure:
        return {"error": failure}
    if silent:
        if any(not (spec["probes"][p.number]["names"] or spec["probes"][p.number]["watches"]) for p in silent):
            raise CaptureError("NB508", "The response cell ends without a value.", _RESPONSE_HINT)
        message = f"Cell {spec['cell']} runs in a way that nb2prod cannot follow (a cell magic?)."
        raise CaptureError("NB509", message, "Leave out the magic, or put the prediction into a cell of its own.")
    return {}


def take(spec: dict[str, Any], number: int, value: tuple[Any, ...]) -> dict[str, Any]:
    """What the probe of that number is there for."""
    ARMED["fired"].add(number)
    where = spec["probes"][number]
    if where["watches"]:
        for watch in where["watches"]:
            _watch(spec, spec["watches"][watch])
    elif where["names"]:
        _take_before(spec, where["names"], where["cell"], value)
    elif spec["response"] is None:
        _take_response(spec, "response", value[0])
    else:
        _take_response(
            spec, spec["response"], read_values([spec["response"]], where["cell"], "after")[spec["response"]]
        )
    return {}


def _take_before(spec: dict[str, Any], names: list[str], cell: int, value: tuple[Any, ...]) -> None:
    """Artifacts and parts of the request, just before the prediction reads them; or the one `value` that was made."""
    user = shell().user_ns
    typed = {name: eval(text, user) for name, text in spec["literals"].items() if name in names}  # noqa: S307
    typed |= {names[0]: value[0]} if value else {}
    values = read_values([name for name in names if name not in typed], cell) | typed
    _store(spec, values)


def _watch(spec: dict[str, Any], watch: dict[str, Any]) -> None:
    """Follow the rows; at the end of their way there are golden rows, and all that training keeps for them."""
    watcher: Watcher = _found(spec)["watcher"]
    watcher.see(watch, shell().user_ns)
    if watch["kind"] == "input":
        _store(spec, {**watcher.kept, spec["request"][0]: watcher.request})


def _store(spec: dict[str, Any], values: dict[str, Any]) -> None:
    """Artifacts as files, parts of the request as golden rows."""
    found, folder = _found(spec), pathlib.Path(spec["folder"]) / "artifacts"
    for name in (name for name in values if name in spec["artifacts"]):
        record, remarks = save_artifact(name, values[name], folder)
        found["artifacts"][name] = record
        found["findings"].extend(remarks)
    for name in (name for name in values if name in spec["request"]):
        try:
            found["schemas"][name], found["wires"][name] = describe(name, values[name], strict=True)
        except UnfitError as reason:
            kind = type_name(type(values[name]))
            message = f"The request `{name}` ({kind}) cannot be sent by a caller: {reason}."
            hint = (
                "Make it a DataFrame, Series, array, tensor, list of strings or plain JSON value "
                "in a cell tagged `request`, and convert it in the prediction code."
            )
            raise CaptureError("NB511", message, hint) from None
        wire = found["wires"][name]
        rows = len(wire) if isinstance(wire, list) else 1
        if rows > _MANY_ROWS:
            found["findings"].append(
                {
                    "code": "NB513",
                    "severity": "info",
                    "message": f"The request `{name}` has {rows} rows; each becomes a golden row.",
                    "hint": f"A few are enough: `{name}.head(20)`.",
                }
            )
        if unsent_index(values[name]):
            found["findings"].append(
                {
                    "code": "NB243",
                    "severity": "warning",
                    "message": f"The request `{name}` is a Series: callers send its values, and not its index.",
                    "hint": f"If the prediction needs the index, send a DataFrame: `{name}.to_frame()` has both.",
                }
            )
    found["annotations"].update({name: type_name(type(value)) for name, value in values.items()})


_RESPONSE_HINT = "Let its last line be the prediction, or assign it to a name."


def _take_response(spec: dict[str, Any], name: str, value: Any) -> None:
    found = _found(spec)
    if value is None and spec["response"] is None:
        raise CaptureError("NB508", "The response is None.", _RESPONSE_HINT)
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
    if spec["response"]:
        found["annotations"][name] = type_name(type(value))
    found["answer"] = {
        "response": schema,
        "predictions": predictions,
        "response_type": type_name(type(value)),
        "variables": variables,
    }


def _end(spec: dict[str, Any]) -> dict[str, Any]:
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
    found = _FOUND.pop(spec["folder"])
    schemas, wires = ([found[kind][name] for name in spec["request"]] for kind in ("schemas", "wires"))
    one = len(schemas) == 1 and schemas[0]["kind"] != "json"
    return {
        "artifacts": [found["artifacts"][name] for name in spec["artifacts"]],
        "request": schemas,
        "body": {"rows": wires[0]} if one else dict(zip(spec["request"], wires)),  # noqa: B905
        "annotations": found["annotations"],
        "findings": found["findings"],
        **found["answer"],
        "metrics": metrics,
        "modules": modules,
        "sources": _sources(ours),
        "python": sys.executable,
        "python_version": ".".join(str(part) for part in sys.version_info[:3]),
    }


def _sources(ours: set[str]) -> dict[str, str]:
    """The source files of loaded modules that are neither installed nor Python's own."""
    python = {pathlib.Path(sysconfig.get_path(which)).resolve() for which in ("stdlib", "platstdlib")}
    found = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name in OURS or name.partition(".")[0] in ours or not isinstance(file, str) or not file.endswith(".py"):
            continue
        if not pathlib.Path(file).is_file():  # some libraries put words there that look like a path
            continue
        path = pathlib.Path(file).resolve()
        installed = any(part in ("site-packages", "dist-packages") for part in path.parts)
        if not installed and not python & set(path.parents):
            found[name] = str(path)
    return found


def _number(value: Any) -> float | None:
    """A finite number, also where numpy or torch holds it; else None."""
    try:
        value = value.item() if hasattr(value, "item") else value
        return float(value) if isinstance(value, (bool, int, float)) and math.isfinite(value) else None
    except (ValueError, RuntimeError, OverflowError):
        return None


STAGES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {"arm": _arm, "disarm": _disarm, "end": _end}
