"""JUnit XML: a suite for each notebook, a case for each step of its job (for `check`, one case).

    <testsuite name="notebooks/churn.ipynb"><testcase classname="churn" name="run" time="3.2"/>…

A gate or a finding of severity error is a failure; everything else that ended a job (the notebook's own error, Docker,
a bug) is an error. Warnings and notes stand in `system-out`.
"""

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from nb2prod.summary.outcome import Outcome, Problem, Summary, problems_of, steps_of

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_text(summary: Summary) -> str:
    """The document, with its declaration. Characters that XML cannot hold are replaced."""
    root = Element("testsuites", name=f"nb2prod {summary.command}", time=f"{summary.seconds:.3f}")
    totals = [0, 0, 0, 0]
    for outcome in summary.outcomes:
        suite, counts = _suite(summary.command, outcome)
        root.append(suite)
        totals = [total + count for total, count in zip(totals, counts, strict=True)]
    _count(root, totals)
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(command: str, outcome: Outcome) -> tuple[Element, list[int]]:
    name = _clean(outcome.notebook)
    suite = Element("testsuite", name=name, time=f"{outcome.seconds:.3f}")
    problems = problems_of(outcome)
    steps = steps_of(outcome)
    bad = [step for step, status, _ in steps if status in ("failed", "cancelled")]
    cases = [(step, status, seconds) for step, status, seconds in steps] or [(command, "", outcome.seconds)]
    if outcome.status not in ("ok", "skipped") and steps and not bad:
        cases.append((command, "", 0.0))  # it ended between two steps
    counts = [0, 0, 0, 0]
    for step, status, seconds in cases:
        case = SubElement(suite, "testcase", classname=name, name=step, time=f"{seconds:.3f}")
        counts[0] += 1
        if step in bad or (step == command and outcome.status not in ("ok", "skipped")):
            counts[_add_problem(case, outcome, problems)] += 1
        elif status == "skipped" or outcome.status == "skipped":
            SubElement(case, "skipped", message=_clean(outcome.reason or "skipped"))
            counts[3] += 1
    remarks = [_line(outcome, p) for p in problems if p.severity != "error"]
    if remarks:
        SubElement(suite, "system-out").text = _clean("\n".join(remarks))
    _count(suite, counts)
    return suite, counts


def _add_problem(case: Element, outcome: Outcome, problems: tuple[Problem, ...]) -> int:
    """Adds what is wrong, and gives the position of its count: 1 a failure, 2 an error, 3 skipped."""
    if outcome.status in ("cancelled", "not started"):
        SubElement(case, "skipped", message=outcome.status)
        return 3
    errors = [problem for problem in problems if problem.severity == "error"]
    kind = "failure" if outcome.exit_code == 1 else "error"
    first = _line(outcome, errors[0]) if errors else "failed"
    found = SubElement(case, kind, message=_clean(first), type=errors[0].code if errors else "")
    found.text = _clean("\n".join(_line(outcome, p) + (f"\n  {p.hint}" if p.hint else "") for p in errors))
    return 1 if kind == "failure" else 2


def _line(outcome: Outcome, problem: Problem) -> str:
    cell = f", cell {problem.cell}" if problem.cell is not None else ""
    line = f", line {problem.line}" if problem.line is not None else ""
    return f"{problem.severity} {problem.code} {outcome.notebook}{cell}{line}: {problem.message}"


def _count(element: Element, counts: list[int]) -> None:
    for name, count in zip(("tests", "failures", "errors", "skipped"), counts, strict=True):
        element.set(name, str(count))


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
