"""The generated tests, run once in the project's own environment."""

from pathlib import Path
from typing import Any

from nb2prod.errors import GateError, ToolError
from nb2prod.events import Cancel, Emit, FindingFound, StepAdvanced
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.report import TestResult
from nb2prod.proof.places import explain
from nb2prod.proof.process import data_folder, run_runner, staged
from nb2prod.proof.runner import RANDOM

_NO_TESTS = 5
_USUAL = (0, 1, 2)  # passed, failed, could not be collected


def run_tests(
    project: Path,
    python: Path,
    *,
    data: Path | None = None,
    emit: Emit,
    cancel: Cancel,
    step: str = "test",
    limit: float = 600,
) -> TestResult:
    """Run the tests of the project in `project` with the interpreter `python` of its own environment.

    `failures` are one line each: the test, the first line of why, and where in generated code with its cell. The
    project is not written to. Training that is random is a finding (NB705), not a failure. `done` of the progress
    counts passed and failed tests. `data` is the folder in which training finds its files. `limit` is in seconds.

    Raises GateError NB703 (limit) and NB704 (no tests), ToolError NB701, NB702 and NB706; Cancelled.
    """
    passed = 0
    failures: list[str] = []
    collected = 0

    def hear(message: dict[str, Any]) -> None:
        nonlocal passed, collected
        if "collected" in message:
            collected = message["collected"]
            emit(StepAdvanced(step, 0, collected, "tests"))
        elif message["outcome"] == "skipped":
            if message["message"].startswith(RANDOM):
                emit(FindingFound(step, _random(message["message"])))
        else:
            if message["outcome"] == "failed":
                failures.append(_failure(message))
            else:
                passed += 1
            done = passed + len(failures)
            emit(StepAdvanced(step, done, max(collected, done), message["test"]))

    with staged(project) as copy:
        order = {"do": "test", "root": str(copy)}
        code = run_runner(python, order, hear=hear, cancel=cancel, limit=limit, extra=data_folder(data))
    if code == _NO_TESTS:
        raise GateError("the project's tests folder holds no tests.", code="NB704", hint="Build the project again.")
    if code not in _USUAL or (code != 0 and not failures):
        raise ToolError(
            f"pytest ended with exit code {code}.",
            code="NB702",
            hint="Run `python -m pytest` in the project's environment to see why.",
        )
    return explain(project, TestResult(passed, len(failures), failures=tuple(failures)))


def _failure(message: dict[str, Any]) -> str:
    where = f" (at {message['frame'][0]}:{message['frame'][1]})" if message["frame"] else ""
    return f"{message['test']}: {message['message']}{where}"


def _random(text: str) -> Finding:
    return Finding(
        "NB705",
        Severity.WARNING,
        f"Two trainings with the same parameters differ, so that training cannot be compared: {text}",
        hint="Set every seed in the notebook (random, numpy, torch, random_state) to make it repeat.",
    )
