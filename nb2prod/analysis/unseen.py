"""Changes of a table on the way of the rows that a prediction could not repeat; each is a problem that says where.

for t in [a, b]: t["x"] = 0       `a` is changed under another name
df = pd.concat([a, b])            a feature of `a` that was made before
"""

import ast

from nb2prod.analysis.deeds import Deed, chain_of
from nb2prod.analysis.demand import Columns
from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.values import Problem


def changed_unseen(
    graph: NotebookGraph, deeds: list[Deed], chain: list[Deed], name_at_end: str, end: int
) -> Problem | None:
    """A change of a table on the way under another name: ``for t in [a, b]: t["x"] = 0``.

    A caller would have to send what it made.
    """
    known = {(d.name, d.number) for d in deeds}
    for at, names in [*((d.number, d.value.names) for d in chain), (end, frozenset({name_at_end}))]:
        for name in sorted(names):
            for number in sorted(graph.before(at, name)):
                seen = (name, number) in known or name in graph.bound_by(number)
                seen = seen or _is_of_another(graph, deeds, number, name)
                if not seen and graph.changes_any(graph.surely[number], at, name):
                    return Problem("NB351", f"`{name}` is changed here under another name",
                                   graph.statements[number].node)  # fmt: skip
    return None


def lost_on_the_way(graph: NotebookGraph, deeds: list[Deed], chain: list[Deed], start: int) -> Problem | None:
    """A change of a table on the way that nothing here knows of."""
    known = {d.number for d in chain}
    for deed in chain:
        if deed.value.problem is not None:
            return deed.value.problem
        for name in deed.value.names:
            for number in graph.reads[deed.number].get(name, frozenset()):
                if number >= start and number not in known and not _is_of_another(graph, deeds, number, name):
                    return Problem("NB351", f"`{name}` may be changed here, and it is not known how",
                                   graph.statements[number].node)  # fmt: skip
    return None


def _is_of_another(graph: NotebookGraph, deeds: list[Deed], number: int, name: str) -> bool:
    """Whether statement `number` changes another of the tables that one call gave: ``a, b = train_test_split(df)``."""
    others = graph.direct(number)
    if name in others or not others or not others <= {d.name for d in deeds if d.number == number and not d.binds}:
        return False
    for other in others:
        givers = [max((d.number for d in deeds if d.binds and d.name == n and d.number < number), default=-1)
                  for n in (name, other)]  # fmt: skip
        giver = graph.statements[givers[0]].node
        if givers[0] != givers[1] or givers[0] < 0 or not isinstance(giver, ast.Assign):
            return False
        call = giver.value
        function = call.func if isinstance(call, ast.Call) else None
        word = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if word not in ("train_test_split", "align"):
            return False
    return True


def made_before(deeds: list[Deed], chain: list[Deed], columns: Columns, truth: frozenset[str]) -> Problem | None:
    """A feature of one of several tables that were put below each other, made before that."""
    for mark in (m for d in chain[:1] for m in d.value.marks if m.what == "source" and isinstance(m.node, ast.Call)):
        before = [d for d in deeds if d.number < chain[0].number]
        for name in sorted({n.id for n in walk(mark.node) if isinstance(n, ast.Name)}):
            for deed in chain_of(before, name):
                made = deed.columns is None or any(columns.has(c, truth) for c in deed.columns)
                if deed.value.made and made:
                    return Problem("NB351", f"a feature of `{name}` is made before tables are put together", deed.node)
    return None
