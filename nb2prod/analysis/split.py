"""Which expressions are looked at as statements of their own: the response in a call, an input typed into one.

print(accuracy_score(y_test, model.predict(X_test)))     the response is `model.predict(X_test)`
model.predict([[5.1, 3.5]])                              the request is `[[5.1, 3.5]]`, called `rows`
"""

import ast
from collections.abc import Iterator
from dataclasses import replace

from nb2prod.analysis.entry import find_entry
from nb2prod.analysis.graph import NotebookGraph, Path, Placed, Split, Statement
from nb2prod.analysis.names import is_plain_data
from nb2prod.analysis.predictions import import_path, prediction_calls
from nb2prod.analysis.response import Response, find_response
from nb2prod.model.roles import Role


def find_splits(graph: NotebookGraph) -> tuple[Split, ...]:
    if not graph.notebook.with_role(Role.INFERENCE):
        return ()
    response = find_response(graph)
    if not isinstance(response, Response):
        return ()
    splits: dict[tuple[int, int], Split] = {}
    s = response.statement
    if response.part is not None:
        splits[s.cell, s.position] = Split(s.cell, s.position, response.part)
    if not graph.notebook.with_role(Role.REQUEST):
        request = _typed_in(graph, s) or find_entry(graph, s, _free(graph))
        if request is not None:
            splits[request.cell, request.position] = _merged(splits.get((request.cell, request.position)), request)
    return tuple(splits.values())


def _merged(one: Split | None, other: Split) -> Split:
    return (
        other
        if one is None
        else replace(one, request=other.request, is_request=other.is_request, assumed=other.assumed)
    )


def _typed_in(graph: NotebookGraph, response: Statement) -> Split | None:
    """The input of the prediction where it was typed into the call, or into a statement that only names it."""
    cells = {c.index for c in graph.notebook.with_role(Role.INFERENCE)}
    near = graph.slice([response.number])
    statements = [s for s in graph.statements if s.number in near and s.cell in cells]
    found: list[Split] = []
    for s in reversed(statements):
        for call in prediction_calls(graph, s, s.node):
            if not call.args:
                continue
            given = call.args[0] if isinstance(call.func, ast.Attribute) else None
            for argument in [given] if given is not None else call.args:
                literal = next(_literals(graph, argument), None)
                if literal is not None:
                    path = _path_to(s.node, literal)
                    if path is not None:
                        found.append(Split(s.cell, s.position, request=(_free(graph), path)))
                    continue
                named = _named(graph, s, argument)
                if named is not None:
                    found.append(Split(named.cell, named.position, is_request=True))
    if not any(prediction_calls(graph, s, s.node) for s in statements):
        found += [
            Split(s.cell, s.position, is_request=True) for s in statements
            if isinstance(s.node, ast.Assign) and isinstance(s.node.targets[0], ast.Name)
            and s.role is Role.INFERENCE and is_typed_data(graph, s.node.value)
        ]  # fmt: skip
    distinct = dict.fromkeys(found)
    return next(iter(distinct)) if len(distinct) == 1 else None


def _literals(graph: NotebookGraph, node: ast.expr) -> Iterator[ast.expr]:
    """The typed-in data at the bottom of an argument: the list in ``scaler.transform([[5.1, 3.5]])``."""
    if is_typed_data(graph, node):
        yield node
    elif isinstance(node, ast.Call):
        for argument in node.args[:1]:
            yield from _literals(graph, argument)
        if isinstance(node.func, ast.Attribute) and not node.args:
            yield from _literals(graph, node.func.value)


def is_typed_data(graph: NotebookGraph, node: ast.expr) -> bool:
    """``[[5.1, 3.5]]``, ``{"age": 3}``, and a library's object made of that alone: ``np.array([[5.1, 3.5]])``."""
    if isinstance(node, ast.List | ast.Tuple | ast.Dict):
        return is_plain_data(node)
    if isinstance(node, ast.Call) and node.args and import_path(graph, node.func):
        first = node.args[0]
        return (is_typed_data(graph, first)) and not any(
            isinstance(n, ast.Lambda | ast.Call) for k in node.keywords for n in ast.walk(k.value)
        )
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("reshape", "astype"):
        return is_typed_data(graph, node.func.value)
    return False


def _named(graph: NotebookGraph, s: Statement, argument: ast.expr) -> Statement | None:
    """The statement that gave a name to typed-in data, in a cell that is not training's."""
    if not isinstance(argument, ast.Name):
        return None
    contributors = graph.reads[s.number].get(argument.id, frozenset())
    if len(contributors) != 1:
        return None
    (number,) = contributors
    made = graph.statements[number]
    if made.role not in (Role.INFERENCE, None):
        return None
    match made.node:
        case ast.Assign(targets=[ast.Name()], value=value) if is_typed_data(graph, value):
            return made
        case _:
            return None


def _path_to(root: ast.AST, wanted: ast.AST) -> Path | None:
    for field, value in ast.iter_fields(root):
        for index, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if child is wanted:
                return ((field, index),)
            if isinstance(child, ast.AST) and (rest := _path_to(child, wanted)) is not None:
                return ((field, index), *rest)
    return None


def _free(graph: NotebookGraph) -> str:
    taken = {u.name for s in graph.statements for u in s.facts.uses}
    wishes = ("rows", "request", "request_rows", *(f"rows_{n}" for n in range(2, 1000)))
    return next(name for name in wishes if name not in taken)


__all__ = ["Placed", "find_splits", "is_typed_data"]
