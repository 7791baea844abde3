"""The laws of a job's events hold whatever its steps do."""

import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nb2prod.errors import Cancelled, GateError, InputError, RunError, ToolError
from nb2prod.events import (
    Cancel,
    CellFinished,
    Emit,
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
    decode,
    encode,
)
from nb2prod.job import Job, Outputs, Stamper, Step, StepSkipped, outline, run_job
from nb2prod.model.findings import Finding, Severity
from nb2prod.progress import Progress, advance

text = st.text(max_size=20)
numbers = st.integers(-5, 50)
findings = st.builds(
    Finding,
    code=st.sampled_from(["NB101", "NB302"]),
    severity=st.sampled_from([Severity.WARNING, Severity.INFO]),
    message=text,
    cell=st.none() | st.integers(1, 9),
    line=st.none() | st.integers(1, 9),
    hint=text,
)
said = st.one_of(
    st.builds(StepAdvanced, step=text, done=numbers, total=numbers, detail=text),
    st.builds(CellFinished, step=text, cell=numbers, ok=st.booleans(), seconds=st.floats(0, 9)),
    st.builds(Log, step=text, level=st.sampled_from(["debug", "info", "warning", "error"]), text=text),
    st.builds(FindingFound, step=text, finding=findings),
    st.builds(Produced, step=text, kind=text, value=text),
)
OUTCOMES: dict[str, Callable[[], BaseException]] = {
    "run error": lambda: RunError("cell 3 raised", code="NB501"),
    "tool error": lambda: ToolError("no engine", code="NB901"),
    "bug": lambda: ZeroDivisionError("division by zero"),
    "exit": lambda: SystemExit(0),
    "memory": lambda: MemoryError(),
    "skip": lambda: StepSkipped("no engine"),
    "cancelled": Cancelled,
    "ctrl-c": KeyboardInterrupt,
}
outcomes = st.sampled_from(["done", "done", "done", "cancel", "forgets", "impostor", *OUTCOMES])
behaviours = st.lists(st.tuples(st.lists(said, max_size=6), outcomes), max_size=5)


def step_of(name: str, events: list[Event], outcome: str) -> Step[Any]:
    def run(outputs: Outputs, emit: Emit, cancel: Cancel) -> str:
        for event in events:
            emit(event)
        if outcome == "cancel":  # asked from outside; this step does not look
            cancel.set()  # type: ignore[attr-defined]
        elif outcome == "forgets":
            emit(FindingFound("", Finding("NB301", Severity.ERROR, "the cut is not clean", 7, 3)))
        elif outcome == "impostor":
            emit(JobFinished("ok", {}))
        elif outcome in OUTCOMES:
            raise OUTCOMES[outcome]()
        return name

    return Step(name, run)


def listen(job: Job, **options: Any) -> tuple[Any, list[Stamped]]:
    heard: list[Stamped] = []
    result = run_job(job, **{"state": None, "cancel": threading.Event()} | options, emit=Stamper(heard.append))
    return result, heard


@settings(max_examples=300, deadline=None)
@given(behaviours)
def test_the_laws_hold_for_any_steps(behaviour: list[tuple[list[Event], str]]) -> None:
    steps = tuple(step_of(f"step {n}", *told) for n, told in enumerate(behaviour))
    result, heard = listen(Job("demo", steps, outline))
    events = [stamped.event for stamped in heard]

    # JobStarted first, JobFinished last, each once
    assert [n for n, event in enumerate(events) if isinstance(event, JobStarted)] == [0]
    assert [n for n, event in enumerate(events) if isinstance(event, JobFinished)] == [len(events) - 1]

    # each started step finishes before the next starts, and everything between is its own
    now, done = None, 0
    finished = []
    for event in events[1:-1]:
        if isinstance(event, StepStarted):
            assert now is None
            now, done = event.step, 0
        assert event.step == now
        if isinstance(event, StepAdvanced):
            assert done <= event.done <= event.total
            done = event.done
        if isinstance(event, StepFinished):
            finished.append((event.step, event.status))
            now = None
    assert now is None
    assert [(record.name, record.status) for record in result.steps] == finished

    # the envelope, and the wire
    assert [stamped.sequence for stamped in heard] == list(range(len(heard)))
    assert all(before.time <= after.time for before, after in pairwise(heard))
    assert all(decode(encode(stamped)) == stamped for stamped in heard)

    # one status, told the same way everywhere
    assert events[-1].status == result.status == events[-1].report["status"]
    assert (result.error is None) == (result.status == "ok")
    assert result.findings == tuple(dict.fromkeys(e.finding for e in events if isinstance(e, FindingFound)))
    progress = Progress()
    for stamped in heard:
        progress = advance(progress, stamped)
    assert progress.status == result.status
    assert [step.name for step in progress.steps] == [step.name for step in steps]


