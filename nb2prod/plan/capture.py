"""What the notebook's run must leave behind, from the boundary."""

import ast
from functools import partial
from typing import Literal

from nb2prod.analysis.graph import NotebookGraph, Statement, parse_cell
from nb2prod.analysis.names import made_class
from nb2prod.model.run import CaptureSpec, Probe
from nb2prod.plan.boundary import Boundary
from nb2prod.plan.code import cell_source
from nb2prod.plan.selection import Selection
from nb2prod.plan.watches import plan_watches


def plan_capture(graph: NotebookGraph, boundary: Boundary, selection: Selection, package: str) -> CaptureSpec:
    keeping = boundary.keeping
    followed = keeping.lineage.statements if keeping else ()
    variables = dict.fromkeys(
        name
        for number in boundary.prediction
        if number not in followed
        for name in sorted(graph.statements[number].facts.binds)
        if name not in boundary.request and not graph.statements[number].facts.imports
    )
    watched = {*boundary.request, *(k.name for k in keeping.keeps)} if keeping else set()
    fitted = {name: s for s in graph.statements if s.fitted for name in s.facts.binds & set(boundary.artifacts)}
    wanted = tuple(n for n in (*boundary.artifacts, *boundary.request) if n not in watched | fitted.keys())
    watches, watch_probes = plan_watches(graph, keeping, partial(_probe, by_text=True)) if keeping else ((), ())
    places = dict.fromkeys(boundary.starts[name] for name in wanted)
    probes = [
        _probe(graph, graph.statements[at], "before", tuple(n for n in wanted if boundary.starts[n] == at))
        for at in sorted(places)
    ]
    last = graph.statements[boundary.response_statement]
    return CaptureSpec(
        package=package,
        artifacts=boundary.artifacts,
        request=boundary.request,
        probes=(
            *watch_probes,
            *probes,
            *(_probe(graph, s, "value", (name,)) for name, s in fitted.items()),
            _probe(graph, last, "after" if boundary.response else "value"),
        ),
        response=boundary.response,
        literals=_literals(graph, boundary),
        metrics=boundary.metrics,
        variables=tuple(variables),
        watches=watches,
        features=(
            *(feature.name for feature in selection.features if not feature.training_only),
            *(name for n in selection.constants for name in made_class(graph.statements[n].node)),
        ),
    )


def _probe(
    graph: NotebookGraph,
    s: Statement,
    kind: Literal["before", "after", "value"],
    names: tuple[str, ...] = (),
    *,
    by_text: bool = False,
) -> Probe:
    body = parse_cell(graph.notebook.cells[s.cell - 1])
    whole = body[s.position]
    path = s.path or () if kind == "value" else ()
    text = _with_decorators(cell_source(graph, s.cell), whole)
    as_written = text in graph.notebook.cells[s.cell - 1].source  # IPython syntax reads another way in the kernel
    if s.position == 0 and kind == "before" and not by_text:
        return Probe(kind, s.cell, names=names)
    if s.position == len(body) - 1 and kind != "before" and not path and not as_written and not by_text:
        return Probe(kind, s.cell)
    shape = ast.dump(whole)
    nth = sum(ast.dump(other) == shape for other in body[: s.position])
    return Probe(kind, s.cell, text, nth, path, names)


def _with_decorators(source: str, node: ast.stmt) -> str:
    text = ast.get_source_segment(source, node) or ""
    above = [ast.get_source_segment(source, d) for d in getattr(node, "decorator_list", [])]
    return "\n".join([*(f"@{d}" for d in above), text])


def _literals(graph: NotebookGraph, boundary: Boundary) -> dict[str, str]:
    """The parts of the request that were typed into a call."""
    return {
        name: ast.get_source_segment(cell_source(graph, s.cell), s.node.value) or ""
        for s in graph.statements if s.literal and isinstance(s.node, ast.Assign)
        for name in s.facts.binds & set(boundary.request)
    }  # fmt: skip
