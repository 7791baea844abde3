"""Predictions that cannot be the response, each with what to write instead.

for model in models: model.predict(X)     which of them is for production?
model.score(X, y)                         nothing is predicted
model.fit_predict(X)                      each request would train another model
model.predict(X)[:5]                      fewer answers than rows
"""

import ast
from collections.abc import Iterable

from nb2prod.analysis.cuts import whole_answer
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.names import import_path, root_name
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.predictions import (
    CROSS_VALIDATING,
    FITTING_TO_ROWS,
    SCORING,
    Predictions,
    prediction_calls,
    receiver_of,
)  # fmt: skip
from nb2prod.analysis.rounds import rounds_of
from nb2prod.model.findings import Finding, Severity

HINT = "End the last one with the prediction: an expression, or an assignment to a name."


def predicts_in_loop(graph: NotebookGraph, s: Statement) -> Finding | None:
    """A loop over models: each round makes a prediction by another one."""
    loops = [n for n in walk(s.node) if isinstance(n, ast.For | ast.While | ast.AsyncFor)]
    for loop in loops:
        made = {n.id for n in walk(loop) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        for call in prediction_calls(graph, s, loop):
            name = root_name(receiver_of(call))
            fitted = any(isinstance(c, ast.Call) and isinstance(c.func, ast.Attribute) and c.func.attr == "fit"
                         for c in walk(loop))  # fmt: skip
            if fitted or (name in made and rounds_of(graph, s, loop, call) == "compared"):
                attribute = call.func.attr if isinstance(call.func, ast.Attribute) else "predict"
                given = ast.unparse(call.args[0]) if call.args else "rows"
                return error_at(
                    "NB343", f"this loop predicts with several models (`{name}`): which one is for production?",
                    f"Add a line behind the loop that predicts with the chosen one: `chosen.{attribute}({given})`.", s,
                )  # fmt: skip
    return None


def missing_response(graph: NotebookGraph, statements: tuple[Statement, ...], last_cell: int) -> Finding:
    for s in reversed(statements):
        for call in s.facts.calls:
            attribute = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            name = root_name(call.func)
            if attribute in SCORING and len(call.args) > 1 and name not in graph.imported:
                line = f"{ast.unparse(receiver_of(call))}.predict({ast.unparse(call.args[0])})"
                return error_at("NB342", f"`{name}` is measured here, but nothing is predicted.",
                                f"Add the prediction as the last line: `{line}`.", s)  # fmt: skip
            if import_path(graph.imported, call.func).rpartition(".")[2] in CROSS_VALIDATING and len(call.args) > 1:
                model, rows = (ast.unparse(a) for a in call.args[:2])
                rest = ", ".join(ast.unparse(a) for a in call.args[1:3])
                return error_at("NB342", "cross-validation measures models that it throws away; nothing is predicted.",
                                f"Fit one and predict with it: `{model}.fit({rest})`, then `{model}.predict({rows})`.",
                                s)  # fmt: skip
    return Finding("NB303", Severity.ERROR, "the inference cells have no response.", last_cell, hint=HINT)


def fitted_to_rows(statements: Iterable[Statement]) -> Finding | None:
    """``fit_predict`` on what a caller would send: each request would train another model."""
    for s in statements:
        for call in s.facts.calls:
            if isinstance(call.func, ast.Attribute) and call.func.attr in FITTING_TO_ROWS and call.args:
                model, rows = ast.unparse(call.func.value), ast.unparse(call.args[0])
                second = "predict" if call.func.attr == "fit_predict" else "transform"
                return error_at(
                    "NB344", f"`{call.func.attr}` fits on the rows it is given, so each request would train another "
                    "model.", f"Split it: `{model}.fit({rows})` in training, `{model}.{second}(rows)` in prediction.",
                    s,
                )  # fmt: skip
    return None


def fewer_answers(graph: NotebookGraph, numbers: Iterable[int]) -> Finding | None:
    """A part of the answers, taken by position, that the response is made of: the other rows would have none."""
    statements = tuple(graph.statements[n] for n in numbers)
    predictions = Predictions(graph, statements)
    for s in statements:
        for node in _evaluated(s.node):
            whole = whole_answer(predictions, s, node)
            if whole is not None:
                return _few(node, whole, s)
    return None


def _evaluated(node: ast.stmt) -> Iterable[ast.expr]:
    """The expressions of a simple statement; of a block, what it is about is not known."""
    return (n for n in walk(node) if isinstance(n, ast.expr)) if not hasattr(node, "body") else ()


def _few(part: ast.expr, whole: ast.expr, s: Statement) -> Finding:
    return error_at("NB356", f"`{ast.unparse(part)}` gives fewer answers than rows were sent.",
                    f"Let the response be made of `{ast.unparse(whole)}`; a caller sends the rows that it asks for.",
                    s)  # fmt: skip


def error_at(code: str, message: str, hint: str, statement: Statement) -> Finding:
    return Finding(code, Severity.ERROR, message, statement.cell, statement.first_line, hint)
