"""Many notebooks in one call while something breaks: kernels, the call itself, disks, and each other."""

import json
import os
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nb2prod.image import engine_status
from nb2prod.image.engine import connect
from tests.builds.command import nb2prod, processes_left, started
from tests.builds.notebooks import LINE, PARAMETERS, Cell, write_notebook
from tests.builds.projects import damaged_files
from tests.builds.test_many import QUICK, outcomes, waited
from tests.files.conftest import small_disk  # noqa: F401

pytestmark = pytest.mark.samples


def busy(marker: Path) -> Cell:
    """Keeps Python's lock, so that nothing inside the kernel can end it, and has started a process."""
    lines = ("import os, subprocess", "subprocess.Popen(['sleep', '300'])", f"os.mkdir({str(marker)!r})",
             "sum(range(10**13))", "line = {'slope': 1.0, 'start': 1.5}")  # fmt: skip
    return ("training", "\n".join(lines))


def test_row_17_a_kernel_that_is_killed_fails_its_notebook_alone(tmp_path: Path) -> None:
    killed: Cell = ("training", "import os, signal\n\nos.kill(os.getpid(), signal.SIGKILL)\nline = {}")
    write_notebook(tmp_path / "a.ipynb", PARAMETERS, killed, *LINE[2:])
    write_notebook(tmp_path / "b.ipynb")
    write_notebook(tmp_path / "c.ipynb")
    done = nb2prod("convert", ".", "-o", "out", "--sarif", "s.sarif", *QUICK, cwd=tmp_path)
    assert (done.code, outcomes(done.report)) == (3, {"a": ("failed", 3), "b": ("ok", 0), "c": ("ok", 0)})
    results = json.loads((tmp_path / "s.sarif").read_text())["runs"][0]["results"]
    (error,) = [one for one in results if one["level"] == "error"]
    assert (error["ruleId"], error["locations"][0]["logicalLocations"][0]["name"]) == ("NB502", "cell 2")
    assert processes_left(tmp_path, 5) == []


def test_row_22_the_call_killed_leaves_no_busy_kernel_and_the_next_call_goes_on(tmp_path: Path) -> None:
    write_notebook(tmp_path / "a.ipynb")
    for name in ("b", "c"):
        write_notebook(tmp_path / f"{name}.ipynb", PARAMETERS, busy(tmp_path / f"{name}.runs"), *LINE[2:])
    assert nb2prod("convert", "a.ipynb", "-o", "out", *QUICK, cwd=tmp_path).code == 0
    with started("convert", ".", "-o", "out", *QUICK, cwd=tmp_path) as process:
        waited(tmp_path / "b.runs", tmp_path / "c.runs")
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        assert processes_left(tmp_path, 5) == []
    for name in ("b", "c"):
        write_notebook(tmp_path / f"{name}.ipynb")
    again = nb2prod("convert", ".", "-o", "out", *QUICK, cwd=tmp_path)
    assert outcomes(again.report) == {"a": ("ok", 0), "b": ("ok", 0), "c": ("ok", 0)}
    steps = again.report["notebooks"][0]["report"]["steps"]
    assert {step["name"]: step["status"] for step in steps if step["name"] in ("run", "extract", "test")} == {
        "run": "unchanged", "extract": "unchanged", "test": "unchanged",
    }  # fmt: skip


def test_row_80_ctrl_c_twice_ends_at_once_and_nothing_stays(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_notebook(tmp_path / f"{name}.ipynb", PARAMETERS, busy(tmp_path / f"{name}.runs"), *LINE[2:])
    write_notebook(tmp_path / "c.ipynb")
    with started("convert", ".", "-o", "out", *QUICK, cwd=tmp_path) as process:
        waited(tmp_path / "a.runs", tmp_path / "b.runs")
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=10)
        assert process.returncode == 130
    assert "Traceback" not in stderr
    assert processes_left(tmp_path, 5) == []
    assert not [path for path in (tmp_path / "out").iterdir() if not path.name.startswith(".")]


