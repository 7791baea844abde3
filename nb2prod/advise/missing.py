"""Why there is no prediction to choose, and the line that would make one."""

# ruff: noqa: SIM905  (sets of words read better as prose)

import ast

from nb2prod.advise import words
from nb2prod.advise.fitting import function_bodies
from nb2prod.advise.prediction import Prediction, Use
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.nodes import walk
from nb2prod.model.findings import Finding, Severity

_LABELS_NEW_ROWS = frozenset(
    "KMeans MiniBatchKMeans BisectingKMeans Birch MeanShift AffinityPropagation GaussianMixture "
    "BayesianGaussianMixture IsolationForest OneClassSVM EllipticEnvelope SGDOneClassSVM".split()
)
_WITHOUT_NEW_ROWS = frozenset("DBSCAN OPTICS HDBSCAN AgglomerativeClustering SpectralClustering TSNE MDS".split())


def why_no_prediction(graph: NotebookGraph, predictions: tuple[Prediction, ...]) -> Finding:
    """The error that tells it, with cell, line and what to add."""
    compared = [p for p in predictions if p.use is Use.COMPARED]
    if compared:
        last = compared[-1]
        rows = last.inputs[0] if len(last.inputs) == 1 else "rows"
        return _error(
            "every prediction stands in a loop that fits or tries several models; which one is meant is not said.",
            f"Add a cell at the end that fits the best one and predicts: `best.fit(…)`, then `best.predict({rows})`.",
            last.cell, last.line,
        )  # fmt: skip
    inside = [name for name, body in function_bodies(graph) if _predicts(graph, body)]
    for s in reversed(graph.statements):
        for call in s.facts.calls:
            if inside and words.called_name(call) in ("fit", "fit_transform") and len(call.args) == 1:
                continue  # it prepares the rows for what a function fits
            found = _of_call(graph, s, call)
            if found is not None:
                return found
    if inside:
        return _error(
            f"the prediction stands inside `{inside[-1]}`, where its model and its rows cannot be reached.",
            "Let the function return what it fitted, and predict in a cell: `model.predict(rows)`.",
            *_place(graph, inside[-1]),
        )  # fmt: skip
    return _error(
        "nothing in this notebook predicts.",
        "Add a cell at the end with the prediction, e.g. `model.predict(rows)`, or tag the cell whose result a caller "
        "wants `inference`.",
    )


def learns_labels(graph: NotebookGraph) -> bool:
    """Whether something is fitted to rows and labels, or measured by them, here or inside a function."""
    calls = [c for s in graph.statements for c in s.facts.calls]
    calls += [n for _, body in function_bodies(graph) for n in walk(body) if isinstance(n, ast.Call)]
    return any(
        len(c.args) + len(c.keywords) > 1 and (
            words.is_cross_validation(graph, c)
            or (words.called_name(c) in ("fit", "score") and words.receiver(graph, c) is not None)
        )
        for c in calls
    )  # fmt: skip


def _of_call(graph: NotebookGraph, s: Statement, call: ast.Call) -> Finding | None:
    name, receiver = words.called_name(call), words.receiver(graph, call)
    if name == "fit_predict" and receiver is not None:
        made = _maker(graph, s, receiver)
        model, rows = ast.unparse(receiver), ", ".join(ast.unparse(a) for a in call.args)
        if made in _WITHOUT_NEW_ROWS:
            return _error(
                f"`{made}` gives labels to the rows it is fitted on and cannot label new ones.",
                "Fit a model that predicts on these labels (a classifier), or choose one that can, e.g. `KMeans`.",
                s.cell, call.lineno,
            )  # fmt: skip
        known = made in _LABELS_NEW_ROWS
        line = f"`{model}.predict({rows})`" if isinstance(receiver, ast.Name) else f"`model = {model}.fit({rows})`"
        hint = f"Add a cell below: {line}" + ("." if known else ", if it can label new rows.")
        return _error("the labels come from `fit_predict`, which fits again for every call.", hint, s.cell, call.lineno)
    if name == "score" and receiver is not None and len(call.args) >= 2:
        line = f"{ast.unparse(receiver)}.predict({ast.unparse(call.args[0])})"
        return _error("the notebook scores a model and never predicts.", f"Add a cell below: `{line}`.", s.cell,
                      call.lineno)  # fmt: skip
    if words.is_cross_validation(graph, call) and len(call.args) >= 2:
        model, *data = [ast.unparse(a) for a in call.args]
        hint = f"Add two cells below: `{model}.fit({', '.join(data)})` and `{model}.predict({data[0]})`."
        return _error(f"`{name}` fits copies of the model and throws them away; nothing predicts.", hint, s.cell,
                      call.lineno)  # fmt: skip
    if name == "fit_transform" and receiver is not None:
        model = ast.unparse(receiver) if isinstance(receiver, ast.Name) else "transformer"
        return _error("the notebook transforms the rows it fits, and nothing else.",
                      f"Add a cell below that transforms others: `{model}.transform(rows)`.", s.cell,
                      call.lineno)  # fmt: skip
    if words.is_fit(graph, call) and receiver is not None and name == "fit":
        model = ast.unparse(receiver) if isinstance(receiver, ast.Name) else "model"
        rows = ast.unparse(call.args[0]) if call.args else "rows"
        return _error("the notebook fits a model and never predicts.", f"Add a cell below: `{model}.predict({rows})`.",
                      s.cell, call.lineno)  # fmt: skip
    return None


def _maker(graph: NotebookGraph, s: Statement, receiver: ast.expr) -> str:
    """The class that the receiver was made with, as it is written."""
    if isinstance(receiver, ast.Call):
        return words.called_name(receiver)
    for number in sorted(graph.reads[s.number].get(words.root_of(receiver), ()), reverse=True):
        value = getattr(graph.statements[number].node, "value", None)
        if isinstance(value, ast.Call) and words.root_of(receiver) in graph.bound_by(number):
            return words.called_name(value)
    return ""


def _predicts(graph: NotebookGraph, body: ast.AST) -> bool:
    return any(isinstance(n, ast.Call) and words.is_prediction(graph, n) for n in walk(body))


def _place(graph: NotebookGraph, function: str) -> tuple[int | None, int | None]:
    for s in reversed(graph.statements):
        if s.facts.definition is not None and s.facts.definition.name == function:
            return s.cell, s.first_line
    return None, None


def _error(message: str, hint: str, cell: int | None = None, line: int | None = None) -> Finding:
    return Finding("NB381", Severity.ERROR, message, cell, line, hint)
