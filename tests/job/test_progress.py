"""Progress: what the terminal and the wizard show is one fold over events."""

from functools import reduce

from hypothesis import given, settings
from hypothesis import strategies as st

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
from nb2prod.model.findings import Finding, Severity
from nb2prod.progress import TAIL, Progress, advance

FINDING = Finding("NB302", Severity.WARNING, "an untagged cell is pulled in", 3)


def fold(*events: Event, seconds: float = 1.0) -> Progress:
    """Events one `seconds` apart, from time 0."""
    stamped = [Stamped(n, n * seconds, event) for n, event in enumerate(events)]
    return reduce(advance, stamped, Progress())


def test_a_job_that_runs() -> None:
    progress = fold(
        JobStarted("build", ("read", "run", "image")),
        StepStarted("read"),
        StepFinished("read", "unchanged"),
        StepStarted("run"),
        StepAdvanced("run", 3, 9, "cell 4"),
        CellFinished("run", 3, True, 0.5),
        CellFinished("run", 4, False, 0.1),
    )
    assert [step.state for step in progress.steps] == ["unchanged", "running", "waiting"]
    run = progress.running
    assert run is not None
    assert (run.done, run.total, run.detail) == (3, 9, "cell 4")
    assert [(cell.cell, cell.ok) for cell in run.cells] == [(3, True), (4, False)]
    assert progress.steps[0].seconds() == 1.0
    assert run.seconds() is None
    assert run.seconds(now=10.0) == 7.0
    assert progress.finished_steps == 1
    assert progress.status == "running"


def test_a_job_that_failed_keeps_its_report_findings_and_products() -> None:
    progress = fold(
        JobStarted("build", ("check",)),
        StepStarted("check"),
        FindingFound("check", FINDING),
        FindingFound("check", FINDING),
        Produced("check", "report", "/tmp/x"),
        StepFinished("check", "failed", "no request"),
        JobFinished("failed", {"status": "failed"}),
    )
    assert progress.status == "failed"
    assert progress.findings == (FINDING,)
    assert progress.products == (Produced("check", "report", "/tmp/x"),)
    assert progress.steps[0].reason == "no request"
    assert progress.report == {"status": "failed"}
    assert progress.running is None


def test_only_the_last_log_lines_are_kept() -> None:
    progress = fold(*(Log("run", "info", str(n)) for n in range(TAIL + 5)))
    assert len(progress.logs) == TAIL
    assert progress.logs[-1].text == str(TAIL + 4)


def test_events_without_an_envelope_are_shown_without_times() -> None:
    progress = reduce(advance, [JobStarted("build", ("run",)), StepStarted("run")], Progress())
    assert progress.running is not None
    assert progress.running.seconds(now=5.0) is None


anything = st.one_of(
    st.builds(JobStarted, st.text(max_size=3), st.tuples(st.sampled_from("ab"))),
    st.builds(StepStarted, st.sampled_from("abc")),
    st.builds(StepAdvanced, st.sampled_from("abc"), st.integers(), st.integers()),
    st.builds(StepFinished, st.sampled_from("abc"), st.sampled_from(["done", "failed"])),
    st.builds(JobFinished, st.sampled_from(["ok", "failed", "cancelled"])),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(anything, max_size=12))
def test_any_events_in_any_order_give_a_progress(events: list[Event]) -> None:
    progress = fold(*events)
    names = [step.name for step in progress.steps]
    assert len(names) == len(set(names))
