"""Rows to compare on: like the golden ones, near and far outside what training saw, missing, never seen. Seeded."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nb2prod.model.schema import Column, ValueSchema

COUNT = 400
_TEXTS = ("", " ", "never seen", "Ärger 😀", "0", "None", "nan", "a" * 300)
_FAR = (0, 1, -1, 7, 1_000, -1_000, 10**6, -(10**6), 10**9, -(10**9), 10**12)
_FAR_FLOATS = (0.5, -0.0, 1e-9, -1e-9, 1e-300, 5e-324, 1 / 3, 16_777_217.0, 1e14)


def generated_rows(request: ValueSchema, golden: Sequence[Any], count: int = COUNT) -> list[Any]:
    """`golden` rows in wire form, then ones made of them column by column. The same for the same arguments."""
    chance = random.Random(20)  # noqa: S311 - not for secrets
    rows: list[Any] = list(golden)
    if not golden:
        return rows
    if request.kind == "array":
        while len(rows) < count:
            row = [chance.choice(golden)[place] for place in range(len(golden[0]))]
            rows.append([_number(chance, value, value, whole=False) for value in row])
        return rows
    if request.kind == "texts":
        return rows + [_text(chance, rows) for _ in range(count - len(rows))]
    seen = {column.name: [row[column.name] for row in golden] for column in request.columns}
    for column in request.columns:  # each column missing by itself
        if column.nullable:
            rows += [{**row, column.name: None} for row in golden[:4]]
    while len(rows) < count:
        strange = chance.random() < 0.7
        rows.append({column.name: _value(chance, column, seen[column.name], strange) for column in request.columns})
    return rows


def _value(chance: random.Random, column: Column, seen: Sequence[Any], strange: bool) -> Any:
    value = chance.choice(seen)
    if not strange or chance.random() < 0.4:
        return value
    if column.nullable and chance.random() < 0.15:
        return None
    if column.dtype == "bool":
        return chance.random() < 0.5
    if column.dtype.startswith(("int", "uint", "Int", "UInt")):
        return _number(chance, column.minimum, column.maximum, whole=True)
    if column.dtype.startswith(("float", "Float")):
        return _number(chance, column.minimum, column.maximum, whole=False)
    texts = [*column.categories, *(each for each in seen if each is not None)]
    if not column.categories and chance.random() < 0.5:
        return _text(chance, texts)
    return chance.choice(_TEXTS) if chance.random() < 0.3 or not texts else chance.choice(texts)


def _text(chance: random.Random, seen: Sequence[str]) -> str:
    """Words of `seen` in another order and number, in another case, with signs and words that nobody has seen."""
    if chance.random() < 0.1:
        return chance.choice(_TEXTS)
    words = [word for _ in range(3) if seen for word in chance.choice(seen).split()]
    chosen = [chance.choice((*words, "unseen", "a")) for _ in range(chance.choice((1, 2, 5, 12, 40)))]
    changes: Sequence[Callable[[str], str]] = (str, str, str, str.upper, str.title, lambda each: f"({each}!)")
    return chance.choice((" ", " ", ", ", "\n", "-")).join(chance.choice(changes)(word) for word in chosen)


def _number(chance: random.Random, low: float | None, high: float | None, *, whole: bool) -> Any:
    if chance.random() < 0.15:
        return chance.choice(_FAR if whole or chance.random() < 0.5 else _FAR_FLOATS)
    least = low if low is not None else 0.0
    most = high if high is not None else 1.0
    span = (most - least) or abs(least) or 1.0
    wide = chance.choice((0.0, 0.0, 0.5, 3.0)) * span
    number = chance.uniform(least - wide, most + wide)
    return round(number) if whole else chance.choice((number, round(number, 1), round(number, 2)))


def is_supported(column: Column) -> bool:
    """Whether a column of this dtype is fed as a number or a text."""
    known: Mapping[str, bool] = {"str": True, "object": True, "string": True, "category": True, "bool": True}
    return known.get(column.dtype, column.dtype in ("int64", "int32", "int16", "int8", "float64"))
