"""What changed in a notebook, cell by cell.

Cells are the same where their ids are; in files without ids, where their contents are, or most of them.
"""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from nb2prod.model.notebook import Cell, Notebook
from nb2prod.model.roles import Role
from nb2prod.roundtrip.lines import changed_lines

Kind = Literal["added", "removed", "changed", "moved", "role", "tags"]
_MADE = re.compile(r"cell-\d+(?:-again)*")
"""An id that the reader made, for a cell that has none."""
_LIKE = 0.5


@dataclass(frozen=True, slots=True)
class CellChange:
    """`was` and `cell` are the position then and now, None where there was or is none. `cosmetic`: nothing of the
    project follows from it. `lines`: as `changed_lines` gives them."""

    kind: Kind
    was: int | None
    cell: int | None
    id: str
    cosmetic: bool
    detail: str = ""
    lines: tuple[str, ...] = ()


def same_cells(old: Notebook, new: Notebook) -> dict[int, int]:
    """Position in `old` -> position in `new` of the cells that are in both."""
    known = {cell.id: cell for cell in new.cells if not _MADE.fullmatch(cell.id)}
    found = {cell.index: known[cell.id].index for cell in old.cells if cell.id in known and _alike(cell, known)}
    taken = set(found.values())
    left = [cell for cell in old.cells if cell.index not in found]
    right = [cell for cell in new.cells if cell.index not in taken]
    blocks = SequenceMatcher(None, [_content(c) for c in left], [_content(c) for c in right], autojunk=False)
    for tag, i, j, k, m in blocks.get_opcodes():
        if tag == "equal":
            found |= {a.index: b.index for a, b in zip(left[i:j], right[k:m], strict=True)}
    taken = set(found.values())
    right = [cell for cell in right if cell.index not in taken]
    for cell in left:
        if cell.index not in found and right:
            best = max(right, key=lambda other: _likeness(cell, other))
            if _likeness(cell, best) >= _LIKE:
                found[cell.index] = best.index
                right.remove(best)
    return found


def cell_changes(old: Notebook, new: Notebook) -> tuple[CellChange, ...]:
    """In the order of the cells as they are now; those that are gone stand first."""
    same = same_cells(old, new)
    back = {there: here for here, there in same.items()}
    moved = _moved(same)
    found = [
        CellChange("removed", c.index, None, c.id, c.kind != "code", _what(c), changed_lines(c.source, ""))
        for c in old.cells if c.index not in same
    ]  # fmt: skip
    for cell in new.cells:
        if cell.index not in back:
            lines = changed_lines("", cell.source)
            found.append(CellChange("added", None, cell.index, cell.id, cell.kind != "code", _what(cell), lines))
        else:
            found += _differences(old.cells[back[cell.index] - 1], cell, cell.index in moved)
    return tuple(found)


def _differences(old: Cell, new: Cell, moved: bool) -> list[CellChange]:
    text = new.kind != "code" and old.kind != "code"
    found = []

    def add(kind: Kind, cosmetic: bool, detail: str, lines: tuple[str, ...] = ()) -> None:
        found.append(CellChange(kind, old.index, new.index, new.id, cosmetic, detail, lines))

    if moved:
        add("moved", text, f"it was cell {old.index}")
    if old.source != new.source or old.kind != new.kind:
        detail = new.kind if old.kind == new.kind else f"{old.kind}, now {new.kind}"
        add("changed", text, detail, changed_lines(old.source, new.source))
    if old.role is not new.role:
        add("role", False, f"{_role(old.role)}, now {_role(new.role)}")
    elif old.tags != new.tags:
        add("tags", True, f"{', '.join(old.tags) or 'none'}, now {', '.join(new.tags) or 'none'}")
    return found


def _moved(same: Mapping[int, int]) -> set[int]:
    """Positions now of the cells that do not stand in the old order: all but the longest run that does."""
    order = [there for _, there in sorted(same.items())]
    ends: list[int] = []
    lengths = []
    for there in order:
        at = bisect_left(ends, there)
        ends[at : at + 1] = [there]
        lengths.append(at)
    kept: set[int] = set()
    wanted = len(ends) - 1
    for there, length in zip(reversed(order), reversed(lengths), strict=True):
        if length == wanted and (not kept or there < min(kept)):
            kept.add(there)
            wanted -= 1
    return set(order) - kept


def _alike(cell: Cell, known: Mapping[str, Cell]) -> bool:
    """Whether an equal id is to be believed: `code` does not become `markdown` and another text at once."""
    other = known[cell.id]
    return cell.kind == other.kind or _ratio(cell.source, other.source) >= _LIKE


def _content(cell: Cell) -> tuple[str, str]:
    return cell.kind, cell.source


def _likeness(cell: Cell, other: Cell) -> float:
    return _ratio(cell.source, other.source) if cell.kind == other.kind else 0.0


def _ratio(one: str, other: str) -> float:
    lines: tuple[Sequence[str], Sequence[str]] = one.split("\n"), other.split("\n")
    by_lines = SequenceMatcher(None, *lines, autojunk=False).ratio()
    if by_lines >= _LIKE or len(one) + len(other) > 4_000:
        return by_lines
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _what(cell: Cell) -> str:
    return _role(cell.role) if cell.kind == "code" else cell.kind


def _role(role: Role | None) -> str:
    return role.value if role is not None else "no role"
