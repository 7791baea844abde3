"""Check the notebooks of a folder; nothing in them is run."""

from typing import Any

from nb2prod.drawing import bars_svg
from nb2prod.plugins.job_notebooks.process import run_json
from nb2prod.plugins.job_notebooks.results import Result
from nb2prod.summary.markdown import plain


def check_folder(folder: str, *, changed_since: str = "") -> Result:
    """Check every notebook in `folder` and below; with `changed_since`, a commit of git, those that changed since."""
    options = ["--changed-since", changed_since] if changed_since else []
    answer, code = run_json("check", *options, "--", folder)
    every: list[dict[str, Any]] = answer.get("notebooks") or []
    if answer.get("error") is not None and not every:
        return Result(f"## nb2prod: {plain(answer['error']['message'])}\n", (), answer, answer["error"], code)
    lines = [
        f"## nb2prod: {sum(one['status'] == 'ok' for one in every)} of {len(every)} notebooks can be built", "",
        "| notebook | | errors | warnings | what stands in the way |", "|---|---|---:|---:|---|",
        *map(_row, every),
    ]  # fmt: skip
    counts: dict[str, int] = {}
    for one in every:
        for finding in (one["report"] or {}).get("findings", ()):
            if finding["severity"] == "error":
                counts[finding["code"]] = counts.get(finding["code"], 0) + 1
    plots = (bars_svg(sorted(counts.items(), key=lambda pair: -pair[1])[:20], "Errors by code"),) if counts else ()
    failed = [one["notebook"] for one in every if one["status"] == "failed"]
    count = f"{len(failed)} of {len(every)} notebooks cannot be built, {failed[0]} first" if failed else ""
    error = {"code": "NB277", "message": count, "where": None, "hint": "The table says what stands in the way."}
    return Result("\n".join(lines) + "\n", plots, answer, error if code else None, code)


def _row(one: dict[str, Any]) -> str:
    report = one["report"] or {}
    findings = report.get("findings", ())
    errors = [f for f in findings if f["severity"] == "error"]
    warnings = sum(f["severity"] == "warning" for f in findings)
    first = ""
    if report.get("error"):
        first = f"{report['error']['code']} {report['error']['message']}"
    elif errors:
        place = f"cell {errors[0]['cell']}: " if errors[0]["cell"] else ""
        first = f"{errors[0]['code']} {place}{errors[0]['message']}"
    told = plain(first or one["reason"])
    return f"| {plain(one['notebook'])} | {one['status']} | {len(errors)} | {warnings} | {told} |"
