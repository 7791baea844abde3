"""What goes wrong in a CI job: rows 17 to 28 and 80 of the fault matrix, through ``papermill --engine nb2prod``.

(17 the kernel is killed, 18 it ends itself with 0, 19 it runs out of memory, 20 a cell does not end, 21 one asks for
input, 22 papermill is killed, 23 a flood of output, 24 a kernel that is not there, 25 processes left behind, 26 a full
disk, 27 two jobs at once, 28 a notebook that changes folder, handlers and processes or ends itself, 80 a job that is
cancelled, retried, run twice.)
"""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.builds.command import processes_left, started
from tests.builds.notebooks import EVALUATION, INFERENCE, LINE, PARAMETERS, REQUEST, TRAINING, Cell, write_notebook
from tests.builds.projects import damaged_files
from tests.files.conftest import small_disk  # noqa: F401
from tests.plugins.test_papermill_engine import QUICK, cells, errors, papermill, tagged

REST: tuple[Cell, ...] = (TRAINING, REQUEST, INFERENCE)


def statuses(path: Path) -> list[str]:
    ran = [cell for cell in cells(path) if cell["cell_type"] == "code" and cell["source"]]
    return [cell["metadata"]["papermill"]["status"] for cell in ran]


@pytest.mark.parametrize(
    ("source", "env", "code", "says"),
    [
        pytest.param("import os, signal\n\nos.kill(os.getpid(), signal.SIGKILL)", {}, "NB502", "out of memory",
                     id="row 17 and 19"),
        pytest.param("import os\n\nos._exit(0)", {}, "NB502", "died", id="row 18"),
        pytest.param("while True:\n    try:\n        while True:\n            pass\n    except KeyboardInterrupt:\n"
                     "        pass", {"NB2PROD_CELL_TIMEOUT": "2"}, "NB503", "within 2 s", id="row 20"),
        pytest.param("answer = input()", {}, "NB505", "nobody is there to type", id="row 21"),
        pytest.param("import sys\n\nsys.exit(0)", {}, "NB506", "ends itself", id="row 28"),
        pytest.param("import subprocess\n\nfor _ in range(2):\n    subprocess.Popen(['sleep', '300'])\n"
                     "subprocess.Popen(['sleep', '300'], start_new_session=True)\n1 / 0", {}, "NB501", "division",
                     id="row 25"),
        pytest.param("for _ in range(2000):\n    print('x' * 10_000)\n1 / 0", {}, "NB501", "division", id="row 23"),
    ],
)  # fmt: skip
def test_a_run_that_fails_says_so_truthfully(
    source: str, env: dict[str, str], code: str, says: str, tmp_path: Path
) -> None:
    write_notebook(tmp_path / "n.ipynb", PARAMETERS, ("", source), *REST)
    done = papermill("n.ipynb", "out.ipynb", cwd=tmp_path, env=env)
    assert done.code == 3, done.stderr
    assert f"error {code} " in done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert statuses(tmp_path / "out.ipynb") == ["completed", "failed", *["pending"] * len(REST)]
    assert [cell for cell, _ in errors(tmp_path / "out.ipynb")] == [source]
    assert (tmp_path / "out.ipynb").stat().st_size < 3_000_000
    assert processes_left(tmp_path, 5) == []
    assert not (tmp_path / "build" / "n").exists()


def test_row_24_a_kernel_that_is_not_there(tmp_path: Path) -> None:
    write_notebook(tmp_path / "n.ipynb")
    done = papermill("n.ipynb", "out.ipynb", "-k", "nowhere", cwd=tmp_path)
    assert done.code == 3
    assert "error NB504: The kernel `nowhere` is not installed." in done.stderr
    assert "python3" in done.stderr
    write_notebook(tmp_path / "r.ipynb", language="R", kernel="ir")
    assert papermill("r.ipynb", "out.ipynb", cwd=tmp_path).code == 1


