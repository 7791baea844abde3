"""The report of a build as Markdown, for a cell of a notebook.

Everything in it that comes from a notebook is text: no markup, no link and no formula of somebody else's.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from nb2prod.console.problems import error_lines, finding_lines
from nb2prod.console.text import megabytes, seconds_text
from nb2prod.summary.markdown import plain


def report_markdown(
    report: Mapping[str, Any], *, reasons: Mapping[str, str] | None = None, folder: Path | None = None
) -> str:
    """`report` as of `nb2prod build --json`; parts that are missing or null are left out. `reasons`: why steps were
    skipped. `folder`: where the notebook lies that shows this; links start there."""
    return "\n".join(_lines(report, reasons or {}, folder)) + "\n"


def _lines(report: Mapping[str, Any], reasons: Mapping[str, str], folder: Path | None) -> Iterator[str]:
    ends = {"ok": "every stage answers as the notebook does", "cancelled": "cancelled"}
    yield f"## nb2prod: {ends.get(report['status'], 'failed')}"
    if error := report.get("error"):
        yield ""
        yield "  \n".join(f"**{plain(line)}**" if not n else plain(line) for n, line in enumerate(_text(error)))
    if parity := report.get("parity"):
        yield from ("", "| parity with the notebook | | rows | largest difference |", "|---|---|---:|---|")
        for one in parity:
            difference = one["reason"] or ("" if one["max_difference"] is None else f"{one['max_difference']:g}")
            yield f"| {one['stage']} | {one['status']} | {one['rows']} | {plain(difference)} |"
    if facts := tuple(_facts(report, folder)):
        yield from ("", "| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts))
    if metrics := report.get("metrics"):
        yield from ("", "| metric | |", "|---|---:|")
        yield from (f"| {plain(name)} | {value:.6g} |" for name, value in metrics.items())
    if steps := report.get("steps"):
        yield from ("", "Steps: " + " · ".join(_step(step, reasons) for step in steps))
    told = {error["code"]} if error else set()
    notable = [f for f in report.get("findings") or () if f["severity"] != "info" and f["code"] not in told]
    if notable:
        yield ""
        yield from (f"- {plain(' '.join(map(str, finding_lines(finding))))}" for finding in notable)


def _text(error: Mapping[str, Any]) -> list[str]:
    return [str(line) for line in error_lines(error)]


def _facts(report: Mapping[str, Any], folder: Path | None) -> Iterator[tuple[str, str]]:
    if tests := report.get("tests"):
        caught = f"; {tests['caught']} of {tests['mutants']} mutants caught" if tests.get("mutants") else ""
        failed = f", **{tests['failed']} failed**" if tests["failed"] else ""
        yield "tests", f"{tests['passed']} passed{failed}{caught}"
        yield from (("", plain(failure)) for failure in tests.get("failures", ()))
    if (fast := report.get("fast_path")) and fast["used"]:
        yield "fast path", plain(fast["reason"])
    if mlflow := report.get("mlflow"):
        alias = f", alias {plain(mlflow['alias'])}" if mlflow.get("alias") else ""
        yield "MLflow", f"{plain(mlflow['model'])} version {plain(mlflow['version'])}{alias}"
        yield "", f"run {plain(mlflow['run_id'])} in {plain(_without_password(mlflow['tracking_uri']))}"
    if image := report.get("image"):
        yield "image", f"{plain(image['tag'])}, {megabytes(image['size_bytes'])}, {plain(image['digest'])}"
    if project := report.get("project"):
        yield "project", _link(Path(project), folder)


def _link(project: Path, folder: Path | None) -> str:
    """The project's name, leading to its README where that is a short way."""
    if folder is None:
        return plain(project.name)
    way = os.path.relpath(project, folder)
    places = " · ".join(
        f"[{plain(name)}]({quote(Path(way, name).as_posix())})"
        for name in ("README.md", "MODEL_CARD.md", "tests", "Dockerfile")
    )
    return f"{plain(way)}: {places}"


def _step(step: Mapping[str, Any], reasons: Mapping[str, str]) -> str:
    if step["status"] == "done":
        return f"{step['name']} {seconds_text(step['seconds'])}"
    reason = reasons.get(step["name"], "") if step["status"] == "skipped" else ""
    return f"{step['name']} {step['status']}" + (f" ({plain(reason)})" if reason else "")


def _without_password(uri: str) -> str:
    from nb2prod.config import without_password

    return without_password(uri)
