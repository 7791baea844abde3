"""Answers that are cut by position: a glance at the first few, not what a caller should get.

    yhat[:5]      yhat.head(10)      model.predict(X_test)[0:4]      pd.DataFrame({"yhat": yhat}).tail()

Only where answers stand in the order of the rows: ``sorted(scores)[:5]`` are the best five, which may
be what is wanted.
"""

import ast

from nb2prod.analysis.graph import Statement
from nb2prod.analysis.names import import_path
from nb2prod.analysis.nodes import children
from nb2prod.analysis.predictions import PREDICTING, Predictions
from nb2prod.analysis.rows import PASSING_METHODS, PASSING_NUMPY, ROW_WISE_METHODS, ROW_WISE_NUMPY

_METHODS = PASSING_METHODS | ROW_WISE_METHODS | frozenset(
    "astype flatten ravel squeeze reshape tolist to_list to_series reset_index assign item argmax join"  # noqa: SIM905
    .split()
)  # fmt: skip
_FUNCTIONS = (
    PASSING_NUMPY
    | ROW_WISE_NUMPY
    | frozenset(
        "argmax DataFrame Series concat column_stack hstack reshape sigmoid softmax expit stack vstack".split()  # noqa: SIM905
    )
)
_BUILTINS = frozenset({"list", "tuple", "round", "zip", "map"})


def whole_answer(predictions: Predictions, s: Statement, value: ast.expr) -> ast.expr | None:
    """What `value` takes its first, last or every n-th parts of, where that is an answer in the order of the rows."""
    match value:
        case ast.Subscript(value=ast.Attribute(value=whole, attr="iloc" | "loc"), slice=key):
            cut = _is_cut(key)
        case ast.Subscript(value=whole, slice=key):
            cut = _is_cut(key)
        case ast.Call(func=ast.Attribute(value=whole, attr="head" | "tail")):
            cut = True
        case _:
            return None
    if not cut or not predictions.holds(s, whole):
        return None
    return whole if _in_order(predictions, s, whole) else None


def _is_cut(key: ast.expr) -> bool:
    if isinstance(key, ast.Tuple) and key.elts:
        key = key.elts[0]
    return isinstance(key, ast.Slice) and not (key.lower is None and key.upper is None)


def _in_order(predictions: Predictions, s: Statement, node: ast.expr) -> bool:
    """Whether the parts of a value stand in the order of the rows that were predicted for."""
    match node:
        case ast.Call(func=ast.Attribute(attr=attr)) if attr in PREDICTING and attr != "kneighbors":
            return True
        case ast.Call(func=function, args=args, keywords=keywords):
            if isinstance(function, ast.Name) and not import_path(predictions.graph.imported, function):
                known = function.id in _BUILTINS
            elif path := import_path(predictions.graph.imported, function):
                known = path.rpartition(".")[2] in _FUNCTIONS
            else:
                known = isinstance(function, ast.Attribute) and function.attr in _METHODS
                known = known and _in_order(predictions, s, function.value)  # type: ignore[attr-defined]
            parts = [*args, *(k.value for k in keywords)]
            return known and all(_in_order(predictions, s, p) for p in parts)
        case ast.Subscript(value=whole, slice=key):
            kept = isinstance(key, ast.Tuple | ast.Constant) or (isinstance(key, ast.Slice) and not key.step)
            return kept and _in_order(predictions, s, whole)
        case ast.Name(id=name):
            return _named_in_order(predictions, s, name)
        case ast.Lambda():
            return True
        case ast.ListComp(generators=[ast.comprehension(iter=over, ifs=[])]):
            return _in_order(predictions, s, over)
        case _:
            return all(_in_order(predictions, s, n) for n in children(node) if isinstance(n, ast.expr))


def _named_in_order(predictions: Predictions, s: Statement, name: str) -> bool:
    if name not in predictions.held.get(s.number, frozenset()):
        return True
    for number in predictions.graph.reads[s.number].get(name, frozenset()):
        made = predictions.graph.statements[number]
        match made.node:
            case ast.Assign(targets=[target], value=value):
                if isinstance(target, ast.Tuple) or not _in_order(predictions, made, value):
                    return False
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr=attr))) if attr in ("append", "eval", "fit"):
                continue
            case _:
                return False
    return True
