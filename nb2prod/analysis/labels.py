"""Which labels belong to which rows: pieces of one cut.

    X_train, X_test, y_train, y_test = train_test_split(X, y)     `y_test` are the labels of `X_test`
    rows, y = data[test], target[test]                            and `y` those of `rows`

Nobody sends labels, so what reads them to find a weight or a threshold is no part of a prediction.
"""

import ast
from collections.abc import Iterable, Mapping

from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.names import root_name


def labels_beside(graph: NotebookGraph, names: Iterable[str]) -> frozenset[str]:
    """The labels of the rows that these names stand for."""
    names = frozenset(names)
    truth = graph.truth - names if names else frozenset()
    if not truth:
        return frozenset()
    cuts = cuts_of(graph)
    own = {cut for name in names for cut in cuts.get(name, ())}
    return frozenset(name for name in truth if cuts.get(name, frozenset()) & own)


def cuts_of(graph: NotebookGraph) -> Mapping[str, frozenset[str]]:
    """For each name the cuts it is a piece of: `X_train` and `y_train` of one `train_test_split`, ``X[test]`` and
    ``y[test]``. Rows and labels of one cut belong together."""
    found: dict[str, set[str]] = {}
    for s in graph.statements:
        if not isinstance(s.node, ast.Assign):
            continue
        match s.node.targets[0], s.node.value:
            case ast.Tuple(elts=parts), ast.Call() as call:
                halves = 2 if len(parts) == 2 * len(call.args) else 1
                for n, part in enumerate(parts):
                    if isinstance(part, ast.Name):
                        found.setdefault(part.id, set()).add(f"{s.number}:{n % halves}")
                continue
            case ast.Tuple(elts=parts), ast.Tuple(elts=values):
                pairs = list(zip(parts, values, strict=False))
            case target, value:
                pairs = [(target, value)]
        for part, value in pairs:
            if isinstance(part, ast.Name) and (cut := _cut_by(value)):
                found.setdefault(part.id, set()).add(cut)
    return {name: frozenset(cuts) for name, cuts in found.items()}


def _cut_by(value: ast.expr) -> str:
    """How a value was taken: the rows it was cut to, or the table it is columns of."""
    match value:
        case ast.Subscript(slice=ast.Constant() | ast.List(), value=table):
            return root_name(table)
        case ast.Subscript(slice=places):
            return ast.unparse(places)
        case ast.Call(func=ast.Attribute(value=table)) | ast.Attribute(value=table):
            return root_name(table)
        case _:
            return ""
