"""jupyter-scheduler, a real one in an environment of its own, runs a job notebook and keeps its report.

It is installed from the package index, so this runs on demand only: NB2PROD_HOSTS=1 (`make test-hosts`).
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.builds.command import environment
from tests.builds.notebooks import PARAMETERS, REQUEST, TRAINING, write_notebook

WANTED = os.environ.pop("NB2PROD_HOSTS", "") == "1"
"""Taken out of the environment, where a build would refuse it: it is no setting."""
pytestmark = pytest.mark.skipif(not WANTED, reason="installs jupyter-scheduler: make test-hosts")
RELEASE = "jupyter-scheduler==2.12.1"
TOKEN = "only-for-this-test"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, Path]]:
    """The address of a jupyter-server with the scheduler, its root, and its data folder."""
    folder = tmp_path_factory.mktemp("scheduler")
    python = folder / "venv" / "bin" / "python"
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "-q", "--python", sys.executable, folder / "venv"], check=True)
    subprocess.run([*uv, "pip", "install", "-q", "--python", python, RELEASE], check=True)
    kernel, root, data = folder / "share" / "kernels" / "python3", folder / "root", folder / "data"
    kernel.mkdir(parents=True)
    root.mkdir()
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "nb2prod", "language": "python"}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--allow-root", "--no-browser", f"--port={port}", f"--ServerApp.root_dir={root}"]
    words += [f"--IdentityProvider.token={TOKEN}", "--ServerApp.jpserver_extensions={'jupyter_scheduler': True}"]
    places = {"JUPYTER_PATH": str(folder / "share"), "JUPYTER_DATA_DIR": str(data), "HOME": str(folder)}
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen([python, "-m", "jupyter_server", *words], env=environment(places), cwd=root,
                                   stdout=log, stderr=log)  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 120
        while True:
            try:
                ask(address, "/scheduler/jobs")
                break
            except OSError:
                assert process.poll() is None, (folder / "server.log").read_text()
                assert time.monotonic() < deadline, (folder / "server.log").read_text()
                time.sleep(0.5)
        yield address, root, data
    finally:
        process.kill()  # asked to end, it waits for somebody to confirm
        process.wait(30)


def ask(address: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(urllib.request.Request(address + path, data, headers), timeout=30) as answer:
        return json.load(answer)


def run(server: tuple[str, Path, Path], **parameters: Any) -> tuple[str, str]:
    """How the job ended, and the report it left. The scheduler writes values into the notebook as they are typed."""
    address, root, data = server
    from nb2prod.cli.jobs import job_notebook

    (root / "check-folder.ipynb").write_bytes(job_notebook("check-folder").read_bytes())
    values = {name: repr(value) for name, value in parameters.items()}
    body = {"name": "check", "input_uri": "check-folder.ipynb", "output_formats": ["ipynb", "html"]}
    body |= {"runtime_environment_name": "", "parameters": values}
    job = ask(address, "/scheduler/jobs", body)["job_id"]
    deadline = time.monotonic() + 300
    while (told := ask(address, f"/scheduler/jobs/{job}"))["status"] not in (
        "COMPLETED",
        "FAILED",
    ):  # it starts as STOPPED
        assert time.monotonic() < deadline
        time.sleep(0.5)
    reports = [path for path in data.rglob("*.ipynb") if job in str(path) and "-2" in path.name]
    return told["status"], "".join(path.read_text(encoding="utf-8") for path in reports)


def test_a_scheduled_job_gates_and_reports(server: tuple[str, Path, Path], tmp_path: Path) -> None:
    write_notebook(tmp_path / "line.ipynb")
    status, report = run(server, folder=str(tmp_path))
    assert (status, "1 of 1 notebooks can be built" in report) == ("COMPLETED", True)
    write_notebook(tmp_path / "bad.ipynb", PARAMETERS, TRAINING, REQUEST, ("inference", "line"))
    status, report = run(server, folder=str(tmp_path))
    assert (status, "1 of 2 notebooks can be built" in report) == ("FAILED", True)
