"""Where training ends and prediction begins.

    training                         |  prediction
    df, X, scaler, model             |  request -> Z -> response
                 scaler, model  ---- artifacts ---->

The prediction is the backward slice of the response through the inference cells (and the preprocessing that the request
flows through). What it reads from before is the boundary: imports, functions and constants become code, names bound in
a request cell are the request, everything else is an artifact.
"""

import ast
from collections.abc import Mapping
from dataclasses import replace

from nb2prod.analysis.answers import answers_before
from nb2prod.analysis.beside import training_beside
from nb2prod.analysis.graph import NotebookGraph, Response, Statement
from nb2prod.analysis.guards import is_guard
from nb2prod.analysis.labels import labels_beside
from nb2prod.analysis.names import kind_of
from nb2prod.analysis.no_response import fewer_answers, fitted_to_rows
from nb2prod.analysis.objects import Contributors
from nb2prod.analysis.request import inferred_request, taken_to_be, typed_request
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.roles import Role
from nb2prod.plan.boundary import Boundary
from nb2prod.plan.copied import copied_artifacts
from nb2prod.plan.features import with_features


def find_boundary(graph: NotebookGraph) -> tuple[Boundary | None, tuple[Finding, ...]]:
    """The boundary, or None with an error finding that says what to do."""
    inference = graph.notebook.with_role(Role.INFERENCE)
    if not any(cell.role for cell in graph.notebook.cells):
        return None, (
            _error("NB301", "no cell has a role.", "Run `nb2prod suggest NOTEBOOK`: it proposes a role for "
                   "each cell, and writes them with --apply."),
        )  # fmt: skip
    if not inference:
        return None, (
            _error("NB302", "no cell is tagged `inference`.", "Tag the cell whose last expression is the prediction."),
        )
    response = graph.response
    assert response is not None  # there are inference cells
    if isinstance(response, Finding):
        return None, (response,)
    return _boundary_of(graph, response)


def _boundary_of(graph: NotebookGraph, response: Response) -> tuple[Boundary | None, tuple[Finding, ...]]:
    findings: list[Finding] = []
    last, name = response.statement, response.name
    if response.part is not None:
        return None, (
            _error("NB345", "the prediction stands inside this f-string, where it cannot be cut out.",
                   "Assign it to a name first.", last.cell, last.first_line),
        )  # fmt: skip
    requested = frozenset(s.number for s in graph.statements if s.role is Role.REQUEST)
    labels = labels_beside(graph, [n for s in requested for n in graph.bound_by(s)])
    downstream = _downstream(graph, requested, labels)
    inside = _inside(graph, downstream, last.number, labels)
    start = {last.number}
    if name is not None:  # changes made to it after it was assigned are part of it
        later = {n for n in graph.after_cell(last.cell, name) & inside
                 if n == last.number or graph.place(n) != graph.place(last.number)}  # fmt: skip
        start |= {n for n in later if name in graph.bound_by(n) or graph.changes_any(graph.surely[n], n, name)}
    prediction, inputs = _prediction(graph, start, inside)
    stated = bool(requested) and not any(graph.statements[n].assumed for n in requested)
    if not stated and (earlier := answers_before(graph, inputs, min(prediction))):
        inside |= earlier
        prediction, inputs = _prediction(graph, start, inside)
    guards, unknown = _guards(graph, prediction, inputs, inside, last, name)
    prediction |= guards
    findings += unknown
    request = tuple(n for n, c in inputs.items() if any(n in graph.bound_by(s) for s in c & requested))
    if not stated:
        request, remark = (request, taken_to_be(request[0])) if request else inferred_request(graph, prediction, inputs)
        findings.append(remark)
    elif not request:
        cell = min(graph.statements[n].cell for n in requested)
        findings.append(
            _error("NB304", "the prediction does not use what the request cell defines.",
                   "Let the inference cell read it, or move the `request` tag.", cell)
        )  # fmt: skip
    elif not graph.notebook.with_role(Role.REQUEST):
        findings.append(typed_request(graph, request[0], min(requested)))
    fitting = fitted_to_rows(graph.statements[n] for n in sorted(prediction))
    if fitting is not None:
        return None, (fitting,)
    if not request:
        return None, tuple(findings)
    few = None if stated else fewer_answers(graph, sorted(prediction))
    if few is not None:
        return None, (few,)
    if name in request and all(_only_names(graph.statements[n], name) for n in prediction):
        return None, (
            _error("NB306", f"which value does a caller send? (`{name}` is the answer itself, and nothing behind it "
                   "fits)", "Put an example input into a cell of its own above the inference cell, tag it `request`, "
                   "and use it there.", last.cell, last.first_line),
        )  # fmt: skip
    starts = {n: min(p for p in prediction if n in graph.reads[p] and graph.reads[p][n] - inside) for n in inputs}
    boundary = Boundary(
        prediction=tuple(sorted(prediction)),
        response_statement=max(start),
        response=name,
        request=tuple(sorted(request)),
        artifacts=tuple(n for n in sorted(inputs) if n not in request),
        starts=starts,
        copied=(),
        predict_cell=min(graph.statements[n].cell for n in prediction),
        response_cell=last.cell,
        metrics=_metrics(graph),
    )
    findings += _labels_read(graph, boundary, labels_beside(graph, boundary.request))
    findings += _misplaced(graph, boundary, inputs, downstream, inside)
    copied, remarks = copied_artifacts(graph, boundary)
    boundary = replace(boundary, copied=copied)
    if not stated:
        widened, told = with_features(graph, boundary, findings[0])
        return widened, (*told, *findings[1:], *remarks)
    return boundary, (*findings, *remarks)


