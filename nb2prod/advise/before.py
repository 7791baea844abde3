"""What leads to the prediction: the request, the features made of its rows, and what is fitted."""

import ast

from nb2prod.advise import words
from nb2prod.advise.chosen import Chosen
from nb2prod.advise.fitting import Learned
from nb2prod.advise.suggestion import Suggestion
from nb2prod.analysis.deeds import Deed
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.lineage import Lineage, trace
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.tables import Tables
from nb2prod.analysis.values import Mark
from nb2prod.model.roles import Role


def suggest_request(graph: NotebookGraph, chosen: Chosen) -> list[Suggestion]:
    """A cell that only makes the rows that are predicted, where nothing else needs them."""
    if graph.notebook.with_role(Role.REQUEST):
        return []
    marks = [m for deed in _followed(graph, chosen) for m in deed.value.marks]
    if any(m.what not in _PASSING for m in [*marks, *_marks_inside(graph, chosen)]):
        return []  # one row by itself would be treated otherwise: what all of them gave is to be kept
    training = graph.slice(chosen.fits)
    read = {name: c for name, c in graph.reads[chosen.prediction.statement].items()
            if name not in chosen.prediction.inputs}  # fmt: skip
    for cell in sorted({graph.statements[step.statement].cell for step in chosen.way}):
        statements = graph.of_cell(cell)
        numbers = {s.number for s in statements}
        if cell in chosen.cells or numbers & training or cell > chosen.prediction.cell:
            continue
        if not chosen.fits and any(c & numbers for c in read.values()):
            continue  # rows and labels that the prediction looks others up among
        own = [step for step in chosen.way if step.statement in numbers]
        if any(step.feature for step in own) or not _only_makes(graph, statements, {s.statement for s in own}):
            continue
        names = sorted({n for step in own for n in graph.bound_by(step.statement)})
        listed = ", ".join(f"`{name}`" for name in names)
        return [Suggestion(cell, Role.REQUEST, f"makes {listed}, which only the prediction reads", 0.8)]
    return []


_PASSING = frozenset(("source", "selection"))


def _followed(graph: NotebookGraph, chosen: Chosen) -> list[Deed]:
    """What a prediction would repeat of the way of its rows."""
    prediction = chosen.prediction
    ways = (trace(graph, name, prediction.statement) for name in prediction.inputs)
    return [deed for way in ways if isinstance(way, Lineage) for deed in way.deeds]


def _marks_inside(graph: NotebookGraph, chosen: Chosen) -> list[Mark]:
    """Those of the rows that are made ready in the call itself: ``model.predict(pd.get_dummies(rows))``."""
    number = chosen.prediction.statement
    tables = Tables(graph)
    tables.follow(number)
    calls = [c for c in graph.statements[number].facts.calls if words.is_prediction(graph, c)]
    return [m for c in calls for a in c.args for m in tables.reader.value(a).marks]


def _only_makes(graph: NotebookGraph, statements: tuple[Statement, ...], own: set[int]) -> bool:
    """Whether the cell holds nothing but these statements and what shows them."""
    for s in statements:
        if isinstance(s.node, ast.Expr):
            if any(graph.direct(s.number)) or not (_only_shows(graph, s.node.value)):
                return False
        elif not isinstance(s.node, ast.Assign | ast.AnnAssign) or (
            s.number not in own and graph.kinds[s.number] != "constant"
        ):
            return False
    return True


def _only_shows(graph: NotebookGraph, value: ast.expr) -> bool:
    calls = [n for n in walk(value) if isinstance(n, ast.Call)]
    return all(words.is_display(graph, c) or words.called_name(c) in words.SELECTING | words.SUMMARISING for c in calls)


def suggest_preprocessing(graph: NotebookGraph, chosen: Chosen) -> list[Suggestion]:
    """Cells that make features on the way of the rows, below the request where there is one."""
    requested = {c.index for c in graph.notebook.with_role(Role.REQUEST)}
    requested |= {s.cell for s in suggest_request(graph, chosen)}
    found: dict[int, Suggestion] = {}
    for step in chosen.way:
        s = graph.statements[step.statement]
        if not step.feature or s.cell in chosen.cells or s.cell in found:
            continue
        if requested and not _behind(graph, s.number, requested):
            continue
        reason = f"{step.feature} in line {step.line}, on the way to what cell {chosen.prediction.cell} predicts"
        found[s.cell] = Suggestion(s.cell, Role.PREPROCESSING, reason, 0.7)
    for deed in _followed(graph, chosen):
        s = graph.statements[deed.number]
        if not deed.value.made or requested or s.cell in chosen.cells or s.cell in found:
            continue
        reason = (
            f"makes `{deed.name}` in line {s.first_line}, on the way to what cell {chosen.prediction.cell} predicts"
        )
        found[s.cell] = Suggestion(s.cell, Role.PREPROCESSING, reason, 0.7)
    return list(found.values())


def _behind(graph: NotebookGraph, number: int, cells: set[int]) -> bool:
    return any(graph.statements[n].cell in cells for n in graph.slice([number]))


def suggest_training(graph: NotebookGraph, learned: Learned, chosen: Chosen) -> list[Suggestion]:
    found: dict[int, Suggestion] = {}
    for number in sorted(chosen.fits):
        s, fit = graph.statements[number], learned.fits[number]
        if s.cell not in found:
            reason = f"{fit.what} in line {fit.line}"
            found[s.cell] = Suggestion(s.cell, Role.TRAINING, reason, min(0.9, round(chosen.confidence + 0.05, 2)))
    return list(found.values())
