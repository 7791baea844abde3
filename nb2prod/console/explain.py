"""What `explain` says: each statement with its verdict, and the way from the response or a metric to it."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from nb2prod.console.text import Line, columns, line

_WIDTH = 70


class ExplanationView(Protocol):
    """See `nb2prod.steps.explain.Explanation`."""

    @property
    def subject(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def lines(self) -> Sequence[Any]: ...


def explanation_lines(explanation: ExplanationView) -> tuple[Line, ...]:
    return tuple(_lines(explanation))


def _lines(explanation: ExplanationView) -> Iterator[Line]:
    if explanation.kind:
        yield line((explanation.subject, "bold"), f" is {explanation.kind}")
    for why in explanation.lines:
        yield line()
        yield line((f"cell {why.place.cell}, line {why.place.line}", "bold"), f"  {_cut(why.place.source)}")
        if why.uses:
            yield line("  in ", (" and ".join(why.uses), "green"), f": {why.reason}")
        else:
            yield line("  ", ("not in production", "yellow"), f": {why.reason}")
        for use, root, steps in why.chains:
            if len(steps) > 1:
                yield line((f"  {use}, from {root} back:", "dim"))
                rows = [
                    (f"    {step.cell}:{step.line}", _cut(step.source), f"gives {step.name}" if step.name else "")
                    for step in steps
                ]
                yield from (line(row) for row in columns(rows))


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
