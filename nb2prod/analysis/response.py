"""The response: what the inference cells predict.

scores = model.predict(X)
labels = scores > 0.5                       the response is `labels`: the last one counts
print(accuracy_score(y_test, labels))       display and evaluation are passed over

Where nothing else is left, the response is the part of a display or an evaluation that holds the prediction.
"""

import ast

from nb2prod.analysis.answers import set_beside
from nb2prod.analysis.cuts import whole_answer
from nb2prod.analysis.graph import NotebookGraph, Response, Statement, path_to
from nb2prod.analysis.left_behind import assigned_names
from nb2prod.analysis.no_response import HINT, error_at, missing_response, predicts_in_loop
from nb2prod.analysis.predictions import Predictions, label_columns, prediction_calls
from nb2prod.analysis.shown import is_display, is_saving
from nb2prod.model.findings import Finding
from nb2prod.model.roles import Role


def find_response(graph: NotebookGraph) -> Response | Finding:
    """The response, or the error finding that says why there is none. The graph holds it as `response`."""
    cells = {c.index for c in graph.notebook.with_role(Role.INFERENCE)}
    statements = tuple(s for s in graph.statements if s.cell in cells)
    own = {n for s in statements for n in s.facts.binds | s.facts.maybe}
    split_out = next((s for s in statements if s.path is not None and not s.literal and not s.fitted), None)
    if split_out is not None and isinstance(split_out.node, ast.Expr):
        return Response(split_out)
    if split_out is not None:
        statements = tuple(s for s in statements if s.number <= split_out.number)
    predictions = Predictions(graph, statements)
    found = _last_prediction(graph, predictions, statements, own)
    if not isinstance(found, Response):
        last_cell = max((s.cell for s in statements), default=max(cells))
        return found or missing_response(graph, statements, last_cell)
    needed = graph.slice([found.statement.number])
    looped = (predicts_in_loop(graph, s) for s in statements if s.number in needed)
    return next((finding for finding in looped if finding is not None), found)


def _last_prediction(
    graph: NotebookGraph, predictions: Predictions, statements: tuple[Statement, ...], own: set[str]
) -> Response | Finding | None:
    unclear: Finding | None = None
    for statement in reversed(statements):
        found = _cut(graph, predictions, statement)
        if found is not None:
            return found
        answer = set_beside(graph, predictions, statement)
        if isinstance(answer, ast.Name):
            continue
        if answer is not None:
            return Response(statement, part=path_to(statement.node, answer))
        found = _whole(graph, predictions, statement, own, is_last=statement is statements[-1])
        if isinstance(found, Response):
            return found
        unclear = unclear or found
    if unclear is None:
        for statement in reversed(statements):
            part = predictions.part(statement, statement.node) if _is_simple(statement) else None
            if part is not None:
                whole = whole_answer(predictions, statement, part[1])
                return Response(statement, part=part[0] if whole is None else path_to(statement.node, whole))
    return unclear


def _cut(graph: NotebookGraph, predictions: Predictions, s: Statement) -> Response | Finding | None:
    """The response before a statement takes a part of it by position: ``first = yhat[:5]``.

    An error where a request cell says which rows are asked for: that a name holds a part may be meant.
    """
    value = getattr(s.node, "value", None)
    if isinstance(s.node, ast.Expr) and isinstance(value, ast.Name):
        made = [graph.statements[n] for n in graph.reads[s.number].get(value.id, frozenset())]
        return _cut(graph, predictions, made[0]) if len(made) == 1 and made[0].number in predictions.held else None
    if not isinstance(s.node, ast.Expr | ast.Assign | ast.AnnAssign) or not isinstance(value, ast.expr):
        return None
    whole = whole_answer(predictions, s, value)
    if whole is None or (isinstance(s.node, ast.Expr) and not any(prediction_calls(graph, s, whole))):
        return None
    if not isinstance(s.node, ast.Expr) and graph.notebook.with_role(Role.REQUEST):
        return error_at(
            "NB356",
            f"`{ast.unparse(value)}` gives fewer answers than rows were sent.",
            f"Let the response be `{ast.unparse(whole)}`; a caller sends the rows that it asks for.",
            s,
        )
    return Response(s, part=path_to(s.node, whole))


