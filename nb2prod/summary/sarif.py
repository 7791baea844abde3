"""SARIF 2.1.0: findings and failed gates as results at a line of the ``.ipynb`` file.

Code hosts show a result at the line of the *file*; people and our other messages count in cells. So each result has
both: the file's line as its region, cell and line as its logical location and at the front of its message.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from nb2prod import __version__
from nb2prod.summary.outcome import Outcome, Problem, Summary, problems_of
from nb2prod.summary.rules import Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}

LineOf = Callable[[str, int | None, int | None], int]
"""The line of a notebook's file, from 1, at which a line of a cell stands."""


def sarif_text(summary: Summary, rules: Mapping[str, Rule], line_of: LineOf) -> str:
    """The log. Paths of notebooks that are relative are taken from the root of the sources (``%SRCROOT%``)."""
    found = [(outcome, problem) for outcome in summary.outcomes for problem in problems_of(outcome)]
    codes = sorted({problem.code for _, problem in found})
    times: Counter[str] = Counter()
    results = []
    for outcome, problem in found:
        line = line_of(outcome.notebook, problem.cell, problem.line)
        print_ = _fingerprint(outcome, problem, times)
        results.append(_result(outcome, problem, codes.index(problem.code), line, print_))
    run = {
        "tool": {
            "driver": {
                "name": "nb2prod",
                "version": __version__,
                "rules": [_rule(code, rules.get(code)) for code in codes],
            }
        },
        "automationDetails": {"id": _category(summary)},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": summary.status != "cancelled", "exitCode": summary.exit_code}],
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, allow_nan=False) + "\n"


def _category(summary: Summary) -> str:
    """Results of one category replace the ones before; jobs for single notebooks must not replace each other's."""
    alone = quote(summary.outcomes[0].notebook, errors="backslashreplace") + "/" if len(summary.outcomes) == 1 else ""
    return f"nb2prod/{summary.command}/{alone}"


def _rule(code: str, rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        return {"id": code, "shortDescription": {"text": code}}
    level = next((_LEVELS[word] for word in rule.severity.split(", ") if word in _LEVELS), "error")
    return {
        "id": code,
        "shortDescription": {"text": rule.meaning},
        "help": {"text": rule.remedy or "Each result says what to do; docs/findings.md lists all codes."},
        "defaultConfiguration": {"level": level},
    }


def _result(outcome: Outcome, problem: Problem, rule: int, line: int, fingerprint: str) -> dict[str, Any]:
    place = ", ".join(
        f"{word} {number}" for word, number in (("cell", problem.cell), ("line", problem.line)) if number is not None
    )
    text = f"{place}: {problem.message}" if problem.cell is not None else problem.message
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": _artifact(outcome.notebook), "region": {"startLine": line}}
    }
    if problem.cell is not None:
        name = f"{outcome.notebook}, {place}"
        location["logicalLocations"] = [{"name": place, "fullyQualifiedName": _plain(name), "kind": "cell"}]
    return {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": _LEVELS.get(problem.severity, "error"),
        "message": {"text": _plain(f"{text} {problem.hint}".strip())},
        "locations": [location],
        "partialFingerprints": {"nb2prod/v1": fingerprint},
        "properties": {"cell": problem.cell, "line": problem.line},
    }


def _artifact(path: str) -> dict[str, str]:
    if path.startswith("/"):
        return {"uri": "file://" + quote(path, errors="backslashreplace")}
    return {"uri": quote(path, errors="backslashreplace"), "uriBaseId": "%SRCROOT%"}


def _fingerprint(outcome: Outcome, problem: Problem, times: Counter[str]) -> str:
    """The same for the same problem after cells were put in before it: neither cell nor line counts."""
    content = json.dumps([outcome.notebook, problem.code, problem.message])
    times[content] += 1
    return hashlib.sha256(f"{content} {times[content]}".encode()).hexdigest()


def _plain(text: str) -> str:
    """SARIF reads ``[text](target)`` as a link, and so do its viewers; a notebook's text must not make one.
    Half characters, which strict readers refuse, become escapes."""
    return text.replace("](", "] (").encode("utf-8", "backslashreplace").decode()
