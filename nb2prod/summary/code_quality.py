"""GitLab's code quality report: one object per problem, shown at the line of the merge request's changes."""

import hashlib
import json
from collections import Counter

from nb2prod.summary.outcome import Summary, problems_of
from nb2prod.summary.sarif import LineOf

_SEVERITIES = {"error": "major", "warning": "minor", "info": "info"}


def code_quality_text(summary: Summary, line_of: LineOf) -> str:
    """The JSON array. Fingerprints are distinct."""
    rows = []
    times: Counter[str] = Counter()
    for outcome in summary.outcomes:
        for problem in problems_of(outcome):
            place = f"cell {problem.cell}, line {problem.line or 1}: " if problem.cell is not None else ""
            content = json.dumps([outcome.notebook, problem.code, problem.message])
            times[content] += 1
            rows.append(
                {
                    "description": _whole(f"{place}{problem.message} {problem.hint}".strip()),
                    "check_name": problem.code,
                    "fingerprint": hashlib.sha256(f"{content} {times[content]}".encode()).hexdigest(),
                    "severity": _SEVERITIES.get(problem.severity, "major"),
                    "location": {
                        "path": _whole(outcome.notebook),
                        "lines": {"begin": line_of(outcome.notebook, problem.cell, problem.line)},
                    },
                }
            )
    return json.dumps(rows, indent=1) + "\n"


def _whole(text: str) -> str:
    """Half characters, which strict readers refuse, as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()
