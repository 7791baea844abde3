"""The boundary of a notebook that makes features before its prediction: a caller sends the rows they are made of.

Where preprocessing stands on the way of the rows, the request is the table that enters it, and the prediction repeats
the steps with what training kept.
"""

import ast
from dataclasses import replace

from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.lineage import Lineage, tables_behind, trace
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.request import first_made
from nb2prod.analysis.values import Problem
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.roles import Role
from nb2prod.plan.boundary import Boundary
from nb2prod.plan.keeping import Keeping, plan_keeping

_REMEDY = (
    "Put an example of the raw input into a cell of its own and tag it `request`; or the step into a scikit-learn "
    "Pipeline, or a function that the inference cell calls."
)


def with_features(
    graph: NotebookGraph, boundary: Boundary, remark: Finding
) -> tuple[Boundary | None, tuple[Finding, ...]]:
    """The boundary with its request at the first feature, or an error finding that names what stands in the way.

    `remark` is told where no features are made.
    """
    (name,) = boundary.request
    at = boundary.starts[name]
    behind = tables_behind(graph, name, at) & set(boundary.artifacts)
    whole = next((a for a in sorted(behind) if _is_one_value(graph, boundary, a)), None)
    found = trace(graph, name, at, whole)
    if isinstance(found, Problem) and whole is not None:
        whole, found = None, trace(graph, name, at)
    made = first_made(graph, name, at)
    if isinstance(found, Problem):
        return None, (_problem(graph, found, name, made or graph.statements[at]),)
    if isinstance(found, Lineage) and not found.deeds:
        return boundary, (remark,)
    if not isinstance(found, Lineage):
        return (boundary, (remark,)) if made is None else (None, (_skew(made, name, _REMEDY),))
    strange = dict.fromkeys(
        graph.statements[d.number] for d in found.deeds
        if d.value.made and graph.statements[d.number].role not in (Role.PREPROCESSING, Role.INFERENCE)
    )  # fmt: skip
    if strange:
        return None, tuple(_skew(s, _made_by(found, s), "Tag this cell `preprocessing`. ") for s in _by_cell(strange))
    if found.request in boundary.artifacts and found.request != whole:
        first = graph.statements[boundary.starts[found.request]]
        return None, (_error("NB351", f"the prediction reads the whole table `{found.request}`, of which a caller "
                             "sends other rows.", _REMEDY, first),)  # fmt: skip
    keeping = plan_keeping(graph, found, at)
    if isinstance(keeping, Problem):
        return None, (_problem(graph, keeping, name, graph.statements[found.start]),)
    return _widened(graph, boundary, keeping), (_told(graph, found), *_leaks(graph, found))


def _is_one_value(graph: NotebookGraph, boundary: Boundary, name: str) -> bool:
    """Whether every statement of the prediction that reads the name reads the same value."""
    return len({graph.reads[n][name] for n in boundary.prediction if name in graph.reads[n]}) == 1


def _widened(graph: NotebookGraph, boundary: Boundary, keeping: Keeping) -> Boundary:
    lineage = keeping.lineage
    kept = {k.name: k.number for k in keeping.keeps}
    starts = {n: s for n, s in boundary.starts.items() if n != lineage.input}
    starts |= {n: keeping.at for n in keeping.fixed if n not in starts} | kept | {lineage.request: lineage.start}
    prediction = tuple(sorted({*boundary.prediction, *lineage.statements}))
    return replace(
        boundary,
        prediction=prediction,
        request=(lineage.request,),
        artifacts=tuple(sorted({*boundary.artifacts, *keeping.fixed, *kept} - {lineage.request})),
        starts=starts,
        predict_cell=min(graph.statements[n].cell for n in prediction),
        keeping=keeping,
    )


def _told(graph: NotebookGraph, lineage: Lineage) -> Finding:
    s = graph.statements[lineage.start]
    return Finding(
        "NB353", Severity.INFO, f"no request cell: a caller sends rows of `{lineage.request}` as it is here, before "
        "the first feature is made.", s.cell, s.first_line, "Tag an example input `request` where that is not meant.",
    )  # fmt: skip


def _leaks(graph: NotebookGraph, lineage: Lineage) -> list[Finding]:
    """Whatever is fitted on the way of the golden rows has seen them."""
    fitted = {graph.statements[d.number]: m for d in lineage.deeds for m in d.value.marks
              if m.what in ("fitted", "encoded")}  # fmt: skip
    return [
        Finding("NB354", Severity.WARNING, f"`{ast.unparse(fitted[s].node)}` is fitted to the rows that the model is "
                "tried on, so the metrics may flatter (leakage).", s.cell, s.first_line,
                "Split first; fit to the training rows, and only transform the others.")
        for s in _by_cell(dict.fromkeys(fitted))
    ]  # fmt: skip


def _by_cell(statements: dict[Statement, None]) -> list[Statement]:
    """The first of each cell."""
    return list({s.cell: s for s in reversed(statements)}.values())[::-1]


def _made_by(lineage: Lineage, s: Statement) -> str:
    """What a statement makes: its columns, or the table."""
    deeds = [d for d in lineage.deeds if d.number == s.number]
    columns = [c for d in deeds for c in sorted(d.columns or ())]
    return ", ".join(f"{d}" for d in dict.fromkeys(columns)) if columns else deeds[0].name


def _skew(s: Statement, what: str, hint: str) -> Finding:
    return _error("NB320", f"`{what}` holds what this line made of the data, so a caller would have to send it "
                  "(training-serving skew).", hint.strip(), s)  # fmt: skip


def _problem(graph: NotebookGraph, problem: Problem, name: str, made: Statement) -> Finding:
    node = problem.node
    line = getattr(node, "lineno", made.first_line)
    cell = next((s.cell for s in graph.statements for n in _nodes(s) if n is node), made.cell)
    written = _written(graph, name, made)
    message = f"`{written}` is made of rows in a way that a prediction cannot repeat: {problem.message}."
    return Finding(problem.code, Severity.ERROR, message, cell, line, _REMEDY)


def _written(graph: NotebookGraph, name: str, made: Statement) -> str:
    """The name, or the expression of the notebook that was given it: ``X_test[:, 3:]`` for `rows`."""
    for s in graph.statements[made.number :]:
        if s.literal and s.facts.binds == {name} and isinstance(s.node, ast.Assign):
            return ast.unparse(s.node.value)
    return name


def _nodes(s: Statement) -> list[ast.AST]:
    return list(walk(s.node))


def _error(code: str, message: str, hint: str, s: Statement) -> Finding:
    return Finding(code, Severity.ERROR, message, s.cell, s.first_line, hint)
