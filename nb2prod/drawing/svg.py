"""A drawing as SVG: boxes in the colours of the roles, lines with the names that are read. No script, no fonts."""

from html import escape

from nb2prod.drawing.layout import HEIGHT, WIDTH, Box, Drawing, Line

_MARGIN = 24.0
_TITLE = 26
_LEGEND = 30.0
_COLOURS = {
    "parameters": "#6f42c1",
    "imports": "#57606a",
    "functions": "#0969da",
    "preprocessing": "#1b7c83",
    "training": "#bc4c00",
    "evaluation": "#9a6700",
    "request": "#bf3989",
    "inference": "#1a7f37",
    "test": "#0550ae",
    "skip": "#8c959f",
    "": "#8c959f",
}
_STYLE = """\
text { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 11px; fill: #1f2328 }
.head { font-weight: bold }
.line { fill: none; stroke: #8c959f; stroke-width: 1.3 }
.label { font-size: 10px; fill: #57606a; text-anchor: middle }
.idle { opacity: .55 }"""


def svg_text(drawing: Drawing, title: str) -> str:
    """A whole SVG document. Boxes that production leaves out are pale."""
    roles = list(dict.fromkeys(box.node.role for box in drawing.boxes if box.node.role))
    legend = _legend(roles)
    width = max(drawing.width, sum(_legend_width(role) for role in (*roles, "left out"))) + 2 * _MARGIN
    height = drawing.height + 2 * _MARGIN + _LEGEND
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#8c959f"/></marker></defs>',
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
        legend,
        f'<g transform="translate({_MARGIN:.0f} {_MARGIN + _LEGEND:.0f})">',
        *(_line(line) for line in drawing.lines),
        *(_box(box) for box in drawing.boxes),
        *(_label(line) for line in drawing.lines),
        "</g>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _box(box: Box) -> str:
    node = box.node
    colour = _COLOURS.get(node.role, _COLOURS[""])
    idle = "" if node.use or node.role in ("request", "test") else ' class="idle"'
    head = f"{node.cell}  {node.role or 'no role'}"
    return (
        f'<g transform="translate({box.x:.1f} {box.y:.1f})"{idle}><title>{escape(_plain(node.title))}</title>'
        f'<rect width="{WIDTH:.0f}" height="{HEIGHT:.0f}" rx="5" fill="{colour}" fill-opacity=".09" stroke="{colour}" '
        f'stroke-width="1.3"/><text class="head" x="10" y="18" fill="{colour}">{escape(head)}</text>'
        f'<text x="10" y="35">{escape(_cut(_plain(node.title)))}</text></g>'
    )


def _line(line: Line) -> str:
    (x, y), *rest = line.points
    path = [f"M{x:.1f} {y:.1f}"]
    for a, b in rest:
        middle = (y + b) / 2
        path.append(f"C{x:.1f} {middle:.1f} {a:.1f} {middle:.1f} {a:.1f} {b:.1f}")
        x, y = a, b
    return f'<path class="line" d="{"".join(path)}" marker-end="url(#tip)"/>'


def _label(line: Line) -> str:
    x, y = line.at
    names = escape(_plain(", ".join(line.edge.names)))
    half = line.half
    return (
        f'<rect x="{x - half:.1f}" y="{y - 6:.1f}" width="{2 * half:.1f}" height="12" fill="#fff" fill-opacity=".9"/>'
        f'<text class="label" x="{x:.1f}" y="{y + 3:.1f}"><title>{names}</title>{escape(_plain(line.label))}</text>'
    )


def _legend(roles: list[str]) -> str:
    parts, x = [], _MARGIN
    for role in roles:
        parts.append(f'<rect x="{x:.0f}" y="18" width="10" height="10" rx="2" fill="{_COLOURS.get(role, "")}"/>')
        parts.append(f'<text x="{x + 15:.0f}" y="27">{escape(role)}</text>')
        x += _legend_width(role)
    parts.append(f'<text class="idle" x="{x:.0f}" y="27">pale: left out</text>')
    return "".join(parts)


def _legend_width(role: str) -> float:
    return 15 + 7 * len(role) + 16.0


def _cut(text: str) -> str:
    return text if len(text) <= _TITLE else text[: _TITLE - 1] + "…"


def _plain(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(c if c.isprintable() else " " for c in text)