@pytest.mark.parametrize(
    ("outcome", "status", "step", "code", "exit_code"),
    [
        ("done", "ok", "done", None, 0),
        ("skip", "ok", "skipped", None, 0),
        ("run error", "failed", "failed", "NB501", 3),
        ("tool error", "failed", "failed", "NB901", 4),
        ("forgets", "failed", "failed", "NB301", 1),
        ("bug", "failed", "failed", "NB070", 70),
        ("exit", "failed", "failed", "NB070", 70),
        ("impostor", "failed", "failed", "NB070", 70),
        ("cancelled", "cancelled", "cancelled", "NB130", 130),
        ("ctrl-c", "cancelled", "cancelled", "NB130", 130),
    ],
)
def test_how_a_step_ends_is_how_the_job_ends(
    outcome: str, status: str, step: str, code: str | None, exit_code: int
) -> None:
    result, heard = listen(Job("demo", (step_of("one", [], outcome), step_of("two", [], "done")), outline))
    assert (result.status, result.steps[0].status, result.exit_code) == (status, step, exit_code)
    assert (result.error.code if result.error else None) == code
    assert len(result.steps) == (2 if status == "ok" else 1), "later steps run only after success"
    assert (heard[-1].event.report["error"] or {}).get("code") == code


def test_a_later_step_sees_that_an_earlier_one_was_skipped() -> None:
    def verify(outputs: Outputs, emit: Emit, cancel: Cancel) -> None:
        if "image" not in outputs:
            raise StepSkipped("no image")

    result, heard = listen(Job("demo", (step_of("image", [], "skip"), Step("verify", verify)), outline))
    assert [record.status for record in result.steps] == ["skipped", "skipped"]
    assert StepFinished("verify", "skipped", "no image") in [stamped.event for stamped in heard]
    assert result.status == "ok"


def test_outputs_are_read_only() -> None:
    def meddle(outputs: Outputs, emit: Emit, cancel: Cancel) -> None:
        outputs["one"] = 2  # type: ignore[index]

    result, _ = listen(Job("demo", (step_of("one", [], "done"), Step("two", meddle)), outline))
    assert result.error is not None
    assert result.error.code == "NB070"
    assert result.outputs["one"] == "one"


def test_an_error_that_follows_a_cancel_is_the_cancel() -> None:
    def build(outputs: Outputs, emit: Emit, cancel: Cancel) -> None:
        cancel.set()  # type: ignore[attr-defined]
        raise ToolError("docker was killed by signal 2", code="NB902")

    result, _ = listen(Job("demo", (Step("build", build),), outline))
    assert (result.status, result.exit_code) == ("cancelled", 130)


def test_nothing_runs_once_cancel_is_set() -> None:
    cancel = threading.Event()
    cancel.set()
    result, heard = listen(Job("demo", (step_of("one", [], "done"),), outline), cancel=cancel)
    assert [type(stamped.event) for stamped in heard] == [JobStarted, JobFinished]
    assert result.exit_code == 130


def test_a_thread_that_outlives_its_step_is_not_heard() -> None:
    later = threading.Event()
    threads = []

    def start(outputs: Outputs, emit: Emit, cancel: Cancel) -> None:
        def talk() -> None:
            later.wait(10)
            emit(Log("", "info", "too late"))

        threads.append(threading.Thread(target=talk))
        threads[0].start()

    def release(outputs: Outputs, emit: Emit, cancel: Cancel) -> None:
        later.set()
        threads[0].join(10)

    _, heard = listen(Job("demo", (Step("one", start), Step("two", release)), outline))
    assert not [stamped for stamped in heard if isinstance(stamped.event, Log)]


@pytest.mark.parametrize(
    "report", [lambda result: {}["status"], lambda result: {"x": float("nan")}, lambda r: {"x": r}]
)
def test_a_report_that_cannot_be_made_is_a_bug_and_is_still_a_report(report: Callable[[Any], Any]) -> None:
    result, heard = listen(Job("demo", (step_of("one", [], "done"),), report))
    assert result.exit_code == 70
    assert heard[-1].event.report["status"] == "failed"
    assert heard[-1].event.report["steps"][0]["status"] == "done"


def test_a_report_that_cannot_be_made_does_not_hide_the_error() -> None:
    result, _ = listen(Job("demo", (step_of("one", [], "run error"),), lambda result: {}["status"]))
    assert result.exit_code == 3


def test_an_unknown_exception_keeps_its_traceback_for_debug() -> None:
    result, _ = listen(Job("demo", (step_of("one", [], "bug"),), outline))
    assert isinstance(result.error.__cause__, ZeroDivisionError)
    assert "Traceback" not in str(result.error)


def test_errors_keep_where_they_are() -> None:
    result, _ = listen(Job("demo", (step_of("one", [], "forgets"),), outline))
    assert isinstance(result.error, GateError)
    assert str(result.error).startswith("NB301 cell 7, line 3: 1 error found")
    assert InputError.exit_code == 1


@pytest.mark.parametrize("fault", [None, *OUTCOMES])
def test_what_steps_started_for_later_ones_is_ended_once(fault: str | None) -> None:
    closed: list[str] = []

    def run(_outputs: Outputs, _emit: Emit, _cancel: Cancel) -> None:
        if fault is not None:
            raise OUTCOMES[fault]()

    job = Job("job", (Step("one", run),), outline, close=lambda: closed.append("closed"))
    run_job(job, state=None, emit=Stamper(lambda _: None), cancel=threading.Event())
    assert closed == ["closed"]
