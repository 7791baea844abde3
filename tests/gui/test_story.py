"""What a job tells in detail, folded; what it leaves where it does not come to its end. Without a window."""

from nb2prod_gui.flow.ended import left_by
from nb2prod_gui.flow.story import MOST_LINES, Story

from nb2prod.events import (
    CellFinished,
    Event,
    JobFinished,
    JobStarted,
    Log,
    Stamped,
    StepAdvanced,
    StepFinished,
    StepStarted,
)
from nb2prod.progress import Progress, advance


def told(*events: Event, titles: dict[int, str] | None = None) -> Story:
    story = Story(titles or {})
    for n, event in enumerate(events):
        story.tell(Stamped(n, float(n), event))
    return story


def test_a_cell_runs_then_has_run_and_keeps_what_it_printed():
    before = (StepStarted("run"), StepAdvanced("run", 0, 2, "cell 2"), Log("run", "info", "[2] hello [3]"))
    story = told(*before, titles={2: "Cell 2   x = 1"})
    assert story.running == story.cells[2]
    assert (story.cells[2].text, story.cells[2].lines) == ("Cell 2   x = 1", ("hello [3]",))
    story = told(*before, CellFinished("run", 2, True, 0.5), StepAdvanced("run", 1, 2, "cell 5"))
    assert [(c.number, c.state, c.seconds) for c in story.cells.values()] == [(2, "done", 0.5), (5, "running", None)]


def test_layers_follow_each_other_and_have_their_lines():
    story = told(
        StepAdvanced("image", 0, 2, "FROM base"),
        StepAdvanced("image", 1, 2, "RUN pip"),
        Log("image", "debug", "Collecting"),
        StepAdvanced("image", 2, 2, "built"),
    )
    assert [(p.text, p.state, p.seconds) for p in story.layers.values()] == [
        ("FROM base", "done", 1.0), ("RUN pip", "done", 2.0),
    ]  # fmt: skip
    assert story.layers[2].lines == ("Collecting",)


def test_what_ran_when_the_job_ended_did_not_come_to_its_end():
    running = StepAdvanced("run", 0, 2, "cell 1")
    assert told(running, StepFinished("run", "cancelled")).cells[1].state == "cancelled"
    assert told(running, StepFinished("run", "failed")).cells[1].state == "failed"
    assert told(running, JobFinished("cancelled")).cells[1].state == "cancelled"


def test_the_log_is_bounded_and_counted():
    story = told(*(Log("run", "info", str(n)) for n in range(3 * MOST_LINES)))
    assert story.told == 3 * MOST_LINES
    assert len(story.logs) <= MOST_LINES * 1.1
    assert story.logs[-1].text == str(3 * MOST_LINES - 1)


def test_what_is_left_is_what_was_finished():
    report = {"project": "/p", "mlflow": {"model": "m", "version": "3"}}
    progress = Progress()
    for event in (
        JobStarted("build", ("read", "run", "image")),
        StepFinished("read", "unchanged"),
        StepFinished("run", "done"),
        StepFinished("image", "cancelled"),
        JobFinished("cancelled", report),
    ):
        progress = advance(progress, event)
    left = left_by(progress)
    assert (left.kept, left.stopped, left.project, left.logged) == (("read", "run"), "image", "/p", "m version 3")
    assert left_by(Progress()).kept == ()
