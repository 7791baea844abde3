"""Which values of requests training did not know: numbers outside its range, categories it has not seen, missing ones.

Counted, never stored: rows wait until there are a hundred, as columns are quicker to look through than rows. What
training saw stands in the golden rows' file, for the version that is live.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class FeatureCounts:
    """`looked_at` counts rows; `outside`, `unseen` and `missing` values, by column, over all versions."""

    looked_at: int = 0
    outside: dict[str, int] = field(default_factory=dict)
    unseen: dict[str, int] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)


class FeatureWatch:
    """Compares requests with what the training of one version saw, into `counts`."""

    def __init__(self, seen: SeenRows, counts: FeatureCounts) -> None:
        self._field = seen.field
        self._counts = counts
        self._rows: list[Mapping[str, Any]] = []
        self._ranges: list[tuple[str, float, float]] = []
        self._categories: list[tuple[str, frozenset[str]]] = []
        for name, column in seen.columns.items():
            counts.missing.setdefault(name, 0)
            if column.minimum is not None and column.maximum is not None:
                counts.outside.setdefault(name, 0)
                self._ranges.append((name, column.minimum, column.maximum))
            elif column.categories:
                counts.unseen.setdefault(name, 0)
                self._categories.append((name, frozenset(column.categories)))

    def look(self, request: object) -> None:
        """At the rows of a request. Rows in a form of their own (a list of numbers) are left alone."""
        rows = getattr(request, self._field, None)
        if isinstance(rows, list) and rows and isinstance(rows[0], dict):
            self._rows += rows if len(rows) <= MOST_ROWS else rows[:: -(-len(rows) // MOST_ROWS)]
            if len(self._rows) >= MOST_ROWS:
                self.count()

    def count(self) -> None:
        """What has been looked at and waits."""
        rows, self._rows = self._rows, []
        counts = self._counts
        counts.looked_at += len(rows)
        missing, outside, unseen = counts.missing, counts.outside, counts.unseen
        for name, low, high in self._ranges:
            for row in rows:
                value = row.get(name)
                if value is None:
                    missing[name] += 1
                elif not low <= value <= high:
                    outside[name] += 1
        for name, known in self._categories:
            for row in rows:
                value = row.get(name)
                if value is None:
                    missing[name] += 1
                elif value not in known:
                    unseen[name] += 1
