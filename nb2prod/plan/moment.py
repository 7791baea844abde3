"""When train() must make the predictor: as soon as all artifacts are made, before any gets another value.

model.fit(X, y)
trained = Predictor(model=deepcopy(model))     as the inference cell used it
model.fit(X_all, y_all)                        needed by a metric below
"""

from dataclasses import dataclass

from nb2prod.analysis.graph import NotebookGraph
from nb2prod.plan.boundary import Boundary


@dataclass(frozen=True, slots=True)
class Moment:
    """`before` is the training statement to make it before, None at the end; `snapshots` are the artifacts that are
    changed later on, so that the predictor gets a copy. `conflict` is a statement that changes one (`changed`) before
    another is made: there is no such moment."""

    before: int | None = None
    snapshots: tuple[str, ...] = ()
    conflict: int | None = None
    changed: tuple[str, ...] = ()


def predictor_moment(graph: NotebookGraph, boundary: Boundary, training: tuple[int, ...]) -> Moment:
    artifacts = [name for name in boundary.artifacts if " " not in name]
    bound = {a: [n for n in training if n >= boundary.starts[a] and a in graph.bound_by(n)] for a in artifacts}
    changed = {
        a: [n for n in training if n >= boundary.starts[a]
            and graph.changes_any(graph.changes[n], boundary.starts[a], a)]
        for a in artifacts
    }  # fmt: skip
    ends = {a: min([*bound[a], *changed[a]]) for a in artifacts if bound[a] or changed[a]}
    if not ends:
        return Moment()
    first = min(ends.values())
    made = max((n for a in artifacts for n in graph.before(boundary.starts[a], a) & set(training)), default=-1)
    if made >= first:
        return Moment(conflict=first, changed=tuple(a for a in ends if ends[a] == first))
    return Moment(before=first, snapshots=tuple(a for a in artifacts if changed[a]))
