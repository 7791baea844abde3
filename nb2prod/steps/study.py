"""Everything an editor shows of a notebook while its user decides on roles: nothing runs, nothing is written.

    study(data, path, {4: Role.TRAINING})  ─►  Study: roles, suggestions, findings, statements, boundary, graph

The desktop wizard asks for it after each change, with the roles that are not saved yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nb2prod.advise import suggest_roles
from nb2prod.advise.remedies import Remedy, remedies
from nb2prod.advise.suggestion import Alternative
from nb2prod.drawing.layout import Drawing, lay_out
from nb2prod.model.findings import Finding
from nb2prod.model.notebook import Notebook
from nb2prod.model.roles import Role
from nb2prod.notebook.tags import changed_tags, write_tags
from nb2prod.secrets import mask_of, masked
from nb2prod.steps.check import BoundarySummary, Use, production_use, report_on
from nb2prod.steps.own_code import find_own_code
from nb2prod.steps.reading import Analysis, analyse, notebook_from, shallow_code


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of the notebook: its 1-based cell and lines, the names it binds or changes, the numbers of the
    statements that it reads from, and where it ends up in production."""

    number: int
    cell: int
    first: int
    last: int
    names: tuple[str, ...]
    reads: tuple[int, ...]
    use: Use


@dataclass(frozen=True, slots=True)
class Proposal:
    """A role for a cell that has none, with its reason; `confidence` is between 0 and 1. `alternatives` are cells
    that could have it instead."""

    cell: int
    role: Role
    reason: str
    confidence: float
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True, slots=True)
class Study:
    """`roles` are those of the code cells that have one, with the changes asked for; `remedies` are the changes of
    roles that findings propose."""

    digest: str
    roles: dict[int, Role]
    proposals: tuple[Proposal, ...]
    findings: tuple[Finding, ...]
    statements: tuple[Statement, ...]
    boundary: BoundarySummary | None
    drawing: Drawing
    remedies: tuple[Remedy, ...] = ()

    def remedy(self, finding: int) -> Remedy | None:
        """What the finding at this position proposes."""
        return next((r for r in self.remedies if r.finding == finding), None)


def retagged(data: bytes, notebook: Notebook, roles: Mapping[int, Role | None]) -> bytes:
    """The file's bytes with these roles written as tags. Raises InputError NB225 for nbformat 3."""
    changes = changed_tags(notebook, roles)
    return write_tags(data, changes, notebook.name) if changes else data


def study(data: bytes, path: Path, roles: Mapping[int, Role | None], read: Notebook | None = None) -> Study:
    """`read` is the notebook in the bytes, where it is known. Raises InputError where the bytes are no notebook, or
    cannot hold tags."""
    notebook = read or notebook_from(data, path)
    if roles:
        notebook = notebook_from(retagged(data, notebook, roles), path)
    own = find_own_code(notebook, path.absolute().parent)
    analysis = analyse(notebook, own)
    report = report_on(analysis)
    with shallow_code(notebook):
        advice = suggest_roles(analysis.graph)
    known = {*analysis.findings}
    findings = (*analysis.findings, *(f for f in advice.findings if f not in known))
    now = {cell.index: cell.role for cell in notebook.cells if cell.role is not None}
    return Study(
        digest=notebook.digest,
        roles=now,
        proposals=tuple(
            Proposal(s.cell, s.role, s.reason, s.confidence, s.alternatives)
            for s in advice.suggestions
            if s.role is not None and not s.tagged
        ),
        findings=masked(findings, mask_of(())),
        statements=_statements(analysis),
        boundary=report.boundary,
        drawing=lay_out(report.graph),
        remedies=remedies(findings, advice.suggestions, now),
    )


def _statements(analysis: Analysis) -> tuple[Statement, ...]:
    graph = analysis.graph
    use = production_use(analysis)
    return tuple(
        Statement(
            number=s.number,
            cell=s.cell,
            first=s.first_line,
            last=s.last_line,
            names=tuple(sorted(graph.bound_by(s.number) | graph.direct(s.number))),
            reads=tuple(sorted({n for contributors in graph.reads[s.number].values() for n in contributors})),
            use=use(s.number),
        )
        for s in graph.statements
    )
