"""Findings: things the user should know about the notebook. Values, never raised."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    """Conversion stops: equality with the notebook could not be shown."""
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark about the notebook.

    `code` is stable for ever once released: ``NB1xx`` reading, ``NB2xx`` names, parameters and settings,
    ``NB3xx`` roles and data flow, ``NB4xx`` requirements, ``NB5xx`` the notebook's run, ``NB6xx`` artifacts,
    ``NB7xx`` proof, ``NB8xx`` MLflow, ``NB9xx`` outside tools.
    `cell` is the 1-based position in the notebook, `line` the 1-based line in that cell's source.
    """

    code: str
    severity: Severity
    message: str
    cell: int | None = None
    line: int | None = None
    hint: str = ""

    def __str__(self) -> str:
        where = ""
        if self.cell is not None:
            where = f"cell {self.cell}" + (f", line {self.line}" if self.line is not None else "") + ": "
        return f"{self.code} {where}{self.message}" + (f" {self.hint}" if self.hint else "")
