"""The names that a statement leaves a prediction in; measures, loop variables and figures are passed over.

with torch.no_grad():
    outputs = net(rows)                   left behind: `outputs`
    loss = criterion(outputs, truth)      only a measure
"""

import ast

from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.predictions import Predictions
from nb2prod.analysis.shown import is_display
from nb2prod.model.roles import Role


def assigned_names(graph: NotebookGraph, predictions: Predictions, statement: Statement, own: set[str]) -> list[str]:
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
    for node in walk(s.node):
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


def kept_of_block(graph: NotebookGraph, s: Statement, name: str | None) -> tuple[int, ...] | None:
    """The statements of a ``with`` block that the response in it needs, where the others only measure or show it."""
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
    read = {n.id for k in kept for n in walk(s.node.body[k]) if isinstance(n, ast.Name)}
    lost = {n.id for d in dropped for n in walk(s.node.body[d])
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
    for node in walk(block):
        if isinstance(node, ast.For):
            found |= {n.id for n in walk(node.target) if isinstance(n, ast.Name)}
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            found |= {n.id for n in walk(node.optional_vars) if isinstance(n, ast.Name)}
    return found
