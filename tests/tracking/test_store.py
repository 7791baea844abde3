"""Before the notebook runs: does the store answer? Every other case is one clear error within seconds."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from nb2prod.errors import ToolError, UsageError
from nb2prod.tracking import check_store, default_tracking_uri
from nb2prod.tracking.lineage import lineage_tags
from nb2prod.tracking.store import absolute_uri
from tests.tracking.conftest import KINDS, log_project, write_project


def test_the_default_store_lies_beside_the_project_unless_the_environment_names_one(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert default_tracking_uri(Path("/a/b/churn")) == "sqlite:////a/b/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking:5000")
    assert default_tracking_uri(Path("/a/b/churn")) == "http://tracking:5000"


def test_a_store_that_is_not_there_yet_is_fine_and_nothing_is_made(tmp_path):
    check_store(f"sqlite:///{tmp_path}/new/mlflow.db")
    assert list(tmp_path.iterdir()) == []


def test_a_relative_store_is_the_same_store_from_another_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert absolute_uri("sqlite:///mlflow.db") == f"sqlite:///{tmp_path}/mlflow.db"
    assert absolute_uri("http://host:5000") == "http://host:5000"


@pytest.mark.parametrize(
    "uri", ["", "sqlite:", "sqlite:///", "sqlite://mlflow.db", "htp://host", "http://", "http://host:port", "./mlruns"]
)
def test_a_uri_that_names_no_store_is_a_usage_error(uri):
    with pytest.raises(UsageError, match="NB802"):
        check_store(uri)


@pytest.mark.parametrize("scheme", ["http", "https", "postgresql", "mysql+pymysql"])
def test_a_server_that_does_not_answer_is_unreachable(scheme):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))  # bound, never listening: refused
        with pytest.raises(ToolError, match=r"NB801 .*127\.0\.0\.1.*refused") as caught:
            check_store(f"{scheme}://user:secret@127.0.0.1:{listener.getsockname()[1]}/x")
    assert "secret" not in str(caught.value)


def test_a_server_that_accepts_and_says_nothing_is_unreachable():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with pytest.raises(ToolError, match="NB801"):
            check_store(f"http://127.0.0.1:{listener.getsockname()[1]}")


def test_a_name_that_does_not_resolve_is_unreachable():
    with pytest.raises(ToolError, match="NB801"):
        check_store("http://no-such-host.invalid:5000")


def test_a_locked_store_says_so(tmp_path):
    connection = sqlite3.connect(tmp_path / "mlflow.db")
    connection.execute("CREATE TABLE t (x)")
    connection.execute("BEGIN EXCLUSIVE")
    with pytest.raises(ToolError, match=r"NB803 .*locked.*Close"):
        check_store(f"sqlite:///{tmp_path}/mlflow.db")
    connection.close()
    check_store(f"sqlite:///{tmp_path}/mlflow.db")


def test_a_file_that_is_no_database_says_so(tmp_path):
    (tmp_path / "mlflow.db").write_bytes(b"not a database, not at all" * 100)
    with pytest.raises(ToolError, match=r"NB803 .*not a database"):
        check_store(f"sqlite:///{tmp_path}/mlflow.db")
    with pytest.raises(ToolError, match=r"NB803 .*is a folder"):
        check_store(f"sqlite:///{tmp_path}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_says_so(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ToolError, match=r"NB803 .*cannot be written"):
        check_store(f"sqlite:///{tmp_path}/mlflow.db")


@pytest.mark.parametrize(("model", "alias"), [("a/b", "x"), ("", "x"), ("m", "latest"), ("m", "v1"), ("m", "a b")])
def test_a_name_mlflow_refuses_is_refused_before_anything_is_logged(model, alias, tmp_path, told):
    project = write_project(tmp_path / "texts", KINDS["texts"])
    with pytest.raises(UsageError, match="NB802"):
        log_project(project, f"sqlite:///{tmp_path}/mlflow.db", told, model=model, alias=alias)
    assert not (tmp_path / "mlflow.db").exists()


def test_lineage_names_the_commit_and_whether_the_tree_was_changed(tmp_path):
    def tags():
        return lineage_tags(tmp_path, tmp_path / "project", notebook_name="n.ipynb", notebook_digest="sha256:0")

    def git(*words):
        identity = ["-c", "user.name=test", "-c", "user.email=test@example.invalid"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *words], check=True, capture_output=True)

    assert "nb2prod.git_commit" not in tags()
    git("init")
    (tmp_path / "n.ipynb").write_text("{}")
    git("add", ".")
    git("commit", "-m", "one")
    assert len(tags()["nb2prod.git_commit"]) == 40
    assert tags()["nb2prod.git_dirty"] == "false"
    (tmp_path / "n.ipynb").write_text("[]")
    assert tags()["nb2prod.git_dirty"] == "true"


def test_importing_the_package_does_not_import_mlflow():
    code = "import sys, nb2prod.tracking; assert not {'mlflow', 'pandas', 'jinja2'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_processes_that_come_to_make_a_store_at_once_make_one(tmp_path):
    uri = f"sqlite:///{tmp_path}/new/mlflow.db"
    request = {"do": "exists", "tracking_uri": uri, "model": "m", "version": "1", "run_id": "r"}
    workers = [
        subprocess.Popen([sys.executable, "-m", "nb2prod.tracking.worker"], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True, env=os.environ | {"MLFLOW_TRACKING_URI": uri})
        for _ in range(3)
    ]  # fmt: skip
    for worker in workers:
        worker.stdin.write(json.dumps(request) + "\n")
        worker.stdin.flush()
    told = [worker.stdout.readline() for worker in workers]
    for worker in workers:
        worker.communicate(timeout=60)
    assert told == ['{"result": {"exists": false}}\n'] * 3