def test_row_28_folders_handlers_and_processes_of_the_notebooks_own(tmp_path: Path) -> None:
    wild = (
        "import os, signal, tempfile\n\n"
        "for number in (signal.SIGINT, signal.SIGTERM):\n    signal.signal(number, signal.SIG_IGN)\n"
        "os.chdir(tempfile.gettempdir())\n"
        "if os.fork() == 0:\n    os._exit(0)\n"
    )
    write_notebook(tmp_path / "n.ipynb", PARAMETERS, TRAINING, ("", wild), EVALUATION, REQUEST, INFERENCE)
    done = papermill("n.ipynb", "out.ipynb", cwd=tmp_path)
    assert done.code == 0, done.stderr
    assert processes_left(tmp_path, 5) == []
    assert damaged_files(tmp_path / "build" / "n") == []


def waits(folder: Path) -> Path:
    """A notebook whose second cell waits until somebody makes the file ``go``; it makes the folder ``waiting``."""
    source = "import os, time\n\nos.mkdir('waiting')\nwhile not os.path.isdir('go'):\n    time.sleep(0.1)\n"
    return write_notebook(folder / "n.ipynb", PARAMETERS, ("", source), *REST)


def wait_for(path: Path, process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 120
    while not path.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)


def engine(*words: str, cwd: Path) -> Any:
    return started("--engine", "nb2prod", *words, cwd=cwd, env=QUICK, program="papermill")


def test_row_22_papermill_killed_leaves_no_kernel_and_a_whole_notebook(tmp_path: Path) -> None:
    waits(tmp_path)
    with engine("n.ipynb", "out.ipynb", cwd=tmp_path) as process:
        wait_for(tmp_path / "waiting", process)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        assert processes_left(tmp_path, 20) == []
    assert statuses(tmp_path / "out.ipynb") == ["completed", "running", *["pending"] * len(REST)]


def test_row_27_two_jobs_at_once(tmp_path: Path) -> None:
    waits(tmp_path)
    with engine("n.ipynb", "out.ipynb", cwd=tmp_path) as process:
        wait_for(tmp_path / "waiting", process)
        before = (tmp_path / "out.ipynb").read_bytes()
        second = papermill("n.ipynb", "out.ipynb", cwd=tmp_path)
        assert second.code == 4
        assert f"NB965 {tmp_path}/build/n: another build (process {process.pid})" in second.stderr
        assert (tmp_path / "out.ipynb").read_bytes() == before
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_row_80_a_cancel_in_a_cell(number: signal.Signals, tmp_path: Path) -> None:
    waits(tmp_path)
    with engine("n.ipynb", "out.ipynb", cwd=tmp_path) as process:
        wait_for(tmp_path / "waiting", process)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=60)
        assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert processes_left(tmp_path, 5) == []
    assert not (tmp_path / "build" / "n").exists()
    assert "cancelled" in tagged(tmp_path / "out.ipynb", "nb2prod-report")[-1]["source"]


def test_row_80_a_retry_goes_on_where_the_cancelled_job_stopped(tmp_path: Path) -> None:
    write_notebook(tmp_path / "line.ipynb")
    with engine("line.ipynb", "out.ipynb", cwd=tmp_path) as process:
        said = ""
        while "nb2prod extract: done" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert process.returncode == 130
    assert damaged_files(tmp_path / "build" / "line") == []
    assert statuses(tmp_path / "out.ipynb")[: len(LINE)] == ["completed"] * len(LINE)
    done = papermill("line.ipynb", "out.ipynb", cwd=tmp_path)
    assert done.code == 0, done.stderr
    assert "run unchanged · extract unchanged · test" in tagged(tmp_path / "out.ipynb", "nb2prod-report")[0]["source"]


def test_row_26_a_small_disk_leaves_the_older_output(small_disk: Path, tmp_path: Path) -> None:  # noqa: F811
    write_notebook(tmp_path / "n.ipynb", PARAMETERS, ("", "print('x' * 900_000)"), *REST)
    older = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    (small_disk / "out.ipynb").write_text(older)
    done = papermill("n.ipynb", small_disk / "out.ipynb", cwd=tmp_path)
    assert done.code == 4, done.stderr
    assert "NB960" in done.stderr
    json.loads((small_disk / "out.ipynb").read_text())
    assert not [path for path in small_disk.iterdir() if path.name.startswith(".out")]
    assert processes_left(tmp_path, 5) == []
