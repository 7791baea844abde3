"""MLflow's programs, started before there is anything to ask them."""

import os
import signal
import sqlite3
import sys
import threading
import time
from pathlib import Path

import pytest

from nb2prod.errors import Cancelled, ToolError
from nb2prod.tracking import MLflow
from nb2prod.tracking.child import Child
from nb2prod.tracking.new_store import make_store

ECHO = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if asked["do"] == "prepare":
        prepared = True
    elif asked["do"] == "die":
        sys.exit("it was too much")
    elif asked["do"] == "sleep":
        import time; time.sleep(600)
    else:
        print(json.dumps({"result": [asked["do"], prepared]}), flush=True)
"""
ASK = {"emit": lambda event: None, "step": "log", "progress": lambda done, total, detail: None}


def ask(child: Child, what: str, cancel: threading.Event | None = None) -> object:
    return child.ask({"do": what}, cancel=cancel or threading.Event(), **ASK)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_child_answers_one_request_after_the_other() -> None:
    with Child([sys.executable, "-c", ECHO], {}) as child:
        child.start({"do": "prepare"})
        assert ask(child, "one") == {"result": ["one", True]}
        assert ask(child, "two") == {"result": ["two", True]}


def test_a_child_that_dies_says_why_and_one_that_is_cancelled_is_gone() -> None:
    with Child([sys.executable, "-c", ECHO], {}) as child, pytest.raises(ToolError, match="too much"):
        ask(child, "die")
    cancel = threading.Event()
    child = Child([sys.executable, "-c", ECHO], {})
    threading.Timer(0.5, cancel.set).start()
    with pytest.raises(Cancelled):
        ask(child, "sleep", cancel)
    assert child._process is not None
    assert not alive(child._process.pid)


def test_a_new_store_is_whole_and_an_older_one_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "mlflow.db"
    make_store(f"sqlite:///{path}")
    assert [entry.name for entry in path.parent.iterdir()] == ["mlflow.db"]
    with sqlite3.connect(path) as store:
        assert ("experiments",) in store.execute("SELECT name FROM sqlite_master").fetchall()
    before = path.read_bytes()
    make_store(f"sqlite:///{path}")
    assert path.read_bytes() == before
    make_store("http://127.0.0.1:1")


def test_what_was_started_ahead_ends_with_the_build_whatever_it_does(tmp_path: Path) -> None:
    mlflow = MLflow(f"sqlite:///{tmp_path / 'mlflow.db'}")
    mlflow.start(sys.executable, ("json",))
    children = [mlflow.store, mlflow.reload(sys.executable)]
    pids = [child._process.pid for child in children if child._process is not None]
    assert len(pids) == 2
    mlflow.close()
    assert not any(alive(pid) for pid in pids)
    left = {entry.name for entry in tmp_path.iterdir()}
    assert left <= {"mlflow.db"}


def test_a_killed_parent_leaves_no_child(tmp_path: Path) -> None:
    """The end of their stdin tells them."""
    program = f"""
import sys, time
from nb2prod.tracking import MLflow
mlflow = MLflow("sqlite:///{tmp_path / "mlflow.db"}")
mlflow.start(sys.executable, ())
print(mlflow.store._process.pid, mlflow.reload(sys.executable)._process.pid, flush=True)
time.sleep(600)
"""
    import subprocess

    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pids = [int(word) for word in parent.stdout.readline().split()]
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    for _ in range(600):
        if not any(alive(pid) for pid in pids):
            return
        time.sleep(0.1)
    raise AssertionError(f"still there: {[pid for pid in pids if alive(pid)]}")
