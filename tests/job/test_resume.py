"""Unchanged steps are not run again; a job that was stopped goes on where it stopped."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from nb2prod.errors import RunError
from nb2prod.events import Cancel, Emit, FindingFound, Log, Produced, Stamped
from nb2prod.job import Job, Outputs, Stamper, Step, outline, run_job
from nb2prod.model.findings import Finding, Severity

WARNING = Finding("NB302", Severity.WARNING, "an untagged cell is pulled in", 3)


class World:
    """What the steps read (`inputs`), what they leave behind (`files`), and which of them ran (`ran`)."""

    def __init__(self, *names: str) -> None:
        self.inputs = dict.fromkeys(names, "as it was")
        self.files: set[str] = set()
        self.ran: list[str] = []
        self.broken: str | None = None

    def job(self) -> Job:
        return Job("demo", tuple(self.step(name) for name in self.inputs), outline)

    def step(self, name: str) -> Step[tuple[str, str]]:
        def run(outputs: Outputs, emit: Emit, cancel: Cancel) -> tuple[str, str]:
            self.ran.append(name)
            if self.broken == name:
                raise RunError("cell 3 raised", code="NB501")
            emit(FindingFound(name, WARNING))
            emit(Produced(name, "file", name))
            self.files.add(name)
            return name, self.inputs[name]

        return Step(
            name,
            run,
            key=lambda outputs: "/".join([*outputs, self.inputs[name]]),
            dump=list,
            load=tuple,
            present=lambda output: output[0] in self.files,
        )

    def run(self, state: Path | None, **options: Any) -> tuple[list[str], Any, list[Stamped]]:
        self.ran, heard = [], []
        cancel = threading.Event()
        result = run_job(self.job(), state=state, emit=Stamper(heard.append), cancel=cancel, **options)
        return self.ran, result, heard


@pytest.fixture
def world() -> World:
    return World("run", "test", "log")


def test_the_second_time_nothing_runs_and_the_outputs_are_the_same(world: World, tmp_path: Path) -> None:
    ran, first, _ = world.run(tmp_path)
    assert ran == ["run", "test", "log"]
    ran, second, heard = world.run(tmp_path)
    assert ran == []
    assert [record.status for record in second.steps] == ["unchanged"] * 3
    assert second.outputs == first.outputs
    assert second.status == "ok"
    assert second.findings == first.findings == (WARNING,)
    assert Produced("log", "file", "log") in [stamped.event for stamped in heard]


def test_a_changed_input_runs_that_step_only(world: World, tmp_path: Path) -> None:
    world.run(tmp_path)
    world.inputs["test"] = "changed"
    assert world.run(tmp_path)[0] == ["test"]


def test_what_was_deleted_is_made_again(world: World, tmp_path: Path) -> None:
    world.run(tmp_path)
    world.files.remove("log")
    assert world.run(tmp_path)[0] == ["log"]


def test_fresh_runs_everything(world: World, tmp_path: Path) -> None:
    world.run(tmp_path)
    assert world.run(tmp_path, fresh=True)[0] == ["run", "test", "log"]


def test_without_a_state_folder_nothing_is_kept(world: World) -> None:
    world.run(None)
    assert world.run(None)[0] == ["run", "test", "log"]


def test_a_failed_job_resumes_where_it_stopped(world: World, tmp_path: Path) -> None:
    world.broken = "test"
    assert world.run(tmp_path)[1].exit_code == 3
    world.broken = None
    ran, result, _ = world.run(tmp_path)
    assert ran == ["test", "log"]
    assert result.status == "ok"


def test_a_step_that_failed_halfway_is_not_taken_for_its_earlier_self(world: World, tmp_path: Path) -> None:
    # run 1 ok with input A; run 2 fails with input B after touching files; back to A: must run
    world.run(tmp_path)
    world.inputs["test"], world.broken = "B", "test"
    world.run(tmp_path)
    world.inputs["test"], world.broken = "as it was", None
    assert world.run(tmp_path)[0] == ["test"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: text.replace('"output": ["test", "as it was"]', '"output": 5'),
        lambda text: json.dumps(json.loads(text) | {"nb2prod": "0.0.0"}),
    ],
)
def test_a_record_of_no_use_means_run_again(world: World, tmp_path: Path, damage: Any) -> None:
    world.run(tmp_path)
    record = tmp_path / "test.json"
    record.write_text(damage(record.read_text()))
    ran, result, _ = world.run(tmp_path)
    assert ran == ["test"]
    assert result.status == "ok"


def test_a_state_folder_that_cannot_be_written_is_told_and_does_not_fail_the_job(world: World, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    _, result, heard = world.run(tmp_path / "state")
    assert result.status == "ok"
    warnings = [s.event.text for s in heard if isinstance(s.event, Log) and s.event.level == "warning"]
    assert len(warnings) >= 3
    assert "cannot be resumed" in warnings[0]


def test_a_step_without_a_key_always_runs(tmp_path: Path) -> None:
    ran = []
    job = Job("demo", (Step("verify", lambda outputs, emit, cancel: ran.append(1)),), outline)
    for _ in range(2):
        run_job(job, state=tmp_path, emit=lambda event: None, cancel=threading.Event())
    assert ran == [1, 1]
    assert list(tmp_path.iterdir()) == []
