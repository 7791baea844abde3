"""Runs that are started inside a notebook say which: asked by MLflow's own registry of contexts, in a real kernel."""

import ast
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.test_magics import Kernel

TAGS = "from mlflow.tracking.context.registry import resolve_tags; import json; json.dumps(resolve_tags())"


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    (tmp_path / "churn.ipynb").write_text("{}", encoding="utf-8")
    started = Kernel(tmp_path, "churn.ipynb")
    yield started
    started.end()


def tags(kernel: Kernel, code: str = TAGS, **metadata: str) -> dict[str, str]:
    (shown,) = (one for one in kernel.run(code, metadata=metadata) if one["type"] == "execute_result")
    found = json.loads(ast.literal_eval(shown["data"]["text/plain"]))
    return {name: value for name, value in found.items() if name.startswith("nb2prod.")}


def test_a_run_in_a_notebook_names_file_state_and_cell(kernel: Kernel) -> None:
    path = kernel.folder / "churn.ipynb"
    digest = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    known = {"nb2prod.notebook_path": str(path), "nb2prod.notebook_digest": digest}
    assert tags(kernel, cellId="c7") == known | {"nb2prod.cell_id": "c7"}
    path.unlink()
    assert tags(kernel) == {"nb2prod.notebook_path": str(path)}
    kernel.run("import nb2prod.session; nb2prod.session.find_session = None")
    assert tags(kernel) == {}  # a fault of ours is no fault of the run


def test_outside_of_a_notebook_nothing_is_said() -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"{TAGS.rpartition('; ')[0]}; print(resolve_tags())"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "nb2prod." not in done.stdout
