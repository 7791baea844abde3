"""Why a statement is in production, or is not: the chain of statements from the response or a metric back to it.

cell 7   model.predict(rows)            the response
cell 5   model = Ridge().fit(X, y)      gives `model`
cell 4   X = df[["a", "b"]]             gives `X`           in training, since cell 5 reads `X`
"""

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.names import kind_of
from nb2prod.model.roles import Role
from nb2prod.plan.boundary import Boundary
from nb2prod.plan.selection import Selection

Use = Literal["training", "prediction"]


@dataclass(frozen=True, slots=True)
class Link:
    """A statement on the way; `name` is what the one before it reads of it."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Chain:
    """From `root` (e.g. ``the response``) to the statement that is explained, which is the last link."""

    use: Use
    root: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """Why statement `number` is where it is. `chains` are empty where nothing production needs leads to it."""

    number: int
    uses: tuple[Use, ...]
    reason: str
    chains: tuple[Chain, ...] = ()


def explain(
    graph: NotebookGraph, boundary: Boundary | None, selection: Selection | None, numbers: Iterable[int]
) -> tuple[Account, ...]:
    """An account of each of these statements, in notebook order."""
    if boundary is None or selection is None:
        reason = "it is not known yet what production needs: see the errors of `nb2prod check`"
        return tuple(Account(n, (), reason) for n in sorted(numbers))
    own = set(boundary.prediction)
    module = {n for n, kind in enumerate(graph.kinds) if kind in ("parameter", "import")} | set(selection.code)
    response = {boundary.response_statement: _response(boundary)}
    metrics = {n: f"the metric `{m}`" for m in boundary.metrics for n in graph.final.get(m, ()) if n in selection.used}
    by_prediction = _ways(graph, response, own | module)
    # what the prediction reads of the module is not training's; training may read the same by itself
    by_training = _ways(graph, response, {*selection.used} | module, apart=(own, module))
    by_training |= _ways(graph, metrics, {*selection.used} | module, apart=(own, module), known=by_training)
    ways = _Ways(by_prediction, by_training, response | metrics)
    return tuple(_account(graph, boundary, selection, n, ways) for n in sorted(numbers))


def what_is(graph: NotebookGraph, boundary: Boundary | None, name: str) -> str:
    """What a name of the notebook stands for, in a few words."""
    if boundary is not None:
        for words, names in (
            ("an artifact: training makes it, prediction reads it", boundary.artifacts),
            ("the request: what a caller sends", boundary.request),
            ("the response", (boundary.response,)),
            ("a metric, where it is a number", boundary.metrics),
        ):
            if name in names:
                return words
    kind = kind_of(graph, graph.final.get(name, frozenset()))
    return {"feature": "a function or class", "value": "a value of the notebook"}.get(kind, f"a {kind}").replace(
        "a import", "an import"
    )


_Way = dict[int, tuple[int | None, str]]
"""For each statement that is reached: the one that reads it, and the name it reads."""


@dataclass(frozen=True, slots=True)
class _Ways:
    prediction: _Way
    training: _Way
    roots: Mapping[int, str]


def _ways(
    graph: NotebookGraph,
    roots: Iterable[int],
    within: Collection[int],
    *,
    apart: tuple[Collection[int], Collection[int]] = ((), ()),
    known: Collection[int] = (),
) -> _Way:
    """The shortest way back from `roots` to each statement that is not `known`; no step from one of `apart` to the
    other."""
    found: _Way = dict.fromkeys((root for root in roots if root not in known), (None, ""))
    pending = deque(found)
    while pending:
        number = pending.popleft()
        for name, contributors in _needs(graph, number):
            for one in sorted(contributors, reverse=True):
                if one in within and one not in found and one not in known:
                    if number in apart[0] and one in apart[1]:
                        continue
                    found[one] = (number, name)
                    pending.append(one)
    return found


def _needs(graph: NotebookGraph, number: int) -> Iterable[tuple[str, Iterable[int]]]:
    """What the statement reads; of a function or class also what it will read when it is called."""
    yield from sorted(graph.reads[number].items())
    definition = graph.definitions.get(number)
    for name in sorted(definition.late_reads - graph.reads[number].keys()) if definition else ():
        yield name, graph.final.get(name, frozenset())


def _account(
    graph: NotebookGraph, boundary: Boundary, selection: Selection, number: int, ways: _Ways
) -> Account:  # fmt: skip
    chains: list[Chain] = []
    if number in ways.prediction:
        chains.append(_chain("prediction", number, ways.prediction, ways.roots))
    if number in ways.training and number not in boundary.prediction:
        chains.append(_chain("training", number, ways.training, ways.roots))
    uses: tuple[Use, ...] = tuple(chain.use for chain in chains)
    if number in selection.training and "training" not in uses:
        uses = (*uses, "training")  # preprocessing: prediction repeats what training does
    if not chains:
        return _without_chain(graph, boundary, selection, number)
    reader = chains[0].links[-2].number if len(chains[0].links) > 1 else None
    name = chains[0].links[-1].name
    reason = f"it is {chains[0].root}" if reader is None else f"cell {graph.statements[reader].cell} reads `{name}`"
    return Account(number, uses, reason, tuple(chains))


def _without_chain(graph: NotebookGraph, boundary: Boundary, selection: Selection, number: int) -> Account:
    s = graph.statements[number]
    if number in selection.training:
        if number in graph.setup:
            return Account(number, ("training",), "it sets a seed or an option that the code below runs under")
        return Account(number, ("training",), "what it changes is part of a value that training needs")
    if number in selection.tests:
        return Account(number, (), "it becomes a test of the package")
    if graph.bound_by(number) & set(boundary.request):
        return Account(number, (), "it is the example of what a caller sends; production gets that from the caller")
    readers = [
        (t.cell, t.role, name)
        for t in graph.statements
        for name, contributors in graph.reads[t.number].items()
        if number in contributors and t.number != number
    ]
    if not readers:
        made = ", ".join(f"`{name}`" for name in sorted(graph.bound_by(number) | graph.direct(number)))
        return Account(
            number, (), f"nothing else reads {made}" if made else "it makes and changes nothing that is read"
        )
    cells = {cell: (role, name) for cell, role, name in reversed(readers)}
    told = [_reader(cell, *cells[cell], own=cell == s.cell) for cell in sorted(cells)[:3]]
    more = f" and {len(cells) - 3} more" if len(cells) > 3 else ""
    return Account(number, (), f"nothing that production needs reads it: only {', '.join(told)}{more}")


def _reader(cell: int, role: Role | None, name: str, *, own: bool) -> str:
    where = "its own cell" if own else f"cell {cell} ({role.value if role else 'no role'})"
    return f"{where} reads `{name}`"


def _chain(use: Use, number: int, ways: _Way, roots: Mapping[int, str]) -> Chain:
    links: list[Link] = []
    at: int | None = number
    first = number
    while at is not None:
        reader, name = ways[at]
        links.append(Link(at, name))
        first, at = at, reader
    return Chain(use, roots[first], tuple(reversed(links)))


def _response(boundary: Boundary) -> str:
    return f"the response `{boundary.response}`" if boundary.response else "the response"
