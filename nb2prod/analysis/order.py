"""Another order of the cells: what it would change, and one in which every name is defined before it is read.

1  model = fit(rows)          by the counts, or by data flow alone:
2  rows = load()              2, 1
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.history import History
from nb2prod.analysis.names import kind_of
from nb2prod.model.notebook import Notebook

Build = Callable[[Notebook], NotebookGraph]
Place = tuple[int, int]
"""A statement: its cell, and its position there."""


@dataclass(frozen=True, slots=True)
class OtherValue:
    """A name that statement `number` reads: the cells its value comes from in the notebook's order, and in the other.

    `others` are empty where the other order has no value for it: the cell that defines it ran again after that.
    """

    number: int
    name: str
    cells: tuple[int, ...]
    others: tuple[int, ...]


def in_order_of(notebook: Notebook, order: Iterable[int]) -> Notebook:
    """The notebook with these cells (1-based positions) in this order, and no others."""
    return replace(notebook, cells=tuple(notebook.cells[index - 1] for index in order))


def other_values(graph: NotebookGraph, other: NotebookGraph) -> Iterator[OtherValue]:
    """What is read of other statements, or of the same in another order, where `other` has the cells in its order."""
    own, its = _places(graph), _places(other)
    numbers = {(its[s.number], s.path): s.number for s in other.statements}
    for s in graph.statements:
        number = numbers.get((own[s.number], s.path))
        if number is None:
            continue
        for name, contributors in sorted(graph.reads[s.number].items()):
            if kind_of(graph, contributors) == "import":
                continue
            here = tuple(dict.fromkeys(own[n] for n in sorted(contributors)))
            there = tuple(dict.fromkeys(its[n] for n in sorted(other.reads[number].get(name, ()))))
            if here != there:
                yield OtherValue(s.number, name, _cells(here), _cells(there))


def find_order(graph: NotebookGraph, history: History, build: Build) -> tuple[tuple[int, ...], bool] | None:
    """An order of the cells that defines each name before it is read, and whether it is that of the counts.

    None where there is none, or where the notebook's own is one.
    """
    bound = {name for s in graph.statements for name in graph.bound_by(s.number)}
    late = {name for _, name in graph.undefined} & bound
    if not late:
        return None
    if history.is_whole and not history.in_order:
        order = tuple(cell.index for cell in history.ran)
        if not _undefined(build(in_order_of(graph.notebook, order))) & bound:
            return order, True
    found = _by_data_flow(graph)
    if found is None or _undefined(build(in_order_of(graph.notebook, found))) & bound:
        return None
    return found, False


def moves(order: Sequence[int]) -> tuple[tuple[int, int | None], ...]:
    """The fewest cells that must move to bring positions in ascending order into `order`: (cell, above which cell).

    None: to the end.
    """
    stays = _longest_ascending(order)
    found: list[tuple[int, int | None]] = []
    below: int | None = None
    for cell in reversed(order):
        if cell in stays:
            below = cell
        else:
            found.append((cell, below))
    return tuple(reversed(found))


def _by_data_flow(graph: NotebookGraph) -> tuple[int, ...] | None:
    """The notebook's order, each cell preceded by those it needs; None where two need each other."""
    definers: dict[str, int] = {}
    for s in graph.statements:
        for name in s.facts.binds:
            definers.setdefault(name, s.cell)
    needs: dict[int, set[int]] = {}
    for number, name in graph.undefined:
        if name in definers:
            needs.setdefault(graph.statements[number].cell, set()).add(definers[name])
    order: dict[int, None] = {}
    waiting: set[int] = set()
    pending = [cell.index for cell in reversed(graph.notebook.cells) if cell.kind == "code"]
    while pending:
        cell = pending[-1]
        first = sorted(needs.get(cell, set()) - order.keys())
        if cell in order or not first:
            order[pending.pop()] = None
        elif cell in waiting:  # it waits for itself
            return None
        else:
            waiting.add(cell)
            pending += reversed(first)
    return tuple(order)


def _undefined(graph: NotebookGraph) -> set[str]:
    return {name for _, name in graph.undefined}


def _places(graph: NotebookGraph) -> list[Place]:
    return [(s.cell, s.position) for s in graph.statements]


def _cells(places: Iterable[Place]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(cell for cell, _ in places))


def _longest_ascending(order: Sequence[int]) -> set[int]:
    """The cells of a longest ascending part of `order`."""
    ends: list[int] = []  # of the best part of each length so far, the last cell
    before: dict[int, int | None] = {}
    for cell in order:
        at = bisect_left(ends, cell)
        before[cell] = ends[at - 1] if at else None
        ends[at : at + 1] = [cell]
    found: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        found.add(last)
        last = before[last]
    return found
