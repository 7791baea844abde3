"""`nb2prod test PROJECT`: the generated tests of a project as it lies there, hand edits and all."""

import json
from pathlib import Path
from typing import Any

from nb2prod.environment import create_environment
from nb2prod.errors import InputError, Where
from nb2prod.events import Cancel, Emit
from nb2prod.files.manifest import MANIFEST
from nb2prod.files.state import state_folder
from nb2prod.model.report import TestResult
from nb2prod.steps.extract import Project
from nb2prod.steps.proof import run_suite


def test_project(project: Path, mutants: int, emit: Emit, cancel: Cancel) -> TestResult:
    """Run the suite in the project's own environment and measure mutants. Raises InputError NB266 for no project."""
    python, written = project_environment(project, emit, cancel)
    return run_suite(project, written, python, mutants, emit, cancel)


test_project.__test__ = False  # type: ignore[attr-defined]  # not a test of ours


def project_environment(project: Path, emit: Emit, cancel: Cancel) -> tuple[Path, Project]:
    """The interpreter the build made for the project, made again from its record where it is gone."""
    try:
        written = Project.load(_kept(project, "extract"))
        kernel = str(_kept(project, "run")["python"])
    except (KeyError, TypeError):  # nothing kept, or by another version of nb2prod
        raise InputError(
            "this is no project that nb2prod built here.", code="NB266", where=Where(str(project)),
            hint="Name the output folder of a build, or build the notebook again.",
        ) from None  # fmt: skip
    pins = (*written.serving, *written.training, written.runtime)
    python = create_environment(kernel, pins, [project / "wheels"], emit=emit, cancel=cancel, step="test")
    return python, written


def _kept(project: Path, step: str) -> dict[str, Any]:
    from nb2prod.job.record import read_record

    record = read_record(state_folder(project), step)
    if record is None or not (project / MANIFEST).is_file():
        raise KeyError(step)
    return dict(record.output)


def package_of(project: Path) -> str:
    """The package name in a project's manifest. Raises InputError NB266."""
    try:
        return str(json.loads((project / MANIFEST).read_bytes())["package"])
    except (OSError, ValueError, KeyError):
        raise InputError(
            "this is no nb2prod project.", code="NB266", where=Where(str(project)),
            hint="Name the output folder of a build; an nb2prod.json lies in it.",
        ) from None  # fmt: skip
