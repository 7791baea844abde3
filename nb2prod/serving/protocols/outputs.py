"""Predictions as named tensors: a column each of a frame, a key each of a dict, else one called ``predictions``.

What has no tensor form (ragged lists, objects, values of several types) is BYTES that hold JSON, one text per row.
"""

from dataclasses import dataclass, field
from typing import Any

from nb2prod.serving.golden import Golden
from nb2prod.serving.protocols.tensors import MOST_DIMENSIONS
from nb2prod.serving.wire import encode

EXACT = 2**53
"""Integers up to here are the same as FP64."""


@dataclass(frozen=True, slots=True)
class Output:
    """`values` are flat, in row-major order; None is a missing number or text. `is_json`: BYTES that hold JSON."""

    name: str
    datatype: str
    shape: list[int] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    is_json: bool = False


def known_outputs(golden: Golden | None) -> list[Output]:
    """What the golden rows' predictions tell of the outputs."""
    return outputs_of(golden.predictions, []) if golden is not None else []


def outputs_of(predictions: Any, known: list[Output]) -> list[Output]:
    """`known` are those of the golden rows: their names and types hold where there is no row, or no value, to tell."""
    if predictions == [] and known:
        return [Output(o.name, o.datatype, [0, *o.shape[1:]], [], o.is_json) for o in known]
    datatypes = {output.name: output.datatype for output in known}
    return [_output(name, value, datatypes.get(name)) for name, value in _named(predictions)]


def _named(predictions: Any) -> list[tuple[str, Any]]:
    if isinstance(predictions, dict) and predictions:
        return [(str(name), value) for name, value in predictions.items()]
    if isinstance(predictions, list) and predictions and all(isinstance(row, dict) for row in predictions):
        names = predictions[0].keys()
        if names and all(row.keys() == names for row in predictions):
            return [(str(name), [row[name] for row in predictions]) for name in names]
    return [("predictions", predictions)]


def _output(name: str, value: Any, expected: str | None) -> Output:
    shape, values = _flat(value)
    if values is not None and (datatype := _datatype(values, expected)) is not None:
        return Output(name, datatype, shape, values)
    rows = value if isinstance(value, list) else [value]
    return Output(name, "BYTES", [len(rows)], [encode(row).decode() for row in rows], is_json=True)


def _flat(value: Any) -> tuple[list[int], list[Any] | None]:
    """Shape and values of regular nested lists of plain values; a plain value is a list of one. Else no values."""
    if not isinstance(value, list):
        return [1], None if isinstance(value, dict) else [value]
    shape, values = [len(value)], value
    while values and isinstance(values[0], list) and len(shape) < MOST_DIMENSIONS:
        size = len(values[0])
        if not all(isinstance(part, list) and len(part) == size for part in values):
            return shape, None
        shape.append(size)
        values = [item for part in values for item in part]
    return shape, None if any(isinstance(item, list | dict) for item in values) else values


def _datatype(values: list[Any], expected: str | None) -> str | None:
    """The datatype that holds all values without a change; None where there is none."""
    types = {type(value) for value in values}
    missing = type(None) in types
    types.discard(type(None))
    if not types:
        return expected if expected is not None and (not missing or expected in ("FP64", "BYTES")) else "FP64"
    if types == {bool}:
        return None if missing else "BOOL"
    if types == {str}:
        return "BYTES"
    if types == {float}:
        return "FP64"
    if types == {int} and not missing and expected != "FP64":
        return "INT64" if all(-(2**63) <= value < 2**63 for value in values) else None
    if types <= {int, float}:
        exact = all(type(value) is not int or abs(value) <= EXACT for value in values)
        return "FP64" if exact else None
    return None
