"""`nb2prod check` of many: one command, workers, and one answer."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from nb2prod.many import check_each as module
from nb2prod.many.check_each import check_each
from nb2prod.summary.outcome import Summary
from tests.builds.command import environment, nb2prod
from tests.builds.notebooks import INFERENCE, LINE, write_notebook

UNKNOWN = ("inference", "heights = [line['slope'] * point['x'] for point in points]\nmissing_name + heights\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two that can be built, one that cannot, one nobody meant, one that is no notebook."""
    write_notebook(tmp_path / "good.ipynb")
    write_notebook(tmp_path / "deep" / "good.ipynb")
    write_notebook(tmp_path / "bad.ipynb", *LINE[:-1], UNKNOWN)
    write_notebook(tmp_path / "notes.ipynb", ("", "print(1)"))
    (tmp_path / "broken.ipynb").write_text("{")
    return tmp_path


def test_a_folder_is_checked_and_one_that_is_bad_does_not_stop_the_others(folder: Path) -> None:
    done = nb2prod("check", ".", "--json", "--junit", "j.xml", "--sarif", "s.sarif", "--summary", "s.md", cwd=folder)
    body = done.report
    assert done.code == 1
    assert body["status"] == "failed"
    found = {one["notebook"]: one["status"] for one in body["notebooks"]}
    assert found == {
        "good.ipynb": "ok",
        "deep/good.ipynb": "ok",
        "bad.ipynb": "failed",
        "broken.ipynb": "failed",
        "notes.ipynb": "skipped",
    }
    results = json.loads((folder / "s.sarif").read_text())["runs"][0]["results"]
    assert all(result["locations"][0]["physicalLocation"]["region"]["startLine"] >= 1 for result in results)
    (bad,) = [r for r in results if "bad.ipynb" in json.dumps(r["locations"]) and r["level"] == "error"]
    line = bad["locations"][0]["physicalLocation"]["region"]["startLine"]
    assert "missing_name" in (folder / "bad.ipynb").read_text().splitlines()[line - 1]
    assert (folder / "j.xml").read_text().startswith("<?xml")
    assert "bad" in (folder / "s.md").read_text()


def test_the_report_of_each_is_that_of_the_command_alone(folder: Path) -> None:
    many = nb2prod("check", "good.ipynb", "bad.ipynb", "--json", cwd=folder).report["notebooks"]
    for one in many:
        alone = nb2prod("check", one["notebook"], "--json", cwd=folder)
        assert one["report"] == alone.report
        assert one["exit_code"] == alone.code


def test_named_notebooks_are_checked_even_without_roles(folder: Path) -> None:
    done = nb2prod("check", "notes.ipynb", "good.ipynb", "--json", cwd=folder)
    assert [one["status"] for one in done.report["notebooks"]] == ["failed", "ok"]


def test_only_picks_some_of_them(folder: Path) -> None:
    done = nb2prod("check", ".", "--only", "good.ipynb", "--json", cwd=folder)
    assert [one["notebook"] for one in done.report["notebooks"]] == ["good.ipynb"]
    refused = nb2prod("check", ".", "--only", "nothing.ipynb", "--json", cwd=folder)
    assert (refused.code, refused.report["error"]["code"]) == (2, "NB282")


def test_workers_find_what_one_process_finds(tmp_path: Path) -> None:
    for number in range(20):
        cells = (*LINE[:-1], UNKNOWN) if number % 3 == 0 else LINE
        write_notebook(tmp_path / f"n{number:02}.ipynb", *cells)

    def answers(jobs: str) -> list[Any]:
        done = nb2prod("check", ".", "--jobs", jobs, "--json", cwd=tmp_path)
        assert done.code == 1
        return [{k: v for k, v in one.items() if k != "seconds"} for one in done.report["notebooks"]]

    assert answers("2") == answers("1")


class Quiet:
    """Listens, and says nothing."""

    def started(self, number: int) -> None: ...
    def heard(self, number: int, stamped: Any) -> None: ...
    def ended(self, number: int, outcome: Any) -> None: ...


def test_a_notebook_that_ends_its_worker_is_told_and_the_others_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that dies (memory, a crash of the parser) cannot be caused otherwise."""
    paths = [write_notebook(tmp_path / f"n{number:02}.ipynb") for number in range(20)]
    check = module.check_notebook

    def deadly(path: Path) -> Any:
        if path.stem == "n07":
            os.kill(os.getpid(), signal.SIGKILL)
        return check(path)

    monkeypatch.setattr(module, "check_notebook", deadly)
    outcomes = check_each([(path.stem, path, False) for path in paths], 2, Quiet(), threading.Event())
    assert [(one.notebook, one.report["error"]["code"]) for one in outcomes if one.status != "ok"] == [("n07", "NB283")]


@pytest.mark.parametrize("jobs", [1, 2])
def test_after_a_cancel_no_other_is_checked_and_what_is_left_is_said(tmp_path: Path, jobs: int) -> None:
    paths = [write_notebook(tmp_path / f"n{number:03}.ipynb") for number in range(60)]
    cancel = threading.Event()

    class Stopping(Quiet):
        def ended(self, number: int, outcome: Any) -> None:
            cancel.set()

    outcomes = check_each([(path.stem, path, False) for path in paths], jobs, Stopping(), cancel)
    statuses = [one.status for one in outcomes]
    assert len(statuses) == 60
    assert "ok" in statuses
    assert "not started" in statuses
    assert Summary("check", outcomes).exit_code == 130


def test_check_runs_nothing(tmp_path: Path) -> None:
    write_notebook(tmp_path / "a.ipynb", ("training", "open('ran', 'w')\n!touch ran2\n"), INFERENCE)
    nb2prod("check", ".", "--sarif", "s.sarif", cwd=tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"a.ipynb", "s.sarif"}


def test_one_notebook_answers_as_ever(folder: Path) -> None:
    done = nb2prod("check", "good.ipynb", "--json", cwd=folder)
    assert set(done.report) == {"notebook", "findings", "cells", "boundary"}


def test_a_folder_of_hostile_names_is_checked(tmp_path: Path) -> None:
    for name in ("-rf.ipynb", "$(touch hacked).ipynb", "a\nb.ipynb", "${{ x }}.ipynb", "quote'\".ipynb", "%s%n.ipynb"):
        write_notebook(tmp_path / name)
    done = nb2prod("check", ".", "--json", "--sarif", "s.sarif", "--junit", "j.xml", "--summary", "s.md", cwd=tmp_path)
    assert done.code == 0
    assert len(done.report["notebooks"]) == 6
    assert not (tmp_path / "hacked").exists()


def test_a_summary_that_cannot_be_written_is_told(folder: Path) -> None:
    done = nb2prod("check", ".", "--junit", "no/such/j.xml", "--json", cwd=folder)
    assert (done.code, done.report["error"]["code"]) == (4, "NB961")


def test_the_module_starts_no_engine() -> None:
    script = (
        "import sys, nb2prod.many.check_each; print(*({'mlflow', 'papermill', 'docker', 'jinja2'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
