"""Summaries with everything in them that a notebook's author could put there to harm a reader of reports."""

from typing import Any

from nb2prod.summary.outcome import Outcome, Summary

HOSTILE = (
    "](javascript:alert(1)) <img src=x onerror=alert(1)> | ]]> --> </failure> ${{ github.token }} $(id) `id` @everyone "
    "#1 https://evil.example \x1b[31m \x00 \u202e \ud800 \r\n## heading\n| a | b |\n::set-output name=x::y\n* item"
)


def finding(code: str = "NB310", severity: str = "error", message: str = "wrong.", **rest: Any) -> dict[str, Any]:
    return {"code": code, "severity": severity, "message": message, "cell": 2, "line": 3, "hint": "Do."} | rest


def checked(*findings: dict[str, Any], notebook: str = "nb/a b.ipynb") -> Outcome:
    failed = any(one["severity"] == "error" for one in findings)
    return Outcome(notebook, "failed" if failed else "ok", int(failed), 0.25, report={"findings": list(findings)})


def built(error: dict[str, Any] | None = None, *steps: tuple[str, str], exit_code: int = 1) -> Outcome:
    report = {
        "findings": [finding("NB302", "warning", "an untagged cell.")],
        "error": error,
        "parity": [{"stage": "module", "status": "different" if error else "equal", "rows": 3}],
        "tests": None if error else {"passed": 12, "failed": 0, "mutants": 9, "caught": 9},
        "image": None,
        "steps": [{"name": name, "status": status, "seconds": 1.5} for name, status in steps],
    }
    return Outcome("churn.ipynb", "failed" if error else "ok", exit_code if error else 0, 4.0, report=report)


PARITY = {
    "code": "NB711",
    "message": "the module answers otherwise.",
    "hint": "Look.",
    "where": {"path": "churn.ipynb", "cell": 5, "line": 2},
}


def summary(*outcomes: Outcome, command: str = "check") -> Summary:
    return Summary(command, outcomes, 5.0)


def hostile() -> Summary:
    return summary(
        checked(finding(HOSTILE[:5] or "NB1", message=HOSTILE, hint=HOSTILE), notebook=HOSTILE),
        Outcome(HOSTILE, "skipped", reason=HOSTILE),
    )
