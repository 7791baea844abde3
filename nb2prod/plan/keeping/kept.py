"""What is planned: the values that training keeps, and how each statement reads in train() and in predict()."""

import ast
from dataclasses import dataclass

from nb2prod.analysis.lineage import Lineage
from nb2prod.plan.keeping.places import Path
from nb2prod.plan.splice import Edit


@dataclass(frozen=True, slots=True)
class Definition:
    """A function of the notebook as it reads under another name; `lines` are the lines of its cell that those of `text`
    come from."""

    text: str
    cell: int
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Keep:
    """A value that training keeps under `name`: `text` (in the notebook's names) before or after the simple statement
    that `path` leads to inside statement `number`. With `key`, a loop's variable, one for each turn.

    `training` is what train() assigns, where that reads otherwise; none where it keeps no copy of its own. `guard` is
    the test that this is the turn of a loop over tables that the prediction repeats. `setup` makes the value beside the
    run, where train() has `definition` in front of the statement.
    """

    name: str
    number: int
    path: Path
    when: str
    text: str
    key: str | None
    training: str
    guard: str = ""
    setup: str = ""
    definition: Definition | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """How a statement reads: edits of its source for train() and for predict(). `lines` stand in for it in predict()
    where it gives several names a value; without either it is left out."""

    number: int
    training: tuple[Edit, ...] = ()
    prediction: tuple[Edit, ...] = ()
    gives: tuple[tuple[str, ast.expr, str], ...] = ()
    is_repeated: bool = True
    definitions: tuple[Definition, ...] = ()
    """Functions that predict() has in front of it."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """`fixed` are names of the notebook that the repeated statements read, beside those kept; `at` is the statement
    that reads what they end in."""

    lineage: Lineage
    at: int
    keeps: tuple[Keep, ...]
    steps: tuple[Step, ...]
    fixed: tuple[str, ...]

    def step(self, number: int) -> Step | None:
        return next((s for s in self.steps if s.number == number), None)


@dataclass(slots=True)
class Names:
    taken: set[str]

    def free(self, wish: str) -> str:
        name, n = wish, 1
        while name in self.taken:
            n += 1
            name = f"{wish}_{n}"
        self.taken.add(name)
        return name
