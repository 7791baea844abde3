"""Texts as the words that a fitted vectorizer counts: scikit-learn's own analyzer, no matrix.

"Good room, good view"  ─►  places in the vocabulary [7, 31, 12], counts [2.0, 1.0, 1.0]
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Words:
    """`column` of each row, or the row itself where that is None; `vocabulary`: word -> place."""

    column: str | None
    analyze: Callable[[str], list[str]]
    vocabulary: Mapping[str, int]

    def of(self, rows: Sequence[Any]) -> tuple[Any, Any]:
        """Places (int64) and counts (float64), rows by the most words a row has; filled up with a place behind the
        last one and the count 0. Raises TypeError, AttributeError for what is no text."""
        import numpy as np

        found = [self._count(row if self.column is None else row[self.column]) for row in rows]
        most = max(1, *map(len, found)) if found else 1
        places = np.full((len(rows), most), len(self.vocabulary), dtype=np.int64)
        counts = np.zeros((len(rows), most))
        for number, words in enumerate(found):
            places[number, : len(words)] = list(words)
            counts[number, : len(words)] = list(words.values())
        return places, counts

    def _count(self, text: str) -> dict[int, int]:
        counted: dict[int, int] = {}
        for word in self.analyze(text):
            place = self.vocabulary.get(word)
            if place is not None:
                counted[place] = counted.get(place, 0) + 1
        return counted


def open_words(recipe: Mapping[str, Any]) -> Words:
    """Raises ImportError, TypeError for a recipe of another scikit-learn."""
    from sklearn.feature_extraction.text import CountVectorizer

    options = {name: tuple(value) if name == "ngram_range" else value for name, value in recipe["analyzer"].items()}
    analyze = CountVectorizer(**options).build_analyzer()
    return Words(recipe["column"], analyze, {word: place for place, word in enumerate(recipe["vocabulary"])})
