"""Findings and errors as lines: what, where, and what to do."""

from collections.abc import Mapping, Sequence
from typing import Any

from nb2prod.console.text import Line, Style, line

_STYLES: dict[str, Style] = {"error": "red", "warning": "yellow", "info": "cyan"}


def error_lines(error: Mapping[str, Any]) -> tuple[Line, ...]:
    """`error` as in the machine contract: ``{"code", "message", "hint", "where"}``.

    ``error NB501 demand.ipynb, cell 7, line 3: message`` and the hint below it.
    """
    where = error.get("where") or {}
    place = _place(where.get("path"), where.get("cell"), where.get("line"))
    return _problem_lines("error", error["code"], place, error["message"], error.get("hint") or "")


def finding_lines(finding: Mapping[str, Any], path: str = "") -> tuple[Line, ...]:
    """`finding` as in the machine contract: ``{"code", "severity", "message", "cell", "line", "hint"}``."""
    place = _place(path, finding.get("cell"), finding.get("line"))
    return _problem_lines(finding["severity"], finding["code"], place, finding["message"], finding.get("hint") or "")


def findings_count(findings: Sequence[Mapping[str, Any]]) -> str:
    """``1 error, 2 warnings``; empty where there are none."""
    counts = []
    for severity, plural in (("error", "errors"), ("warning", "warnings"), ("info", "notes")):
        number = sum(finding["severity"] == severity for finding in findings)
        if number:
            word = plural[:-1] if number == 1 else plural
            counts.append(f"{number} {word}")
    return ", ".join(counts)


def _place(path: str | None, cell: int | None, row: int | None) -> str:
    parts = (path or "", "" if cell is None else f"cell {cell}", "" if row is None else f"line {row}")
    return ", ".join(part for part in parts if part)


def _problem_lines(word: str, code: str, place: str, message: str, hint: str) -> tuple[Line, ...]:
    first, *rest = message.splitlines() or [""]
    return (
        line((word, _STYLES.get(word, "")), " ", (code, "bold"), f" {place}: {first}" if place else f": {first}"),
        *(line(f"    {text}") for text in rest),
        *(line("  ", (text, "dim")) for text in hint.splitlines()),
    )
