"""The test step: the golden rows in an environment of the serving requirements alone; then, with those of training
and the test tools besides, the generated suite and the mutants."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nb2prod.environment import create_environment
from nb2prod.errors import GateError, Where
from nb2prod.events import Cancel, Emit, FindingFound
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.report import Parity, TestResult
from nb2prod.model.run import RunRecord
from nb2prod.parity import comparison
from nb2prod.proof.beside import beside
from nb2prod.proof.module import ask_module
from nb2prod.proof.single_rows import RowsDiffer, rows_differ
from nb2prod.steps.extract import Project


@dataclass(frozen=True, slots=True)
class Proof:
    tests: TestResult
    module: Parity
    python: str

    @classmethod
    def load(cls, body: Mapping[str, Any]) -> "Proof":
        tests: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in body["tests"].items()}
        return cls(TestResult(**tests), Parity(**body["module"]), body["python"])


def prove_project(
    output: Path,
    project: Project,
    record: RunRecord,
    mutants: int,
    emit: Emit,
    cancel: Cancel,
    *,
    rows_stand_alone: bool = False,
) -> Proof:
    """Raises GateError where the module answers otherwise than the notebook, lacks a requirement, or a test fails.

    `rows_stand_alone`: it was nb2prod that found which rows a caller sends, so each row must have its answer, by itself
    the same as among others; where the notebook has a request of its own, that is told and left to its author.
    """
    served = (*project.serving, project.runtime)

    def suite(stop: Cancel) -> tuple[Path, TestResult]:
        pins = (*served, *project.training)
        python = create_environment(record.python, pins, [output / "wheels"], emit=emit, cancel=stop, step="test")
        return python, run_suite(output, project, python, mutants, emit, stop)

    with beside(cancel) as start:
        running = start(suite)
        bare = create_environment(
            record.python, served, [output / "wheels"], tools=(), emit=emit, cancel=cancel, step="test"
        )  # fmt: skip
        module, together = _module_parity(output, project.package, record, bare, cancel)
        _refuse_other_answers(output, module)
        if together is not None:
            hint = "Keep in training what the prediction computes of all rows (a mean, a rank, a set of levels)."
            if together.is_lost:
                hint = "Let the response hold an answer for each row: leave out what takes the first or last of them."
            if rows_stand_alone or together.is_lost:
                raise GateError(f"{together.said}.", code="NB356", hint=hint, where=Where(str(output)))
            emit(FindingFound("test", Finding("NB356", Severity.WARNING, f"{together.said}.", hint=hint)))
        python, tests = running.result()
    if tests.failed:
        raise GateError(
            f"{tests.failed} of the generated tests failed: {'; '.join(tests.failures[:1])}",
            code="NB712",
            hint=f"Run them with: nb2prod test {output}",
            where=Where(str(output)),
        )
    return Proof(tests, module, str(python))


def _refuse_other_answers(output: Path, module: Parity) -> None:
    if lacking := re.match(r"ModuleNotFoundError: No module named '([^']+)'", module.reason or ""):
        raise _lacking(lacking[1], output)
    if module.status != "equal":
        raise GateError(
            f"the module answers otherwise than the notebook: {module.reason}",
            code="NB711",
            hint=f"The project is kept in {output}, to be looked at; it was not logged and no image was built.",
            where=Where(str(output)),
        )


def _lacking(module: str, output: Path) -> GateError:
    return GateError(
        f"the prediction needs the module `{module}`, which none of its pinned requirements brings.",
        code="NB415",
        hint=f"Import it in the notebook, marked as meant, and it is pinned: `import {module}  # noqa: F401`.",
        where=Where(str(output)),
    )


def run_suite(output: Path, project: Project, python: Path, mutants: int, emit: Emit, cancel: Cancel) -> TestResult:
    """The generated tests, and where all pass, how many of `mutants` they catch."""
    from nb2prod.proof import measure_mutants, run_tests

    data = Path(project.data)
    with beside(cancel) as start:
        running = start(lambda stop: run_tests(output, python, data=data, emit=emit, cancel=stop))
        if not mutants:
            return running.result()
        made, caught, survivors = measure_mutants(
            output, python, package=project.package, limit=mutants, tests=running.result, data=data,
            emit=emit, cancel=cancel,
        )  # fmt: skip
        return replace(running.result(), mutants=made, caught=caught, survivors=survivors)


def _module_parity(
    output: Path, package: str, record: RunRecord, python: Path, cancel: Cancel
) -> tuple[Parity, RowsDiffer | None]:
    """The parity, and what says that rows do not have an answer each."""
    rows = golden_rows(record)
    answered = ask_module(output, package, python, record.body, cancel)
    if answered.error:
        return Parity("module", "different", rows, reason=answered.error), None
    equal, difference, reason = comparison(record.schema)(record.predictions, answered.predictions)
    parity = Parity("module", "equal" if equal else "different", rows, difference, None if equal else reason)
    return parity, rows_differ(answered, rows, record.schema)


def golden_rows(record: RunRecord) -> int:
    rows = record.body.get("rows") if record.schema.body_is_rows else None
    return len(rows) if isinstance(rows, list) else 1
