"""What stands in an inference cell beside the prediction: training, and artifacts that a prediction changes.

model.fit(X_train, y_train)          training, though the cell is tagged `inference`
answers = []                         the prediction's own
answers.append(model.predict(value))
"""

import ast
from typing import TYPE_CHECKING

from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.names import kind_of
from nb2prod.analysis.objects import NO_TOKENS
from nb2prod.analysis.predictions import import_path, prediction_calls, receiver_of, root_name
from nb2prod.model.findings import Finding, Severity

if TYPE_CHECKING:
    from nb2prod.analysis.boundary import Boundary

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
                    for n in ast.walk(definition.node)
                )
            ):
                return True
    return False


def _asks_library(graph: NotebookGraph, number: int) -> bool:
    return any(import_path(graph, call.func) for call in graph.statements[number].facts.calls)


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


def copied_artifacts(graph: NotebookGraph, boundary: "Boundary") -> tuple[tuple[str, ...], list[Finding]]:
    """Artifacts that the prediction changes: each request works on a copy, where one copy cannot miss another."""
    copied: dict[str, None] = {}
    findings: dict[str, Finding] = {}
    for number in boundary.prediction:
        s = graph.statements[number]
        # a bare last expression is shown: its value is not thrown away
        shown = number == boundary.response_statement and isinstance(s.node, ast.Expr)
        change = graph.surely[number] if shown else graph.doubtful[number]
        for name in boundary.artifacts:
            if " " in name or name in findings or not graph.changes_any(change, boundary.starts[name], name):
                continue
            if _can_be_copied(graph, boundary, name):
                copied[name] = None
                findings[name] = Finding(
                    "NB341", Severity.INFO, f"the prediction changes the artifact `{name}`; each request works on a "
                    "copy, so that it gets the answer that the notebook got.", s.cell, s.first_line,
                    "Change a copy in the notebook too, and it shows.",
                )  # fmt: skip
            else:
                findings[name] = Finding(
                    "NB323", Severity.ERROR, f"the prediction changes the artifact `{name}`, so a second request would "
                    "get another answer.", s.cell, s.first_line, "Change a copy instead.",
                )  # fmt: skip
    return tuple(sorted(copied)), list(findings.values())


def _can_be_copied(graph: NotebookGraph, boundary: "Boundary", name: str) -> bool:
    """Whether its objects are nobody else's, and all of its state is inside it."""
    start = boundary.starts[name]
    others = (n for n in (*boundary.artifacts, *boundary.request) if n != name and " " not in n)
    if any(graph.share((name, start), (other, boundary.starts[other])) for other in others):
        return False
    return all(_is_plain_class(graph, n) for n in graph.definitions_inside(start, name))


def _is_plain_class(graph: NotebookGraph, number: int) -> bool:
    """A class of the notebook that keeps nothing in itself."""
    node = graph.definitions[number].node
    if not isinstance(node, ast.ClassDef):
        return False
    values = [s.value for s in node.body if isinstance(s, ast.Assign | ast.AnnAssign)]
    special = {"__deepcopy__", "__copy__", "__reduce__", "__reduce_ex__", "__getstate__"}
    return all(v is None or isinstance(v, ast.Constant | ast.UnaryOp) for v in values) and not any(
        isinstance(s, ast.FunctionDef) and s.name in special for s in node.body
    )
