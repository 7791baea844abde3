"""Whether each row of a request gets its own answer, whatever stands beside it.

k rows give k answers, 2 k rows give 2 k, and a row by itself gives what it gives among the others.
"""

from dataclasses import dataclass
from typing import Any

from nb2prod.model.schema import Schema
from nb2prod.parity import first_difference, tolerance
from nb2prod.proof.module import Answered


@dataclass(frozen=True, slots=True)
class RowsDiffer:
    """`is_lost`: some rows have no answer at all, because of where they stand."""

    said: str
    is_lost: bool = False


def rows_differ(answered: Answered, rows: int, schema: Schema) -> RowsDiffer | None:
    """What says that the answers are not one for each of `rows` rows; None where all agree, and where the response is
    something else from the start: a summary, a ranking, or the answer to numbers that are one value, as the last days
    of a series are, a part of which is never answered."""
    same = _Same(schema)
    whole = answered.predictions
    if not answered.alone or (answered.whole_only and schema.request[0].shape == (None,)):
        return None
    if not isinstance(whole, list):
        return _first_only(whole, answered, rows, same)
    if len(whole) != rows:
        return _cut(whole, answered, rows, same)
    for place, alone, error in answered.alone:
        if error:
            return RowsDiffer(f"a row by itself gives another answer than among others: row {place}: {error}")
        reason = same.reason(whole[place : place + 1], alone)
        if reason is not None:
            said = reason.partition(": ")[2].replace("in the notebook", "among the others")
            said = f"row {place}: {said.replace(' here', ' by itself')}"
            return RowsDiffer(f"a row by itself gives another answer than among others: {said}")
    return _doubled(answered, rows)


def _doubled(answered: Answered, rows: int) -> RowsDiffer | None:
    if answered.twice is None:
        return None
    twice, error = answered.twice
    if error:
        return RowsDiffer(f"{rows} rows are answered, and the same rows sent two times over are not: {error}")
    given = len(twice) if isinstance(twice, list) else 1
    if given != 2 * rows:
        return RowsDiffer(f"{rows} rows give {rows} answers, and {2 * rows} rows give {given}")
    return None


def _cut(whole: list[Any], answered: Answered, rows: int, same: "_Same") -> RowsDiffer | None:
    """The answers are those of the first or the last rows: ``yhat[:5]``."""
    known = {place: alone for place, alone, error in answered.alone if not error}
    if whole and len(whole) < rows and not known and answered.twice == (whole, ""):
        return RowsDiffer(f"{rows} rows give {len(whole)} answers, and so do {2 * rows}", is_lost=True)
    if not whole or len(whole) > rows or any(not isinstance(a, list) or len(a) != 1 for a in known.values()):
        return None
    for start, which in ((0, "first"), (rows - len(whole), "last")):
        beside = {p: a for p, a in known.items() if start <= p < start + len(whole)}
        if beside and all(same(whole[p - start : p - start + 1], a) for p, a in beside.items()):
            return RowsDiffer(f"{rows} rows give {len(whole)} answers, those of the {which} rows", is_lost=True)
    return None


def _first_only(whole: Any, answered: Answered, rows: int, same: "_Same") -> RowsDiffer | None:
    """The one answer is that of the first or the last row: ``yhat[0]``."""
    known = {place: alone for place, alone, error in answered.alone if not error}
    if len(known) < len(answered.alone) or all(same(whole, a) for a in known.values()):
        return None
    for place, which in ((0, "first"), (rows - 1, "last")):
        if same(whole, known[place]):
            return RowsDiffer(f"{rows} rows give one answer, that of the {which} row", is_lost=True)
    return None


class _Same:
    def __init__(self, schema: Schema) -> None:
        # batches are summed in another order
        self.relative, self.absolute = (10 * bound for bound in tolerance(schema))

    def reason(self, one: Any, other: Any) -> str | None:
        return first_difference(one, other, relative=self.relative, absolute=self.absolute)[2]

    def __call__(self, one: Any, other: Any) -> bool:
        return self.reason(one, other) is None
