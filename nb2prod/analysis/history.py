"""What the execution counts tell of the session that a notebook was saved from. They are the last run of each cell.

    [1] rows = load()        [4] model = fit(rows)      [3] rows = rows[1:]

The third cell ran before the second; something ran as [2] that is not here any more, or ran again since. What was
edited after it ran, nobody can know.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from nb2prod.model.notebook import Cell, Notebook


@dataclass(frozen=True, slots=True)
class History:
    """`ran` are the code cells with a count, in the order of their counts; `never` those without one, though others
    have it. `gaps` are ranges (first, last) of counts that belong to no cell. `restarted`: a count stands twice, so the
    cells ran in more than one session, and their order is not known.
    """

    ran: tuple[Cell, ...]
    never: tuple[Cell, ...]
    gaps: tuple[tuple[int, int], ...]
    restarted: bool

    @property
    def in_order(self) -> bool:
        return all(a.index < b.index for a, b in pairwise(self.ran))

    @property
    def is_whole(self) -> bool:
        """Whether the order in which all cells ran last is known."""
        return not self.restarted and not self.never

    def lost_before(self, cell: int) -> tuple[Cell | None, Cell] | None:
        """(the cell before, the cell after) the last gap in the counts before `cell` ran."""
        before: tuple[Cell | None, Cell] | None = None
        last: Cell | None = None
        for one in self.ran:
            if _count(one) > (_count(last) if last else 0) + 1:
                before = (last, one)
            if one.index == cell:
                return before
            last = one
        return None


def find_history(notebook: Notebook) -> History:
    """Nothing is known (all empty) where no cell has a count."""
    code = [cell for cell in notebook.cells if cell.kind == "code" and cell.source.strip()]
    ran = sorted((cell for cell in code if cell.execution_count), key=lambda cell: (_count(cell), cell.index))
    counts = [0, *(_count(cell) for cell in ran)]
    return History(
        ran=tuple(ran),
        never=tuple(cell for cell in code if not cell.execution_count) if ran else (),
        gaps=tuple((low + 1, high - 1) for low, high in pairwise(counts) if high - low > 1),
        restarted=any(times > 1 for times in Counter(counts).values()),
    )


def _count(cell: Cell) -> int:
    return cell.execution_count or 0
