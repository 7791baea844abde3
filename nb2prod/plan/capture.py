"""What the notebook's run must leave behind, from the boundary."""

from nb2prod.analysis.boundary import Boundary
from nb2prod.analysis.graph import NotebookGraph
from nb2prod.model.run import CaptureSpec
from nb2prod.plan.selection import Selection


def plan_capture(graph: NotebookGraph, boundary: Boundary, selection: Selection, package: str) -> CaptureSpec:
    variables = dict.fromkeys(
        name
        for number in boundary.prediction
        for name in sorted(graph.statements[number].facts.binds)
        if name not in boundary.request and not graph.statements[number].facts.imports
    )
    return CaptureSpec(
        package=package,
        artifacts=boundary.artifacts,
        request=boundary.request,
        predict_cell=boundary.predict_cell,
        response_cell=boundary.response_cell,
        response=boundary.response,
        metrics=boundary.metrics,
        variables=tuple(variables),
        features=tuple(feature.name for feature in selection.features if not feature.training_only),
    )
