"""Projects opened before, the latest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["opened", "running", "built", "failed", "cancelled"]
"""``running`` outlives only a window that was killed: its job was cut off."""
KEPT = 12
RESUMABLE = ("running", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Recent:
    """`notebook` is an absolute path; `when` seconds since the epoch."""

    notebook: str
    state: State
    when: float


def remembered(recents: Sequence[Recent], entry: Recent) -> tuple[Recent, ...]:
    """With `entry` first, and each notebook once."""
    return (entry, *(r for r in recents if r.notebook != entry.notebook))[:KEPT]


def seen(recents: Sequence[Recent], notebook: str, when: float) -> tuple[Recent, ...]:
    """With a notebook that was opened first; how its last job ended, and when, is kept."""
    known = next((r for r in recents if r.notebook == notebook and r.state != "opened"), None)
    return remembered(recents, known or Recent(notebook, "opened", when))


def ago(seconds: float) -> tuple[Literal["now", "minutes", "hours", "days"], int]:
    """How long since, in the largest unit of which there is one."""
    minutes = int(max(seconds, 0.0) // 60)
    if minutes < 1:
        return "now", 0
    if minutes < 60:
        return "minutes", minutes
    return ("hours", minutes // 60) if minutes < 24 * 60 else ("days", minutes // (24 * 60))
