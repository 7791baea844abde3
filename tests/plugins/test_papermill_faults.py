"""What goes wrong in a CI job: rows 17 to 28 and 80 of the fault matrix, through ``papermill --engine nb2prod``.
Row 81, a pull request from a stranger, is in tests/builds/test_pull_request.py.

(17 the kernel is killed, 18 it ends itself with 0, 19 it runs out of memory, 20 a cell does not end, 21 one asks for
input, 22 papermill is killed, 23 a flood of output, 24 a kernel that is not there, 25 processes left behind, 26 a full
disk, 27 two jobs at once, 28 a notebook that changes folder, handlers and processes or ends itself, 80 a job that is
cancelled, retried, run twice.) NB2PROD_FAULTS=1 has the flood of row 23 in its full length, a gigabyte.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.builds.command import environment, processes_left, started
from tests.builds.notebooks import EVALUATION, INFERENCE, LINE, PARAMETERS, REQUEST, TRAINING, Cell, write_notebook
from tests.builds.projects import damaged_files
from tests.files.conftest import small_disk  # noqa: F401
from tests.plugins.test_papermill_engine import QUICK, cells, errors, papermill, tagged
from tests.serving.faults import small_or_long

FLOOD = small_or_long(20_000_000, 1_000_000_000)
"""Characters."""
REST: tuple[Cell, ...] = (TRAINING, REQUEST, INFERENCE)


def statuses(path: Path) -> list[str]:
    ran = [cell for cell in cells(path) if cell["cell_type"] == "code" and cell["source"]]
    return [cell["metadata"]["papermill"]["status"] for cell in ran]


@pytest.mark.parametrize(
    ("source", "env", "code", "says"),
    [
        pytest.param("import os, signal\n\nos.kill(os.getpid(), signal.SIGKILL)", {}, "NB502", "out of memory",
                     id="row 17"),
        pytest.param("import resource\n\nresource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\n"
                     "held = bytearray(4 << 30)", {}, "NB501", "Memory ran out.",
                     id="row 19, a limit of the process"),
        pytest.param("import os\n\nos._exit(0)", {}, "NB502", "died", id="row 18"),
        pytest.param("while True:\n    try:\n        while True:\n            pass\n    except KeyboardInterrupt:\n"
                     "        pass", {"NB2PROD_CELL_TIMEOUT": "2"}, "NB503", "within 2 s", id="row 20"),
        pytest.param("answer = input()", {}, "NB505", "nobody is there to type", id="row 21"),
        pytest.param("import sys\n\nsys.exit(0)", {}, "NB506", "ends itself", id="row 28"),
        pytest.param("import subprocess\n\nfor _ in range(2):\n    subprocess.Popen(['sleep', '300'])\n"
                     "subprocess.Popen(['sleep', '300'], start_new_session=True)\n1 / 0", {}, "NB501", "division",
                     id="row 25"),
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


def in_little_memory(megabytes: int, words: Sequence[str], cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command of this machine as a container of so much memory would: its files, its processes, our user."""
    docker = shutil.which("docker")
    if docker is None:
        pytest.skip("a limit of memory needs an engine")
    image = os.environ.get("NB2PROD_BASE_IMAGE", "nb2prod-base:bookworm")
    limits = ["--memory", f"{megabytes}m", "--memory-swap", f"{megabytes}m"]
    seen = ["--pid", "host", "--network", "none", "--volume", "/:/host", image]
    values = [f"{name}={value}" for name, value in environment(QUICK).items()]
    there = ["chroot", f"--userspec={os.getuid()}:{os.getgid()}", "/host", "env", "-i", "-C", str(cwd), *values]
    command = [docker, "run", "--rm", *limits, *seen, *there, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.docker
def test_row_19_the_kernel_runs_out_of_the_jobs_memory(tmp_path: Path) -> None:
    if in_little_memory(100, [sys.executable, "-c", ""], tmp_path).returncode:
        pytest.skip("the engine runs on another machine, or without the rights to this one's files")
    greedy = "held = []\nwhile True:\n    held.append(bytes(range(256)) * 40_000)"
    write_notebook(tmp_path / "n.ipynb", PARAMETERS, ("", greedy), *REST)
    words = [sys.executable, "-m", "papermill", "--engine", "nb2prod", "n.ipynb", "out.ipynb"]
    done = in_little_memory(600, words, tmp_path)
    assert done.returncode == 3, done.stderr
    assert "error NB502" in done.stderr
    assert "The kernel died (signal 9: memory ran out, of which there are 600 MiB) while this cell ran." in done.stderr
    assert statuses(tmp_path / "out.ipynb") == ["completed", "failed", *["pending"] * len(REST)]
    assert processes_left(tmp_path, 5) == []


def test_row_23_a_flood_of_output_is_cut_and_the_run_goes_on(tmp_path: Path) -> None:
    flood = f"for _ in range({FLOOD // 10_000}):\n    print('x' * 9_999)\n\nreached = True"
    write_notebook(tmp_path / "n.ipynb", PARAMETERS, TRAINING, ("", flood), ("", "assert reached"), *REST[1:])
    done = papermill("n.ipynb", "out.ipynb", cwd=tmp_path)
    assert done.code == 0, done.stderr
    (shown,) = cells(tmp_path / "out.ipynb")[2]["outputs"]
    text = "".join(shown["text"])
    assert text.endswith("\n… further output was dropped\n")
    assert len(text) < 1_100_000


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
    """Not one that keeps Python's lock (nothing in it can look after its parent), nor what it has started."""
    busy = "import os, subprocess\n\nsubprocess.Popen(['sleep', '300'])\nos.mkdir('waiting')\nsum(range(10**13))\n"
    write_notebook(tmp_path / "n.ipynb", PARAMETERS, ("", busy), *REST)
    with engine("n.ipynb", "out.ipynb", cwd=tmp_path) as process:
        wait_for(tmp_path / "waiting", process)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        assert processes_left(tmp_path, 5) == []
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
