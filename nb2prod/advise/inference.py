"""The cells of the chosen prediction: its own, those it goes on from, and those that make the answer of it."""

from nb2prod.advise import words
from nb2prod.advise.chosen import Chosen, is_row_by_row
from nb2prod.advise.fitting import Learned
from nb2prod.advise.prediction import Form, Use
from nb2prod.advise.suggestion import Alternative, Suggestion
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.names import kind_of
from nb2prod.model.roles import Role


def suggest_inference(graph: NotebookGraph, learned: Learned, chosen: Chosen) -> list[Suggestion]:
    p = chosen.prediction
    purpose = {
        Use.SAVED: "and saves the result", Use.NEW_ROWS: "for new rows", Use.ASIDE: "(nothing else predicts)",
    }.get(p.use, "")  # fmt: skip
    reason = f"predicts with `{p.model}` in line {p.line} {purpose}".rstrip()
    if p.form is Form.TRANSFORMATION:
        reason = f"applies `{p.model}` in line {p.line}; nothing here predicts"
    if p.form is Form.LOOKUP:
        reason = f"calls `{p.model}` with typed-in values in line {p.line}; no model was seen to predict"
    if p.cell in {graph.statements[n].cell for n in chosen.fits}:
        reason += "; it also trains, which is cut off there"
    others = [(s, f"predicts what cell {p.cell} reads, in line {s.first_line}")
              for s in _earlier_predictions(graph, learned, chosen)]  # fmt: skip
    others += [(s, f"turns the prediction of cell {p.cell} into the answer, in line {s.first_line}")
               for s in _refinements(graph, learned, chosen)]  # fmt: skip
    alternatives: dict[int, Alternative] = {}
    for other in chosen.others:
        if other.cell not in {s.cell for s, _ in others}:
            text = f"predicts with `{other.model}` in line {other.line}"
            alternatives.setdefault(other.cell, Alternative(other.cell, text))
    first = Suggestion(p.cell, Role.INFERENCE, reason, chosen.confidence, alternatives=tuple(alternatives.values())[:5])
    sure = round(chosen.confidence - 0.1, 2)
    return [first, *(Suggestion(s.cell, Role.INFERENCE, why, sure) for s, why in others)]


def _earlier_predictions(graph: NotebookGraph, learned: Learned, chosen: Chosen) -> list[Statement]:
    """Statements in other cells that predict for the same rows, or make the rows that are predicted."""
    p = chosen.prediction
    own = graph.reads[p.statement]
    on_the_way = {step.statement for step in chosen.way}
    found = []
    for number in sorted(chosen.needs - graph.slice(chosen.fits)):
        s, reads = graph.statements[number], graph.reads[number]
        if s.cell == p.cell or number in learned.fits:
            continue
        if not any(words.is_prediction(graph, c) for c in s.facts.calls):
            continue
        same = bool(p.inputs) and all(name in reads and reads[name] == own[name] for name in p.inputs)
        if same or number in on_the_way:
            found.append(s)
    return found


def _refinements(graph: NotebookGraph, learned: Learned, chosen: Chosen) -> list[Statement]:
    """Statements below that make the answer of the prediction, row by row: ``labels = (scores > 0.3).astype(int)``."""
    made = {n for n in chosen.needs if graph.statements[n].cell == chosen.prediction.cell} | {
        chosen.prediction.statement
    }
    found: list[Statement] = []
    for s in graph.statements[chosen.prediction.statement + 1 :]:
        of = {name for name, c in graph.reads[s.number].items() if c & made}
        if not of or s.cell == chosen.prediction.cell or not is_row_by_row(s):
            continue
        others = graph.reads[s.number].keys() - of
        if all(_is_known(graph, learned, s, name) for name in others):
            found.append(s)
            made.add(s.number)
    cells = {s.cell for s in found}
    clean = {c for c in cells if not any(
        words.is_metric(graph, call) or words.is_drawing(graph, call) or words.is_cross_validation(graph, call)
        or words.is_fit(graph, call) for s in graph.of_cell(c) for call in s.facts.calls
    )}  # fmt: skip
    return [s for s in found if s.cell in clean]


def _is_known(graph: NotebookGraph, learned: Learned, s: Statement, name: str) -> bool:
    contributors = graph.reads[s.number][name]
    return kind_of(graph, contributors) != "value" or learned.holds(name, contributors)
