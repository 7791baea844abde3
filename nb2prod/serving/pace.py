"""How long the work that waits will take, by what recent work took.

    each call of the model: least + rows × per_row        10 ms + 1000 rows × 20 µs
    what waits: the calls it needs, and its rows

A call costs something whatever its rows, so the rows alone say little: after calls of one row each, one of a thousand
would be expected to take a thousand times as long.
"""

KEPT = 0.9
"""How much of what was known stays with each call: the last ten or so count."""
FORGOTTEN = 1.05
"""By how much the least rises with each call that takes longer, so that a model that has become slow is noticed."""


class Pace:
    """Learned from what was noted; expects no time at all of anything before that."""

    __slots__ = ("_calls", "_least", "_rows", "_seconds")

    def __init__(self) -> None:
        self._least = float("inf")
        self._calls = self._rows = self._seconds = 0.0

    def note(self, rows: int, seconds: float) -> None:
        """One call with so many rows, at least one, took so long."""
        self._least = min(seconds, FORGOTTEN * self._least)
        self._calls = KEPT * self._calls + 1
        self._rows = KEPT * self._rows + rows
        self._seconds = KEPT * self._seconds + seconds

    @property
    def mean(self) -> float:
        """Seconds that one call of any size took of late."""
        return self._seconds / self._calls if self._calls else 0.0

    def expect(self, calls: float, rows: int) -> float:
        """Seconds that so many calls with so many rows in all will take."""
        if not self._calls:
            return 0.0
        per_row = max(0.0, self._seconds - self._calls * self._least) / self._rows
        return calls * self._least + rows * per_row
