"""The request of a notebook without a request cell: what the prediction call consumes and training does not fit.

    model = LinearRegression().fit(X, y)
    model.predict(new_rows)                 the request is `new_rows`

Two readings are asked about, never guessed.
"""

import ast
from collections.abc import Iterable, Mapping

from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.lineage import holds_rows
from nb2prod.analysis.names import kind_of, root_name
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.objects import Contributors
from nb2prod.model.findings import Finding, Severity

_PREDICTING = frozenset({"predict", "predict_proba", "transform", "decision_function", "score_samples"})
_TRANSFORMING = frozenset({"assign", "get_dummies", "fit_transform", "transform"})
_FITTING = frozenset({"fit", "train", "partial_fit"})
_HINT = "Put an example input into a cell of its own above the inference cell and tag it `request`."


def inferred_request(
    graph: NotebookGraph, prediction: Iterable[int], inputs: Mapping[str, Contributors]
) -> tuple[tuple[str, ...], Finding]:
    """The request's name and a remark; no name and an error where it is not certain."""
    consumed: set[str] = set()
    for number in prediction:
        for call in graph.statements[number].facts.calls:
            if isinstance(call.func, ast.Name) or (
                isinstance(call.func, ast.Attribute) and call.func.attr in _PREDICTING
            ):
                consumed |= {n.id for a in call.args for n in walk(a) if isinstance(n, ast.Name)}
    consumed |= _made_of(graph, prediction, consumed)
    fitted = {n for n, c in inputs.items() if any(_fits(graph.statements[i]) for i in c)}
    candidates = sorted(n for n in inputs if n in consumed and n not in fitted)
    if len(candidates) > 1:  # ``model.predict(test[names])``: a caller sends rows
        first = min(prediction)
        candidates = [c for c in candidates if holds_rows(graph, c, first)] or candidates
    if len(candidates) != 1:
        listed = ", ".join(f"`{c}`" for c in candidates) or "none fits"
        return (), Finding("NB306", Severity.ERROR, f"which value does a caller send? ({listed})", hint=_HINT)
    name = candidates[0]
    return (name,), taken_to_be(name)


def taken_to_be(name: str) -> Finding:
    """The remark that tells what the request is where no cell says so."""
    return Finding("NB307", Severity.INFO, f"no request cell: `{name}` is taken to be what a caller sends.", hint=_HINT)


def first_made(graph: NotebookGraph, name: str, at: int) -> Statement | None:
    """The first statement on the way to `name`, as statement `at` reads it, that makes something of the data."""
    way = (graph.statements[n] for n in sorted(graph.slice(graph.reads[at][name])))
    return next((s for s in way if _makes_columns(graph, s)), None)


def typed_request(graph: NotebookGraph, name: str, number: int) -> Finding:
    """The remark where the request was typed into the prediction."""
    s = graph.statements[number]
    what = f"what is typed in here, called `{name}`," if s.literal else f"`{name}`"
    return Finding(
        "NB307", Severity.INFO, f"no request cell: {what} is taken to be what a caller sends.", s.cell, s.first_line,
        "Put an example input into a cell of its own above the inference cell and tag it `request`.",
    )  # fmt: skip


def _made_of(graph: NotebookGraph, prediction: Iterable[int], consumed: set[str]) -> set[str]:
    """The names that the prediction makes the consumed ones of: ``T = torch.tensor(X.values)`` makes T of X."""
    found, wanted = set(consumed), set(consumed)
    for number in sorted(prediction, reverse=True):
        s = graph.statements[number]
        if isinstance(s.node, ast.Assign) and s.facts.binds & wanted:
            reads = {n.id for n in walk(s.node.value) if isinstance(n, ast.Name)}
            called = {root_name(c.func) for c in walk(s.node.value) if isinstance(c, ast.Call) and c.args}
            wanted |= reads - called
            found |= reads - called
    return found


def _makes_columns(graph: NotebookGraph, statement: Statement) -> bool:
    """Whether it stores a column, or gives data to a function of the notebook or to a transformer."""
    if isinstance(statement.node, ast.Assign) and any(isinstance(t, ast.Subscript) for t in statement.node.targets):
        return True
    reads = graph.reads[statement.number]
    for call in statement.facts.calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr in _TRANSFORMING:
            return True
        given = {n.id for a in call.args for n in walk(a) if isinstance(n, ast.Name)} & reads.keys()
        own = isinstance(call.func, ast.Name) and kind_of(graph, reads.get(call.func.id, frozenset())) == "feature"
        if own and any(kind_of(graph, reads[n]) == "value" for n in given):
            return True
    return False


def _fits(statement: Statement) -> bool:
    return any(isinstance(c.func, ast.Attribute) and c.func.attr in _FITTING for c in statement.facts.calls)