def _is_simple(s: Statement) -> bool:
    return isinstance(s.node, ast.Expr | ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Assert)


def _whole(
    graph: NotebookGraph, predictions: Predictions, statement: Statement, own: set[str], *, is_last: bool
) -> Response | Finding | None:
    """The response if this statement ends with it; an error finding if that is unclear."""
    node = statement.node
    value = getattr(node, "value", None)
    if predictions.any and not predictions.holds(statement, node):
        return None  # made beside the prediction, or a measure of it
    looped = predicts_in_loop(graph, statement)
    if looped is not None:
        return looped
    if isinstance(value, ast.expr) and predictions.is_evaluation(statement, value):
        return None
    if isinstance(node, ast.Expr) and (is_saving(graph, node.value) or _is_glance(predictions, statement, node.value)):
        return None
    if _is_put_beside_rows(predictions, statement):
        return None
    if is_last and isinstance(node, ast.Expr) and (found := _shown(graph, statement, own)):
        return found
    targets = assigned_names(graph, predictions, statement, own)
    if len(targets) > 1:
        listed = ", ".join(f"`{t}`" for t in targets)
        return error_at("NB303", f"the inference cells end by assigning several names ({listed}): which one is the "
                        "response?", HINT, statement)  # fmt: skip
    return Response(statement, targets[0]) if targets else None


def _shown(graph: NotebookGraph, statement: Statement, own: set[str]) -> Response | None:
    """The last expression of the cell: its value, or what it changes where it has none (``answers.append(x)``)."""
    assert isinstance(statement.node, ast.Expr)
    value = statement.node.value
    if is_display(graph, value):
        return None
    changed = sorted(graph.surely[statement.number].names)
    if changed and isinstance(value, ast.Call) and getattr(value.func, "attr", "") in _GIVE_NOTHING:
        changed = [name for name in changed if name in own]
        return Response(statement, changed[0]) if len(changed) == 1 else None
    return Response(statement, value.id if isinstance(value, ast.Name) else None)


_SUMMARIES = frozenset(
    ("head", "tail", "sample", "value_counts", "describe", "info", "nunique", "unique", "hist", "plot", "bincount",
     "len", "Counter", "mean", "sum", "std", "min", "max", "median")
)  # fmt: skip
"""Functions and methods that tell something of many answers."""


def _is_glance(predictions: Predictions, s: Statement, value: ast.expr) -> bool:
    """Whether an expression only looks at a prediction that has a name: ``labels.value_counts()``, ``pred[:10]``."""
    if not predictions.holds(s, value) or any(prediction_calls(predictions.graph, s, value)):
        return False
    match value:
        case ast.Subscript(slice=ast.Slice()) | ast.Attribute(attr="shape" | "dtype" | "size"):
            return True
        case ast.Call(func=ast.Attribute(attr=called)) | ast.Call(func=ast.Name(id=called)):
            return called in _SUMMARIES
        case _:
            return False


def _is_put_beside_rows(predictions: Predictions, s: Statement) -> bool:
    """``future = future.assign(guess=guesses)``: the answer has a name, and the table it is put into is that of the
    rows, with the labels that nobody sends."""
    match s.node:
        case ast.Assign(
            targets=[ast.Name()],
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id=table), attr="assign"),
                keywords=[ast.keyword(value=ast.Name(id=name))],
            ),
        ):
            pass
        case _:
            return False
    graph, held = predictions.graph, predictions.held[s.number]
    if name not in held or table in held or not label_columns(graph):
        return False
    return any(table in graph.reads[n] for n in graph.reads[s.number].get(name, ()))


_GIVE_NOTHING = frozenset("append extend insert remove clear update sort reverse add discard".split())  # noqa: SIM905


# --- where there is none
