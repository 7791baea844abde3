"""The loops around a call, and what they make of it."""

import ast
from collections.abc import Mapping

from nb2prod.advise import words
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.nodes import children, walk
from nb2prod.analysis.rounds import rounds_of


def blocks_around(node: ast.stmt) -> Mapping[int, tuple[ast.AST, ...]]:
    """The loops, comprehensions and `try` blocks around each call of a statement, by the call's id."""
    found: dict[int, tuple[ast.AST, ...]] = {}
    pending: list[tuple[ast.AST, tuple[ast.AST, ...]]] = [(node, ())]
    blocks = ast.For | ast.While | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp | ast.Try
    while pending:
        at, around = pending.pop()
        if isinstance(at, ast.Call) and around:
            found[id(at)] = around
        inner = (*around, at) if isinstance(at, blocks) else around
        pending += [(child, inner) for child in children(at)]
    return found


def is_comparison(graph: NotebookGraph, s: Statement, call: ast.Call, around: tuple[ast.AST, ...]) -> bool:
    """Whether the rounds of the loops differ in the model and not in the rows, and are not put together."""
    stored = {n.id for loop in around for n in walk(loop) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}

    def changes(*nodes: ast.AST) -> bool:
        return any(isinstance(n, ast.Name) and n.id in stored for node in nodes for n in walk(node))

    if not changes(words.receiver(graph, call) or call.func) or changes(*call.args, *call.keywords):
        return False
    return any(rounds_of(graph, s, loop, call) == "compared" for loop in around)
