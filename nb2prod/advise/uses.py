"""What a prediction is made for: found from its rows, and from who reads it."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import replace

from nb2prod.advise import words
from nb2prod.advise.fitting import Learned
from nb2prod.advise.prediction import Prediction, Use
from nb2prod.advise.rows import carriers, way_of
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.shown import is_saving

Readers = tuple[tuple[int, ...], ...]
"""For each statement those that read what it made or changed."""


def readers_of(graph: NotebookGraph) -> Readers:
    found: list[set[int]] = [set() for _ in graph.statements]
    for s in graph.statements:
        for contributors in graph.reads[s.number].values():
            for c in contributors:
                found[c].add(s.number)
    return tuple(tuple(sorted(one)) for one in found)


def is_drawn(graph: NotebookGraph, s: Statement, call: ast.Call, readers: Readers) -> bool:
    """Whether the value is made for a plot: inside the call that draws it, or bound to a name only plots read."""
    for outer in s.facts.calls:
        if words.is_drawing(graph, outer) and any(n is call for a in outer.args for n in walk(a)):
            return True
    names = graph.bound_by(s.number)
    others = [graph.statements[n] for n in readers[s.number]]
    drawn = [other for other in others if any(words.is_drawing(graph, c) for c in other.facts.calls)]
    return bool(drawn) and all(
        other in drawn or graph.bound_by(other.number) & names  # ``Z = Z.reshape(xx.shape)``
        for other in others
    )


def rows_fitted_on(graph: NotebookGraph, learned: Learned, fits: Iterable[int]) -> Mapping[int, frozenset[int]]:
    """For each fit the statements that its rows came from."""
    ways = {fit: way_of(graph, _given_to(graph, learned, fit), learned.models) for fit in fits}
    return {fit: frozenset(step.statement for step in way) for fit, way in ways.items()}


def with_use(
    graph: NotebookGraph, learned: Learned, p: Prediction, newest: int, readers: Readers,
    data: Mapping[int, frozenset[int]],
) -> Prediction:  # fmt: skip
    """`data` maps a fit to the statements that its rows came from."""
    if p.use is not Use.HELD_OUT:
        return p
    if _is_saved(graph, p, readers):
        return replace(p, use=Use.SAVED)
    if any(_same_rows(graph, learned, p, fit) for fit in p.fitted):
        return replace(p, use=Use.ASIDE)
    fitted_on = frozenset[int]().union(*(data[fit] for fit in p.fitted))
    if p.last_fit == newest and fitted_on:
        way = way_of(graph, [(p.statement, n) for n in p.inputs], learned.models)
        if not any(step.statement in fitted_on for step in way):
            return replace(p, use=Use.NEW_ROWS)
    return p


def _given_to(graph: NotebookGraph, learned: Learned, fit: int) -> list[tuple[int, str]]:
    call = learned.fits[fit].call
    if call is None:
        return [(fit, name) for name in graph.reads[fit]]
    given = [*call.args, *(k.value for k in call.keywords)]
    return [(fit, name) for a in given for name in carriers(graph, a) if name in graph.reads[fit]]


def _same_rows(graph: NotebookGraph, learned: Learned, p: Prediction, fit: int) -> bool:
    """Whether it predicts for the very rows that the model was fitted on."""
    call = learned.fits[fit].call
    if call is None or not call.args or not p.inputs or not isinstance(call.args[0], ast.Name):
        return False
    name = call.args[0].id
    return p.inputs == (name,) and graph.reads[p.statement][name] == graph.reads[fit].get(name)


def _is_saved(graph: NotebookGraph, p: Prediction, readers: Readers) -> bool:
    """Whether the prediction, or something made of it, is written to a file."""
    made: set[int] = set()
    pending = [p.statement]
    while pending:
        number = pending.pop()
        if number in made:
            continue
        made.add(number)
        pending += readers[number]
        for call in graph.statements[number].facts.calls:
            if is_saving(graph, call) and (number == p.statement or _is_handed(graph, number, call, made)):
                return True
    return False


def _is_handed(graph: NotebookGraph, number: int, call: ast.Call, made: set[int]) -> bool:
    reads = graph.reads[number]
    return any(isinstance(n, ast.Name) and reads.get(n.id, frozenset()) & made for n in walk(call))
