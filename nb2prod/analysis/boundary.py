"""Where training ends and prediction begins.

    training                         |  prediction
    df, X, scaler, model             |  request -> Z -> response
                 scaler, model  ---- artifacts ---->

The prediction is the backward slice of the response through the inference cells (and the preprocessing that the request
flows through). What it reads from before is the boundary: imports, functions and constants become code, names bound in
a request cell are the request, everything else is an artifact.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from nb2prod.analysis import effects
from nb2prod.analysis.facts import roots
from nb2prod.analysis.graph import Contributors, NotebookGraph, Statement
from nb2prod.analysis.names import kind_of
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.roles import Role


@dataclass(frozen=True, slots=True)
class Boundary:
    """Statement numbers, in notebook order. `response` is the name that holds it, None for a bare expression.

    `prediction` are the statements a prediction repeats; `response_statement` is among them. `code` are the function,
    class, constant and import statements that prediction and training refer to.
    """

    prediction: tuple[int, ...]
    response_statement: int
    response: str | None
    request: tuple[str, ...]
    artifacts: tuple[str, ...]
    predict_cell: int
    response_cell: int
    metrics: tuple[str, ...]


def find_boundary(graph: NotebookGraph) -> tuple[Boundary | None, tuple[Finding, ...]]:
    """The boundary, or None with an error finding that says what to do."""
    inference = graph.notebook.with_role(Role.INFERENCE)
    if not any(cell.role for cell in graph.notebook.cells):
        return None, (
            _error("NB301", "no cell has a role.", "Tag the cells: `training` on the one that fits the model, "
                   "`request` on an example input, `inference` on the prediction."),
        )  # fmt: skip
    if not inference:
        return None, (
            _error("NB302", "no cell is tagged `inference`.", "Tag the cell whose last expression is the prediction."),
        )
    response = _response(graph)
    if response is None:
        cell = inference[-1].index
        return None, (
            _error("NB303", "the inference cells have no response.",
                   "End the last one with the prediction: an expression, or an assignment to a name.", cell),
        )  # fmt: skip
    statement, name = response
    return _boundary_of(graph, statement, name)


def _boundary_of(
    graph: NotebookGraph, response: Statement, name: str | None
) -> tuple[Boundary | None, tuple[Finding, ...]]:
    findings: list[Finding] = []
    inside = _inside(graph)
    prediction, inputs = _prediction(graph, response.number, inside)
    requested = {s.number for s in graph.statements if s.role is Role.REQUEST}
    has_request_cell = bool(requested)
    request = tuple(n for n, c in inputs.items() if c & requested)
    if not has_request_cell:
        request, remark = _inferred_request(graph, prediction, inputs)
        findings.append(remark)
    elif not request:
        cell = graph.notebook.with_role(Role.REQUEST)[0].index
        findings.append(
            _error("NB304", "the prediction does not use what the request cell defines.",
                   "Let the inference cell read it, or move the `request` tag.", cell)
        )  # fmt: skip
    if not request:
        return None, tuple(findings)
    artifacts = tuple(n for n in sorted(inputs) if n not in request)
    predict_cell = min(graph.statements[n].cell for n in prediction)
    metrics = tuple(
        dict.fromkeys(
            n for s in graph.statements if s.role is Role.EVALUATION and s.facts.function is None
            and not s.facts.imports for n in sorted(s.facts.binds | s.facts.maybe)
        )
    )  # fmt: skip
    before = graph.before_cell[predict_cell]
    for missing in (n for n in (*request, *artifacts) if n not in before):
        findings.append(
            _error("NB305", f"`{missing}` is made only after the prediction has begun (cell {predict_cell}).",
                   "Move the cell that makes it above the inference cells.", predict_cell)
        )  # fmt: skip
    boundary = Boundary(
        tuple(sorted(prediction)), response.number, name, tuple(sorted(request)), artifacts,
        predict_cell, response.cell, metrics,
    )  # fmt: skip
    findings += _changed_artifacts(graph, boundary)
    return boundary, tuple(findings)


def _response(graph: NotebookGraph) -> tuple[Statement, str | None] | None:
    """The last expression of the inference cells, or their last assigned name; mere display is passed over."""
    cells = {c.index for c in graph.notebook.with_role(Role.INFERENCE)}
    statements = [s for s in graph.statements if s.cell in cells]
    last_cell = max((s.cell for s in statements), default=0)
    for statement in reversed(statements):
        match statement.node:
            case ast.Expr(value=value) if statement.cell == last_cell and not _is_display(graph, value):
                if statement is not [s for s in statements if s.cell == last_cell][-1]:
                    continue  # only the last expression of a cell is shown
                return statement, value.id if isinstance(value, ast.Name) else None
            case ast.Assign(targets=[ast.Name(id=name), *_]) | ast.AnnAssign(target=ast.Name(id=name)):
                return statement, name
            case ast.With() | ast.If() | ast.For() | ast.Try() | ast.AugAssign():
                bound = [u.name for u in statement.facts.uses if u.context == "store" and not u.late]
                if bound:
                    return statement, bound[-1]
    return None


def _is_display(graph: NotebookGraph, value: ast.expr) -> bool:
    if not isinstance(value, ast.Call):
        return False
    if isinstance(value.func, ast.Name):
        return value.func.id in {"print", "display"}
    names = roots(value.func)
    return any(graph.modules.get(n.id, "").split(".")[0] in effects.DISPLAY_MODULES for n in names)


def _inside(graph: NotebookGraph) -> Contributors:
    """Statements a prediction may repeat: the inference cells, and preprocessing that the request flows through."""
    reached = {s.number for s in graph.statements if s.role is Role.REQUEST}
    inside: set[int] = set()
    for s in graph.statements:
        downstream = any(c & reached for c in graph.reads[s.number].values())
        if downstream:
            reached.add(s.number)
        if s.role is Role.INFERENCE or (s.role is Role.PREPROCESSING and downstream):
            inside.add(s.number)
    return frozenset(inside)


def _prediction(graph: NotebookGraph, start: int, inside: Contributors) -> tuple[set[int], dict[str, Contributors]]:
    """(the statements of the prediction, what they read from before it)."""
    found: set[int] = set()
    inputs: dict[str, Contributors] = {}
    pending = [start]
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


def _inferred_request(
    graph: NotebookGraph, prediction: Iterable[int], inputs: dict[str, Contributors]
) -> tuple[tuple[str, ...], Finding]:
    """Without a request cell: what the prediction call consumes. Two readings are asked about, never guessed."""
    consumed: set[str] = set()
    for number in prediction:
        for call in graph.statements[number].facts.calls:
            is_prediction = isinstance(call.node.func, ast.Attribute) and call.node.func.attr in {
                "predict", "predict_proba", "transform", "decision_function", "score_samples",
            }  # fmt: skip
            own = isinstance(call.node.func, ast.Name)
            if is_prediction or own:
                consumed |= {n.id for a in call.node.args for n in roots(a)}
    fitted = {
        n for n, c in inputs.items()
        if any(_makes_a_model(graph.statements[i]) for i in c)
    }  # fmt: skip
    candidates = sorted(n for n in inputs if n in consumed and n not in fitted)
    hint = "Put an example input into a cell of its own above the inference cell and tag it `request`."
    if len(candidates) != 1:
        listed = ", ".join(f"`{c}`" for c in candidates) or "none fits"
        return (), _error("NB306", f"which value does a caller send? ({listed})", hint)
    name = candidates[0]
    made = [graph.statements[n] for n in graph.slice(inputs[name])]
    for s in made:
        writes_column = isinstance(s.node, ast.Assign) and any(isinstance(t, ast.Subscript) for t in s.node.targets)
        if writes_column:
            return (), Finding(
                "NB320", Severity.ERROR,
                f"`{name}` holds columns that this line made, so a caller would have to send them "
                "(training-serving skew).", s.cell, s.first_line,
                "Put the step into a function that the inference cell calls, or tag an example of the raw input "
                "`request`.",
            )  # fmt: skip
    finding = Finding(
        "NB307", Severity.INFO, f"no request cell: `{name}` is taken to be what a caller sends.", hint=hint
    )
    return (name,), finding


def _makes_a_model(statement: Statement) -> bool:
    return any(
        isinstance(c.node.func, ast.Attribute) and c.node.func.attr in {"fit", "train", "partial_fit"}
        for c in statement.facts.calls
    )


def _changed_artifacts(graph: NotebookGraph, boundary: Boundary) -> list[Finding]:
    """A prediction that changes an artifact would answer the second request differently."""
    findings = []
    for number in boundary.prediction:
        s = graph.statements[number]
        if number == boundary.response_statement and not s.facts.mutates and not _mutates_by_name(s):
            continue  # a bare last expression is shown: it is there for its value
        harmless = {
            n.id for c in s.facts.calls if isinstance(c.node.func, ast.Attribute)
            and c.node.func.attr in effects.IDEMPOTENT_METHODS for n in roots(c.node.func.value)
        }  # fmt: skip
        for name in sorted(graph.changes[number] & set(boundary.artifacts) - harmless):
            if name in s.facts.binds:
                continue
            findings.append(
                _error("NB323", f"the prediction changes the artifact `{name}`, so a second request would get "
                       "another answer.", "Change a copy instead.", s.cell, s.first_line)
            )  # fmt: skip
    return findings


def _mutates_by_name(statement: Statement) -> bool:
    return any(
        isinstance(c.node.func, ast.Attribute) and c.node.func.attr in effects.MUTATING_METHODS
        for c in statement.facts.calls
    )


def _error(code: str, message: str, hint: str, cell: int | None = None, line: int | None = None) -> Finding:
    return Finding(code, Severity.ERROR, message, cell, line, hint)
