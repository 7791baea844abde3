"""What the rounds of a loop around a prediction differ in: the rows, the model, or both.

for row in rows: out.append(models[row.shop].predict([[row.size]]))      each row looks up its model
for m in models: total += m.predict(X)                                   all models together give one answer
for name, m in models.items(): print(name, m.predict(X))                 a comparison
"""

import ast
from typing import Literal

from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.locals import Comprehension
from nb2prod.analysis.names import root_name
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.predictions import receiver_of

Rounds = Literal["rows", "looked up", "combined", "compared"]

_COMBINING = frozenset(
    "mean average median sum stack vstack hstack column_stack dstack array asarray concatenate mode max min".split()  # noqa: SIM905
)
_FITTING = frozenset({"fit", "partial_fit", "fit_transform"})


def rounds_of(graph: NotebookGraph, s: Statement, loop: ast.AST, call: ast.Call) -> Rounds:
    """`loop` is a loop or comprehension of statement `s` around the prediction `call`."""
    stored = {n.id for n in walk(loop) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    model = _looked_up(loop, receiver_of(call))
    if not _names(model) & stored:
        return "rows"
    if any(isinstance(c, ast.Call) and getattr(c.func, "attr", "") in _FITTING for c in walk(loop)):
        return "compared"
    rows_change = any(_names(a) & stored for a in (*call.args, *(k.value for k in call.keywords)))
    if not rows_change:
        return "combined" if _is_combined(graph, s, loop, call) else "compared"
    over = [loop.iter] if isinstance(loop, ast.For) else [g.iter for g in getattr(loop, "generators", ())]
    iterated = {name for one in over for name in _names(one)}
    by_key = isinstance(model, ast.Subscript | ast.Call) and root_name(model) not in stored | iterated
    return "looked up" if by_key else "compared"


def _looked_up(loop: ast.AST, model: ast.expr) -> ast.expr:
    """``models[row.shop]`` for ``m``, where the loop says ``m = models[row.shop]``."""
    if not isinstance(model, ast.Name):
        return model
    given = [n.value for n in walk(loop) if isinstance(n, ast.Assign) and len(n.targets) == 1
             and isinstance(n.targets[0], ast.Name) and n.targets[0].id == model.id]  # fmt: skip
    bound = [n for n in walk(loop) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.id == model.id]
    return given[0] if len(given) == len(bound) == 1 else model


def _is_combined(graph: NotebookGraph, s: Statement, loop: ast.AST, call: ast.Call) -> bool:
    if isinstance(loop, Comprehension):
        return isinstance(loop, ast.ListComp) and _is_bare(loop.elt, call) and _is_reduced(s.node, loop)
    for node in walk(loop):
        match node:
            case ast.AugAssign(target=ast.Name(), op=ast.Add() | ast.Mult(), value=value) if _is_bare(value, call):
                return True
            case ast.Call(func=ast.Attribute(attr="append", value=ast.Name(id=kept)), args=[value]) if _is_bare(
                value, call
            ):
                readers = (
                    t for t in graph.statements[s.number + 1 :] if s.number in graph.reads[t.number].get(kept, ())
                )
                return any(_is_reduced(t.node, kept) for t in readers)
    return False


def _is_reduced(node: ast.AST, what: ast.AST | str) -> bool:
    """Whether the list (a node, or under a name) is made one by ``np.mean(…, axis=0)`` and the like."""
    for call in (n for n in walk(node) if isinstance(n, ast.Call) and n.args):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        first = call.args[0]
        if name in _COMBINING and (first is what or (isinstance(first, ast.Name) and first.id == what)):
            return True
    return False


def _is_bare(node: ast.expr, call: ast.Call) -> bool:
    """Whether it is the call, at most scaled or a part of it: ``w * m.predict_proba(X)[:, 1] / 5``."""
    while node is not call:
        match node:
            case ast.Subscript(value=inner) | ast.UnaryOp(operand=inner):
                node = inner
            case ast.BinOp(left=left, right=right):
                node = left if any(n is call for n in walk(left)) else right
            case _:
                return False
    return True


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in walk(node) if isinstance(n, ast.Name)}
