"""Where the pieces of the plan stand in the generated package: which statements of its functions each piece wrote.

Pieces stand in their order, and most are one statement; a piece that keeps values has several. What stands between the
pieces nb2prod wrote itself.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from nb2prod.plan.code import Code
from nb2prod.plan.extraction import ExtractionPlan


@dataclass(frozen=True, slots=True)
class Part:
    """A module (`name` is empty) or a function of it, and the pieces in it. `behind` statements after them are
    nb2prod's own, and so is the one before the piece numbered `made_before`."""

    path: str
    name: str
    pieces: tuple[Code, ...]
    behind: int = 0
    made_before: int | None = None


def package_parts(plan: ExtractionPlan) -> tuple[Part, ...]:
    package = f"src/{plan.package}"
    shared = tuple(sorted((*plan.constants, *plan.functions), key=lambda code: code.statement))
    return (
        Part(f"{package}/features.py", "", shared),
        Part(f"{package}/train.py", "", plan.training_code),
        Part(f"{package}/train.py", "train", plan.train, 1, plan.made_before),
        Part(f"{package}/predict.py", "Predictor.predict", plan.predict, int(plan.returns_name is not None)),
    )


def statements_of(part: Part, body: Sequence[ast.stmt]) -> tuple[tuple[int, ...], ...]:
    """For each piece the places in `body` of its statements; `body` are those of the module, or of the function
    without its docstring."""
    counts = [len(ast.parse(code.text).body) for code in part.pieces]
    places = [n for n, node in enumerate(body) if not isinstance(node, ast.Import | ast.ImportFrom)]
    if not part.name:
        places = places[1:] if places and _is_text(body[places[0]]) else places
    else:
        places = places[: len(places) - part.behind]
        if part.made_before is not None:
            del places[len(places) - sum(counts[part.made_before :]) - 1]
        places = places[len(places) - sum(counts) :]
    found = []
    for count in counts:
        found.append(tuple(places[:count]))
        places = places[count:]
    return tuple(found)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
