"""What follows the prediction: assertions about it, and numbers that say how good it is."""

import ast

from nb2prod.advise import words
from nb2prod.advise.chosen import Chosen
from nb2prod.advise.fitting import Learned
from nb2prod.advise.suggestion import Suggestion
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.nodes import children, walk
from nb2prod.model.roles import Role


def suggest_tests(graph: NotebookGraph, chosen: Chosen) -> list[Suggestion]:
    related = _related(graph, chosen)
    found = []
    for cell in sorted({s.cell for s in graph.statements if any(isinstance(n, ast.Assert) for n in walk(s.node))}):
        statements = graph.of_cell(cell)
        asserts = [s for s in statements if any(isinstance(n, ast.Assert) for n in _outside_functions(s.node))]
        others = [s for s in statements if s not in asserts]
        reads = {n for s in asserts for c in graph.reads[s.number].values() for n in c}
        if not asserts or not reads & related or not all(_helps(graph, s) for s in others):
            continue
        line = asserts[0].first_line
        found.append(Suggestion(cell, Role.TEST, f"asserts something of the prediction in line {line}", 0.85))
    return found


def _outside_functions(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return []
    return [node, *(n for child in children(node) for n in _outside_functions(child))]


def _helps(graph: NotebookGraph, s: Statement) -> bool:
    """Whether it only serves the assertions of its cell: nothing elsewhere reads what it binds."""
    if isinstance(s.node, ast.Expr):
        return not graph.direct(s.number)
    return not any(
        s.number in contributors and other.cell != s.cell
        for other in graph.statements[s.number + 1 :]
        for contributors in graph.reads[other.number].values()
    )


def _related(graph: NotebookGraph, chosen: Chosen) -> set[int]:
    """The prediction, what it reads directly, and everything made of it."""
    related = {chosen.prediction.statement}
    related |= {s.number for s in graph.statements if s.cell in chosen.cells}
    for s in graph.statements:
        if any(c & related for c in graph.reads[s.number].values()):
            related.add(s.number)
    model = {n for name, c in graph.reads[chosen.prediction.statement].items() for n in c}
    functions = {n for n in chosen.needs if n in graph.definitions}
    return related | model | functions


def suggest_evaluation(graph: NotebookGraph, learned: Learned, chosen: Chosen) -> list[Suggestion]:
    """Cells that measure the chosen model, and no other, in numbers."""
    found = []
    related = _related(graph, chosen)
    for cell in [c for c in graph.notebook.cells if c.kind == "code"]:
        statements = graph.of_cell(cell.index)
        measuring = [(s, c) for s in statements if s.facts.definition is None for c in s.facts.calls
                     if _measures(graph, chosen, s, c)]  # fmt: skip
        if not measuring or any(s.number in learned.fits for s in statements):
            continue
        reads = {n for s in statements for c in graph.reads[s.number].values() for n in c}
        behind = graph.slice({s.number for s, _ in measuring}) & learned.fits.keys()
        if not reads & (related | chosen.fits) or not behind <= chosen.fits or _keeps_plots(graph, statements):
            continue
        s, call = min(measuring, key=lambda pair: pair[1].lineno)
        reason = f"measures by `{words.called_name(call)}` in line {call.lineno}"
        bound = bool(graph.bound_by(s.number))
        reason += "" if bound else "; the number is shown and not kept"
        found.append(Suggestion(cell.index, Role.EVALUATION, reason, 0.85 if bound else 0.7))
    return found


def _measures(graph: NotebookGraph, chosen: Chosen, s: Statement, call: ast.Call) -> bool:
    """Whether the call is a metric; a share (``(a == b).mean()``) is one where something predicted is compared."""
    if words.is_metric_by_name(graph, call):
        return True
    read = {n for contributors in graph.reads[s.number].values() for n in contributors} | {s.number}
    return words.is_share(call) and bool(read & chosen.predicted)


def _keeps_plots(graph: NotebookGraph, statements: tuple[Statement, ...]) -> bool:
    """Whether a name is bound to something drawn: training would draw it again."""
    return any(graph.bound_by(s.number) and any(words.is_drawing(graph, c) for c in s.facts.calls) for s in statements)
