"""What a job says while it runs: a closed union of small values, one JSON object per line on the wire.

Time and sequence belong to the envelope (`Stamped`), not to the event: steps know neither clock nor counter.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

from nb2prod.model.findings import Finding, Severity

StepStatus = Literal["done", "unchanged", "skipped", "failed", "cancelled"]
JobStatus = Literal["ok", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class JobStarted:
    """`steps` are the names of all steps, in order."""

    job: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepStarted:
    step: str


@dataclass(frozen=True, slots=True)
class StepAdvanced:
    """`done` of `total` units; `done` never falls within a step. `detail` is one short line."""

    step: str
    done: int
    total: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CellFinished:
    """A cell of the notebook ran (`ok`) or raised. `cell` is its 1-based position; `seconds` its own time."""

    step: str
    cell: int
    ok: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Log:
    step: str
    level: Literal["debug", "info", "warning", "error"]
    text: str


@dataclass(frozen=True, slots=True)
class FindingFound:
    step: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Produced:
    """Something to look at now exists: `kind` e.g. ``project``, ``run``, ``model``, ``image``, ``report``."""

    step: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class StepFinished:
    """`reason` says why where the status is not ``done``."""

    step: str
    status: StepStatus
    reason: str = ""


@dataclass(frozen=True, slots=True)
class JobFinished:
    """Last and once, whatever happens. `report` is the machine contract of `nb2prod build --json`."""

    status: JobStatus
    report: dict[str, Any] = field(default_factory=dict)


Event = (
    JobStarted | StepStarted | StepAdvanced | CellFinished | Log | FindingFound | Produced | StepFinished | JobFinished
)
Emit = Callable[[Event], None]


class Cancel(Protocol):
    """Asked often by long work. `threading.Event` fits."""

    def is_set(self) -> bool: ...

    def wait(self, timeout: float | None = None) -> bool: ...


@dataclass(frozen=True, slots=True)
class Stamped:
    """The envelope: `sequence` counts from 0 without gaps; `time` is seconds since the epoch."""

    sequence: int
    time: float
    event: Event


_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        JobStarted,
        StepStarted,
        StepAdvanced,
        CellFinished,
        Log,
        FindingFound,
        Produced,
        StepFinished,
        JobFinished,
    )
}


def encode(stamped: Stamped) -> str:
    """One line of JSON, without the newline."""
    body = {"event": type(stamped.event).__name__, "sequence": stamped.sequence, "time": stamped.time}
    return json.dumps(body | asdict(stamped.event), ensure_ascii=False, allow_nan=False)


def decode(line: str) -> Stamped:
    """The inverse of `encode`. Raises ValueError on a line that is no event."""
    body = json.loads(line)
    if not isinstance(body, dict) or body.get("event") not in _KINDS:
        raise ValueError(f"not an event: {line[:80]}")
    kind = _KINDS[body.pop("event")]
    sequence, time = body.pop("sequence"), body.pop("time")
    if kind is JobStarted:
        body["steps"] = tuple(body["steps"])
    if kind is FindingFound:
        finding = body["finding"]
        body["finding"] = Finding(**finding | {"severity": Severity(finding["severity"])})
    return Stamped(sequence, time, kind(**body))
