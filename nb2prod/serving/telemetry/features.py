"""Which values of requests training did not know: numbers outside its range, categories it has not seen, missing ones.

Counted, never stored. What training saw stands in the golden rows' file, for the version that is live.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

MOST_ROWS = 100
"""Rows of one request that are looked at, evenly over all of them: about 0.1 µs per value."""


class Seen(msgspec.Struct, frozen=True):
    """What training saw of one column: a range, or the categories."""

    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] = ()


class SeenRows(msgspec.Struct, frozen=True):
    """`field` is the name under which a request holds its rows."""

    field: str
    columns: dict[str, Seen]


class FeatureCounts:
    """For one version. `looked_at` counts rows; `outside`, `unseen` and `missing` values, by column."""

    def __init__(self, seen: SeenRows) -> None:
        self.looked_at = 0
        self._field = seen.field
        self.outside: dict[str, int] = {}
        self.unseen: dict[str, int] = {}
        self.missing = dict.fromkeys(seen.columns, 0)
        self._ranges: list[tuple[str, float, float]] = []
        self._categories: list[tuple[str, frozenset[str]]] = []
        for name, column in seen.columns.items():
            if column.minimum is not None and column.maximum is not None:
                self.outside[name] = 0
                self._ranges.append((name, column.minimum, column.maximum))
            elif column.categories:
                self.unseen[name] = 0
                self._categories.append((name, frozenset(column.categories)))

    def look(self, request: object) -> None:
        """At the rows of a request. Rows in a form of their own (a list of numbers) are left alone."""
        rows = getattr(request, self._field, None)
        if isinstance(rows, list) and rows and isinstance(rows[0], dict):
            self._count(rows if len(rows) <= MOST_ROWS else rows[:: -(-len(rows) // MOST_ROWS)])

    def _count(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.looked_at += len(rows)
        missing = self.missing
        for name, low, high in self._ranges:
            for row in rows:
                value = row.get(name)
                if value is None:
                    missing[name] += 1
                elif not low <= value <= high:
                    self.outside[name] += 1
        for name, known in self._categories:
            for row in rows:
                value = row.get(name)
                if value is None:
                    missing[name] += 1
                elif value not in known:
                    self.unseen[name] += 1
