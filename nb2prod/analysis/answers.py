"""Predictions that stand elsewhere than the response: set beside other rows, or made in a cell before it.

p_forest = forest.predict(X_test)                                made of what the response is made of: repeated
price = 0.7 * p_forest + 0.3 * ridge.predict(X_test)             the response
out = pd.DataFrame({"Id": test["Id"], "price": price})           a table of answers: `test` is not what a caller sends
"""

import ast
from collections.abc import Mapping

from nb2prod.analysis.deeds import names_behind
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.lineage import holds_rows
from nb2prod.analysis.names import import_path, kind_of
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.objects import Contributors
from nb2prod.analysis.predictions import Predictions, prediction_calls
from nb2prod.analysis.tables import Tables
from nb2prod.model.roles import Role


def set_beside(graph: NotebookGraph, predictions: Predictions, s: Statement) -> ast.expr | None:
    """The prediction that a statement sets beside rows which it was not made of; None where it does no such thing."""
    if graph.notebook.with_role(Role.REQUEST) or not isinstance(s.node, ast.Assign | ast.Expr):
        return None
    answers, others = _columns(graph, predictions, s)
    if len(answers) != 1 or not others:
        return None
    consumed = {
        n.id for number in predictions.held if number <= s.number for call in
        prediction_calls(graph, graph.statements[number], graph.statements[number].node)
        for a in call.args for n in walk(a) if isinstance(n, ast.Name)
    }  # fmt: skip
    tables = Tables(graph)
    tables.follow(s.number)
    for other in others:
        names = {n.id for n in walk(other) if isinstance(n, ast.Name)}
        rows = {n for n in names if n in tables.env and (tables.env[n].is_rows or tables.env[n].kind == "unknown")}
        related = names_behind(tables.deeds, rows) & consumed or rows & names_behind(tables.deeds, consumed)
        if rows and not related:
            return answers[0]
    return None


def _columns(graph: NotebookGraph, predictions: Predictions, s: Statement) -> tuple[list[ast.expr], list[ast.expr]]:
    """(the columns of a table that hold a prediction, the others)."""
    match s.node:
        case ast.Assign(targets=[ast.Subscript(value=ast.Name() as table)], value=value):
            return ([value], [table]) if predictions.holds(s, value) else ([], [])
    for call in (n for n in walk(s.node) if isinstance(n, ast.Call)):
        given = call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "data"), None)
        if import_path(graph.imported, call.func) == "pandas.DataFrame" and isinstance(given, ast.Dict):
            answers = [v for v in given.values if predictions.holds(s, v)]
            return answers, [v for v in given.values if v not in answers]
    return [], []


def answers_before(graph: NotebookGraph, inputs: Mapping[str, Contributors], first: int) -> Contributors:
    """Statements before the prediction that predict for the rows of its `inputs`; statement `first` begins it."""
    if not inputs:
        return frozenset()
    tables = Tables(graph)
    tables.follow(first)
    found: dict[int, frozenset[int]] = {}

    def statements_of(number: int, depth: int) -> frozenset[int]:
        """What gives the name that statement `number` binds, of rows of the inputs alone; none where that is not so."""
        s = graph.statements[number]
        named = isinstance(s.node, ast.Assign) and isinstance(s.node.targets[0], ast.Name) and s.path is None
        if not named or depth > 6:
            return frozenset()
        needed, meets = {number}, False
        for name, contributors in graph.reads[number].items():
            if kind_of(graph, contributors) != "value" or not holds_rows(graph, name, number):
                continue
            if inputs.get(name) == contributors:
                meets = True
                continue
            made = statements_of(next(iter(contributors)), depth + 1) if len(contributors) == 1 else frozenset()
            if not made:
                return frozenset()
            needed |= made
            meets = True
        return frozenset(needed) if meets else frozenset()

    for name, contributors in inputs.items():
        if len(contributors) == 1 and name in tables.env and tables.env[name].is_rows:
            (number,) = contributors
            made = statements_of(number, 0)
            if any(any(prediction_calls(graph, graph.statements[n], graph.statements[n].node)) for n in made):
                found[number] = made
    return frozenset().union(*found.values())
