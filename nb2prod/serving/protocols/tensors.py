"""Tensors of the Open Inference Protocol: datatypes, values from JSON and from bytes, and back."""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from nb2prod.serving.explain import explain, place
from nb2prod.serving.problem import Problem

MOST_DIMENSIONS = 8


def _integer(low: int, high: int) -> Any:
    return Annotated[int, msgspec.Meta(ge=low, le=high)] | None


@dataclass(frozen=True, slots=True)
class Datatype:
    """`code` of `struct` and bytes per value (none for texts); `element` is what a value is in JSON."""

    code: str
    size: int
    element: Any


DATATYPES: dict[str, Datatype] = {
    "BOOL": Datatype("?", 1, bool | None),
    "FP16": Datatype("e", 2, float | None),
    "BF16": Datatype("H", 2, float | None),
    "FP32": Datatype("f", 4, float | None),
    "FP64": Datatype("d", 8, float | None),
    "BYTES": Datatype("", 0, str | None),
}
for _bits, _signed, _unsigned in ((8, "b", "B"), (16, "h", "H"), (32, "i", "I"), (64, "q", "Q")):
    _half = 2 ** (_bits - 1)
    DATATYPES[f"INT{_bits}"] = Datatype(_signed, _bits // 8, _integer(-_half, _half - 1))
    # 64 bits without a sign: what a column takes ends at 2**63 - 1 anyway, and msgspec's bounds do.
    DATATYPES[f"UINT{_bits}"] = Datatype(_unsigned, _bits // 8, _integer(0, min(2 * _half, 2**63) - 1))

OF_LEAF = {"integer": "INT64", "number": "FP64", "boolean": "BOOL", "text": "BYTES", "other": "BYTES"}
"""The datatype in which the metadata names a column."""


def read_data(name: str, datatype: str, shape: Sequence[int], data: list[Any]) -> list[Any]:
    """The values of a tensor in JSON, flat or nested as its shape, in row-major order. Raises Problem 422."""
    values = _flatten(data, shape) if data and isinstance(data[0], list) else data
    _check_count(name, shape, None if values is None else len(values))
    assert values is not None
    try:
        converted: list[Any] = msgspec.convert(values, list[DATATYPES[datatype].element])  # type: ignore[misc]
    except msgspec.ValidationError as error:
        raise explain(error, locate=lambda path: _locate(path, name, shape)) from None
    return converted


def unpack(name: str, datatype: str, shape: Sequence[int], raw: bytes) -> list[Any]:
    """The values of a binary tensor: little-endian, texts with their length before them. NaN is a missing value.

    Raises Problem 422.
    """
    kind = DATATYPES[datatype]
    count = math.prod(shape)
    if datatype == "BYTES":
        texts = _unpack_texts(name, raw)
        _check_count(name, shape, len(texts))
        return texts
    if len(raw) != count * kind.size:
        message = f"input '{name}': {len(raw)} bytes, where shape and datatype mean {count * kind.size}"
        raise Problem(422, "wrong_shape", message, field=name)
    if datatype == "BF16":
        raw = b"".join(b"\0\0" + raw[at : at + 2] for at in range(0, len(raw), 2))
        return _finite(name, shape, struct.unpack(f"<{count}f", raw))
    values = struct.unpack(f"<{count}{kind.code}", raw)
    if kind.code in "efd":
        return _finite(name, shape, values)
    if datatype == "BOOL" and raw.strip(b"\0\1"):
        raise place(f".{name}", "invalid", "a BOOL is the byte 0 or 1")
    return list(values)


def pack(datatype: str, values: Sequence[Any]) -> bytes:
    """Values of an answer as bytes; a missing number is NaN. Texts must all be there."""
    if datatype == "BYTES":
        parts: list[bytes] = []
        for text in values:
            encoded = text.encode()
            parts += (len(encoded).to_bytes(4, "little"), encoded)
        return b"".join(parts)
    if datatype == "FP64":
        values = [math.nan if value is None else value for value in values]
    return struct.pack(f"<{len(values)}{DATATYPES[datatype].code}", *values)


def nest(values: list[Any], shape: Sequence[int]) -> Any:
    """Flat values as nested lists of this shape; a value itself for the empty shape."""
    if not shape:
        return values[0]
    for size in reversed(shape[1:]):
        whole = math.prod(shape) // size if size else 0
        if not whole:
            return [_empty(shape[1:]) for _ in range(shape[0])]
        values = [values[at : at + size] for at in range(0, len(values), size)]
    return values


def _empty(shape: Sequence[int]) -> list[Any]:
    return [_empty(shape[1:]) for _ in range(shape[0])] if shape else []


def _flatten(data: list[Any], shape: Sequence[int]) -> list[Any] | None:
    """None where the nesting is not that of the shape."""
    values = data
    for depth, size in enumerate(shape):
        if depth == 0:
            if len(values) != size:
                return None
            continue
        if not all(isinstance(part, list) and len(part) == size for part in values):
            return None
        values = [item for part in values for item in part]
    return values


def _check_count(name: str, shape: Sequence[int], found: int | None) -> None:
    count = math.prod(shape)
    if found != count:
        what = "data is not nested as its shape" if found is None else f"{found} values, where the shape means {count}"
        raise Problem(422, "wrong_shape", f"input '{name}': {what}", field=name)


def _locate(path: str, name: str, shape: Sequence[int]) -> str:
    """The row of a value by its place in row-major order."""
    number = int(path.partition("]")[0][1:])
    return f".rows[{number // max(1, math.prod(shape[1:]))}].{name}"


def _finite(name: str, shape: Sequence[int], values: Sequence[float]) -> list[float | None]:
    if math.isfinite(sum(values)):  # a NaN or an infinity would show in the sum; an overflow means a slower look
        return list(values)
    for number, value in enumerate(values):
        if math.isinf(value):
            raise place(_locate(f"[{number}]", name, shape), "out_of_range", "is not a finite number")
    return [None if value != value else value for value in values]


def _unpack_texts(name: str, raw: bytes) -> list[str]:
    texts: list[str] = []
    at = 0
    while at < len(raw):
        length = int.from_bytes(raw[at : at + 4], "little")
        text = raw[at + 4 : at + 4 + length]
        if len(raw) < at + 4 or len(text) != length:
            raise Problem(422, "wrong_shape", f"input '{name}': its bytes end in the middle of a text", field=name)
        try:
            texts.append(text.decode())
        except UnicodeDecodeError:
            where = f".rows[{len(texts)}].{name}"
            raise place(where, "invalid", "is not UTF-8") from None
        at += 4 + length
    return texts
