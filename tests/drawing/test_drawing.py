"""The graph of cells, as text and as SVG."""

import random
from itertools import combinations
from xml.etree import ElementTree

import pytest

from nb2prod.drawing import CellGraph, Edge, Node, cell_graph, graph_rows, lay_out, svg_text
from nb2prod.drawing.layout import HEIGHT, WIDTH
from tests.plan.equality import analysed

SVG = "{http://www.w3.org/2000/svg}"


def graph(last: int, *edges: tuple[int, int]) -> CellGraph:
    nodes = tuple(Node(n, "training", f"x{n} = {n}", "training") for n in range(1, last + 1))
    return CellGraph(nodes, tuple(Edge(a, b, (f"x{a}",)) for a, b in sorted(edges)))


def test_the_graph_of_cells_is_thinned_to_the_last_change_and_has_no_imports() -> None:
    text = """
# %%
import math
# %%
rows = [math.floor(3.5)]
# %%
rows.append(2)
# %% training
model = sum(rows)
"""
    found = cell_graph(analysed(text)[0], {4: "training"}, {2: "rows = …"})
    assert [(n.cell, n.role, n.title, n.use) for n in found.nodes] == [
        (2, "", "rows = …", ""), (3, "", "", ""), (4, "training", "", "training")
    ]  # fmt: skip
    assert [(e.source, e.target, e.names) for e in found.edges] == [(2, 3, ("rows",)), (3, 4, ("rows",))]


def test_the_text_joins_each_reader_to_the_lanes_it_reads() -> None:
    rows = graph_rows(graph(5, (1, 2), (1, 4), (3, 4), (2, 5)))
    assert [row.lanes for row in rows] == [
        "●",
        "├─●",
        "│ │ ●",
        "╰─│─┴─●",
        "  ╰─●",
    ]
    assert rows[3].reads == "x1 (1), x3 (3)"


def random_graph(seed: int) -> CellGraph:
    draw = random.Random(seed)
    last = draw.randrange(2, 30)
    edges = {tuple(sorted(draw.sample(range(1, last + 1), 2))) for _ in range(draw.randrange(1, 60))}
    return graph(last, *edges)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(25))
def test_no_box_covers_another_and_every_line_runs_down_from_its_source_to_its_reader(seed: int) -> None:
    given = random_graph(seed)
    drawing = lay_out(given)
    boxes = {box.node.cell: box for box in drawing.boxes}
    assert boxes.keys() == {node.cell for node in given.nodes}
    for a, b in combinations(drawing.boxes, 2):
        assert abs(a.x - b.x) >= WIDTH or abs(a.y - b.y) >= HEIGHT
    for line in drawing.lines:
        source, target = boxes[line.edge.source], boxes[line.edge.target]
        (x, y), (end_x, end_y) = line.points[0], line.points[-1]
        assert source.x < x < source.x + WIDTH
        assert y == source.y + HEIGHT
        assert target.x < end_x < target.x + WIDTH
        assert end_y == target.y
        heights = [height for _, height in line.points]
        assert heights == sorted(heights)
    assert all(box.x >= 0 and box.x + WIDTH <= drawing.width + 1e-6 for box in drawing.boxes)


@pytest.mark.parametrize("seed", range(10))
def test_lines_pass_beside_the_boxes_of_the_layers_between(seed: int) -> None:
    drawing = lay_out(random_graph(seed))
    for line in drawing.lines:
        for x, y in line.points[1:-1]:
            assert not any(b.x < x < b.x + WIDTH and b.y <= y <= b.y + HEIGHT for b in drawing.boxes)


def test_every_graph_is_drawn_the_same_each_time() -> None:
    assert svg_text(lay_out(random_graph(3)), "n") == svg_text(lay_out(random_graph(3)), "n")


def test_the_svg_is_xml_whatever_the_cells_say() -> None:
    nodes = (Node(1, "skip", "</svg><script>x & \x1b[31m \"quoted\" 'too'", ""), Node(2, "", "", "training"))
    text = svg_text(lay_out(CellGraph(nodes, (Edge(1, 2, ("<a>", "b", "c")),))), "a <title>")
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert not list(root.iter(f"{SVG}script"))
    labels = ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]
    assert any("<a>, b +1" in label for label in labels)


def test_many_lines_go_straight_rather_than_taking_minutes() -> None:
    last = 600
    given = graph(last, *((n, n + 1) for n in range(1, last)), *((1, n) for n in range(3, last + 1)))
    drawing = lay_out(given)
    assert {len(line.points) for line in drawing.lines} == {2}


def test_an_empty_notebook_is_an_empty_drawing() -> None:
    drawing = lay_out(CellGraph((), ()))
    assert (drawing.boxes, drawing.lines, drawing.width) == ((), (), 0.0)
    assert ElementTree.fromstring(svg_text(drawing, "n")).tag == f"{SVG}svg"
