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
from nb2prod.parity import comparison, first_difference, tolerance
from nb2prod.proof.module import Answered, ask_module
from nb2prod.steps.extract import Project, runtime_folder


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

    `rows_stand_alone`: it was nb2prod that found which rows a caller sends, so a row must give by itself what it gives
    among others; where the notebook has a request of its own, that is told and left to its author.
    """
    served = (*project.serving, project.runtime)
    bare = create_environment(
        record.python, served, [runtime_folder()], tools=(), emit=emit, cancel=cancel, step="test"
    )  # fmt: skip
    module, together = _module_parity(output, project.package, record, bare, cancel)
    if lacking := re.match(r"ModuleNotFoundError: No module named '([^']+)'", module.reason or ""):
        raise _lacking(lacking[1], output)
    if module.status != "equal":
        raise GateError(
            f"the module answers otherwise than the notebook: {module.reason}",
            code="NB711",
            hint="The project is kept so that it can be looked at; it was not logged and no image was built.",
            where=Where(str(output)),
        )
    if together is not None:
        said = f"a row by itself gives another answer than among others: {together}"
        hint = "Keep in training what the prediction computes of all rows (a mean, a rank, a set of levels)."
        if rows_stand_alone:
            raise GateError(f"{said}.", code="NB356", hint=hint, where=Where(str(output)))
        emit(FindingFound("test", Finding("NB356", Severity.WARNING, f"{said}.", hint=hint)))
    python = create_environment(
        record.python, (*served, *project.training), [runtime_folder()], emit=emit, cancel=cancel, step="test"
    )  # fmt: skip
    tests = run_suite(output, project, python, mutants, emit, cancel)
    if tests.failed:
        raise GateError(
            f"{tests.failed} of the generated tests failed: {'; '.join(tests.failures[:1])}",
            code="NB712",
            hint=f"Run them with: nb2prod test {output}",
            where=Where(str(output)),
        )
    return Proof(tests, module, str(python))


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
    tests = run_tests(output, python, data=data, emit=emit, cancel=cancel)
    if tests.failed or not mutants:
        return tests
    made, caught, survivors = measure_mutants(
        output,
        python,
        package=project.package,
        limit=mutants,
        already=tests.passed,
        data=data,
        emit=emit,
        cancel=cancel,
    )
    return replace(tests, mutants=made, caught=caught, survivors=survivors)


def _module_parity(
    output: Path, package: str, record: RunRecord, python: Path, cancel: Cancel
) -> tuple[Parity, str | None]:
    """The parity, and the first difference between a row by itself and the same row among the others."""
    rows = golden_rows(record)
    answered = ask_module(output, package, python, record.body, cancel)
    if answered.error:
        return Parity("module", "different", rows, reason=answered.error), None
    equal, difference, reason = comparison(record.schema)(record.predictions, answered.predictions)
    parity = Parity("module", "equal" if equal else "different", rows, difference, None if equal else reason)
    return parity, _row_difference(answered, record)


def _row_difference(answered: Answered, record: RunRecord) -> str | None:
    """None also where the response has not one part for each row, and where the numbers are one value, as the last
    days of a series are: a part of them is never answered."""
    whole = answered.predictions
    if answered.whole_only and record.schema.request[0].shape == (None,):
        return None
    if not isinstance(whole, list) or len(whole) != golden_rows(record):
        return None
    relative, absolute = (10 * bound for bound in tolerance(record.schema))  # batches are summed in another order
    for place, alone, error in answered.alone:
        if error:
            return f"row {place}: {error}"
        equal, _, reason = first_difference(whole[place : place + 1], alone, relative=relative, absolute=absolute)
        if not equal and reason is not None:
            said = reason.partition(": ")[2].replace("in the notebook", "among the others")
            return f"row {place}: {said.replace(' here', ' by itself')}"
    return None


def golden_rows(record: RunRecord) -> int:
    rows = record.body.get("rows") if record.schema.body_is_rows else None
    return len(rows) if isinstance(rows, list) else 1
