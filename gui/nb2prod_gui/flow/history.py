"""Undo and redo as two lists of values."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
LONGEST = 500


@dataclass(frozen=True, slots=True)
class History(Generic[T]):
    """`now`, what was before it (the latest last) and what was undone (the next to redo last)."""

    now: T
    past: tuple[T, ...] = ()
    future: tuple[T, ...] = ()

    def then(self, value: T) -> "History[T]":
        """A change; what was undone is forgotten. A value that equals `now` is no change."""
        return self if value == self.now else History(value, (*self.past, self.now)[-LONGEST:])

    def undone(self) -> "History[T]":
        if not self.past:
            return self
        return History(self.past[-1], self.past[:-1], (*self.future, self.now))

    def redone(self) -> "History[T]":
        if not self.future:
            return self
        return History(self.future[-1], (*self.past, self.now), self.future[:-1])
