"""The report at the end of a build, from the machine contract alone (see `nb2prod.model.report`)."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
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


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the report does not hold, and its reader needs.

    `body` is an example request as JSON, for the `curl` line; `folder` the working folder: paths inside it are shown
    from there on; `programs` what stands before `nb2prod` and `mlflow` where the shell does not find them
    (``.venv/bin/``); `reasons` why steps were skipped; `wizard` whether `nb2prod gui` is installed; `notes` whether
    findings of severity info are shown or counted.
    """

    body: str | None = None
    folder: Path | None = None
    programs: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)
    wizard: bool = False
    notes: bool = False

    def shown(self, place: str) -> str:
        """A path or an SQLite URI, relative to the working folder where it lies inside."""
        scheme = "sqlite:///" if place.startswith("sqlite:////") else ""
        path = Path(place.removeprefix(scheme))
        if self.folder is None or not path.is_relative_to(self.folder) or path == self.folder:
            return place
        return scheme + str(path.relative_to(self.folder))


def report_lines(report: Mapping[str, Any], around: Surroundings | None = None) -> tuple[Line, ...]:
    """The report of a build, a conversion or a test run; parts that are missing or null are left out."""
    return tuple(_report_lines(report, around or Surroundings()))


def _report_lines(report: Mapping[str, Any], around: Surroundings) -> Iterator[Line]:
    yield line()
    yield from _findings(report, around.notes)
    parity = report.get("parity") or ()
    if parity and not (report.get("status") == "failed" and all(one["status"] == "skipped" for one in parity)):
        yield line(("Parity with the notebook", "bold"))
        rows = [(one["stage"], one["status"], f"{one['rows']} rows", _difference(one)) for one in parity]
        for one, text in zip(parity, columns(rows), strict=True):
            yield line("  ", (text, _STATUS.get(one["status"], "")))
    if (fast := report.get("fast_path")) and fast["used"]:
        yield line(("Fast path ", "bold"), fast["reason"])
    if tests := report.get("tests"):
        yield from _tests(tests)
    if metrics := report.get("metrics"):
        yield line(("Metrics  ", "bold"), ", ".join(f"{name} {value:.6g}" for name, value in metrics.items()))
    if mlflow := report.get("mlflow"):
        alias = f", alias {mlflow['alias']}" if mlflow.get("alias") else ""
        yield line(("MLflow   ", "bold"), f"{mlflow['model']} version {mlflow['version']}{alias}")
        yield line(f"         run {mlflow['run_id']} in {around.shown(mlflow['tracking_uri'])}")
    if image := report.get("image"):
        base = image.get("base_size_bytes")
        above = f", {megabytes(image['size_bytes'] - base)} above its base image" if base else ""
        yield line(("Image    ", "bold"), f"{image['tag']}  {megabytes(image['size_bytes'])}{above}")
        yield line(f"         {image['digest']}")
    if report.get("project"):
        yield line(("Project  ", "bold"), around.shown(str(report["project"])))
    for step in report.get("steps", ()):
        if step["status"] == "skipped":
            reason = around.reasons.get(step["name"])
            yield line(("Skipped  ", "yellow"), step["name"] + (f": {reason}" if reason else ""))
    if error := report.get("error"):
        yield line()
        yield from error_lines(error)
    elif report.get("status") == "ok" and (commands := tuple(next_commands(report, around))):
        yield line()
        yield line(("Next", "bold"))
        yield from (line(f"  {command}") for command in commands)


def _findings(report: Mapping[str, Any], notes: bool) -> Iterator[Line]:
    findings = report.get("findings") or []
    notable = [finding for finding in findings if notes or finding["severity"] != "info"]
    for finding in notable:
        yield from finding_lines(finding)
    if len(notable) < len(findings):
        count = findings_count([finding for finding in findings if finding["severity"] == "info"])
        yield line((f"{count}, shown with -v", "dim"))
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


def next_commands(report: Mapping[str, Any], around: Surroundings) -> Iterator[str]:
    """What to type next, as shell lines. In a container the service wants a key before it listens to the network."""
    image, mlflow, project = report.get("image"), report.get("mlflow"), report.get("project")
    key = ""
    if image:
        yield f"docker run --rm -p 127.0.0.1:8080:8080 -e NB2PROD_API_KEY=change-me {shlex.quote(image['tag'])}"
        key = " -H 'X-API-Key: change-me'"
    elif project:
        yield f"{around.programs}nb2prod serve {shlex.quote(around.shown(str(project)))}"
    if project and around.body is not None:
        header = f"-H 'Content-Type: application/json'{key}"
        yield f"curl -s http://127.0.0.1:8080/predict {header} -d {shlex.quote(around.body)}"
    if mlflow:
        uri = shlex.quote(around.shown(mlflow["tracking_uri"]))
        yield f"{around.programs}mlflow ui --backend-store-uri {uri}"
    if project and around.wizard:
        notebook = (report.get("notebook") or {}).get("path")
        yield f"{around.programs}nb2prod gui" + (f" {shlex.quote(around.shown(notebook))}" if notebook else "")


def step_summary(status: str, seconds: float | None, reason: str = "") -> str:
    """``done (3.2 s)``, ``skipped: no engine``"""
    took = seconds_text(seconds)
    return status + (f" ({took})" if took and status in ("done", "failed") else "") + (f": {reason}" if reason else "")
