"""Runs inside the notebook's kernel: takes what the run must leave behind, at the moment it has the right value.

The kernel may belong to an environment without nb2prod, so this one file is all it needs: the standard library plus
what the values themselves are made of. Hidden cells call `run`, one per stage, and nothing is left in the user's
namespace; random state and warning filters are as they were:

    before    just before the prediction code: artifacts, request
    arm       just before the response cell, where its last expression is the response
    after     just after the response cell: response, variables
    end       after the last cell: metrics, facts of the environment

Each stage leaves ``<folder>/<stage>.json``: what it found, or ``{"error": {code, message, hint}}``. It never raises.
The file is long because it must be one file; it reads in the order stages, artifacts, wire form.
"""

# ruff: noqa: ARG001, ARG005  (stages share one signature, and so do formats)
from __future__ import annotations

import base64
import collections
import contextlib
import datetime
import decimal
import hashlib
import importlib
import io
import json
import math
import pathlib
import pickle
import random
import sys
import types
import warnings
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

_MISSING = object()
_VARIABLE_LIMIT = 200_000  # characters of JSON
_MANY_ROWS = 1000


class CaptureError(Exception):
    """Ends a stage: told to the user as a RunError."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


class UnfitError(Exception):
    """A value has no place in a format or in the wire form; the message says why."""


# --- stages ---------------------------------------------------------------------------------------------------------


def run(stage: str, order: str) -> None:
    """Do one stage. `order` is JSON: the fields of CaptureSpec and `folder`, where the results go."""
    spec = json.loads(order)
    folder = pathlib.Path(spec["folder"])
    loaded = set(sys.modules)
    try:
        with warnings.catch_warnings(), _random_state_kept(), _numpy_errors_off():
            warnings.simplefilter("ignore")
            with _features_in_package(spec):
                result = _STAGES[stage](spec, folder)
    except CaptureError as problem:
        result = {"error": {"code": problem.code, "message": problem.message, "hint": problem.hint}}
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        hint = "This is a bug in nb2prod; please report it with the notebook."
        result = {"error": {"code": "NB509", "message": f"Capturing ({stage}) failed: {told[:500]}.", "hint": hint}}
    _OURS.update(set(sys.modules) - loaded)
    text = json.dumps(result, allow_nan=False)
    (folder / (stage + ".json")).write_text(text, encoding="utf-8")


def _before(spec: dict[str, Any], folder: pathlib.Path) -> dict[str, Any]:
    names = _values(list(spec["artifacts"]) + list(spec["request"]), spec["predict_cell"])
    artifacts, findings = [], []
    (folder / "artifacts").mkdir()
    for name in spec["artifacts"]:
        record, remarks = _save(name, names[name], folder / "artifacts")
        artifacts.append(record)
        findings.extend(remarks)
    schemas, wires = [], {}
    for name in spec["request"]:
        try:
            schema, wires[name] = describe(name, names[name], strict=True)
        except UnfitError as reason:
            kind = _type_name(type(names[name]))
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
    annotations = {name: _type_name(type(value)) for name, value in names.items()}
    return {
        "artifacts": artifacts,
        "request": schemas,
        "body": body,
        "annotations": annotations,
        "findings": findings,
    }


def _arm(spec: dict[str, Any], folder: pathlib.Path) -> dict[str, Any]:
    trap = _shell().display_trap
    trap.hook = _Recorder(trap.hook)
    return {}


def _after(spec: dict[str, Any], folder: pathlib.Path) -> dict[str, Any]:
    name = spec["response"]
    if name is not None:
        value = _values([name], spec["response_cell"], "after")[name]
    else:
        trap = _shell().display_trap
        value, trap.hook = trap.hook.value, trap.hook.hook
        name = "response"
        if value is _MISSING or value is None:
            message = "The response cell ends without a value" if value is _MISSING else "The response is None"
            hint = "Let its last line be the prediction, or assign it to a name."
            raise CaptureError("NB508", message + ".", hint)
    try:
        schema, predictions = describe(name, value, strict=False)
    except UnfitError as reason:
        message = f"The response ({_type_name(type(value))}) cannot be answered as JSON: {reason}."
        hint = "Let the prediction code end with an array, Series, DataFrame, list, dict or number."
        raise CaptureError("NB512", message, hint) from None
    variables = {}
    user = _shell().user_ns
    for variable in spec["variables"]:
        with contextlib.suppress(Exception):  # a variable only helps to name a difference
            if variable in user and _size(user[variable]) < _VARIABLE_LIMIT:
                wire = describe(variable, user[variable], strict=False)[1]
                if len(json.dumps(wire, allow_nan=False)) <= _VARIABLE_LIMIT:
                    variables[variable] = wire
    annotations = {spec["response"]: _type_name(type(value))} if spec["response"] else {}
    return {
        "response": schema,
        "predictions": predictions,
        "response_type": _type_name(type(value)),
        "variables": variables,
        "annotations": annotations,
    }


def _end(spec: dict[str, Any], folder: pathlib.Path) -> dict[str, Any]:
    user = _shell().user_ns
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
    modules = sorted({name.partition(".")[0] for name in set(sys.modules) - _OURS} - ours)
    return {
        "metrics": metrics,
        "modules": modules,
        "python": sys.executable,
        "python_version": ".".join(str(part) for part in sys.version_info[:3]),
    }


_STAGES: dict[str, Callable[[dict[str, Any], pathlib.Path], dict[str, Any]]] = {
    "before": _before,
    "arm": _arm,
    "after": _after,
    "end": _end,
}
_OURS: set[str] = set()
"""Modules that this file imported, not the notebook."""


class _Recorder:
    """Stands in for IPython's display hook: keeps the last value, also where a ``;`` hides it from display."""

    def __init__(self, hook: Any) -> None:
        self.hook = hook
        self.value: Any = _MISSING

    def __call__(self, result: Any = None) -> Any:
        self.value = result
        return self.hook(result)


