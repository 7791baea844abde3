"""What an edit of the project means for the notebook: text of cells that is to be replaced, or why there is none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nb2prod.roundtrip.places import Span


@dataclass(frozen=True, slots=True)
class CellEdit:
    """Replace a span of a cell's source by `text`. `path` and `line` are where the edit was made in the project."""

    span: Span
    text: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Stuck:
    """An edit that has no line of the notebook to go to.

    `was` and `now` are the generated and the edited text, `cell` where the notebook's own text stands, if anywhere.
    `own`: nb2prod wrote these lines; converting again may write them just so, and then nothing is stuck. `ran`: what
    they say is known only from a run.
    """

    path: str
    line: int
    was: str
    now: str
    reason: str
    cell: int | None = None
    own: bool = False
    ran: bool = False


@dataclass(frozen=True, slots=True)
class Put:
    """`sources`: new sources of cells by position; `places`: which lines of the project each cell's edits come from."""

    sources: Mapping[int, str]
    places: Mapping[int, tuple[tuple[str, int], ...]]
    stuck: tuple[Stuck, ...]


def apply_edits(sources: Mapping[int, str], edits: Iterable[CellEdit], stuck: Iterable[Stuck]) -> Put:
    """Make the edits in the cells' sources, by position. Two that overlap are stuck."""
    done: dict[int, str] = {}
    places: dict[int, tuple[tuple[str, int], ...]] = {}
    left = list(stuck)
    ordered = sorted(dict.fromkeys(edits), key=lambda e: (e.span.cell, e.span.begin, e.span.end))
    starts: dict[int, int] = {}
    for edit in reversed(ordered):
        cell, text = edit.span.cell, done.get(edit.span.cell, sources[edit.span.cell])
        if edit.span.end > starts.get(cell, len(text)):
            old = sources[cell][edit.span.begin : edit.span.end]
            left.append(Stuck(edit.path, edit.line, old, edit.text, "two edits are about the same lines", cell))
            continue
        done[cell] = text[: edit.span.begin] + edit.text + text[edit.span.end :]
        starts[cell] = edit.span.begin
        places[cell] = (*places.get(cell, ()), (edit.path, edit.line))
    changed = {cell: text for cell, text in sorted(done.items()) if text != sources[cell]}
    return Put(changed, {cell: tuple(sorted(set(places[cell]))) for cell in changed}, tuple(left))
