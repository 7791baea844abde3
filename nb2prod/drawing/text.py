"""The graph as text, one row per cell, the way version control draws history.

    o    2  parameters
    | o  4                reads alpha (2)
    o |  5  training      reads rows (4)

A lane begins at a cell and ends at the last one that reads it; a reader is joined to the lanes that it reads.
"""

from dataclasses import dataclass

from nb2prod.drawing.cells import CellGraph, Edge, Node

_MOST_NAMES = 4


@dataclass(frozen=True, slots=True)
class Row:
    """`lanes` is the drawn part; `reads` e.g. ``df (4), model (10)``."""

    lanes: str
    node: Node
    reads: str


def graph_rows(graph: CellGraph) -> tuple[Row, ...]:
    """One row for each node, in order."""
    last_reader: dict[int, int] = {}
    incoming: dict[int, list[Edge]] = {}
    for edge in graph.edges:
        last_reader[edge.source] = max(edge.target, last_reader.get(edge.source, 0))
        incoming.setdefault(edge.target, []).append(edge)
    lanes: list[int | None] = []  # which cell each lane comes from
    rows: list[Row] = []
    for node in graph.nodes:
        edges = incoming.get(node.cell, [])
        read = [lanes.index(edge.source) for edge in edges if edge.source in lanes]
        ended = [at for at in read if last_reader[lanes[at] or 0] == node.cell]
        own = next((at for at, cell in enumerate(lanes) if cell is None and at >= max(read, default=0)), len(lanes))
        drawn = _draw(lanes, read, ended, own)
        for at in ended:
            lanes[at] = None
        if own == len(lanes):
            lanes.append(None)
        lanes[own] = node.cell if node.cell in last_reader else None
        while lanes and lanes[-1] is None:
            lanes.pop()
        rows.append(Row(drawn, node, _reads(edges)))
    return tuple(rows)


def _draw(lanes: list[int | None], read: list[int], ended: list[int], own: int) -> str:
    """Lanes are two characters apart; a line runs from the leftmost lane that is read to the cell's own."""
    width = max(len(lanes), own + 1)
    first = min(read, default=own)
    parts: list[str] = []
    for at in range(width):
        alive = at < len(lanes) and lanes[at] is not None
        if at == own:
            sign = "●"
        elif at in read:
            sign = ("╰" if at in ended else "├") if at == first else ("┴" if at in ended else "┼")
        elif first < at < own:
            sign = "│" if alive else "─"
        else:
            sign = "│" if alive else " "
        parts.append(sign + ("─" if first <= at < own else " "))
    return "".join(parts).rstrip()


def _reads(edges: list[Edge]) -> str:
    return ", ".join(f"{_listed(edge.names)} ({edge.source})" for edge in edges)


def _listed(names: tuple[str, ...]) -> str:
    shown = " ".join(names[:_MOST_NAMES])
    return shown + (" …" if len(names) > _MOST_NAMES else "")
