"""Run the steps of a job, and keep the laws of its events whatever the steps do:

- `JobStarted` first; `JobFinished` last and once;
- a step that was started is finished before the next one starts;
- `done` never falls within a step;
- nothing a step says arrives before it started or after it finished.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from nb2prod.errors import Cancelled, GateError, Nb2ProdError, Where
from nb2prod.events import (
    Cancel,
    CellFinished,
    Emit,
    Event,
    FindingFound,
    JobFinished,
    JobStarted,
    JobStatus,
    Log,
    Produced,
    StepAdvanced,
    StepFinished,
    StepStarted,
    StepStatus,
)
from nb2prod.job.bug import bug_from
from nb2prod.job.record import Kept, Told, read_record, remove_record, write_record
from nb2prod.job.step import Job, JobResult, Step, StepRecord, StepSkipped
from nb2prod.model.findings import Finding, Severity


def run_job(
    job: Job,
    *,
    state: Path | None,
    emit: Emit,
    cancel: Cancel,
    fresh: bool = False,
    clock: Callable[[], float] = time.perf_counter,
) -> JobResult:
    """Run the steps in order until one fails, `cancel` is set, or all are done. Raises nothing of its own.

    `state`: folder of the step records, or None to keep nothing. `fresh`: run every step, whatever is kept.
    `clock` gives seconds and measures steps. What `emit` raises is let through: a sink must not fail.
    """
    names = tuple(step.name for step in job.steps)
    emit(JobStarted(job.name, names))
    outputs: dict[str, Any] = {}
    records: list[StepRecord] = []
    findings: dict[Finding, None] = {}
    error: Nb2ProdError | None = None
    try:
        for step in job.steps:
            if cancel.is_set():
                raise Cancelled
            voice = _Voice(step.name, emit)
            start = clock()
            emit(StepStarted(step.name))
            status: StepStatus = "failed"
            reason = ""
            try:
                status, output = _finish_step(step, MappingProxyType(dict(outputs)), state, voice, cancel, fresh)
                for remark in step.remarks(MappingProxyType(dict(outputs)), output):
                    voice(FindingFound(step.name, remark))
                outputs[step.name] = output
            except StepSkipped as skipped:
                status, reason = "skipped", skipped.reason
            except BaseException as fault:
                error = _error_from(fault, cancel)
                status = "cancelled" if isinstance(error, Cancelled) else "failed"
                reason = error.message
            finally:
                voice.close()
                findings |= dict.fromkeys(voice.findings)
                records.append(StepRecord(step.name, status, max(0.0, clock() - start), reason))
                emit(StepFinished(step.name, status, reason))
            if error is not None:
                break
    except BaseException as fault:  # between two steps
        error = error or _error_from(fault, cancel)
    finally:
        job.close()
    return _finish_job(job, outputs, tuple(records), tuple(findings), error, emit)


class _Voice:
    """The `emit` of one step: puts the step's name on events, keeps `done` from falling, falls silent when closed."""

    def __init__(self, step: str, emit: Emit) -> None:
        self._step = step
        self._emit = emit
        self._lock = threading.RLock()
        self._done = 0
        self._open = True
        self.told: list[Told] = []

    def __call__(self, event: Event) -> None:
        with self._lock:
            if not self._open:
                return  # a thread that outlived its step
            match event:
                case StepAdvanced():
                    self._done = max(self._done, event.done)
                    total = max(self._done, event.total)
                    event = replace(event, step=self._step, done=self._done, total=total)
                case FindingFound() | Produced():
                    event = replace(event, step=self._step)
                    self.told.append(event)
                case CellFinished() | Log():
                    event = replace(event, step=self._step)
                case _:
                    raise TypeError(f"{type(event).__name__} is the runner's to say, not a step's")
            self._emit(event)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(event.finding for event in self.told if isinstance(event, FindingFound))

    def close(self) -> None:
        with self._lock:
            self._open = False


