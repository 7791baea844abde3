"""From a line of generated code back to the notebook's cell: ``nb2prod.json`` of a project keeps the map."""

import json
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nb2prod.model.report import TestResult

_PLACE = re.compile(r"(src/\w+/\w+\.py):(\d+)(?! \(cell)")
_REACH = 12
"""Lines that a statement of the notebook may take once it is formatted; farther away nothing is claimed."""


@dataclass(frozen=True, slots=True)
class Places:
    """`lines` maps a file of the project to its ``(line, cell, line in the cell)``, sorted by line."""

    lines: Mapping[str, Sequence[tuple[int, int, int]]]

    def find(self, file: str, line: int) -> tuple[int, int] | None:
        """The 1-based cell and its line that `line` comes from; None where it comes from no cell."""
        known = self.lines.get(file, ())
        at = bisect_right(known, line, key=lambda entry: entry[0]) - 1
        if at < 0 or line - known[at][0] > _REACH:
            return None
        _, cell, cell_line = known[at]
        return cell, cell_line


def read_places(project: Path) -> Places:
    """The map of the project in `project`; empty where there is none: it only helps to explain."""
    try:
        said = json.loads((project / "nb2prod.json").read_text(encoding="utf-8"))["map"]
        lines = {
            str(file): tuple(sorted((int(line), int(cell), int(own)) for line, cell, own in entries))
            for file, entries in said.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Places({})
    return Places(lines)


def explain(project: Path, result: TestResult) -> TestResult:
    """`result` with the notebook's cell and line behind each place in generated code that a failure names."""
    places = read_places(project)

    def told(text: str) -> str:
        return _PLACE.sub(lambda found: _with_cell(found, places), text)

    return replace(result, failures=tuple(told(failure) for failure in result.failures))


def _with_cell(found: re.Match[str], places: Places) -> str:
    place = places.find(found[1], int(found[2]))
    return f"{found[0]} (cell {place[0]}, line {place[1]})" if place else found[0]
