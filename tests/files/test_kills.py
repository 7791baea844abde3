"""Killed at any moment: the old tree or the new one, whole; and the next build finds nothing in its way.

``NB2PROD_KILLS`` sets how many kills; `make test-kills` does 1000.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nb2prod.files import project_lock, seal, write_tree
from nb2prod.files.handwork import same_bytes
from tests.files.alternate import TREES

KILLS = int(os.environ.get("NB2PROD_KILLS", "100"))


def kill_once(folder: Path, swap: str, delay: float) -> None:
    command = [sys.executable, str(Path(__file__).with_name("alternate.py")), str(folder), swap]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(root)}) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL


@pytest.mark.parametrize("swap", ["exchange", "renames"])
def test_random_kills_leave_the_old_tree_or_the_new_one(tmp_path: Path, swap: str) -> None:
    folder = tmp_path / "project"
    write_tree(TREES[1], folder)
    start = time.perf_counter()
    write_tree(TREES[0], folder)
    once = time.perf_counter() - start  # so that kills fall into the first few writes on any disk
    sealed = [seal(tree).files for tree in TREES]
    chance = random.Random(7)
    seen: set[int] = set()
    for _ in range(KILLS // 2):
        kill_once(folder, swap, chance.uniform(0, 4 * once))
        if swap == "exchange":  # whole even before anything recovered it
            assert any(same_bytes(folder, files) for files in sealed)
        with project_lock(folder, wait=1):
            found = [number for number, files in enumerate(sealed) if same_bytes(folder, files)]
        assert len(found) == 1
        seen |= set(found)
        assert {entry.name for entry in tmp_path.iterdir()} == {"project", ".nb2prod"}
    assert seen == {0, 1} or KILLS < 20


def test_a_kill_between_the_two_renames_is_finished_by_the_next_lock(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    write_tree(TREES[0], folder)
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "import nb2prod.files.tree as t; from tests.files.alternate import TREES\n"
        "t.exchange = lambda one, other: False\n"
        "real = Path.rename\n"
        "def rename(self, target):\n"
        "    if '.stage-' in self.name: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(self, target)\n"
        "Path.rename = rename\n"
        "t.write_tree(TREES[1], Path(sys.argv[1]))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(folder)], cwd=Path(__file__).parents[2])
    assert done.returncode == -signal.SIGKILL
    assert not folder.exists()
    with project_lock(folder):
        assert same_bytes(folder, seal(TREES[1]).files)
    assert {entry.name for entry in tmp_path.iterdir()} == {"project", ".nb2prod"}
