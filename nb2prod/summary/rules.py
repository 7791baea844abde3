"""What each code means, from the tables of docs/findings.md, which are shipped with the package."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_ROW = re.compile(r"^\| (NB\d{3}) \| (.+) \|$", re.MULTILINE)
_BETWEEN = re.compile(r"(?<!\\) \| ")


@dataclass(frozen=True, slots=True)
class Rule:
    """`severity` as the table says: ``error``, ``warning``, ``info``, ``refused``, ``tool`` or several; `remedy` is
    empty where the table has none."""

    code: str
    severity: str
    meaning: str
    remedy: str = ""


def read_rules(text: str) -> Mapping[str, Rule]:
    """The rows of the tables, by code."""
    rules = {}
    for code, rest in _ROW.findall(text):
        severity, meaning, remedy = (*(part.replace("\\|", "|") for part in _BETWEEN.split(rest)), "", "")[:3]
        rules[code] = Rule(code, severity, meaning, remedy)
    return rules
