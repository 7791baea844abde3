"""The cells of a notebook as a graph, drawn as text or as SVG; bars for reports. Values in, values out."""

from nb2prod.drawing.bars import bars_svg
from nb2prod.drawing.cells import CellGraph, Edge, Node, cell_graph
from nb2prod.drawing.layout import Drawing, lay_out
from nb2prod.drawing.svg import svg_text
from nb2prod.drawing.text import graph_rows

__all__ = ["CellGraph", "Drawing", "Edge", "Node", "bars_svg", "cell_graph", "graph_rows", "lay_out", "svg_text"]
