"""A place that predicts, and which of several is the one to put into production.

    for m in models: m.predict(X_test)     a comparison: never chosen
    model.predict(X_train)                 only where there is nothing better
    pred = model.predict(X_test)           good: on rows that were held out
    model.predict([[5.1, 3.5]])            better: on new rows, with the model that was fitted last
    out["price"] = model.predict(test)     best: `out` is saved to a file
    out.to_csv("submission.csv")

Of several that are equally good the last one is chosen, and of one model's the one that gives answers rather than
probabilities. The others are named as alternatives.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from nb2prod.analysis.objects import Contributors


class Use(IntEnum):
    """What a prediction is made for; the greater, the more likely it is what a caller wants."""

    COMPARED = 0
    ASIDE = 1
    """On the rows it was fitted on, or only for a plot."""
    HELD_OUT = 2
    NEW_ROWS = 3
    SAVED = 4


class Form(IntEnum):
    """How sure it is that this is a prediction at all."""

    TRANSFORMATION = 0
    LOOKUP = 1
    """A function of the notebook that is given typed-in values and reads its data."""
    EXPRESSION = 2
    OWN_FUNCTION = 3
    """One that is given something learned, or reads it."""
    CALL = 4


@dataclass(frozen=True, slots=True)
class Prediction:
    """`model` is its name as written; `fitted` the statements that learned it; `inputs` the rows it is given."""

    statement: int
    cell: int
    line: int
    form: Form
    model: str
    fitted: Contributors
    inputs: tuple[str, ...]
    text: str
    method: str = ""
    use: Use = Use.HELD_OUT

    @property
    def last_fit(self) -> int:
        return max(self.fitted, default=-1)


def rank(prediction: Prediction) -> tuple[int, ...]:
    sure = prediction.use > Use.COMPARED
    return (sure, prediction.form, prediction.use, prediction.statement, prediction.line)


def choose(predictions: Iterable[Prediction]) -> Prediction | None:
    """The one to put into production, None where there is none outside a comparison."""
    ranked = sorted((p for p in predictions if p.use > Use.COMPARED), key=rank)
    if not ranked:
        return None
    best = ranked[-1]
    same = [p for p in ranked if (p.form, p.use, p.model, p.fitted) == (best.form, best.use, best.model, best.fitted)]
    answers = [p for p in same if p.method == "predict" and p.inputs == best.inputs]
    return answers[-1] if answers else best
