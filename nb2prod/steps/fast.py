"""The fast path of a project that is about to be written: made, compared, and used or not."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from nb2prod.environment import create_environment
from nb2prod.environment.installed import own_interpreter
from nb2prod.errors import Cancelled, Nb2ProdError
from nb2prod.events import Cancel, Emit, Log
from nb2prod.fast.child import run_conversion
from nb2prod.fast.columns import NotDirectError
from nb2prod.fast.rows import generated_rows, is_supported
from nb2prod.fast.shape import read_shape
from nb2prod.model.project import Pin
from nb2prod.model.report import FastPath
from nb2prod.model.run import RunRecord
from nb2prod.model.schema import ValueSchema
from nb2prod.parity import first_difference, tolerance

RUNTIME = Requirement("onnxruntime>=1.22")
"""What the image needs besides, where the fast path is used."""
TOOLS = (RUNTIME, Requirement("onnx>=1.17"), Requirement("skl2onnx>=1.20"))
NUMBERS = ("int64", "int32", "int16", "int8", "float64", "bool")


@dataclass(frozen=True, slots=True)
class Fast:
    """The verdict, and what goes into ``artifacts/`` where it is used."""

    verdict: FastPath
    files: Mapping[str, bytes] = field(default_factory=dict)


def make_fast_path(
    files: Mapping[str, bytes],
    package: str,
    record: RunRecord,
    pins: Sequence[Pin],
    emit: Emit,
    cancel: Cancel,
) -> Fast:
    """`files` are the project's code, artifacts and own wheels, `pins` what it is served with.

    Nothing here fails a build. Raises Cancelled.
    """
    fast = _make(files, package, record, pins, emit, cancel)
    emit(Log("extract", "info", f"fast path: {fast.verdict.reason}"))
    return fast


def _make(
    files: Mapping[str, bytes], package: str, record: RunRecord, pins: Sequence[Pin], emit: Emit, cancel: Cancel
) -> Fast:
    try:
        sources = _sources(files, f"src/{package}/")
        kind, parts = read_shape(sources["predict"], record.schema, sources, _plain(files))
    except NotDirectError as piece:
        return refused(f"`{str(piece)[:80]}` is more than a call on an artifact")
    names = record.schema.response.sent_as
    answer = [kind, {names.get(name, name): part for name, part in parts.items()} if kind == "records" else parts]
    if any(tool.name not in own_interpreter().distributions for tool in TOOLS):
        return refused("nb2prod's ONNX tools are not installed: pip install 'nb2prod[onnx]'")
    request = record.schema.request[0]
    if (unknown := _unknown(request)) is not None:
        return refused(unknown)
    with tempfile.TemporaryDirectory(prefix="nb2prod-fast-") as temporary:
        folder = Path(temporary)
        for name, data in files.items():
            if name.startswith(("src/", "artifacts/", "wheels/")):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(data)
        wheels = [folder / "wheels"]
        try:
            python = create_environment(
                record.python, pins, wheels, tools=TOOLS, emit=emit, cancel=cancel, step="extract"
            )  # fmt: skip
        except Cancelled:
            raise
        except Nb2ProdError as error:
            return refused(f"the ONNX tools do not go with the notebook's packages: {error.message}")
        made = folder / "made"
        made.mkdir()
        rows = generated_rows(request, record.body["rows"])
        order = _order(files, package, request, rows, answer) | {"source": str(folder / "src"), "folder": str(made)}
        told = run_conversion(python, order, cancel)
        if "reason" in told:
            return refused(told["reason"])
        verdict = _compare(told, record)
        if not verdict.used:
            return Fast(verdict)
        slow, quick = told["seconds"]
        # Only told: the project holds the verdict, and measured times would make it another one with each build.
        emit(Log("extract", "info", f"fast path: {slow / quick:.0f} times as fast for one row"))
        return Fast(verdict, {f"artifacts/{path.name}": path.read_bytes() for path in sorted(made.iterdir())})


def _order(
    files: Mapping[str, bytes], package: str, request: ValueSchema, rows: Sequence[Any], answer: Any
) -> dict[str, Any]:
    index = json.loads(files["artifacts/artifacts.json"])
    return {
        "package": package,
        "answer": answer,
        "rows": rows,
        "kind": request.kind,
        "width": len(rows[0]) if request.kind == "array" else 0,
        "single": request.dtype == "float32",
        "columns": [column.notebook_name for column in request.columns],
        "numbers": [column.notebook_name for column in request.columns if column.dtype in NUMBERS],
        "texts": [column.notebook_name for column in request.columns if column.dtype not in NUMBERS],
        "dtypes": {column.notebook_name: column.dtype for column in request.columns if column.dtype in NUMBERS},
        "nullable": [c.notebook_name for c in request.columns if c.nullable and c.dtype in NUMBERS],
        "sent_as": request.sent_as,
        "artifacts": {name: each["sha256"] for name, each in index.items()},
    }


def _sources(files: Mapping[str, bytes], folder: str) -> dict[str, str]:
    """The package's modules by name; those in packages below it are left out."""
    names = [name for name in files if name.startswith(folder) and name.endswith(".py")]
    return {name[len(folder) : -3]: files[name].decode() for name in names if "/" not in name[len(folder) :]}


def _plain(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Artifacts that are JSON as they are: levels, names of columns, look-ups, numbers."""
    index = json.loads(files["artifacts/artifacts.json"])
    found = {
        name: json.loads(files[f"artifacts/{each['file']}"]) for name, each in index.items() if each["format"] == "json"
    }
    return {name: value for name, value in found.items() if "$type" not in json.dumps(value)}


def _unknown(request: ValueSchema) -> str | None:
    """Why rows of this request cannot be fed to a graph."""
    if request.kind == "texts":
        return None
    if request.kind == "array":
        known = len(request.shape) == 2 and request.dtype in ("float64", "float32", "int64")
        return None if known else f"a request of shape {request.shape} and dtype {request.dtype}"
    bad = [column for column in request.columns if not is_supported(column)]
    return f"the column '{bad[0].name}' is of dtype {bad[0].dtype}" if bad else None


def _compare(told: Mapping[str, Any], record: RunRecord) -> FastPath:
    """Every row that the fast path answers must be answered the same by the notebook's code."""
    relative, absolute = tolerance(record.schema)
    golden = len(record.body["rows"])
    pairs = list(zip(told["python"], told["fast"], strict=True))
    if any(fast is None for _, fast in pairs[:golden]):
        return FastPath(False, "not every golden row is answered by the graph")
    asked = [place for place, (_, fast) in enumerate(pairs) if fast is not None]
    for place in asked:
        if pairs[place][0] is None:
            which = f"golden row {place}" if place < golden else "a generated row"
            return FastPath(False, f"the graph answers {which}, which the notebook's code refuses", len(asked))
    expected, largest = [pairs[place][0] for place in asked], 0.0
    for what, given in (("by itself", [pairs[place][1] for place in asked]), ("among others", told["together"])):
        equal, difference, reason = first_difference(expected, given, relative=relative, absolute=absolute)
        largest = max(largest, difference or 0.0)
        if not equal:
            return FastPath(False, f"the graph answers otherwise ({what}): {reason}", len(asked), largest)
    reason = "an ONNX graph answers as the notebook's code does"
    if len(asked) < len(pairs):
        reason += f"; {len(pairs) - len(asked)} of {len(pairs)} compared rows are left to the notebook's code"
    return FastPath(True, reason, len(asked), largest)


def refused(reason: str) -> Fast:
    return Fast(FastPath(False, reason))