def _finish_step(
    step: Step[Any], outputs: Any, state: Path | None, voice: _Voice, cancel: Cancel, fresh: bool
) -> tuple[StepStatus, Any]:
    """The step's output, kept or new."""
    key = step.key(outputs)
    if state is None or key is None:
        output = step.run(outputs, voice, cancel)
        _stop_at_errors(voice)
        return "done", output
    kept = None if fresh else read_record(state, step.name)
    if kept is not None and kept.key == key:
        found, output = _load(step, kept, voice)
        if found and step.present(output):
            for told in kept.told:
                voice(told)
            return "unchanged", output
    _quietly(lambda: remove_record(state, step.name), voice)
    output = step.run(outputs, voice, cancel)
    _stop_at_errors(voice)
    kept = Kept(key, step.dump(output), tuple(voice.told))
    _quietly(lambda: write_record(state, step.name, kept), voice)
    return "done", output


def _load(step: Step[Any], kept: Kept, voice: _Voice) -> tuple[bool, Any]:
    try:
        return True, step.load(kept.output)
    except Exception as fault:  # whatever is wrong with what was kept, running the step again puts it right
        voice(Log(step.name, "info", f"the stored output is of no use ({type(fault).__name__}); running again"))
        return False, None


def _quietly(act: Callable[[], None], voice: _Voice) -> None:
    """Records only save time: that one cannot be written is told, and is no reason to fail."""
    try:
        act()
    except OSError as fault:
        voice(Log("", "warning", f"this step cannot be resumed later: {fault}"))


def _stop_at_errors(voice: _Voice) -> None:
    """A step that finds an error says so by raising; this holds even for one that forgets."""
    errors = [finding for finding in voice.findings if finding.severity is Severity.ERROR]
    if errors:
        count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
        raise GateError(
            f"{count} found: {errors[0].code} {errors[0].message}",
            code=errors[0].code,
            hint=errors[0].hint,
            where=Where(cell=errors[0].cell, line=errors[0].line),
        )


def _error_from(fault: BaseException, cancel: Cancel) -> Nb2ProdError:
    match fault:
        case KeyboardInterrupt():
            return Cancelled()
        case Cancelled():
            return fault
        case Nb2ProdError() if cancel.is_set() and fault.exit_code != 70:
            # Ctrl-C reaches the programs a step runs too: what they then fail with is the cancel, not their fault.
            return Cancelled()
        case Nb2ProdError():
            return fault
        case _:
            return bug_from(fault)


def _finish_job(
    job: Job,
    outputs: dict[str, Any],
    records: tuple[StepRecord, ...],
    findings: tuple[Finding, ...],
    error: Nb2ProdError | None,
    emit: Emit,
) -> JobResult:
    status: JobStatus = "ok" if error is None else "cancelled" if isinstance(error, Cancelled) else "failed"
    result = JobResult(status, MappingProxyType(outputs), records, findings, error)
    try:
        # Through JSON and back: what is told is what a reader of the wire gets.
        report = json.loads(json.dumps(job.report(result), allow_nan=False))
    except BaseException as fault:
        if error is None:
            error = _error_from(fault, cancel=threading.Event())
            result = replace(result, status="cancelled" if isinstance(error, Cancelled) else "failed", error=error)
        report = outline(result)
    emit(JobFinished(result.status, report))
    return result


def outline(result: JobResult) -> dict[str, Any]:
    """The part of the report that every job has: status, error, findings, steps."""
    return {
        "status": result.status,
        "error": None if result.error is None else error_json(result.error),
        "findings": [asdict(finding) for finding in result.findings],
        "steps": [{"name": s.name, "status": s.status, "seconds": s.seconds} for s in result.steps],
    }


def error_json(error: Nb2ProdError) -> dict[str, Any]:
    """``{"code", "message", "hint", "where": null | {"path", "cell", "line"}}``"""
    where = None if error.where is None else asdict(error.where)
    return {"code": error.code, "message": error.message, "hint": error.hint, "where": where}
