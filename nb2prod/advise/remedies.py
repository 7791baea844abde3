"""What a finding asks for, where it is a change of roles: the cells and the roles they would have instead.

Only what the finding itself proposes. A secret is never declared to be none here: that is its owner's to say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nb2prod.advise.suggestion import Suggestion
from nb2prod.model.findings import Finding
from nb2prod.model.roles import Role


@dataclass(frozen=True, slots=True)
class Remedy:
    """`finding` is the position among the findings; `roles` what the cells would have, None for no role."""

    finding: int
    roles: dict[int, Role | None]


def remedies(
    findings: Sequence[Finding], suggestions: Sequence[Suggestion], roles: Mapping[int, Role]
) -> tuple[Remedy, ...]:
    """At most one for each finding; `roles` are those the cells have."""
    new = {s.cell: s.role for s in suggestions if s.role is not None and not s.tagged}
    found = ((n, _wanted(finding, new, roles)) for n, finding in enumerate(findings))
    return tuple(Remedy(n, wanted) for n, wanted in found if wanted)


def _wanted(finding: Finding, new: Mapping[int, Role], roles: Mapping[int, Role]) -> dict[int, Role | None]:
    cell = finding.cell
    match finding.code:
        case "NB301":
            return dict(new)
        case "NB302":
            return {c: role for c, role in new.items() if role in (Role.INFERENCE, Role.REQUEST)}
        case "NB135" | "NB137" if cell is not None and cell in new:
            return {cell: new[cell]}
        case "NB320" | "NB321" if cell is not None and f"Tag this cell `{Role.PREPROCESSING.value}`" in finding.hint:
            return {cell: Role.PREPROCESSING}
        case "NB304" if cell is not None and roles.get(cell) is Role.REQUEST:
            return {cell: None}
        case "NB308" if cell is not None and roles.get(cell) is Role.SKIP:
            return {cell: None}
    return {}
