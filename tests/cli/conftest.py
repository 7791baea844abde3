import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nb2prod.cli.root import root
from tests.cli import driver

DRIVER = str(Path(driver.__file__))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """nb2prod in this process, with hand-made jobs, in an empty folder and without settings in the environment."""
    for name in ("build", "check"):
        monkeypatch.delitem(sys.modules, f"nb2prod.steps.{name}", raising=False)
        monkeypatch.setitem(sys.modules, f"nb2prod.steps.{name}", None)  # so that it is taken out again afterwards
    driver.install()
    for name in [name for name in os.environ if name.startswith("NB2PROD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def invoke(*words: str, **options: Any) -> Result:
        return CliRunner().invoke(root, list(words), prog_name="nb2prod", **options)

    return invoke


@pytest.fixture
def start(tmp_path: Path) -> Any:
    """nb2prod as a process of its own, with hand-made jobs; whatever is left of it is killed at the end."""
    processes: list[subprocess.Popen[bytes]] = []
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NB2PROD_")}

    def launch(*words: str, **options: Any) -> subprocess.Popen[bytes]:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(
            [sys.executable, DRIVER, *words], **pipes | {"cwd": tmp_path, "env": environment} | options
        )
        processes.append(process)
        return process

    yield launch
    for process in processes:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def spec(tmp_path: Path) -> Callable[..., str]:
    """A spec for `nb2prod job` as JSON; the fake job does `does`."""

    def write(does: str) -> str:
        return json.dumps({"notebook": "demo.ipynb", "output": str(tmp_path / "out"), "parameters": {"does": does}})

    return write