def _metrics(graph: NotebookGraph) -> tuple[str, ...]:
    """The names that evaluation cells bind: those that turn out to hold numbers are metrics."""
    bound = (
        name for s in graph.statements if s.role is Role.EVALUATION and s.facts.definition is None
        and not s.facts.imports for name in sorted(s.facts.binds | s.facts.maybe)
    )  # fmt: skip
    return tuple(dict.fromkeys(bound))


def _downstream(graph: NotebookGraph, requested: Contributors, labels: frozenset[str]) -> Contributors:
    """The request and everything computed from it, but for what is found with the labels of its rows."""
    reached = set(requested)
    for s in graph.statements:
        reads = graph.reads[s.number]
        if any(c & reached for c in reads.values()) and not labels & reads.keys():
            reached.add(s.number)
    return frozenset(reached)


def _inside(graph: NotebookGraph, downstream: Contributors, response: int, labels: frozenset[str]) -> Contributors:
    """Statements a prediction may repeat: the inference cells', and preprocessing that the request flows through.

    A cell without a role between request and inference is preprocessing that nobody tagged. What stands in an inference
    cell, does not depend on the request and takes its values from before, or fits, is training, and so is what is found
    with the `labels` of its rows.
    """
    repeatable = (Role.PREPROCESSING, Role.FUNCTIONS, None)
    flow = {s.number for s in graph.statements if s.number in downstream
            and (s.role is Role.INFERENCE or s.role in repeatable)}  # fmt: skip
    beside = {s.number for s in graph.statements if s.role is Role.INFERENCE} - flow
    training = training_beside(graph, flow, beside, response)
    measured = {n for n in beside & graph.slice([response]) if labels & graph.reads[n].keys() and n != response}
    return frozenset(flow | (beside - training - graph.slice(measured)))


def _prediction(
    graph: NotebookGraph, start: set[int], inside: Contributors
) -> tuple[set[int], dict[str, Contributors]]:
    """(the statements of the prediction, what they read from before it)."""
    found: set[int] = set()
    inputs: dict[str, Contributors] = {}
    pending = list(start)
    while pending:
        number = pending.pop()
        if number in found:
            continue
        found.add(number)
        for name, contributors in graph.reads[number].items():
            kind = kind_of(graph, contributors)
            if kind in ("import", "feature") or (kind == "constant" and not contributors & inside):
                continue
            pending += contributors & inside
            outside = contributors - inside
            if outside:
                inputs[name] = inputs.get(name, frozenset()) | outside
    return found, inputs


