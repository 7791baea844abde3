"""Text can be read on what it stands on, in light and dark."""

import pytest
from nb2prod_gui.look.palette import DARK, LIGHT, Palette, contrast, mixed

LEAST = 4.5


def pairs(p: Palette):
    for name in ("text", "muted", "accent", "good", "warning", "bad", "info"):
        for ground in ("ground", "surface", "raised", "hover", "selected"):
            if name in ("text", "muted") or ground in ("ground", "surface", "raised"):
                yield name, ground, getattr(p, name), getattr(p, ground)
    yield "on_accent", "accent", p.on_accent, p.accent
    yield "on_accent", "accent_hover", p.on_accent, p.accent_hover
    for name in ("text", "keyword", "string", "comment", "number", "function", "good", "bad", "info"):
        for ground in ("surface", "code_ground", "lit"):
            yield name, ground, getattr(p, name), getattr(p, ground)
    for role, ink in p.roles.items():
        yield role, "its badge", ink, mixed(p.surface, ink, 0.14)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_contrast_is_enough(palette):
    low = {f"{name} on {ground}": round(contrast(ink, under), 2) for name, ground, ink, under in pairs(palette)
           if contrast(ink, under) < LEAST}  # fmt: skip
    assert low == {}


def test_the_ratio_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_toolkit_keeps_count_of_its_references():
    """PySide6 6.12.0 took one from None with each call that returns nothing: that ends Python 3.11."""
    import sys

    from PySide6.QtCore import QMargins, QRect

    rectangle = QRect()
    before = sys.getrefcount(None)
    for _ in range(1000):
        rectangle.setWidth(3)
        QMargins().setLeft(1)
    assert sys.getrefcount(None) > before - 100
