"""What is proposed for a notebook, as values."""

from dataclasses import dataclass

from nb2prod.model.findings import Finding
from nb2prod.model.roles import Role


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another cell that could have the role instead."""

    cell: int
    reason: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The role of one code cell, or none, with what was seen that speaks for it.

    `cell` is the 1-based position in the notebook. `confidence` is between 0 and 1; 1 for a cell that has its role
    already (`tagged`). `alternatives` are cells that could have this role in place of this one.
    """

    cell: int
    role: Role | None
    reason: str
    confidence: float
    tagged: bool = False
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True, slots=True)
class Advice:
    """One suggestion for each code cell. A finding of severity error says why no prediction could be chosen."""

    suggestions: tuple[Suggestion, ...]
    findings: tuple[Finding, ...]

    def role_of(self, cell: int) -> Role | None:
        return next((s.role for s in self.suggestions if s.cell == cell), None)
