"""Where boxes and lines go: cells in layers, each below what it reads, and lines that keep clear of the boxes.

The way of Sugiyama: layers by the longest path, a bend in each layer that a line passes, an order in the layers that
crosses few lines, positions as near to the neighbours as the order allows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from nb2prod.drawing.cells import CellGraph, Edge, Node

WIDTH, HEIGHT = 210.0, 46.0
GAP, STEP = 26.0, 58.0
_BEND = 14.0
_SWEEPS = 12
_MOST_BENDS = 4000
"""Beyond that lines go straight: nobody follows so many by eye."""
_PER_ROW = 4
_MOST_PARTS = 6
_LETTER, _LABEL_HEIGHT = 6.2, 13.0

Point = tuple[float, float]
_Key = tuple[int, int]
"""A place in a layer: (cell, 0), or (number of the edge, layer) of a bend, where the number is negative."""


@dataclass(frozen=True, slots=True)
class Box:
    """`x`, `y`: the upper left corner."""

    node: Node
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """From the lower side of one box to the upper side of another; `label` is centred at `at`, `half` as wide."""

    edge: Edge
    points: tuple[Point, ...]
    label: str = ""
    at: Point = (0.0, 0.0)
    half: float = 0.0


@dataclass(frozen=True, slots=True)
class Drawing:
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: float
    height: float


def lay_out(graph: CellGraph) -> Drawing:
    """Positions for every node and edge; nodes that no edge touches stand in rows of their own at the end."""
    joined = {cell for edge in graph.edges for cell in (edge.source, edge.target)}
    layers = _layers(graph, joined)
    bends = sum(layers[edge.target] - layers[edge.source] - 1 for edge in graph.edges) <= _MOST_BENDS
    chains = {edge: _chain(n, edge, layers, bends=bends) for n, edge in enumerate(graph.edges, 1)}
    rows = _rows([node.cell for node in graph.nodes if node.cell in joined], layers, chains.values())
    neighbours: dict[_Key, list[_Key]] = {}
    for chain in chains.values():
        for a, b in pairwise(chain):
            neighbours.setdefault(a, []).append(b)
            neighbours.setdefault(b, []).append(a)
    rows = _ordered(rows, neighbours)
    centres = _positions(rows, neighbours)
    pitch = HEIGHT + STEP
    boxes = {
        node.cell: Box(node, centres[node.cell, 0] - WIDTH / 2, layers[node.cell] * pitch)
        for node in graph.nodes
        if node.cell in joined
    }
    alone = [node for node in graph.nodes if node.cell not in joined]
    top = len(rows) * pitch
    for n, node in enumerate(alone):
        row, column = divmod(n, _PER_ROW)
        boxes[node.cell] = Box(node, column * (WIDTH + GAP), top + row * (HEIGHT + GAP))
    lines = _lines(chains, boxes, centres, pitch)
    left = min([*(b.x for b in boxes.values()), *(x for line in lines for x, _ in line.points)], default=0.0)
    shifted = [Box(b.node, b.x - left, b.y) for b in boxes.values()]
    labelled = _labelled([(e, [(x - left, y) for x, y in p]) for e, p in ((w.edge, w.points) for w in lines)], shifted)
    right = max([*(b.x + WIDTH for b in shifted), *(x for line in labelled for x, _ in line.points)], default=0.0)
    return Drawing(tuple(shifted), tuple(labelled), right, max((b.y + HEIGHT for b in shifted), default=0.0))


def _layers(graph: CellGraph, joined: set[int]) -> dict[int, int]:
    """Each cell one below the lowest that it reads; what reads nothing goes just above its first reader."""
    sources: dict[int, list[int]] = {}
    targets: dict[int, list[int]] = {}
    for edge in graph.edges:
        sources.setdefault(edge.target, []).append(edge.source)
        targets.setdefault(edge.source, []).append(edge.target)
    layers: dict[int, int] = {}
    for node in graph.nodes:
        if node.cell in joined:
            layers[node.cell] = 1 + max((layers[s] for s in sources.get(node.cell, ())), default=-1)
    for cell in layers:
        if cell not in sources:
            layers[cell] = min(layers[t] for t in targets[cell]) - 1
    return layers


def _chain(number: int, edge: Edge, layers: Mapping[int, int], *, bends: bool) -> list[_Key]:
    between = range(layers[edge.source] + 1, layers[edge.target]) if bends else ()
    return [(edge.source, 0), *((-number, layer) for layer in between), (edge.target, 0)]


def _rows(cells: Sequence[int], layers: Mapping[int, int], chains: Iterable[list[_Key]]) -> list[list[_Key]]:
    rows: list[list[_Key]] = [[] for _ in range(1 + max(layers.values(), default=-1))]
    for cell in cells:
        rows[layers[cell]].append((cell, 0))
    for chain in chains:
        for key in chain[1:-1]:
            rows[key[1]].append(key)
    return rows


def _ordered(rows: list[list[_Key]], neighbours: Mapping[_Key, list[_Key]]) -> list[list[_Key]]:
    """Each layer sorted by where its neighbours in the layer above stand, then below, a few times over."""
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for at in range(1, len(rows)) if down else range(len(rows) - 2, -1, -1):
            fixed = {key: n for n, key in enumerate(rows[at - 1 if down else at + 1])}
            rows[at] = _by_neighbours(rows[at], fixed, neighbours)
    return rows


def _by_neighbours(row: list[_Key], fixed: Mapping[_Key, int], neighbours: Mapping[_Key, list[_Key]]) -> list[_Key]:
    weights = {}
    for n, key in enumerate(row):
        near = [fixed[k] for k in neighbours.get(key, ()) if k in fixed]
        weights[key] = sum(near) / len(near) if near else float(n)
    return sorted(row, key=lambda key: weights[key])


def _positions(rows: list[list[_Key]], neighbours: Mapping[_Key, list[_Key]]) -> dict[_Key, float]:
    """The centre of each place: near its neighbours, in order, and apart from one another."""
    centres: dict[_Key, float] = {}
    for row in rows:
        _place(row, {}, centres)
    for sweep in range(_SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wished = {key: _mean([centres[k] for k in neighbours[key]]) for key in row if neighbours.get(key)}
            _place(row, wished, centres)
    return centres


def _place(row: list[_Key], wished: Mapping[_Key, float], centres: dict[_Key, float]) -> None:
    """The nearest positions to those wished for that keep order and distance (pooling adjacent violators)."""
    offsets: list[float] = []
    for n, key in enumerate(row):
        offsets.append(0.0 if n == 0 else offsets[-1] + (_width(row[n - 1]) + _width(key)) / 2 + GAP)
    groups: list[tuple[float, int]] = []  # (mean, size) of keys that stand shoulder to shoulder
    for key, offset in zip(row, offsets, strict=True):
        groups.append((wished.get(key, centres.get(key, offset)) - offset, 1))
        while len(groups) > 1 and groups[-2][0] > groups[-1][0]:
            (a, m), (b, n) = groups[-2:]
            groups[-2:] = [((a * m + b * n) / (m + n), m + n)]
    starts = [mean for mean, size in groups for _ in range(size)]
    for key, start, offset in zip(row, starts, offsets, strict=True):
        centres[key] = start + offset


def _width(key: _Key) -> float:
    return WIDTH if key[0] > 0 else _BEND


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _lines(
    chains: Mapping[Edge, list[_Key]], boxes: Mapping[int, Box], centres: Mapping[_Key, float], pitch: float
) -> list[Line]:
    """Lines leave and enter a box side by side, in the order in which they go on."""
    leaving: dict[int, list[Edge]] = {}
    entering: dict[int, list[Edge]] = {}
    for edge in sorted(chains, key=lambda e: centres[chains[e][1]]):
        leaving.setdefault(edge.source, []).append(edge)
    for edge in sorted(chains, key=lambda e: centres[chains[e][-2]]):
        entering.setdefault(edge.target, []).append(edge)
    found = []
    for edge, chain in chains.items():
        start = (_port(boxes[edge.source], leaving[edge.source], edge), boxes[edge.source].y + HEIGHT)
        end = (_port(boxes[edge.target], entering[edge.target], edge), boxes[edge.target].y)
        bends = [
            (centres[key], key[1] * pitch + y) for key in chain[1:-1] for y in (0.0, HEIGHT)
        ]  # straight down beside the boxes of the layer
        found.append(Line(edge, (start, *bends, end)))
    return found


def _port(box: Box, edges: Sequence[Edge], edge: Edge) -> float:
    return box.x + WIDTH * (edges.index(edge) + 1) / (len(edges) + 1)


def _labelled(lines: list[tuple[Edge, list[Point]]], boxes: Sequence[Box]) -> list[Line]:
    """Each label where it covers no box and no other label, if there is such a place on its line."""
    taken = _Taken()
    for box in boxes:
        taken.add((box.x, box.y, box.x + WIDTH, box.y + HEIGHT))
    found = []
    for edge, points in lines:
        label = ", ".join(edge.names[:2]) + (f" +{len(edge.names) - 2}" if len(edge.names) > 2 else "")
        half = len(label) * _LETTER / 2 + 2
        best: tuple[float, Point, _Area] | None = None
        for x, y in _places_on(points):
            area = (x - half, y - _LABEL_HEIGHT / 2, x + half, y + _LABEL_HEIGHT / 2)
            covered = taken.covered_by(area)
            if best is None or covered < best[0]:
                best = (covered, (x, y), area)
            if covered == 0:
                break
        assert best is not None
        taken.add(best[2])
        found.append(Line(edge, tuple(points), label, best[1], half))
    return found


def _places_on(points: list[Point]) -> Iterator[Point]:
    """The middle of each part of a line first, from the end on, where it says whose it is."""
    parts = list(pairwise(points))[::-1][:_MOST_PARTS]
    for share in (0.5, 0.35, 0.65, 0.22, 0.78):
        for a, b in parts:
            yield a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share


_Area = tuple[float, float, float, float]


class _Taken:
    """Areas that are drawn upon, in strips, so that only near ones are looked at."""

    def __init__(self) -> None:
        self._strips: dict[int, list[_Area]] = {}

    def add(self, area: _Area) -> None:
        for strip in self._of(area):
            self._strips.setdefault(strip, []).append(area)

    def covered_by(self, area: _Area) -> float:
        near = {other for strip in self._of(area) for other in self._strips.get(strip, ())}
        return sum(_overlap(area, other) for other in near)

    def _of(self, area: _Area) -> range:
        return range(int(area[1] // HEIGHT), int(area[3] // HEIGHT) + 1)


def _overlap(a: _Area, b: _Area) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
