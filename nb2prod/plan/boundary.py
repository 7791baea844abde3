"""The boundary between training and prediction, as `nb2prod.plan.cut` finds it."""

from collections.abc import Mapping
from dataclasses import dataclass

from nb2prod.plan.keeping import Keeping


@dataclass(frozen=True, slots=True)
class Boundary:
    """Statement numbers, in notebook order. `response` is the name that holds it, None for a bare expression.

    `prediction` are the statements a prediction repeats; `response_statement` is among them. `starts` says for each
    request and artifact which statement of the prediction reads it first: what counts is its value just before.
    `copied` are artifacts that the prediction changes, so that each request works on a copy.
    """

    prediction: tuple[int, ...]
    response_statement: int
    response: str | None
    request: tuple[str, ...]
    artifacts: tuple[str, ...]
    starts: Mapping[str, int]
    copied: tuple[str, ...]
    predict_cell: int
    response_cell: int
    metrics: tuple[str, ...]
    keeping: Keeping | None = None
    """Where features are made before the prediction: how it repeats that."""
