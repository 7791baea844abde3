"""The mark of a step, a cell or a layer: an icon and its colour, by the state it is in."""

from nb2prod_gui.look.palette import Palette


def mark_of(state: str, p: Palette) -> tuple[str, str]:
    """The icon's name and the colour ``#rrggbb``. Raises KeyError for a state that there is not."""
    return {
        "waiting": ("clock", p.strong_line),
        "running": ("run", p.accent),
        "done": ("check", p.good),
        "unchanged": ("check", p.muted),
        "skipped": ("next", p.muted),
        "failed": ("cross", p.bad),
        "cancelled": ("stop", p.warning),
    }[state]
