"""The graph of cells, thinned so that it can be looked at.

A name that three cells make and change is read from the last of them; that one read it from the one before. Imports are
left out: nearly every cell reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from nb2prod.analysis.graph import NotebookGraph


@dataclass(frozen=True, slots=True)
class Node:
    """A code cell. `role` is empty where it has none; `use` is ``training``, ``prediction``, ``both`` or empty."""

    cell: int
    role: str
    title: str
    use: str


@dataclass(frozen=True, slots=True)
class Edge:
    """Cell `target` reads `names` as cell `source`, which stands above it, left them."""

    source: int
    target: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CellGraph:
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def cell_graph(graph: NotebookGraph, uses: Mapping[int, str], titles: Mapping[int, str]) -> CellGraph:
    """The cells that do more than import, in notebook order; `uses` and `titles` by cell."""
    cells = dict.fromkeys(s.cell for s in graph.statements if graph.kinds[s.number] != "import")
    roles = {s.cell: s.role.value if s.role else "" for s in graph.statements}
    names: dict[tuple[int, int], set[str]] = {}
    for s in graph.statements:
        for name, contributors in graph.reads[s.number].items():
            before = [n for n in contributors if graph.statements[n].cell != s.cell and graph.kinds[n] != "import"]
            own = [n for n in contributors if graph.statements[n].cell == s.cell]
            if before and not own:
                names.setdefault((graph.statements[max(before)].cell, s.cell), set()).add(name)
    return CellGraph(
        tuple(Node(cell, roles[cell], titles.get(cell, ""), uses.get(cell, "")) for cell in cells),
        tuple(Edge(*pair, tuple(sorted(found))) for pair, found in sorted(names.items()) if pair[0] in cells),
    )
