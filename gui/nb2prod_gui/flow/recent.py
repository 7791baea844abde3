"""Projects opened before, the latest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["opened", "built", "failed", "cancelled"]
KEPT = 12


@dataclass(frozen=True, slots=True)
class Recent:
    """`notebook` is an absolute path; `when` seconds since the epoch."""

    notebook: str
    state: State
    when: float


def remembered(recents: Sequence[Recent], entry: Recent) -> tuple[Recent, ...]:
    """With `entry` first, and each notebook once."""
    return (entry, *(r for r in recents if r.notebook != entry.notebook))[:KEPT]
