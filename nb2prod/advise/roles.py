"""A role for each code cell, from what its statements do and what depends on them. Names of variables say nothing here.

1. The prediction is chosen (see `nb2prod.advise.prediction`); a cell tagged `inference` settles it.
2. From it backwards: the way of the rows (`request`, `preprocessing`), and what was fitted (`training`).
3. From it forwards: what is made of it row by row (`inference`), what measures it (`evaluation`),
   what asserts (`test`).
4. What a cell is by itself: `imports`, `functions`, `parameters`.

A cell that only loads, shows or explores gets no role: what training needs of it is taken along, the rest stays behind.
"""

from dataclasses import replace

from nb2prod.advise.after import suggest_evaluation, suggest_tests
from nb2prod.advise.before import suggest_preprocessing, suggest_request, suggest_training
from nb2prod.advise.chosen import Chosen, choose_prediction
from nb2prod.advise.fitting import find_learned
from nb2prod.advise.inference import suggest_inference
from nb2prod.advise.places import find_predictions
from nb2prod.advise.shapes import cell_shape
from nb2prod.advise.suggestion import Advice, Suggestion
from nb2prod.analysis.graph import NotebookGraph
from nb2prod.model.notebook import Cell
from nb2prod.model.roles import Role
from nb2prod.notebook.roles import nearest_role


def suggest_roles(graph: NotebookGraph) -> Advice:
    """One suggestion for each code cell, in notebook order; existing roles are kept and count as facts.

    A finding of severity error says why there is no prediction to choose, and which line to add.
    """
    learned = find_learned(graph)
    predictions = find_predictions(graph, learned)
    found: dict[int, Suggestion] = {}
    for cell in graph.notebook.cells:
        if cell.kind == "code" and (kept := _kept(cell)) is not None:
            found[cell.index] = kept
    tagged = frozenset(s.cell for s in found.values() if s.role is Role.INFERENCE)
    chosen, findings = choose_prediction(graph, learned, predictions, tagged)
    if chosen is not None:
        for suggestion in (
            *suggest_inference(graph, learned, chosen), *suggest_request(graph, chosen),
            *suggest_preprocessing(graph, chosen), *suggest_training(graph, learned, chosen),
            *suggest_tests(graph, chosen), *suggest_evaluation(graph, learned, chosen),
        ):  # fmt: skip
            found.setdefault(suggestion.cell, suggestion)
    parameters = bool(graph.notebook.with_role(Role.PARAMETERS))
    for cell in graph.notebook.cells:
        if cell.kind != "code" or cell.index in found:
            continue
        shape = cell_shape(graph, cell, first=not parameters)
        parameters = parameters or shape.role is Role.PARAMETERS
        found[cell.index] = shape if shape.role else _without_role(graph, cell, shape, chosen)
    return Advice(tuple(found[index] for index in sorted(found)), findings)


def _kept(cell: Cell) -> Suggestion | None:
    if cell.role is not None:
        return Suggestion(cell.index, cell.role, "it has this role already", 1.0, tagged=True)
    for tag in cell.tags:
        if (role := nearest_role(tag)) is not None:
            return Suggestion(cell.index, role, f"its tag `{tag}` is probably meant to be `{role.value}`", 0.9)
    return None


def _without_role(
    graph: NotebookGraph, cell: Cell, shape: Suggestion, chosen: Chosen | None
) -> Suggestion:  # fmt: skip
    numbers = {s.number for s in graph.of_cell(cell.index)}
    if chosen is not None and numbers & chosen.needs:
        names = sorted({n for i in numbers & chosen.needs for n in graph.bound_by(i) | graph.direct(i)})[:3]
        listed = ", ".join(f"`{name}`" for name in names)
        reason = f"needed for {listed}; taken along without a tag" if listed else "taken along without a tag"
        return replace(shape, reason=reason)
    return shape
