"""Bars with their labels and numbers, as SVG: for reports in notebooks. No script, no fonts, no library."""

from collections.abc import Sequence
from html import escape

_BAR, _GAP, _LABEL, _WIDTH = 18, 6, 190, 420
_LONGEST = 28


def bars_svg(bars: Sequence[tuple[str, float]], title: str, unit: str = "") -> str:
    """A whole SVG document; numbers that are negative or not finite have no bar."""
    largest = max((value for _, value in bars if 0 < value < float("inf")), default=1.0)
    height = 30 + len(bars) * (_BAR + _GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LABEL + _WIDTH + 90}" height="{height}" role="img" '
        'font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="8" y="18" font-weight="bold">{escape(title)}</text>',
    ]
    for place, (label, value) in enumerate(bars):
        y = 30 + place * (_BAR + _GAP)
        long = max(1.0, _WIDTH * value / largest) if 0 < value < float("inf") else 0.0
        shown = label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…"
        clean = "".join(char if char.isprintable() else " " for char in shown)
        parts += [
            f'<text x="{_LABEL - 8}" y="{y + 13}" text-anchor="end">{escape(clean)}</text>',
            f'<rect x="{_LABEL}" y="{y}" width="{long:.1f}" height="{_BAR}" fill="#0969da"/>',
            f'<text x="{_LABEL + long + 6:.1f}" y="{y + 13}">{value:.4g}{escape(unit)}</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"
