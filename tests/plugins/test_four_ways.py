"""A sample by every way in: command line, the wizard's job protocol, papermill's engine, the build job notebook. The
projects are byte for byte the same, golden rows and artifacts among them.

One sample by default; NB2PROD_WAYS=all (`make test-ways`) takes all six, minutes each.
"""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.builds.command import SAMPLES, Finished, nb2prod, started
from tests.builds.projects import files_of

ALL = ("churn", "house_prices", "demand", "sentiment", "segments", "digits")
NAMES = ALL if os.environ.pop("NB2PROD_WAYS", "") == "all" else ALL[:1]
"""Taken out of the environment, where a build would refuse it: it is no setting."""
NEEDS = {"digits": "torch", "demand": "lightgbm"}


def by_job_protocol(notebook: str, output: Path, cwd: Path) -> Finished:
    """As the wizard does: the specification as the first line of stdin, which then stays open."""
    spec = json.dumps({"notebook": notebook, "output": str(output), "log": False, "mutants": 0})
    words = ("job", "-", "--events", "jsonl", "--stop-on-stdin-eof")
    with started(*words, cwd=cwd, stdin=-1) as process:
        process.stdin.write(spec + "\n")
        process.stdin.flush()
        told = list(process.stdout)
        return Finished(process.wait(60), told[-1], process.stderr.read())


@pytest.mark.samples
@pytest.mark.parametrize("name", NAMES)
def test_every_way_gives_the_same_project(name: str, tmp_path: Path) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    for path in SAMPLES.iterdir():
        if path.suffix != ".ipynb" and path.name != "build":
            (shutil.copytree if path.is_dir() else shutil.copy)(path, tmp_path / path.name)
    notebook = f"{name}.ipynb"
    shutil.copy(SAMPLES / notebook, tmp_path / notebook)
    quick = {"NB2PROD_MUTANTS": "0", "NB2PROD_LOG": "0"}
    ways = ("line", "protocol", "engine", "job")
    done = {
        "line": nb2prod("build", notebook, "-o", f"line/{name}", cwd=tmp_path, env=quick),
        "protocol": by_job_protocol(notebook, tmp_path / "protocol" / name, tmp_path),
        "engine": nb2prod("--engine", "nb2prod", notebook, "out.ipynb", cwd=tmp_path, program="papermill",
                          env={**quick, "NB2PROD_OUTPUT": f"engine/{name}"}),
        "job": nb2prod("jobs", "run", "build", "-p", f"notebook={notebook}", "-p", f"output=job/{name}", cwd=tmp_path,
                       env=quick),
    }  # fmt: skip
    assert {way: one.code for way, one in done.items()} == dict.fromkeys(ways, 0), [one.stderr for one in done.values()]
    first, *others = (files_of(tmp_path / way / name) for way in ways)
    assert "tests/golden/golden.json" in first
    for other in others:
        assert {file for file in first.keys() | other.keys() if first.get(file) != other.get(file)} == set()