def _shell() -> Any:
    from IPython import get_ipython

    return get_ipython()  # type: ignore[no-untyped-call,unused-ignore]


def _values(names: list[str], cell: int, when: str = "before") -> dict[str, Any]:
    user = _shell().user_ns
    missing = [name for name in names if name not in user]
    if missing:
        listed = ", ".join(f"`{name}`" for name in missing)
        verb = "do" if len(missing) > 1 else "does"
        message = f"{listed} {verb} not exist {when} cell {cell} in a run from top to bottom."
        raise CaptureError("NB507", message, "Define it in an earlier cell; it may come from a cell that was deleted.")
    return {name: user[name] for name in names}


def _number(value: Any) -> float | None:
    """A finite number, also where numpy or torch holds it; else None."""
    try:
        value = value.item() if hasattr(value, "item") else value
        return float(value) if isinstance(value, (bool, int, float)) and math.isfinite(value) else None
    except (ValueError, RuntimeError, OverflowError):
        return None


@contextlib.contextmanager
def _random_state_kept() -> Iterator[None]:
    state = random.getstate()
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    arrays = numpy.random.get_state() if numpy is not None else None
    tensors = torch.random.get_rng_state() if torch is not None else None
    try:
        yield
    finally:
        random.setstate(state)
        if numpy is not None:
            numpy.random.set_state(arrays)
        if torch is not None:
            torch.random.set_rng_state(tensors)


def _numpy_errors_off() -> Any:
    numpy = sys.modules.get("numpy")
    return numpy.errstate(all="ignore") if numpy is not None else contextlib.nullcontext()


@contextlib.contextmanager
def _features_in_package(spec: dict[str, Any]) -> Iterator[None]:
    """Let the notebook's functions and classes belong to ``<package>.features``, where an artifact will find them."""
    package, user = spec["package"], _shell().user_ns
    name = package + ".features"
    module = types.ModuleType(name)
    parent = types.ModuleType(package)
    parent.__path__ = []
    parent.features = module  # type: ignore[attr-defined]
    moved = []
    for feature in spec["features"]:
        value = user.get(feature)
        if value is None:
            continue
        setattr(module, feature, value)
        if getattr(value, "__module__", None) == "__main__":
            with contextlib.suppress(AttributeError, TypeError):
                value.__module__ = name
                moved.append(value)
    before = {key: sys.modules.get(key) for key in (package, name)}
    sys.modules[package], sys.modules[name] = parent, module
    try:
        yield
    finally:
        for value in moved:
            value.__module__ = "__main__"
        for key, old in before.items():
            if old is None:
                sys.modules.pop(key, None)
            else:
                sys.modules[key] = old


