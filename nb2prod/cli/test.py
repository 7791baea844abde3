"""`nb2prod test`: the generated tests of a project, and how many mutants of its code they catch."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nb2prod.cli.build import answer_options
from nb2prod.cli.session import global_options, session_of

if TYPE_CHECKING:
    from nb2prod.job import Job


@click.command()
@click.argument("project", type=click.Path(path_type=Path))
@click.option("--mutants", type=click.IntRange(min=0), default=30, show_default=True, help="How many are tried.")
@answer_options
@global_options
@click.pass_context
def test(context: click.Context, project: Path, mutants: int, as_json: bool, events: str | None) -> None:
    """Run the tests of a generated project in its own environment, then again on mutants of its code."""
    from nb2prod.cli.conduct import conduct

    if as_json and events:
        raise click.UsageError("--json and --events both claim stdout; choose one.")
    answer = "json" if as_json else "events" if events else None
    context.exit(conduct(test_job(project, mutants), session_of(context), answer=answer))  # type: ignore[arg-type]


def test_job(project: Path, mutants: int) -> "Job":
    """One step, ``test``; it fails (GateError NB712) where a generated test does."""
    from nb2prod.errors import GateError, Where
    from nb2prod.events import Cancel, Emit
    from nb2prod.job import Job, JobResult, Outputs, Step, outline
    from nb2prod.model.report import TestResult
    from nb2prod.steps.test import test_project

    seen: list[TestResult] = []  # the report shows the result of tests that failed, which is no output

    def run(_: Outputs, emit: Emit, cancel: Cancel) -> None:
        result = test_project(project, mutants, emit, cancel)
        seen.append(result)
        if result.failed:
            raise GateError(
                f"{result.failed} of {result.passed + result.failed} tests failed.",
                code="NB712",
                where=Where(str(project)),
                hint="The first difference of each is listed with the result.",
            )

    def report(result: JobResult) -> dict[str, Any]:
        return {"project": str(project.absolute()), "tests": asdict(seen[0]) if seen else None} | outline(result)

    return Job("test", (Step("test", run),), report)


test_job.__test__ = False  # type: ignore[attr-defined]  # not a test of ours
