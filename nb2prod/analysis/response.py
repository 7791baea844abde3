"""The response: what the inference cells predict.

scores = model.predict(X)
labels = scores > 0.5                       the response is `labels`: the last one counts
print(accuracy_score(y_test, labels))       display and evaluation are passed over

Where nothing else is left, the response is the part of a display or an evaluation that holds the prediction.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from nb2prod.analysis import effects
from nb2prod.analysis.answers import set_beside
from nb2prod.analysis.cuts import whole_answer
from nb2prod.analysis.graph import NotebookGraph, Path, Statement, path_to
from nb2prod.analysis.predictions import (
    CROSS_VALIDATING,
    FITTING_TO_ROWS,
    SCORING,
    Predictions,
    import_path,
    label_columns,
    prediction_calls,
    receiver_of,
    root_name,
)  # fmt: skip
from nb2prod.analysis.rounds import rounds_of
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.roles import Role

_HINT = "End the last one with the prediction: an expression, or an assignment to a name."


@dataclass(frozen=True, slots=True)
class Response:
    """The statement that ends the prediction; the name that holds the response, or None for a bare expression.

    `part` is set where the response is an expression inside that statement.
    """

    statement: Statement
    name: str | None = None
    part: Path | None = None


def find_response(graph: NotebookGraph) -> Response | Finding:
    """The response, or the error finding that says why there is none."""
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
        return found or _missing(graph, statements, last_cell)
    needed = graph.slice([found.statement.number])
    looped = (_predicts_in_loop(graph, s) for s in statements if s.number in needed)
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
        return _error(
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
    looped = _predicts_in_loop(graph, statement)
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
    targets = _assigned(graph, predictions, statement, own)
    if len(targets) > 1:
        listed = ", ".join(f"`{t}`" for t in targets)
        return _error("NB303", f"the inference cells end by assigning several names ({listed}): which one is the "
                      "response?", _HINT, statement)  # fmt: skip
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


def _assigned(graph: NotebookGraph, predictions: Predictions, statement: Statement, own: set[str]) -> list[str]:
    """The names that the statement gives a value; for a block, the one it stores last."""
    match statement.node:
        case ast.Assign(targets=[target, *_]) | ast.AugAssign(target=target):
            return _names_in(target)
        case ast.AnnAssign(target=target, value=ast.expr()):
            return _names_in(target)
        case ast.With() | ast.If() | ast.For() | ast.While() | ast.Try() | ast.Match():
            passing = _passing_names(statement.node) | _measured(predictions, statement)
            stored = [u.name for u in statement.facts.uses if u.context == "store" and not u.late]
            kept = [name for name in stored if name not in passing]
            if kept:
                return kept[-1:]
            changed = sorted((graph.direct(statement.number) & own) - passing)
            changed = [name for name in changed if not _is_figure(graph, statement, name)]
            return changed[:1] if len(changed) == 1 else []
        case _:
            return []


def _is_figure(graph: NotebookGraph, s: Statement, name: str) -> bool:
    """Whether the name stands for something to draw on: ``fig, axes = plt.subplots()``."""
    made = (graph.statements[n].node for n in graph.reads[s.number].get(name, ()))
    return any(isinstance(node, ast.Assign) and is_display(graph, node.value) for node in made)


def _measured(predictions: Predictions, s: Statement) -> set[str]:
    """Names that a block stores and that hold only a measure, or nothing of the prediction."""
    if not predictions.any:
        return set()
    held: set[str] = set(predictions.held[s.number])
    measured: set[str] = set()
    for node in ast.walk(s.node):
        if isinstance(node, ast.If) and predictions.is_evaluation(s, node.test, frozenset(held)):
            counted = [n.target for n in node.body if isinstance(n, ast.AugAssign)]
            measured |= {n for t in counted for n in _names_in(t)}  # if predict(x) == y: right += 1
        if isinstance(node, ast.Assign | ast.AugAssign):
            names = {n for t in (node.targets if isinstance(node, ast.Assign) else [node.target]) for n in _names_in(t)}
            if predictions.is_evaluation(s, node.value, frozenset(held)):
                measured |= names
                held -= names
            elif predictions.holds(s, node.value, frozenset(held)):
                held |= names
            elif isinstance(node, ast.Assign):
                measured |= names
    return measured - held


def kept_of_block(graph: NotebookGraph, response: Response) -> tuple[int, ...] | None:
    """The statements of a ``with`` block that the response in it needs, where the others only measure or show it."""
    s, name = response.statement, response.name
    if not isinstance(s.node, ast.With) or name is None:
        return None
    cells = {c.index for c in graph.notebook.with_role(Role.INFERENCE)}
    predictions = Predictions(graph, tuple(other for other in graph.statements if other.cell in cells))
    measured = _measured(predictions, s)
    dropped = []
    for number, inner in enumerate(s.node.body):
        match inner:
            case ast.Assign(targets=[ast.Name(id=target)]) if target in measured and target != name:
                dropped.append(number)
            case ast.Expr(value=value) if is_display(graph, value):
                dropped.append(number)
    kept = [n for n in range(len(s.node.body)) if n not in dropped]
    read = {n.id for k in kept for n in ast.walk(s.node.body[k]) if isinstance(n, ast.Name)}
    lost = {n.id for d in dropped for n in ast.walk(s.node.body[d])
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}  # fmt: skip
    return tuple(kept) if dropped and kept and not lost & read else None


def _names_in(target: ast.expr) -> list[str]:
    match target:
        case ast.Name(id=name):
            return [name]
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return [name for part in parts for name in _names_in(part)]
        case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Starred(value=inner):
            return _names_in(inner)
        case _:
            return []


def _passing_names(block: ast.stmt) -> set[str]:
    """Loop variables and what ``with … as`` names."""
    found: set[str] = set()
    for node in ast.walk(block):
        if isinstance(node, ast.For):
            found |= {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            found |= {n.id for n in ast.walk(node.optional_vars) if isinstance(n, ast.Name)}
    return found


def is_display(graph: NotebookGraph, value: ast.expr) -> bool:
    """Whether an expression only shows something: ``print(…)``, ``plt.show()``."""
    if not isinstance(value, ast.Call):
        return isinstance(value, ast.Constant)
    function = value.func
    if isinstance(function, ast.Name) and function.id in {"print", "display"}:
        return True
    while isinstance(function, ast.Attribute | ast.Subscript | ast.Call):
        function = function.func if isinstance(function, ast.Call) else function.value
    name = function.id if isinstance(function, ast.Name) else ""
    return graph.modules.get(name, "").split(".")[0] in effects.DISPLAY_MODULES


_SAVING_METHODS = frozenset(
    ("to_csv", "to_excel", "to_parquet", "to_json", "to_pickle", "to_feather", "to_sql", "to_hdf", "to_html",
     "to_markdown", "to_latex", "to_stata", "to_orc", "to_xml", "to_gbq", "tofile", "write")
)  # fmt: skip
_SAVING_FUNCTIONS = frozenset(("savetxt", "save", "savez", "dump", "to_csv", "writerow", "writerows"))
_TARGETS = frozenset(("path", "path_or_buf", "path_or_buffer", "excel_writer", "buf", "fname", "fid", "con"))


def is_saving(graph: NotebookGraph, value: ast.expr) -> bool:
    """Whether a call writes what it is given, or called on, to a file: ``answers.to_csv("answers.csv")``."""
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute | ast.Name):
        return False
    name = value.func.attr if isinstance(value.func, ast.Attribute) else value.func.id
    if isinstance(value.func, ast.Attribute) and name in _SAVING_METHODS and not import_path(graph, value.func):
        return bool(value.args) or any(k.arg in _TARGETS for k in value.keywords)
    return name in _SAVING_FUNCTIONS


# --- where there is none


def _predicts_in_loop(graph: NotebookGraph, s: Statement) -> Finding | None:
    """A loop over models: each round makes a prediction by another one."""
    loops = [n for n in ast.walk(s.node) if isinstance(n, ast.For | ast.While | ast.AsyncFor)]
    for loop in loops:
        made = {n.id for n in ast.walk(loop) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        for call in prediction_calls(graph, s, loop):
            name = root_name(receiver_of(call))
            fitted = any(isinstance(c, ast.Call) and isinstance(c.func, ast.Attribute) and c.func.attr == "fit"
                         for c in ast.walk(loop))  # fmt: skip
            if fitted or (name in made and rounds_of(graph, s, loop, call) == "compared"):
                attribute = call.func.attr if isinstance(call.func, ast.Attribute) else "predict"
                given = ast.unparse(call.args[0]) if call.args else "rows"
                return _error(
                    "NB343", f"this loop predicts with several models (`{name}`): which one is for production?",
                    f"Add a line behind the loop that predicts with the chosen one: `chosen.{attribute}({given})`.", s,
                )  # fmt: skip
    return None


def _missing(graph: NotebookGraph, statements: tuple[Statement, ...], last_cell: int) -> Finding:
    for s in reversed(statements):
        for call in s.facts.calls:
            attribute = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            name = root_name(call.func)
            if attribute in SCORING and len(call.args) > 1 and name not in graph.imported:
                line = f"{ast.unparse(receiver_of(call))}.predict({ast.unparse(call.args[0])})"
                return _error("NB342", f"`{name}` is measured here, but nothing is predicted.",
                              f"Add the prediction as the last line: `{line}`.", s)  # fmt: skip
            if import_path(graph, call.func).rpartition(".")[2] in CROSS_VALIDATING and len(call.args) > 1:
                model, rows = (ast.unparse(a) for a in call.args[:2])
                rest = ", ".join(ast.unparse(a) for a in call.args[1:3])
                return _error("NB342", "cross-validation measures models that it throws away; nothing is predicted.",
                              f"Fit one and predict with it: `{model}.fit({rest})`, then `{model}.predict({rows})`.",
                              s)  # fmt: skip
    return Finding("NB303", Severity.ERROR, "the inference cells have no response.", last_cell, hint=_HINT)


def fitted_to_rows(statements: Iterable[Statement]) -> Finding | None:
    """``fit_predict`` on what a caller would send: each request would train another model."""
    for s in statements:
        for call in s.facts.calls:
            if isinstance(call.func, ast.Attribute) and call.func.attr in FITTING_TO_ROWS and call.args:
                model, rows = ast.unparse(call.func.value), ast.unparse(call.args[0])
                second = "predict" if call.func.attr == "fit_predict" else "transform"
                return _error(
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
    return (n for n in ast.walk(node) if isinstance(n, ast.expr)) if not hasattr(node, "body") else ()


def _few(part: ast.expr, whole: ast.expr, s: Statement) -> Finding:
    return _error("NB356", f"`{ast.unparse(part)}` gives fewer answers than rows were sent.",
                  f"Let the response be made of `{ast.unparse(whole)}`; a caller sends the rows that it asks for.",
                  s)  # fmt: skip


def _error(code: str, message: str, hint: str, statement: Statement) -> Finding:
    return Finding(code, Severity.ERROR, message, statement.cell, statement.first_line, hint)
