"""The prediction to put into production, with what stands behind it."""

import ast
from dataclasses import dataclass

from nb2prod.advise import words
from nb2prod.advise.fitting import Learned
from nb2prod.advise.missing import learns_labels, why_no_prediction
from nb2prod.advise.places import end_of
from nb2prod.advise.prediction import Form, Prediction, Use, choose, rank
from nb2prod.advise.rows import Step, way_of
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.objects import Contributors
from nb2prod.model.findings import Finding, Severity

_SURE_OF_FORM = {
    Form.CALL: 0.9, Form.OWN_FUNCTION: 0.7, Form.EXPRESSION: 0.6, Form.LOOKUP: 0.5, Form.TRANSFORMATION: 0.5,
}  # fmt: skip
_ROW_BY_ROW = frozenset("where argmax inverse_transform exp expm1 round rint clip array asarray astype map".split())  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class Chosen:
    """The prediction with what stands behind it.

    `needs` is its slice, `fits` what was learned in there; `predicted` are all statements that predict, whatever.
    """

    prediction: Prediction
    cells: frozenset[int]
    way: tuple[Step, ...]
    needs: Contributors
    fits: frozenset[int]
    confidence: float
    others: tuple[Prediction, ...]
    predicted: frozenset[int]


def choose_prediction(
    graph: NotebookGraph, learned: Learned, predictions: tuple[Prediction, ...], tagged: frozenset[int]
) -> tuple[Chosen | None, tuple[Finding, ...]]:
    """`tagged` are the cells known to be `inference`; where there are none, a finding says why nothing was chosen."""
    best = choose(p for p in predictions if not tagged or p.cell in tagged)
    if best is None and tagged:
        best = end_of(graph, learned, max(tagged))
    if best is not None and best.form is Form.TRANSFORMATION and not tagged and learns_labels(graph):
        best = None  # what prepares the rows of a model that predicts nowhere
    if best is None:
        return None, () if tagged else (why_no_prediction(graph, predictions),)
    sure = [p for p in predictions if p.use > Use.COMPARED and p.form >= best.form]
    others = tuple(p for p in sorted(sure, key=rank, reverse=True) if p.cell != best.cell)
    models = {(p.model, p.fitted) for p in sure}
    confidence = _SURE_OF_FORM[best.form]
    confidence += {Use.SAVED: 0.05, Use.NEW_ROWS: 0.05, Use.ASIDE: -0.2}.get(best.use, 0.0)
    if len(models) > 1:
        confidence -= 0.1 if best.use >= Use.NEW_ROWS else 0.25
    elif others:
        confidence -= 0.1
    findings: tuple[Finding, ...] = ()
    if len(models) > 1 and not tagged:
        findings = (_several(best, sure),)
    answer = [s for s in made_of(graph, {best.statement}) if s.cell == best.cell and is_row_by_row(s)]
    needs = graph.slice([best.statement, *(s.number for s in answer)])
    cells = tagged or frozenset({best.cell})
    way = way_of(graph, [(best.statement, name) for name in best.inputs], learned.models)
    fits = frozenset(needs & learned.fits.keys())
    predicted = frozenset(p.statement for p in predictions)
    return Chosen(best, cells, way, needs, fits, round(confidence, 2), others, predicted), findings


def _several(best: Prediction, sure: list[Prediction]) -> Finding:
    cells = sorted({p.cell for p in sure if (p.model, p.fitted) != (best.model, best.fitted)} - {best.cell})
    listed = ", ".join(map(str, cells[:5])) + (", …" if len(cells) > 5 else "")
    where = f"cell {listed} predicts" if len(cells) == 1 else f"cells {listed} predict" if cells else "others predict"
    why = {
        Use.SAVED: "its result is saved to a file", Use.NEW_ROWS: "it answers for new rows with the model fitted last",
    }.get(best.use, "it is the last one that is no comparison")  # fmt: skip
    return Finding(
        "NB382", Severity.INFO, f"several models predict; `{best.text}` was chosen, as {why}; {where} too.", best.cell,
        best.line, "To have another one, tag its cell: `nb2prod tag NOTEBOOK CELL inference`.",
    )  # fmt: skip


def made_of(graph: NotebookGraph, start: set[int]) -> list[Statement]:
    """Statements below that read these, or what was made of them."""
    made = set(start)
    found = []
    for s in graph.statements[min(start) + 1 :]:
        if any(c & made for c in graph.reads[s.number].values()):
            made.add(s.number)
            found.append(s)
    return found


def is_row_by_row(s: Statement) -> bool:
    """Whether it gives each row an answer of its own: ``labels = np.where(scores > 0.3, 1, 0)``."""
    if not isinstance(s.node, ast.Assign) or not isinstance(s.node.targets[0], ast.Name):
        return False
    calls = {words.called_name(c) for c in s.facts.calls}
    if not calls <= _ROW_BY_ROW | {"int", "float", "str", "range", "len", "zip", "list"}:
        return False
    return bool(calls & _ROW_BY_ROW) or isinstance(s.node.value, ast.Compare | ast.ListComp)
