"""What a job is made of: steps in order, each from the outputs before it to one output.

A step that gives a `key` is not run again while its inputs stay as they were:

    key == stored key, and present(stored output)   ->  unchanged: the stored output, its findings told again
    otherwise                                       ->  the record is removed, the step runs, the record is written

So a job that was killed or failed goes on where it stopped, and nothing has to be asked of the user.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from nb2prod.errors import Nb2ProdError
from nb2prod.events import Cancel, Emit, JobStatus, StepStatus
from nb2prod.model.findings import Finding

Out = TypeVar("Out")

Outputs = Mapping[str, Any]
"""Outputs of the steps before, by step name; read-only. A skipped step has none."""


class StepSkipped(Exception):  # noqa: N818 - no error, a decision
    """Raised by a step that cannot do its work and whose absence is no failure, e.g. an image without an engine."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def always(_: Outputs) -> str | None:
    """The key of a step that runs every time."""
    return None


def as_is(value: Any) -> Any:
    """For outputs that are JSON values already."""
    return value


def taken_as_present(_: Any) -> bool:
    """For steps that leave nothing behind but their output."""
    return True


def nothing_more(_outputs: Outputs, _output: Any) -> Iterable[Finding]:
    """For steps that say all while they run."""
    return ()


@dataclass(frozen=True, slots=True)
class Step(Generic[Out]):
    """One step.

    `run` does the work; it tells through `emit`, asks `cancel` often, and raises `Cancelled`, `StepSkipped` or another
    `Nb2ProdError`. The runner puts the step's name on what `run` emits and never lets `done` fall.
    `key` is a content hash of everything `run` reads; None means: run every time, keep nothing.
    `dump` and `load` turn the output to a JSON value and back. `present` asks whether what the output names (files, a
    model version, an image) is still there.
    `remarks` are findings on the output that depend on more than the key: made each time, also of a kept output.
    """

    name: str
    run: Callable[[Outputs, Emit, Cancel], Out]
    key: Callable[[Outputs], str | None] = always
    dump: Callable[[Out], Any] = as_is
    load: Callable[[Any], Out] = as_is
    present: Callable[[Out], bool] = taken_as_present
    remarks: Callable[[Outputs, Out], Iterable[Finding]] = nothing_more


@dataclass(frozen=True, slots=True)
class StepRecord:
    """How a step that was started ended; `seconds` is its wall time, `reason` says why it is not ``done``."""

    name: str
    status: StepStatus
    seconds: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class JobResult:
    """How a job ended. `steps` are those that were started; `error` is set unless `status` is ``ok``.

    `findings` are distinct and in the order in which they were told.
    """

    status: JobStatus
    outputs: Outputs
    steps: tuple[StepRecord, ...]
    findings: tuple[Finding, ...]
    error: Nb2ProdError | None

    @property
    def exit_code(self) -> int:
        return 0 if self.error is None else self.error.exit_code


@dataclass(frozen=True, slots=True)
class Job:
    """Steps with distinct names, and the report that `JobFinished` carries (JSON values only). `close` ends what steps
    have started for later ones; it is called once, however the steps end."""

    name: str
    steps: tuple[Step[Any], ...]
    report: Callable[[JobResult], dict[str, Any]]
    close: Callable[[], None] = lambda: None
