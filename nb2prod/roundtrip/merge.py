"""Merging two changes of one text, line by line.

    base  a b c      ours  a B c      theirs  a b c d      merged  a B c d

Lines that both sides changed are a conflict, unless they changed them alike; so are lines next to each other where one
side added or took away some. (On PyPI, `merge3` does
the same under a licence that this project cannot take over.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True, slots=True)
class Clash:
    """Lines that both sides changed. `line` counts from 1 in the merged text without marks."""

    line: int
    base: tuple[str, ...]
    ours: tuple[str, ...]
    theirs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """`parts` in order: lines, or a clash."""

    parts: tuple[tuple[str, ...] | Clash, ...]

    @property
    def clashes(self) -> tuple[Clash, ...]:
        return tuple(part for part in self.parts if isinstance(part, Clash))

    def text(self, ours: str = "", theirs: str = "") -> str:
        """The merged lines; clashes between marks that carry the names of both sides."""
        lines: list[str] = []
        for part in self.parts:
            if isinstance(part, Clash):
                lines += [f"<<<<<<< {ours}", *part.ours, "=======", *part.theirs, f">>>>>>> {theirs}"]
            else:
                lines += part
        return "\n".join(lines)


def merge_texts(base: str, ours: str, theirs: str) -> Merge:
    """Both changes of `base` in one text."""
    return merge_lines(base.split("\n"), ours.split("\n"), theirs.split("\n"))


def merge_lines(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> Merge:
    parts: list[tuple[str, ...] | Clash] = []
    line = 1
    at = at_ours = at_theirs = 0
    for start, end, our_start, their_start in [
        *_kept_by_both(base, ours, theirs), (len(base), len(base), len(ours), len(theirs)),
    ]:  # fmt: skip
        same = tuple(base[start:end])
        decided = _decided(base[at:start], ours[at_ours:our_start], theirs[at_theirs:their_start], line)
        line += len(same) + sum(len(part.ours) if isinstance(part, Clash) else len(part) for part in decided)
        parts += [part for part in (*decided, same) if part]
        at, at_ours, at_theirs = end, our_start + len(same), their_start + len(same)
    return Merge(tuple(parts))


def _decided(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str], line: int
) -> list[tuple[str, ...] | Clash]:
    """Line by line where both sides have as many as there were."""
    if ours == theirs or theirs == base:
        return [tuple(ours)]
    if ours == base:
        return [tuple(theirs)]
    if len(base) == len(ours) == len(theirs) > 1:
        rows = enumerate(zip(base, ours, theirs, strict=True))
        return [part for n, (b, o, t) in rows for part in _decided([b], [o], [t], line + n)]
    return [Clash(line, tuple(base), tuple(ours), tuple(theirs))]


def _kept_by_both(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> list[tuple[int, int, int, int]]:  # fmt: skip
    """Runs of lines of `base` that both sides still have: start, end, and where they start in ours and in theirs."""
    left = SequenceMatcher(None, base, ours, autojunk=False).get_matching_blocks()
    right = SequenceMatcher(None, base, theirs, autojunk=False).get_matching_blocks()
    found, i, k = [], 0, 0
    while i < len(left) and k < len(right):
        start = max(left[i].a, right[k].a)
        end = min(left[i].a + left[i].size, right[k].a + right[k].size)
        if start < end:
            found.append((start, end, left[i].b + start - left[i].a, right[k].b + start - right[k].a))
        if left[i].a + left[i].size < right[k].a + right[k].size:
            i += 1
        else:
            k += 1
    return found
