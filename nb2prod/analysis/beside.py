"""What stands in an inference cell beside the prediction.

model.fit(X_train, y_train)          training, though the cell is tagged `inference`
answers = []                         the prediction's own
answers.append(model.predict(value))
"""

import ast

from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.names import import_path, kind_of, root_name
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.objects import NO_TOKENS
from nb2prod.analysis.predictions import prediction_calls, receiver_of

_TRAINING = frozenset({"fit", "partial_fit", "fit_transform", "fit_resample", "backward", "step"})


def training_beside(graph: NotebookGraph, flow: set[int], beside: set[int], response: int) -> set[int]:
    """Those of the statements `beside` the flow of the request that are training, not the prediction's own."""
    near = graph.slice([response])
    beside = beside & near
    moved = _by_values(graph, flow, beside) if flow else _by_receivers(graph, beside)
    while True:  # one object is made and changed on one side
        mixed = {
            n for number in (flow & near) | (beside - moved) for c in graph.reads[number].values()
            if c & moved for n in c & beside - moved
        }  # fmt: skip
        if not mixed:
            return moved
        moved |= graph.slice(mixed) & beside


def _by_values(graph: NotebookGraph, flow: set[int], beside: set[int]) -> set[int]:
    """With a known request: what takes its values from before the cells of the prediction, or from a library."""
    accumulated = NO_TOKENS.union(*[graph.doubtful[n].tokens for n in flow])
    moved: set[int] = set()
    for number in sorted(beside):
        s = graph.statements[number]
        repeats = graph.changes[number].names and not graph.doubtful[number].names  # ``net.eval()``
        if s.facts.imports or s.facts.definition is not None or number in graph.setup or repeats:
            continue
        outside = any(
            c & moved or (c - beside - flow and kind_of(graph, c) in ("value", "parameter"))
            for c in graph.reads[number].values()
        )
        if _trains(graph, number) or ((outside or _asks_library(graph, number)) and number not in accumulated):
            moved.add(number)
    return moved


def _trains(graph: NotebookGraph, number: int) -> bool:
    """Whether the statement fits something, itself or in a function of the notebook that it calls."""
    s = graph.statements[number]
    for call in s.facts.calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr in _TRAINING:
            return True
        contributors = graph.reads[number].get(call.func.id, frozenset()) if isinstance(call.func, ast.Name) else ()
        for made in contributors:
            definition = graph.definitions.get(made)
            if (
                definition is not None
                and not definition.is_class
                and any(
                    isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in _TRAINING
                    for n in walk(definition.node)
                )
            ):
                return True
    return False


def _asks_library(graph: NotebookGraph, number: int) -> bool:
    return any(import_path(graph.imported, call.func) for call in graph.statements[number].facts.calls)


def _by_receivers(graph: NotebookGraph, beside: set[int]) -> set[int]:
    """With a request yet to be found: whatever the models are made of, and what fits anything."""
    start: set[int] = set()
    for number in beside:
        s = graph.statements[number]
        if _trains(graph, number):
            start.add(number)
            continue
        for call in prediction_calls(graph, s, s.node):
            contributors = graph.reads[number].get(root_name(receiver_of(call)), frozenset())
            if kind_of(graph, contributors) == "value":
                start |= contributors
    made = {
        n for n in start & beside
        if not _trains(graph, n) and any(prediction_calls(graph, graph.statements[n], graph.statements[n].node))
    }  # fmt: skip
    return set(graph.slice(start - made)) & beside - made