def _guards(
    graph: NotebookGraph, prediction: set[int], inputs: Mapping[str, Contributors], inside: Contributors,
    response: Statement, name: str | None,
) -> tuple[set[int], list[Finding]]:  # fmt: skip
    """What refuses a request or an answer, of values that the prediction has anyway: without it, what the notebook
    refuses would be answered. And findings on what needs more than that."""

    def is_known(name: str, contributors: Contributors) -> bool:
        if kind_of(graph, contributors) in ("import", "feature", "constant") and not contributors & inside:
            return True
        return contributors & inside <= prediction and contributors - inside <= inputs.get(name, frozenset())

    found: set[int] = set()
    findings = []
    for s in graph.statements:
        if s.number not in inside - prediction or not is_guard(s.node):
            continue
        if s.number > response.number and (name is None or s.cell != response.cell):
            continue
        unknown = sorted(each for each, c in graph.reads[s.number].items() if not is_known(each, c))
        if not unknown:
            found.add(s.number)
            continue
        findings.append(
            Finding("NB347", Severity.WARNING,
                    f"the package leaves this check out: the prediction has no `{unknown[0]}`.", s.cell, s.first_line,
                    "Compare with a small value that training keeps and the prediction reads, e.g. a list of columns.")
        )  # fmt: skip
    return found, findings


def _labels_read(graph: NotebookGraph, boundary: Boundary, labels: frozenset[str]) -> list[Finding]:
    """Labels of the example's rows that the prediction would set against the rows of others."""
    return [
        _error("NB346", f"the prediction reads `{name}`, the labels of the rows in the request.",
               "Keep what is measured with them apart: in a cell above that is tagged `training`, or below.", s.cell,
               s.first_line)
        for name in boundary.artifacts if name in labels
        for s in [graph.statements[boundary.starts[name]]]
    ]  # fmt: skip


def _misplaced(
    graph: NotebookGraph,
    boundary: Boundary,
    inputs: Mapping[str, Contributors],
    downstream: Contributors,
    inside: Contributors,
) -> list[Finding]:
    """Artifacts that have several values while the prediction runs, or that depend on the request."""
    findings = []
    for name in (*boundary.request, *boundary.artifacts):
        start = boundary.starts[name]
        contributors = graph.reads[start][name] - inside
        cell = graph.statements[start].cell
        later = inputs[name] - contributors
        if name.startswith("state of "):
            findings.append(
                _error("NB324", f"the prediction goes on drawing random numbers where training stopped ({name}).",
                       "Set a seed in the inference cell.", cell)
            )  # fmt: skip
        elif " " in name:
            continue  # a file, a module's state: `nb2prod.plan.surroundings` tells
        elif later:
            last = graph.statements[max(later)]
            findings.append(
                _error("NB305", f"`{name}` is made or changed here, after the prediction has begun in cell {cell}.",
                       f"Move this above cell {cell}.", last.cell, last.first_line)
            )  # fmt: skip
        elif name in boundary.artifacts and contributors & downstream:
            made = graph.statements[max(contributors & downstream)]
            findings.append(
                _error("NB321", f"`{name}` is computed from the request here, but the prediction would keep it fixed.",
                       "Tag this cell `preprocessing`, or compute it in the inference cell.", made.cell,
                       made.first_line)
            )  # fmt: skip
    return findings


def _only_names(s: Statement, name: str | None) -> bool:
    """Whether the statement does nothing but name the value, as the last line of a cell does to show it."""
    return isinstance(s.node, ast.Expr) and isinstance(s.node.value, ast.Name) and s.node.value.id == name


def _error(code: str, message: str, hint: str, cell: int | None = None, line: int | None = None) -> Finding:
    return Finding(code, Severity.ERROR, message, cell, line, hint)
