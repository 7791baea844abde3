"""Convert and build; build again and compare with the version that serves."""

import math
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nb2prod.console.markdown import report_markdown
from nb2prod.drawing import bars_svg
from nb2prod.errors import Nb2ProdError, UsageError
from nb2prod.model.spec import BuildSpec
from nb2prod.plugins.job_notebooks.process import run_spec
from nb2prod.plugins.job_notebooks.results import Result, given, refused
from nb2prod.steps.asked import asked_build
from nb2prod.summary.markdown import plain

Values = str | Mapping[str, Any] | None


def build(
    notebook: str,
    *,
    output: str = "",
    image: str = "",
    parameters: Values = None,
    log: bool = True,
    fresh: bool = False,
    tracking_uri: str = "",
) -> Result:
    """Build `notebook` as its settings and these arguments say; empty ones are not given."""
    try:
        spec = _spec(notebook, output, image, parameters, log, fresh, tracking_uri)
    except Nb2ProdError as error:
        return refused(error)
    report, code = run_spec(spec)
    return Result(report_markdown(report, folder=Path.cwd()), _plots(report), report, report.get("error"), code)


def retrain(
    notebook: str,
    *,
    output: str = "",
    parameters: Values = None,
    metric: str = "",
    higher_is_better: bool = True,
    tolerance: float = 0.0,
    promote: bool = False,
    champion: str = "champion",
    tracking_uri: str = "",
) -> Result:
    """Run and build `notebook` anew, log it as a challenger without an alias, and compare its metrics with those of the
    version that has the alias `champion`. It fails where `metric` is worse by more than `tolerance`; where it is not,
    and `promote` is true, the alias moves."""
    from nb2prod.tracking import default_tracking_uri
    from nb2prod.tracking.registry import list_models, set_alias

    try:
        spec = replace(_spec(notebook, output, "", parameters, True, True, tracking_uri), alias=None, image=None)
        store = spec.tracking_uri or default_tracking_uri(Path(spec.output))
        report, code = run_spec(spec)
        if report.get("error") or not report.get("mlflow"):
            return Result(report_markdown(report, folder=Path.cwd()), _plots(report), report, report.get("error"), code)
        logged = report["mlflow"]
        versions = next((m.versions for m in list_models(store) if m.name == logged["model"]), ())
        before = next((v for v in versions if champion in v.aliases), None)
        rows = _compared(dict(report["metrics"]), before.metrics if before else {})
        worse = _worse(metric, report["metrics"], before.metrics if before else None, higher_is_better, tolerance)
        verdict = worse or "not worse than the champion" if before else "there is no champion yet"
        moved = promote and not worse
        if moved:
            set_alias(store, logged["model"], champion, logged["version"])
    except Nb2ProdError as error:
        return refused(error)
    lines = [
        f"## nb2prod: {plain(verdict)}", "",
        f"Challenger: {plain(logged['model'])} version {plain(logged['version'])}. "
        + (f"Champion: version {plain(before.version)}. " if before else "")
        + f"The alias {plain(champion)} {'moved to the challenger' if moved else 'is where it was'}.",
        "", "| metric | champion | challenger | difference |", "|---|---:|---:|---:|",
        *(f"| {plain(name)} | {old} | {new} | {change} |" for name, old, new, change in rows), "",
        report_markdown(report, folder=Path.cwd()),
    ]  # fmt: skip
    values = report | {"champion": before.version if before else None, "promoted": moved, "worse": bool(worse)}
    failed = {"code": "NB275", "message": worse, "where": None, "hint": "The alias is where it was."}
    return Result("\n".join(lines), _plots(report), values, failed if worse else None, 1 if worse else 0)


def _spec(
    notebook: str, output: str, image: str, parameters: Values, log: bool, fresh: bool, tracking_uri: str
) -> BuildSpec:
    target = {"output": output or None, "image": image or None, "log": None if log else False, "fresh": fresh or None}
    return asked_build(
        Path(notebook),
        os.environ,
        settings={"tracking_uri": tracking_uri or None},
        target=target,
        parameters=given(parameters),
    )


def _plots(report: Mapping[str, Any]) -> tuple[str, ...]:
    steps = [(step["name"], step["seconds"]) for step in report.get("steps", ()) if step["status"] == "done"]
    return (bars_svg(steps, "Time by step", " s"),) if steps else ()


def _compared(new: Mapping[str, float], old: Mapping[str, float]) -> list[tuple[str, str, str, str]]:
    def shown(value: float | None) -> str:
        return "" if value is None else f"{value:.6g}"

    both = {name: new[name] - old[name] for name in new.keys() & old.keys()}
    return [
        (name, shown(old.get(name)), shown(new.get(name)), f"{both[name]:+.3g}" if name in both else "")
        for name in sorted({*new, *old})
    ]


def _worse(
    metric: str, new: Mapping[str, float], old: Mapping[str, float] | None, higher_is_better: bool, tolerance: float
) -> str:
    """Why the challenger is worse; empty where it is not. Without a metric nothing is judged.

    Raises UsageError NB274 for a tolerance that is none, and where a metric was not measured.
    """
    if not (tolerance >= 0 and math.isfinite(tolerance)):
        raise UsageError(f"a tolerance of {tolerance} is none.", code="NB274", hint="0 or more.")
    if not metric:
        return ""
    for who, metrics in (("the challenger", new), ("the champion", old)):
        if metrics is not None and metric not in metrics:
            hint = f"Known are: {', '.join(sorted(metrics)) or 'none'}."
            raise UsageError(f"{who} has no metric {metric!r}.", code="NB274", hint=hint)
    if old is None:
        return ""
    change = new[metric] - old[metric] if higher_is_better else old[metric] - new[metric]
    if change >= -tolerance:  # not so for NaN
        return ""
    return f"the challenger's {metric} is {new[metric]:.6g}, the champion's {old[metric]:.6g}"
