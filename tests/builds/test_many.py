"""`nb2prod build` and `convert` of many: children that speak the job protocol, each with its lock and its records.

What happens in CI: one fails, all are cancelled, the same is started twice, a child is killed.
"""

import contextlib
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.builds.command import nb2prod, processes_left, started
from tests.builds.notebooks import LINE, PARAMETERS, REQUEST, TRAINING, Cell, write_notebook

RAISES: Cell = ("training", "line = {'slope': scale / 0, 'start': 1.5}\n")
QUICK = ("--mutants", "0", "--jobs", "2", "--json")


def sleeping(marker: Path) -> Cell:
    return ("training", f"import time\nopen({str(marker)!r}, 'w').close()\ntime.sleep(600)\nline = {{'slope': 1}}\n")


def waited(*paths: Path, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not all(path.exists() for path in paths):
        assert time.monotonic() < deadline, "the runs did not begin"
        time.sleep(0.1)


def outcomes(body: dict[str, Any]) -> dict[str, tuple[str, int]]:
    return {Path(one["notebook"]).stem: (one["status"], one["exit_code"]) for one in body["notebooks"]}


@pytest.mark.samples
def test_one_that_fails_does_not_stop_the_others_and_a_second_time_repeats_nothing(tmp_path: Path) -> None:
    write_notebook(tmp_path / "nb/first.ipynb")
    write_notebook(tmp_path / "nb/second.ipynb", ("parameters", "scale = 3.0\n"), *LINE[1:])
    write_notebook(tmp_path / "nb/raises.ipynb", PARAMETERS, RAISES, *LINE[2:])
    write_notebook(tmp_path / "nb/notes.ipynb", ("", "print('no role')"))
    done = nb2prod("convert", "nb", "-o", "out", "--junit", "j.xml", "--sarif", "s.sarif", *QUICK, cwd=tmp_path)
    assert done.code == 3
    assert outcomes(done.report) == {
        "first": ("ok", 0),
        "second": ("ok", 0),
        "raises": ("failed", 3),
        "notes": ("skipped", 0),
    }
    assert (tmp_path / "out/first/nb2prod.json").is_file()
    assert (tmp_path / "out/second/nb2prod.json").is_file()
    (error,) = [
        one for one in json.loads((tmp_path / "s.sarif").read_text())["runs"][0]["results"] if one["level"] == "error"
    ]
    row = error["locations"][0]["physicalLocation"]["region"]["startLine"]
    assert "scale / 0" in (tmp_path / "nb/raises.ipynb").read_text().splitlines()[row - 1]

    (tmp_path / "nb/raises.ipynb").unlink()
    again = nb2prod("convert", "nb", "-o", "out", *QUICK, cwd=tmp_path)
    assert again.code == 0
    for one in again.report["notebooks"]:
        steps = {step["name"]: step["status"] for step in (one["report"] or {"steps": []})["steps"]}
        assert {steps[name] for name in ("run", "extract", "test") if name in steps} <= {"unchanged"}

    # the same notebook alone, by the command for one, gives the same project
    alone = nb2prod("convert", "nb/first.ipynb", "-o", "out/first", "--mutants", "0", "--json", cwd=tmp_path)
    assert {s["name"]: s["status"] for s in alone.report["steps"]}["extract"] == "unchanged"


@pytest.mark.samples
def test_ctrl_c_stops_what_runs_starts_nothing_more_and_says_what_is_left(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_notebook(tmp_path / f"{name}.ipynb", PARAMETERS, sleeping(tmp_path / f"{name}.runs"), *LINE[2:])
    write_notebook(tmp_path / "c.ipynb")
    with started("convert", ".", "-o", "out", *QUICK, cwd=tmp_path) as process:
        waited(tmp_path / "a.runs", tmp_path / "b.runs")
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert outcomes(json.loads(stdout)) == {"a": ("cancelled", 130), "b": ("cancelled", 130), "c": ("not started", 130)}
    assert "Traceback" not in stderr
    assert processes_left(tmp_path, 15) == []
    assert not (tmp_path / "out/c").exists()


@pytest.mark.samples
def test_80_the_parent_killed_takes_its_children_along_and_a_later_command_goes_on(tmp_path: Path) -> None:
    """CI ends a job that was cancelled or took too long by SIGKILL."""
    write_notebook(tmp_path / "a.ipynb", PARAMETERS, sleeping(tmp_path / "a.runs"), *LINE[2:])
    write_notebook(tmp_path / "b.ipynb")
    with started("convert", ".", "-o", "out", *QUICK, cwd=tmp_path) as process:
        waited(tmp_path / "a.runs")
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        assert processes_left(tmp_path, 20) == []
    write_notebook(tmp_path / "a.ipynb")
    again = nb2prod("convert", ".", "-o", "out", *QUICK, cwd=tmp_path)
    assert outcomes(again.report) == {"a": ("ok", 0), "b": ("ok", 0)}


@pytest.mark.samples
def test_80_the_same_started_twice_is_refused_by_the_lock_and_the_first_goes_on(tmp_path: Path) -> None:
    gate = tmp_path / "go"
    waiting: Cell = (
        "training",
        f"import os, time\nopen({str(tmp_path / 'a.runs')!r}, 'w').close()\nwhile not os.path.exists({str(gate)!r}):\n"
        "    time.sleep(0.1)\nline = {'slope': scale / 4, 'start': 1.5}\n",
    )
    write_notebook(tmp_path / "a.ipynb", PARAMETERS, waiting, *LINE[2:])
    write_notebook(tmp_path / "b.ipynb", PARAMETERS, TRAINING, REQUEST, LINE[-1])
    with started("convert", "a.ipynb", "--jobs", "1", "-o", "out", "--mutants", "0", "--json", cwd=tmp_path) as first:
        waited(tmp_path / "a.runs")
        second = nb2prod("convert", ".", "-o", "out", *QUICK, cwd=tmp_path)
        gate.touch()
        stdout, _ = first.communicate(timeout=180)
    assert outcomes(second.report) == {"a": ("failed", 4), "b": ("ok", 0)}
    assert second.report["notebooks"][0]["report"]["error"]["code"] == "NB965"
    assert "a" in outcomes(json.loads(stdout))
    assert first.returncode in (0, 1)


@pytest.mark.samples
def test_22_a_child_that_is_killed_is_told_and_the_others_are_built(tmp_path: Path) -> None:
    write_notebook(tmp_path / "a.ipynb", PARAMETERS, sleeping(tmp_path / "a.runs"), *LINE[2:])
    write_notebook(tmp_path / "b.ipynb")
    with started("convert", ".", "-o", "out", *QUICK, "--jobs", "1", cwd=tmp_path) as process:
        waited(tmp_path / "a.runs")
        kernel = next(p for p in psutil.process_iter() if _runs_in(p, tmp_path) and "ipykernel" in " ".join(_words(p)))
        child = next(p for p in kernel.parents() if "job" in _words(p))
        child.kill()
        stdout, _ = process.communicate(timeout=180)
    body = json.loads(stdout)
    assert outcomes(body) == {"a": ("failed", 4), "b": ("ok", 0)}
    assert body["notebooks"][0]["report"]["error"]["code"] == "NB283"
    assert processes_left(tmp_path, 15) == []


def _runs_in(process: psutil.Process, folder: Path) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.cwd() == str(folder)
    return False


def _words(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


def test_clashes_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    write_notebook(tmp_path / "x/line.ipynb")
    write_notebook(tmp_path / "y/line.ipynb")
    done = nb2prod("build", "x", "y", "-o", "out", "--json", cwd=tmp_path)
    assert (done.code, done.report["error"]["code"]) == (2, "NB281")
    assert done.report["notebooks"] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x", "y"]


def test_options_that_name_one_project_are_refused_for_many(tmp_path: Path) -> None:
    write_notebook(tmp_path / "a.ipynb")
    write_notebook(tmp_path / "b.ipynb")
    for words in (("--package", "p"), ("--model", "m"), ("--events", "jsonl")):
        assert nb2prod("build", "a.ipynb", "b.ipynb", *words, cwd=tmp_path).code == 2
    done = nb2prod("build", "a.ipynb", "b.ipynb", "--image", "same:1", "--json", cwd=tmp_path)
    assert done.report["error"]["code"] == "NB281"
