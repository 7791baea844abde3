"""What became of each notebook, and of all together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

OutcomeStatus = Literal["ok", "failed", "cancelled", "not started", "skipped"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One notebook. `notebook` is its path as shown; `report` what the command alone prints for it with `--json`, empty
    where it was not started or skipped; `reason` why that is so. `exit_code` is what the command alone ends with."""

    notebook: str
    status: OutcomeStatus
    exit_code: int = 0
    seconds: float = 0.0
    reason: str = ""
    report: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Summary:
    """`command` is ``check``, ``build`` or ``convert``; `seconds` the wall time of all."""

    command: str
    outcomes: tuple[Outcome, ...]
    seconds: float = 0.0

    @property
    def status(self) -> Literal["ok", "failed", "cancelled"]:
        if any(one.status in ("cancelled", "not started") for one in self.outcomes):
            return "cancelled"
        return "failed" if any(one.status == "failed" for one in self.outcomes) else "ok"

    @property
    def exit_code(self) -> int:
        """130 where it was cancelled; else the highest of the notebooks' own: a bug before an outside tool before a
        run that failed before a gate."""
        if self.status == "cancelled":
            return 130
        return max((one.exit_code for one in self.outcomes), default=0)

    def count(self, status: OutcomeStatus) -> int:
        return sum(one.status == status for one in self.outcomes)


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding, or the error that ended a notebook's job. `severity`: error, warning, info; cell and line from 1.
    Without a cell, the line counts in the file: one that cannot be read has no cells."""

    code: str
    severity: str
    message: str
    hint: str = ""
    cell: int | None = None
    line: int | None = None


def problems_of(outcome: Outcome) -> tuple[Problem, ...]:
    """The error, then the findings; once each: an error that repeats a finding is that finding."""
    report = outcome.report
    found = {
        Problem(f["code"], f["severity"], f["message"], f.get("hint") or "", f.get("cell"), f.get("line")): None
        for f in report.get("findings") or ()
    }
    error = report.get("error")
    if error is not None and outcome.status == "failed":
        where = error.get("where") or {}
        places = {(p.code, p.cell, p.line) for p in found}
        if (error["code"], where.get("cell"), where.get("line")) not in places:
            told = Problem(
                error["code"], "error", error["message"], error.get("hint") or "", where.get("cell"), where.get("line")
            )
            return (told, *found)
    return tuple(found)


def steps_of(outcome: Outcome) -> tuple[tuple[str, str, float], ...]:
    """(name, status, seconds) of each step that was started; none for `check`."""
    return tuple((s["name"], s["status"], float(s["seconds"])) for s in outcome.report.get("steps") or ())


def summary_json(summary: Summary) -> dict[str, Any]:
    """Documented in docs/json.md."""
    return {
        "command": summary.command,
        "status": summary.status,
        "error": None,
        "seconds": summary.seconds,
        "notebooks": [
            {
                "notebook": one.notebook,
                "status": one.status,
                "exit_code": one.exit_code,
                "seconds": one.seconds,
                "reason": one.reason,
                "report": dict(one.report) or None,
            }
            for one in summary.outcomes
        ],
    }
