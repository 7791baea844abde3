"""The report at the end of a build, from the machine contract alone (see `nb2prod.model.report`)."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from nb2prod.console.problems import error_lines, finding_lines, findings_count
from nb2prod.console.text import Line, Style, columns, line, megabytes, seconds_text

_STATUS: dict[str, Style] = {
    "equal": "green",
    "ok": "green",
    "done": "green",
    "different": "red",
    "failed": "red",
    "skipped": "yellow",
    "cancelled": "yellow",
    "unchanged": "dim",
}


def report_lines(report: Mapping[str, Any], *, body: str | None = None, wizard: bool = False) -> tuple[Line, ...]:
    """The report of a build, a conversion or a test run; parts that are missing or null are left out.

    `body` is an example request as JSON, for the `curl` line; `wizard` says whether `nb2prod gui` is installed.
    """
    return tuple(_report_lines(report, tuple(next_commands(report, body=body, wizard=wizard))))


def _report_lines(report: Mapping[str, Any], commands: tuple[str, ...]) -> Iterator[Line]:
    yield line()
    yield from _findings(report)
    if parity := report.get("parity"):
        yield line(("Parity with the notebook", "bold"))
        rows = [(one["stage"], one["status"], f"{one['rows']} rows", _difference(one)) for one in parity]
        for one, text in zip(parity, columns(rows), strict=True):
            yield line("  ", (text, _STATUS.get(one["status"], "")))
    if tests := report.get("tests"):
        yield from _tests(tests)
    if mlflow := report.get("mlflow"):
        alias = f", alias {mlflow['alias']}" if mlflow.get("alias") else ""
        yield line(("MLflow   ", "bold"), f"{mlflow['model']} version {mlflow['version']}{alias}")
        yield line(f"         run {mlflow['run_id']} in {mlflow['tracking_uri']}")
    if image := report.get("image"):
        base = image.get("base_size_bytes")
        above = f", {megabytes(image['size_bytes'] - base)} above its base image" if base else ""
        yield line(("Image    ", "bold"), f"{image['tag']}  {megabytes(image['size_bytes'])}{above}")
        yield line(f"         {image['digest']}")
    if report.get("project"):
        yield line(("Project  ", "bold"), str(report["project"]))
    for step in report.get("steps", ()):
        if step["status"] == "skipped":
            yield line(("skipped  ", "yellow"), step["name"])
    if error := report.get("error"):
        yield line()
        yield from error_lines(error)
    elif report.get("status") == "ok" and commands:
        yield line()
        yield line(("Next", "bold"))
        yield from (line(f"  {command}") for command in commands)


def _findings(report: Mapping[str, Any]) -> Iterator[Line]:
    findings = report.get("findings") or []
    notable = [finding for finding in findings if finding["severity"] != "info"]
    for finding in notable:
        yield from finding_lines(finding)
    if len(notable) < len(findings):
        notes = findings_count([finding for finding in findings if finding["severity"] == "info"])
        yield line((f"{notes}: nb2prod check shows them", "dim"))
    if findings:
        yield line()


def _tests(tests: Mapping[str, Any]) -> Iterator[Line]:
    failed, mutants, caught = tests["failed"], tests.get("mutants", 0), tests.get("caught", 0)
    passed = f"{tests['passed']} passed"
    verdict: tuple[str, Style] = (f"{passed}, {failed} failed", "red") if failed else (passed, "green")
    share = f"; {caught} of {mutants} mutants caught" if mutants else ""
    yield line(("Tests    ", "bold"), verdict, share)
    for failure in tests.get("failures", ()):
        yield line("         ", (failure, "red"))
    for survivor in tests.get("survivors", ()):
        yield line("         ", (f"survived: {survivor}", "dim"))


def _difference(parity: Mapping[str, Any]) -> str:
    if parity.get("reason"):
        return str(parity["reason"])
    largest = parity.get("max_difference")
    return "" if largest is None else f"largest difference {largest:g}"


def next_commands(report: Mapping[str, Any], *, body: str | None = None, wizard: bool = False) -> Iterator[str]:
    """What to type next, as shell lines. In a container the service wants a key before it listens to the network."""
    image, mlflow, project = report.get("image"), report.get("mlflow"), report.get("project")
    key = ""
    if image:
        yield f"docker run --rm -p 127.0.0.1:8080:8080 -e NB2PROD_API_KEY=change-me {shlex.quote(image['tag'])}"
        key = " -H 'X-API-Key: change-me'"
    elif project:
        yield f"nb2prod serve {shlex.quote(str(project))}"
    if project and body is not None:
        header = f"-H 'Content-Type: application/json'{key}"
        yield f"curl -s http://127.0.0.1:8080/predict {header} -d {shlex.quote(body)}"
    if mlflow:
        yield f"mlflow ui --backend-store-uri {shlex.quote(mlflow['tracking_uri'])}"
    if project and wizard:
        yield "nb2prod gui"


def step_summary(status: str, seconds: float | None, reason: str = "") -> str:
    """``done (3.2 s)``, ``skipped: no engine``"""
    took = seconds_text(seconds)
    return status + (f" ({took})" if took and status in ("done", "failed") else "") + (f": {reason}" if reason else "")
