"""What a reader should know of the selection: cells pulled in, names nobody defines."""

from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.hidden import undefined_words
from nb2prod.analysis.namespace import is_builtin
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.roles import Role
from nb2prod.plan.boundary import Boundary
from nb2prod.plan.selection import Selection

_EXPECTED = {
    "training": (Role.PARAMETERS, Role.IMPORTS, Role.FUNCTIONS, Role.PREPROCESSING, Role.TRAINING, Role.EVALUATION,
                 Role.REQUEST, Role.INFERENCE),
    "prediction": (Role.FUNCTIONS, Role.PREPROCESSING, Role.INFERENCE),
}  # fmt: skip


def find_remarks(graph: NotebookGraph, boundary: Boundary, selection: Selection) -> list[Finding]:
    return [
        *_pulled_in(graph, selection.training, "training"),
        *_pulled_in(graph, _own(boundary), "prediction"),
        *_undefined(graph, selection),
        *_star_imports(graph),
    ]


def _own(boundary: Boundary) -> tuple[int, ...]:
    """The prediction without the way of its rows, whose cells have the roles they need."""
    followed = boundary.keeping.lineage.statements if boundary.keeping else ()
    return tuple(n for n in boundary.prediction if n not in followed)


def _pulled_in(graph: NotebookGraph, numbers: tuple[int, ...], purpose: str) -> list[Finding]:
    findings = []
    strange = [n for n in numbers if graph.statements[n].role not in _EXPECTED[purpose]]
    for cell in sorted({graph.statements[n].cell for n in strange}):
        here = [n for n in strange if graph.statements[n].cell == cell]
        names = sorted({x for n in here for x in graph.bound_by(n) | graph.direct(n)})
        listed = ", ".join(f"`{x}`" for x in names) or (
            "files" if any(graph.files[n] for n in here) else "a random seed"
        )
        role = graph.statements[here[0]].role
        which = f"this cell is tagged `{role.value}`" if role else "this cell has no role"
        findings.append(
            Finding("NB308", Severity.INFO, f"{which} but {purpose} needs it for {listed}.", cell,
                    graph.statements[here[0]].first_line)
        )  # fmt: skip
    return findings


def _undefined(graph: NotebookGraph, selection: Selection) -> list[Finding]:
    needed = {*selection.used, *selection.code}
    findings = [
        _undefined_name(graph, name, number, needed=number in needed) for number, name in graph.undefined
    ]  # fmt: skip
    known = {name for n in needed for name in graph.reads[n]} | graph.final.keys()
    for number in selection.code:
        definition = graph.definitions.get(number)
        for name in sorted(definition.late_reads - known) if definition else ():
            if not is_builtin(name):
                findings.append(_undefined_name(graph, name, number, needed=True))
    return findings


def _undefined_name(graph: NotebookGraph, name: str, number: int, *, needed: bool) -> Finding:
    s = graph.statements[number]
    message, hint = undefined_words(graph, name, s.cell)
    return Finding("NB309", Severity.ERROR if needed else Severity.WARNING, message, s.cell, s.first_line, hint)


def _star_imports(graph: NotebookGraph) -> list[Finding]:
    return [
        Finding("NB314", Severity.ERROR, f"`from {module} import *` hides which names it defines.", s.cell,
                s.first_line, "Import the names that the notebook uses.")
        for s in graph.statements
        for module in s.facts.star_imports
    ]  # fmt: skip