def _type_name(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else kind.__module__ + "." + kind.__qualname__


# --- artifacts ------------------------------------------------------------------------------------------------------

_SUFFIX = {
    "json": ".json",
    "npy": ".npy",
    "skops": ".skops",
    "lightgbm": ".txt",
    "xgboost": ".ubj",
    "torch": ".pt",
    "pickle": ".pkl",
}


def _save(name: str, value: Any, folder: pathlib.Path) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Store a value in the first format that takes it and reads it back equal."""
    kind, findings, reasons = _type_name(type(value)), [], {}
    for form in _candidates(value):
        try:
            data, trusted = _DUMP[form](value)
            if form != "pickle" and not _same(value, _LOAD[form](value, data, trusted), {}):
                raise UnfitError("it reads back differently")
        except Exception as error:
            reasons[form] = str(error) if isinstance(error, UnfitError) else f"{type(error).__name__}: {error}"
            continue
        break
    else:
        message = f"The artifact `{name}` ({kind}) cannot be saved: {reasons['pickle'][:300]}."
        hint = "Build it from values that can be (a named function instead of a lambda, a list instead of a generator)."
        raise CaptureError("NB602", message, hint)
    local = [path.rpartition(".")[2] for path in trusted if path.startswith("__main__.")]
    if local:
        message = f"The artifact `{name}` ({kind}) refers to `{local[0]}`, which only exists in the notebook."
        hint = f"Tag the cell that defines `{local[0]}` as `functions`, or import it from a module."
        raise CaptureError("NB604", message, hint)
    if form == "pickle":
        why = next((reason for tried, reason in reasons.items() if tried != "json"), "")
        advice = "Where you can, keep its fitted parts (arrays, estimators) rather than the object."
        if why.startswith("skops is not installed"):
            advice = "Install skops where the kernel runs, and it is stored without pickle."
        findings.append(
            {
                "code": "NB601",
                "severity": "warning",
                "message": f"The artifact `{name}` ({kind}) is stored as a pickle; no safer format takes it"
                + (f" ({why.splitlines()[0][:200]})." if why else "."),
                "hint": "Its digest is checked and only the types it needs are loaded. " + advice,
            }
        )
    elif form in ("skops", "torch") and trusted:
        findings.append(
            {
                "code": "NB603",
                "severity": "info",
                "message": f"To load the artifact `{name}` ({kind}), these types are allowed: {', '.join(trusted)}.",
                "hint": "They are listed in the generated artifacts.py; look through them once.",
            }
        )
    file = name + _SUFFIX[form]
    (folder / file).write_bytes(data)
    record = {
        "name": name,
        "format": form,
        "file": file,
        "sha256": hashlib.sha256(data).hexdigest(),
        "type_name": kind,
        "trusted": trusted,
    }
    return record, findings


def _candidates(value: Any) -> list[str]:
    """Formats to try, safest first."""
    forms = []
    if _is(value, "numpy", "ndarray") and not value.dtype.hasobject and type(value).__name__ == "ndarray":
        forms.append("npy")
    forms.append("json")
    if _is(value, "lightgbm", "Booster"):
        forms.append("lightgbm")
    elif _is(value, "xgboost", "Booster"):
        forms.append("xgboost")
    elif _holds_torch(value, 0):
        forms.append("torch")
    else:
        forms.append("skops")
    if _is(value, "xgboost", "XGBModel"):
        forms.append("xgboost")
    return [*forms, "pickle"]


def _is(value: Any, module: str, name: str) -> bool:
    loaded = sys.modules.get(module)
    kind = getattr(loaded, name, None)
    return isinstance(kind, type) and isinstance(value, kind)


def _holds_torch(value: Any, depth: int) -> bool:
    torch = sys.modules.get("torch")
    if torch is None or depth > 3:
        return False
    if isinstance(value, (torch.Tensor, torch.nn.Module)):
        return True
    if isinstance(value, dict):
        return any(_holds_torch(item, depth + 1) for item in value.values())
    return isinstance(value, (list, tuple)) and any(_holds_torch(item, depth + 1) for item in value)


def _dump_json(value: Any) -> tuple[bytes, list[str]]:
    tags: set[str] = set()
    return json.dumps(_encode(value, tags)).encode(), sorted(tags)


def _encode(value: Any, tags: Any) -> Any:
    """A value as JSON; what JSON has no word for becomes ``{"$type": …}``. The generated loader reads the same form."""
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if kind is list:
        return [_encode(item, tags) for item in value]
    if kind is dict and "$type" not in value and all(type(key) is str for key in value):
        return {key: _encode(item, tags) for key, item in value.items()}
    tag, fields = _tagged(value, kind)
    tags.add(tag)
    return {"$type": tag, **{key: _encode(item, tags) for key, item in fields.items()}}


def _tagged(value: Any, kind: type) -> tuple[str, dict[str, Any]]:
    if kind in (dict, collections.OrderedDict, collections.Counter):
        return _type_name(kind), {"items": [[key, item] for key, item in value.items()]}
    if kind is tuple:
        return "tuple", {"items": list(value)}
    if kind in (set, frozenset):
        return _type_name(kind), {"items": sorted(value, key=lambda item: (type(item).__name__, item))}
    if kind in (datetime.datetime, datetime.date):
        return _type_name(kind), {"value": value.isoformat()}
    if kind is bytes:
        return "bytes", {"value": base64.b64encode(value).decode()}
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if numpy is not None and isinstance(value, numpy.generic):
        return "numpy." + kind.__name__, {"value": _plain(value.item())}
    if numpy is not None and kind is numpy.ndarray:
        if value.dtype.kind not in "biufUO":
            raise UnfitError(f"arrays of {value.dtype} have no JSON form")
        fields = {"dtype": str(value.dtype), "shape": list(value.shape), "values": value.ravel().tolist()}
        return "numpy.ndarray", fields
    if pandas is not None:
        if kind is pandas.Timestamp:
            return "pandas.Timestamp", {"value": value.isoformat(), "unit": value.unit}
        if kind is pandas.CategoricalDtype:
            return "pandas.CategoricalDtype", {"categories": value.categories, "ordered": bool(value.ordered)}
        if kind is pandas.RangeIndex:
            return "pandas.RangeIndex", {"range": [value.start, value.stop, value.step], "name": value.name}
        if kind is pandas.Index or kind.__name__ in ("DatetimeIndex", "CategoricalIndex"):
            return "pandas.Index", {**_column(value), "name": value.name}
        if kind is pandas.Series:
            return "pandas.Series", {**_column(value), "index": value.index, "name": value.name}
        if kind is pandas.DataFrame:
            columns = [value.iloc[:, position] for position in range(value.shape[1])]
            fields = {"columns": value.columns, "index": value.index, "series": [_column(column) for column in columns]}
            return "pandas.DataFrame", fields
    raise UnfitError(f"{_type_name(kind)} has no JSON form")


def _column(values: Any) -> dict[str, Any]:
    """The values of a pandas Series or Index with their dtype; missing ones are None, times ISO 8601 text."""
    dtype = values.dtype
    plain = type(dtype).__module__.startswith("numpy") or str(dtype) in ("str", "string", "category", "boolean")
    if not (plain or str(dtype).lower().startswith(("int", "uint", "float", "datetime64"))):
        raise UnfitError(f"columns of {dtype} have no JSON form")
    missing = values.isna()
    items = [None if gone else _plain(item) for item, gone in zip(values.tolist(), missing)]  # noqa: B905
    return {"dtype": dtype if str(dtype) == "category" else str(dtype), "values": items}


def _plain(item: Any) -> Any:
    if isinstance(item, datetime.datetime):  # also pandas.Timestamp
        return item.isoformat()
    if type(item) in (bool, int, float, str):
        return item
    raise UnfitError(f"{_type_name(type(item))} has no JSON form")


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    fields = {key: _decode(item) for key, item in value.items()}
    tag = fields.pop("$type", None)
    return fields if tag is None else _untagged(tag, fields)


def _untagged(tag: str, fields: dict[str, Any]) -> Any:
    plain: dict[str, Any] = {
        "dict": dict,
        "collections.OrderedDict": collections.OrderedDict,
        "tuple": tuple,
        "set": set,
        "frozenset": frozenset,
    }
    if tag in plain:
        return plain[tag](fields["items"])
    if tag == "collections.Counter":
        return collections.Counter(dict(fields["items"]))
    if tag in ("datetime.datetime", "datetime.date"):
        return getattr(datetime, tag[9:]).fromisoformat(fields["value"])
    if tag == "bytes":
        return base64.b64decode(fields["value"])
    if tag == "numpy.ndarray":
        numpy = importlib.import_module("numpy")
        return numpy.array(fields["values"], dtype=fields["dtype"]).reshape(fields["shape"])
    if tag.startswith("numpy."):
        return getattr(importlib.import_module("numpy"), tag[6:])(fields["value"])
    pandas = importlib.import_module("pandas")
    if tag == "pandas.Timestamp":
        return pandas.Timestamp(fields["value"]).as_unit(fields["unit"])
    if tag == "pandas.CategoricalDtype":
        return pandas.CategoricalDtype(**fields)
    if tag == "pandas.RangeIndex":
        return pandas.RangeIndex(*fields["range"], name=fields["name"])
    if tag == "pandas.Index":
        return pandas.Index(fields["values"], dtype=fields["dtype"], name=fields["name"])
    if tag == "pandas.Series":
        return pandas.Series(fields["values"], index=fields["index"], dtype=fields["dtype"], name=fields["name"])
    series = {at: pandas.Series(dtype=s["dtype"], data=s["values"]) for at, s in enumerate(fields["series"])}
    return pandas.DataFrame(series).set_axis(fields["index"]).set_axis(fields["columns"], axis=1)


def _dump_npy(value: Any) -> tuple[bytes, list[str]]:
    buffer = io.BytesIO()
    importlib.import_module("numpy").save(buffer, value, allow_pickle=False)
    return buffer.getvalue(), []


def _dump_skops(value: Any) -> tuple[bytes, list[str]]:
    try:
        skops = importlib.import_module("skops.io")
    except ImportError:
        raise UnfitError("skops is not installed in the kernel's environment") from None
    data = _settled(skops.dumps(value))
    return data, sorted(skops.get_untrusted_types(data=data))


def _settled(data: bytes) -> bytes:
    """A skops file without memory addresses, random names and times, so that equal models give equal bytes."""
    source = zipfile.ZipFile(io.BytesIO(data))
    schema = json.loads(source.read("schema.json"))
    numbers: dict[int, int] = {}
    files: dict[str, str] = {}
    pending = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            if isinstance(node.get("__id__"), int):
                node["__id__"] = numbers.setdefault(node["__id__"], len(numbers))
            file = node.get("file")
            if isinstance(file, str) and file in source.NameToInfo:
                node["file"] = files.setdefault(file, f"{len(files)}{pathlib.PurePath(file).suffix}")
        children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        pending.extend(reversed(list(children)))
    members = {new: source.read(old) for old, new in files.items()}
    for name, member in members.items():
        if name.endswith(".npz"):
            inner = zipfile.ZipFile(io.BytesIO(member))
            members[name] = _zipped({item: inner.read(item) for item in inner.namelist()}, zipfile.ZIP_STORED)
        elif name.endswith(".npy"):
            members[name] = _without_gaps(member)
    return _zipped({"schema.json": json.dumps(schema).encode(), **members}, zipfile.ZIP_DEFLATED)


def _without_gaps(member: bytes) -> bytes:
    """An array of records (the nodes of a tree) has unused bytes between its fields, which hold anything."""
    numpy = importlib.import_module("numpy")
    array = numpy.load(io.BytesIO(member), allow_pickle=False)
    if not array.dtype.names:
        return member
    clean = numpy.zeros(array.shape, array.dtype)
    for field in array.dtype.names:
        clean[field] = array[field]
    buffer = io.BytesIO()
    numpy.save(buffer, clean, allow_pickle=False)
    return buffer.getvalue()


def _zipped(members: dict[str, bytes], compression: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, member in members.items():
            target.writestr(zipfile.ZipInfo(name), member, compress_type=compression)
    return buffer.getvalue()


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


_DUMP: dict[str, Callable[[Any], tuple[bytes, list[str]]]] = {
    "json": _dump_json,
    "npy": _dump_npy,
    "skops": _dump_skops,
    "lightgbm": _dump_lightgbm,
    "xgboost": _dump_xgboost,
    "torch": _dump_torch,
    "pickle": _dump_pickle,
}
_LOAD: dict[str, Callable[[Any, bytes, list[str]], Any]] = {
    "json": lambda value, data, trusted: _decode(json.loads(data)),
    "npy": lambda value, data, trusted: importlib.import_module("numpy").load(io.BytesIO(data), allow_pickle=False),
    "skops": lambda value, data, trusted: importlib.import_module("skops.io").loads(data, trusted=trusted),
    "lightgbm": lambda value, data, trusted: type(value)(model_str=data.decode()),
    "xgboost": _load_xgboost,
    "torch": _load_torch,
}


def _same(one: Any, two: Any, seen: dict[tuple[int, int], Any]) -> bool:
    """Whether a value that was read back equals the one that was saved, down to types, dtypes and bits."""
    if one is two:
        return True
    if type(one) is not type(two):
        return False
    if (id(one), id(two)) in seen:
        return True
    seen[id(one), id(two)] = (one, two)
    if isinstance(one, float):
        return one == two or (math.isnan(one) and math.isnan(two))
    if isinstance(one, (str, bytes, bytearray, int, complex, set, frozenset, range, datetime.date)):
        return bool(one == two)
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(_same(a, b, seen) for a, b in zip(one, two))  # noqa: B905
    if isinstance(one, dict):
        return _same(list(one), list(two), seen) and _same(list(one.values()), list(two.values()), seen)
    if _is(one, "numpy", "ndarray") or _is(one, "numpy", "generic"):
        if one.dtype != two.dtype or one.shape != two.shape:
            return False
        if one.dtype.names:
            return all(_same(one[field], two[field], seen) for field in one.dtype.names)
        if one.dtype.hasobject:
            return _same(one.ravel().tolist(), two.ravel().tolist(), seen)
        return bool(one.tobytes() == two.tobytes())
    for name, check in (("DataFrame", "frame"), ("Series", "series"), ("Index", "index")):
        if _is(one, "pandas", name):
            testing = sys.modules["pandas"].testing
            getattr(testing, f"assert_{check}_equal")(one, two, check_exact=True)
            return True
    if _is(one, "torch", "Tensor"):
        torch = sys.modules["torch"]
        a, b = one.detach().cpu(), two.detach().cpu()
        alike = a.dtype == b.dtype and a.shape == b.shape and one.requires_grad == two.requires_grad
        return alike and bool(torch.equal(a, b) or torch.allclose(a, b, rtol=0, atol=0, equal_nan=True))
    if _is(one, "lightgbm", "Booster"):
        return bool(one.model_to_string() == two.model_to_string())
    if _is(one, "xgboost", "Booster"):
        return bytes(one.save_raw("ubj")) == bytes(two.save_raw("ubj"))
    if _is(one, "numpy.random", "RandomState"):  # its seed sequence is made anew and plays no part
        return _same(one.get_state(legacy=False), two.get_state(legacy=False), seen)
    if type(one).__module__.startswith("scipy.sparse.") and hasattr(one, "tocoo"):
        stored, read = ([matrix.tocoo().coords, matrix.data, matrix.shape, matrix.format] for matrix in (one, two))
        return _same(stored, read, seen)
    return _same(_parts(one), _parts(two), seen)


def _parts(value: Any) -> Any:
    """What pickle would store of an object."""
    parts = value.__reduce_ex__(4)
    if isinstance(parts, str):
        return parts
    return [list(part) if at in (3, 4) and part is not None else part for at, part in enumerate(parts)]


# --- wire form ------------------------------------------------------------------------------------------------------


def describe(name: str, value: Any, strict: bool) -> tuple[dict[str, Any], Any]:
    """The schema of a value and the value in wire form (nb2prod.model.schema). Raises UnfitError.

    `strict`: the value is a request, so that a caller's JSON must be able to make it again.
    """
    schema: dict[str, Any] = {
        "name": name,
        "kind": "json",
        "columns": [],
        "dtype": "",
        "shape": [],
        "annotation": "",
    }
    if _is(value, "pandas", "DataFrame"):
        schema["kind"] = "frame"
        if not all(isinstance(column, str) for column in value.columns):
            if strict:
                raise UnfitError("its columns are not named by text")
            value = value.set_axis([str(column) for column in value.columns], axis=1)
        if not value.columns.is_unique:
            raise UnfitError("two of its columns have the same name")
        lists = [_cells(value[column], strict, column) for column in value.columns]
        known = _training_frame(value) if strict else None
        schema["columns"] = [
            _describe_column(column, value[column], None if known is None else known[column])
            for column in value.columns
        ]
        rows = [dict(zip(value.columns, row)) for row in zip(*lists)] if lists else []  # noqa: B905
        return schema, rows
    if _is(value, "pandas", "Series"):
        schema["kind"], schema["dtype"] = "series", str(value.dtype)
        schema["columns"] = [_describe_column(str(value.name or name), value, None)]
        return schema, _cells(value, strict, name)
    if _is_pandas_array(value):
        value = sys.modules["numpy"].asarray(value)
    if _is(value, "torch", "Tensor"):
        schema["kind"], schema["dtype"] = "tensor", str(value.dtype).replace("torch.", "")
        schema["shape"] = [None, *value.shape[1:]]
        if value.dim() == 0:
            return _json_schema(schema, value.item(), strict)
        value = value.detach().cpu()
        return schema, _nested((value.float() if schema["dtype"] == "bfloat16" else value).tolist(), strict)
    if _is(value, "numpy", "ndarray"):
        if value.ndim == 0:
            return _json_schema(schema, value.item(), strict)
        schema["kind"], schema["dtype"], schema["shape"] = "array", str(value.dtype), [None, *value.shape[1:]]
        if strict and value.dtype.kind not in "biufUO":
            raise UnfitError(f"an array of {value.dtype} has no JSON form")
        if value.dtype.kind == "M":
            return schema, _nested(value.astype("datetime64[us]").tolist(), strict)
        return schema, _nested(value.tolist(), strict)
    if isinstance(value, list) and value and strict and all(type(item) is str for item in value):
        schema["kind"] = "texts"
        return schema, list(value)
    if isinstance(value, list) and value and all(type(item) is dict for item in value):
        wire = _nested(value, strict)
        schema["kind"], schema["columns"] = "records", _record_columns(wire)
        return schema, wire
    return _json_schema(schema, value, strict)


def _json_schema(schema: dict[str, Any], value: Any, strict: bool) -> tuple[dict[str, Any], Any]:
    wire = _nested(value, strict)
    schema.update(kind="json", dtype="", shape=[], annotation=_annotation(wire))
    return schema, wire


def _nested(value: Any, strict: bool) -> Any:
    """JSON of a value made of lists, dicts and scalars; in a response also of arrays and frames."""
    if isinstance(value, (list, tuple)):
        return [_nested(item, strict) for item in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value) and strict:
            raise UnfitError("its keys are not text")
        return {str(key): _nested(item, strict) for key, item in value.items()}
    arrays = (("pandas", "DataFrame"), ("pandas", "Series"), ("numpy", "ndarray"), ("torch", "Tensor"))
    if not strict and (_is_pandas_array(value) or any(_is(value, *kind) for kind in arrays)):
        return describe("", value, strict=False)[1]
    return _scalar(value, strict)


def _is_pandas_array(value: Any) -> bool:
    """An index, a Categorical, or another of pandas' own arrays."""
    return hasattr(value, "__array__") and type(value).__module__.partition(".")[0] == "pandas"


def _scalar(value: Any, strict: bool) -> Any:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if _is(value, "numpy", "datetime64"):
        value = value.astype("datetime64[us]").item()
    elif _is(value, "numpy", "generic"):
        value = value.item()
    if isinstance(value, str):
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            raise UnfitError("it holds text that is not valid Unicode")
        return str(value)
    if isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        if math.isinf(value):
            raise UnfitError("it holds an infinite number")
        return None if math.isnan(value) else float(value)
    if not strict and isinstance(value, (datetime.date, datetime.time)):  # also datetimes, also pandas.Timestamp
        return value.isoformat()
    if not strict and isinstance(value, decimal.Decimal):
        return float(value)
    raise UnfitError(f"{_type_name(type(value))} has no JSON form")


def _cells(series: Any, strict: bool, name: str) -> list[Any]:
    dtype = str(series.dtype)
    if strict and dtype.startswith(("timedelta", "complex", "period", "interval", "Sparse")):
        raise UnfitError(f"column `{name}` is {dtype}")
    strict = strict and not dtype.startswith("datetime64")  # the dtype tells how to read the text back
    try:
        return [_nested(item, strict) for item in series.tolist()]
    except UnfitError as reason:
        raise UnfitError(f"in column `{name}`, {reason}") from None


def _describe_column(name: str, series: Any, training: Any) -> dict[str, Any]:
    """A column's dtype, whether it misses values, its range or labels, over the request and the training data."""
    column: dict[str, Any] = {
        "name": name,
        "dtype": str(series.dtype),
        "nullable": False,
        "minimum": None,
        "maximum": None,
        "categories": [],
    }
    seen = [series.dropna(), *([] if training is None else [training.dropna()])]
    column["nullable"] = bool(series.isna().any() or (training is not None and training.isna().any()))
    kind = getattr(series.dtype, "kind", "O")
    if kind in "iuf":
        ends = [float(end) for part in seen if len(part) for end in (part.min(), part.max())]
        ends = [end for end in ends if math.isfinite(end)]
        if ends:
            column["minimum"], column["maximum"] = min(ends), max(ends)
    elif column["dtype"] == "category":
        labels = series.dtype.categories.tolist()
        if len(labels) <= 50 and all(isinstance(label, str) for label in labels):
            column["categories"] = labels
    elif kind == "O" or column["dtype"] in ("str", "string"):
        rows = sum(len(part) for part in seen)
        with contextlib.suppress(TypeError):  # unhashable values
            labels = set()
            for part in seen:
                labels.update(part.unique().tolist())
            # Labels repeat; free text does not.
            if len(labels) <= 50 and 2 * len(labels) <= rows and all(isinstance(label, str) for label in labels):
                column["categories"] = sorted(labels)
    return column


def _training_frame(request: Any) -> Any:
    """The frame the request was probably taken from: the same columns and dtypes, a range that holds the request's.

    A scaled copy of the training data has the same columns too, but not the same range.
    """
    best = None
    for frame in list(_shell().user_ns.values()):
        if not _is(frame, "pandas", "DataFrame") or frame is request or len(frame) <= len(request):
            continue
        if best is not None and len(frame) <= len(best):
            continue
        if not frame.columns.is_unique or not set(request.columns) <= set(frame.columns):
            continue
        if all(_holds(frame[column], request[column]) for column in request.columns):
            best = frame
    return best


def _holds(known: Any, asked: Any) -> bool:
    # An integer column without the rows that miss values was a float column with them.
    if known.dtype != asked.dtype and not (known.dtype.kind == "f" and asked.dtype.kind == "i"):
        return False
    if getattr(asked.dtype, "kind", "O") not in "iuf" or not asked.notna().any():
        return True
    return bool(known.min() <= asked.min() and asked.max() <= known.max())


def _record_columns(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Columns of a list of objects that share their keys and hold scalars; else none."""
    names = list(records[0])
    if not all(list(record) == names for record in records):
        return []
    columns = []
    for name in names:
        items = [record[name] for record in records]
        kinds = {type(item) for item in items if item is not None}
        if kinds <= {int, float} and kinds:
            dtype = "float64" if float in kinds or None in items else "int64"
        elif kinds in ({bool}, {str}):
            dtype = "bool" if kinds == {bool} else "object"
        else:
            return []
        column = {"name": name, "dtype": dtype, "nullable": None in items, "minimum": None, "maximum": None}
        columns.append({**column, "categories": []})
    return columns


def _annotation(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, list):
        return f"list[{_common(value)}]"
    if isinstance(value, dict):
        return f"dict[str, {_common(list(value.values()))}]"
    return type(value).__name__


def _common(values: list[Any]) -> str:
    kinds = {_annotation(value) for value in values}
    if kinds == {"int", "float"}:
        return "float"
    return kinds.pop() if len(kinds) == 1 else "Any"


def _size(value: Any) -> int:
    """Roughly how long the wire form would be, without making it."""
    size = getattr(value, "size", None)
    if isinstance(size, int):
        return size
    if callable(getattr(value, "numel", None)):
        return int(value.numel())
    return len(value) if isinstance(value, (list, dict, str)) else 1
