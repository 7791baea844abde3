"""Several requests answered by one prediction, where a row's answer does not depend on the rows beside it.

    rows 0..2 of A ─┐                          ┌─ answers 0..2 ─► A
    row  0    of B ─┼─► one request ─► answer ─┼─ answer  3    ─► B
    rows 0..1 of C ─┘                          └─ answers 4..5 ─► C

Nothing waits for company: taken together is what came while the prediction before it ran.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

Outcome = tuple[Any, Exception | None]
"""What was written, or what was raised."""

SAMPLE = 5
"""Golden rows that are asked one by one to see whether they get the answers they get together."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A decoded request and how its predictions are written, which may raise.

    `rows` is 0 for one that is answered by itself. `size` is what the time of its prediction depends on: its rows even
    then, 1 where it has none.
    """

    request: Any
    write: Callable[[Any], Any]
    rows: int
    size: int = 1


def count_rows(request: Any) -> int:
    """The rows of a request that is rows and nothing else; 0 for any other."""
    rows = getattr(request, "rows", None)
    if not isinstance(rows, list):
        return 0
    kind = type(request)
    alone = _ROWS_ALONE.get(kind)
    if alone is None:
        alone = _ROWS_ALONE[kind] = is_dataclass(kind) and len(fields(kind)) == 1
    return len(rows) if alone else 0


_ROWS_ALONE: dict[type, bool] = {}
"""Whether a type of request is rows and nothing else."""


def answer_all(answer: Callable[[Any], Any], asked: Sequence[Asked]) -> list[Outcome]:
    """An outcome for each. Where the prediction for all of them raises, each is asked by itself: one bad row fails
    one request."""
    if len(asked) > 1:
        try:
            predictions = answer(replace(asked[0].request, rows=[row for one in asked for row in one.request.rows]))
        except BaseException:  # whose fault it was shows when each is asked by itself
            predictions = None
        if isinstance(predictions, list) and len(predictions) == sum(one.rows for one in asked):
            outcomes, start = [], 0
            for one in asked:
                outcomes.append(_attempt(one.write, predictions[start : start + one.rows]))
                start += one.rows
            return outcomes
    return [_attempt(lambda one: one.write(answer(one.request)), one) for one in asked]


def _attempt(call: Callable[[Any], Any], given: Any) -> Outcome:
    try:
        return call(given), None
    except Exception as error:
        return None, error
    except BaseException as error:  # e.g. SystemExit in a notebook's code: a failed prediction, not our end
        return None, RuntimeError(f"prediction raised {type(error).__name__}")


def rows_stand_alone(answer: Callable[[Any], Any], request: Any, relative: float, absolute: float) -> bool:
    """Whether rows of `request` (the golden one) get by themselves what they get together. Raises what `answer` does
    for the whole."""
    whole, count = answer(request), count_rows(request)
    if count < 2 or not isinstance(whole, list) or len(whole) != count:
        return False
    step = max(1, count // SAMPLE)
    for place in sorted({*range(0, count, step), count - 1}):
        alone, error = _attempt(answer, replace(request, rows=request.rows[place : place + 1]))
        if error is not None or not nearly_equal(whole[place : place + 1], alone, relative, absolute):
            return False
    return True


def nearly_equal(a: Any, b: Any, relative: float, absolute: float) -> bool:
    """Whether two JSON values are the same: exactly, but for floats."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(nearly_equal(x, y, relative, absolute) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(nearly_equal(a[key], b[key], relative, absolute) for key in a)
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=relative, abs_tol=absolute) or (a != a and b != b)
    return type(a) is type(b) and bool(a == b)