def test_row_26_a_full_disk_for_one_and_room_for_the_others(small_disk: Path, tmp_path: Path) -> None:  # noqa: F811
    large: Cell = ("training", "line = {'slope': scale / 4, 'start': 1.5, 'more': list(range(200_000))}")
    write_notebook(tmp_path / "a.ipynb", PARAMETERS, large, *LINE[2:])
    write_notebook(tmp_path / "b.ipynb")
    (tmp_path / "list.toml").write_text(
        f'[[notebooks]]\nnotebook = "a.ipynb"\noutput = "{small_disk}/a"\n\n'
        '[[notebooks]]\nnotebook = "b.ipynb"\noutput = "out/b"\n'
    )
    done = nb2prod("convert", "list.toml", *QUICK, cwd=tmp_path)
    assert outcomes(done.report) == {"a": ("failed", 4), "b": ("ok", 0)}
    assert done.report["notebooks"][0]["report"]["error"]["code"] in ("NB901", "NB960")
    assert "No space left" in done.report["notebooks"][0]["report"]["error"]["message"]
    assert not (small_disk / "a").exists()
    assert damaged_files(tmp_path / "out/b") == []


def test_row_27_two_calls_at_once_over_lists_that_overlap(tmp_path: Path) -> None:
    for name in "abc":
        write_notebook(tmp_path / f"{name}.ipynb")
    with (
        started("convert", "a.ipynb", "b.ipynb", "-o", "out", *QUICK, cwd=tmp_path) as first,
        started("convert", "b.ipynb", "c.ipynb", "-o", "out", *QUICK, cwd=tmp_path) as second,
    ):
        told = [json.loads(process.communicate(timeout=300)[0]) for process in (first, second)]
    assert (outcomes(told[0])["a"], outcomes(told[1])["c"]) == (("ok", 0), ("ok", 0))
    assert {outcomes(one)["b"] for one in told} in ({("ok", 0), ("failed", 4)}, {("ok", 0)})
    for one in told:
        for notebook in one["notebooks"]:
            assert notebook["status"] == "ok" or notebook["report"]["error"]["code"] == "NB965"
    assert [damaged_files(tmp_path / "out" / name) for name in "abc"] == [[], [], []]


@pytest.fixture
def engine() -> Iterator[Any]:
    status = engine_status()
    if not status.available and not os.environ.get("CI"):
        pytest.skip(status.reason)
    client = connect()
    yield client
    for image in client.images():
        for tag in image["RepoTags"] or ():
            if tag.startswith("nb2prod-tests/"):
                client.remove_image(tag, force=True)
    client.close()


@pytest.mark.docker
def test_images_and_one_mlflow_store_side_by_side(engine: Any, tmp_path: Path) -> None:
    """The store does not exist yet: both of the first builds come to make it."""
    for number, name in enumerate("ab", 1):
        write_notebook(tmp_path / f"{name}.ipynb", ("parameters", f"scale = {number}.0\n"), *LINE[1:])
    words = ("build", ".", "-o", "out", "--image", "nb2prod-tests/{name}:1", *QUICK)
    done = nb2prod(*words, cwd=tmp_path)
    reports = {Path(one["notebook"]).stem: one["report"] for one in done.report["notebooks"]}
    assert outcomes(done.report) == dict.fromkeys("ab", ("ok", 0)), [one["error"] for one in reports.values()]
    for name, report in reports.items():
        assert {step["name"]: step["status"] for step in report["steps"]}["verify"] == "done"
        assert {one["stage"] for one in report["parity"] if one["status"] == "equal"} >= {
            "module",
            "mlflow",
            "container",
        }
        assert engine.inspect_image(f"nb2prod-tests/{name}:1")["Id"] == report["image"]["digest"]
    with sqlite3.connect(tmp_path / "out" / "mlflow.db") as store:
        versions = store.execute("select name, version from model_versions order by name").fetchall()
    assert versions == [("a", 1), ("b", 1)]
    again = nb2prod(*words, cwd=tmp_path)
    for one in again.report["notebooks"]:
        assert {step["status"] for step in one["report"]["steps"][2:]} == {"unchanged"}
