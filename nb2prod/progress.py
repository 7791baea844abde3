"""How far a job has come: one fold over its events, which the terminal and the wizard both show.

    progress = Progress()
    for stamped in events:
        progress = advance(progress, stamped)

Pure, and total: any events in any order give a progress; what they say of an unknown step makes it known.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from nb2prod.events import (
    CellFinished,
    Event,
    FindingFound,
    JobFinished,
    JobStarted,
    Log,
    Produced,
    Stamped,
    StepAdvanced,
    StepFinished,
    StepStarted,
)
from nb2prod.model.findings import Finding

StepState = Literal["waiting", "running", "done", "unchanged", "skipped", "failed", "cancelled"]
Status = Literal["waiting", "running", "ok", "failed", "cancelled"]

TAIL = 200
"""Log lines kept."""


@dataclass(frozen=True, slots=True)
class StepProgress:
    """One step. `total` is 0 while the step has not said how much there is to do. `cells` are those that ran, in order.

    `started` and `finished` are seconds since the epoch, None where not yet or where the events carried no time.
    """

    name: str
    state: StepState = "waiting"
    done: int = 0
    total: int = 0
    detail: str = ""
    reason: str = ""
    cells: tuple[CellFinished, ...] = ()
    started: float | None = None
    finished: float | None = None

    def seconds(self, now: float | None = None) -> float | None:
        """How long the step took, or has taken at `now`; None while unknown."""
        end = self.finished if self.finished is not None else now
        return None if self.started is None or end is None else max(0.0, end - self.started)


@dataclass(frozen=True, slots=True)
class Progress:
    """A job seen so far. `report` is that of `JobFinished`; `logs` the last lines; `time` that of the last event."""

    job: str = ""
    status: Status = "waiting"
    steps: tuple[StepProgress, ...] = ()
    findings: tuple[Finding, ...] = ()
    products: tuple[Produced, ...] = ()
    logs: tuple[Log, ...] = ()
    started: float | None = None
    time: float | None = None
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def running(self) -> StepProgress | None:
        """The step at work, if any."""
        return next((step for step in self.steps if step.state == "running"), None)

    @property
    def finished_steps(self) -> int:
        return sum(step.state not in ("waiting", "running") for step in self.steps)


def advance(progress: Progress, event: Event | Stamped) -> Progress:
    """The progress after `event`. Unstamped events leave the times as they are."""
    if isinstance(event, Stamped):
        progress = replace(progress, time=event.time)
        return _advance(progress, event.event, event.time)
    return _advance(progress, event, None)


def _advance(progress: Progress, event: Event, time: float | None) -> Progress:
    match event:
        case JobStarted(job, steps):
            names = tuple(StepProgress(name) for name in steps)
            return Progress(job, "running", names, started=time, time=progress.time)
        case StepStarted(step):
            return _change(progress, step, lambda known: replace(known, state="running", started=time))
        case StepAdvanced(step, done, total, detail):
            return _change(progress, step, lambda known: replace(known, done=done, total=total, detail=detail))
        case CellFinished(step):
            return _change(progress, step, lambda known: replace(known, cells=(*known.cells, event)))
        case StepFinished(step, status, reason):
            return _change(progress, step, lambda known: replace(known, state=status, reason=reason, finished=time))
        case Log():
            return replace(progress, logs=(*progress.logs, event)[-TAIL:])
        case FindingFound(_, finding):
            new = () if finding in progress.findings else (finding,)
            return replace(progress, findings=progress.findings + new)
        case Produced():
            return replace(progress, products=(*progress.products, event))
        case JobFinished(ended, report):
            return replace(progress, status=ended, report=report)


def _change(progress: Progress, name: str, change: Callable[[StepProgress], StepProgress]) -> Progress:
    known = progress.steps
    if all(step.name != name for step in known):
        known = (*known, StepProgress(name))
    return replace(progress, steps=tuple(change(step) if step.name == name else step for step in known))
