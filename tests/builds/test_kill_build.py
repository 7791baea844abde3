"""SIGKILL while a project is replaced by another version: the folder is the old project or the new one, whole.

``NB2PROD_KILLS`` sets how many kills (`make test-kills` does 100). Half of them fall anywhere in a build, half into the
step that writes the project.
"""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builds.command import nb2prod, processes_left, started
from tests.builds.notebooks import write_notebook
from tests.builds.projects import damaged_files, files_of

KILLS = int(os.environ.get("NB2PROD_KILLS", "6"))
VERSIONS = ("2.0", "6.0")


def words(scale: str) -> tuple[str, ...]:
    return ("convert", "line.ipynb", "-o", "out", "--mutants", "0", "-p", f"scale={scale}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_notebook(tmp_path / "line.ipynb")
    return tmp_path


def lines_until(process: "subprocess.Popen[str]", text: str) -> Iterator[str]:
    """What is told on stderr up to a line with `text`, or to the end."""
    assert process.stderr is not None
    for line in process.stderr:
        yield line
        if text in line:
            return


def test_random_kills_leave_the_old_project_or_the_new_one(folder: Path) -> None:
    whole, seconds = {}, 0.0
    for scale in VERSIONS:  # both versions as they should be, and how long one takes; the second one stays
        begin = time.monotonic()
        done = nb2prod(*words(scale), cwd=folder)
        assert done.code == 0, done.stderr
        seconds = time.monotonic() - begin
        whole[scale] = files_of(folder / "out")
    assert whole["2.0"] != whole["6.0"]

    chance = random.Random(11)
    for number in range(KILLS):
        new = VERSIONS[number % 2]
        with started(*words(new), cwd=folder) as process:
            if number % 4 < 2:  # somewhere
                told = []
                time.sleep(chance.uniform(0, seconds))
            else:  # while the project is written
                told = list(lines_until(process, "extract: started"))
                time.sleep(chance.uniform(0, seconds / 4))
            os.kill(process.pid, signal.SIGKILL)
            process.wait(10)
            assert process.returncode in (-signal.SIGKILL, 0), told

            # Nobody came to repair anything yet.
            assert damaged_files(folder / "out") == []
            assert files_of(folder / "out") in list(whole.values())
            assert processes_left(folder, 10) == []

        following = nb2prod(*words(new), cwd=folder)
        assert following.code == 0, following.stderr
        assert files_of(folder / "out") == whole[new]
        assert sorted(path.name for path in folder.iterdir()) == [".nb2prod", "line.ipynb", "out"]
