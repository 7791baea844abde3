"""What the notebook's own functions are for: which give back what a model predicted, which measure."""

import ast
from collections.abc import Iterable

from nb2prod.advise import words
from nb2prod.advise.fitting import function_bodies
from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.shown import is_saving


def predicting_functions(graph: NotebookGraph) -> frozenset[str]:
    """The notebook's own functions and methods whose value is made of what a model predicted."""
    found: set[str] = set()
    bodies = [(name, body) for name, body in function_bodies(graph) if name != "forward"]
    changed = True
    while changed:
        changed = False
        for name, body in bodies:
            if name not in found and _returns_prediction(graph, body, found):
                found.add(name)
                changed = True
    return frozenset(found)


def _returns_prediction(graph: NotebookGraph, body: ast.AST, known: set[str]) -> bool:
    nodes = list(walk(body))
    if any(isinstance(n, ast.Call) and words.is_fit(graph, n) for n in nodes):
        return False  # it tries a model out
    made: set[str] = set()

    def predicts(value: ast.expr | None) -> bool:
        if value is None or measures(graph, value) or is_saving(graph, value):
            return False
        return any(
            (isinstance(n, ast.Call) and (words.is_prediction(graph, n) or calls_own(graph, n, known)))
            or (isinstance(n, ast.Name) and n.id in made)
            for n in walk(value)
        )

    for node in nodes:
        if isinstance(node, ast.Assign) and predicts(node.value):
            made |= {n.id for t in node.targets for n in walk(t) if isinstance(n, ast.Name)}
    if isinstance(body, ast.Lambda):
        return predicts(body.body)
    return any(isinstance(n, ast.Return) and predicts(n.value) for n in nodes)


def measures(graph: NotebookGraph, value: ast.AST) -> bool:
    """Whether the code calls a metric."""
    return any(isinstance(n, ast.Call) and words.is_metric(graph, n) for n in walk(value))


def calls_own(graph: NotebookGraph, call: ast.Call, names: Iterable[str]) -> bool:
    """Whether the call is one of the notebook's functions or methods with these names."""
    return words.called_name(call) in names and not words.library_path(graph, call.func)


def gives_nothing(graph: NotebookGraph, function: str) -> bool:
    """Whether the notebook's function only shows or saves: it returns no value."""
    for definition in graph.definitions.values():
        if definition.name == function and not definition.is_class and not isinstance(definition.node, ast.Lambda):
            returned = [n.value for n in walk(definition.node) if isinstance(n, ast.Return | ast.Yield)]
            return all(value is None or is_saving(graph, value) for value in returned)
    return False


def gives_a_number(graph: NotebookGraph, function: str) -> bool:
    """Whether the notebook's function measures: it returns a metric, or a share of what it has counted."""
    for definition in graph.definitions.values():
        if definition.name != function:
            continue
        returned = [n.value for n in walk(definition.node) if isinstance(n, ast.Return) and n.value is not None]
        if measures(graph, definition.node) or any(
            isinstance(r, ast.BinOp) and isinstance(r.op, ast.Div) for r in returned
        ):
            return True
    return False
