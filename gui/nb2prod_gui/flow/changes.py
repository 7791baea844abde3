"""What a build would change of a project that is there: file by file, as a difference of lines."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from nb2prod.roundtrip.lines import changed_lines

Kind = Literal["changed", "new", "gone", "by_hand"]
LONGEST = 400_000
"""Characters; of longer files only the fact is told."""


class Change(msgspec.Struct, frozen=True):
    """`diff` in the unified form, from what is there to what would be; empty where the file is no text. `by_hand`: a
    generated file that was edited; a build stops before it unless it is told to overwrite."""

    path: str
    kind: Kind
    diff: str = ""


def changes(there: Path, would_be: Path, paths: Iterable[str], edited: Iterable[str] = ()) -> tuple[Change, ...]:
    """`paths` are the generated files of both, relative. Files that are equal are left out."""
    by_hand = frozenset(edited)
    found = (_change(there / path, would_be / path, path, path in by_hand) for path in sorted(set(paths)))
    return tuple(change for change in found if change is not None)


def _change(old: Path, new: Path, path: str, by_hand: bool) -> Change | None:
    before, after = _bytes(old), _bytes(new)
    if before == after:
        return None
    kind: Kind = "new" if before is None else "gone" if after is None else "by_hand" if by_hand else "changed"
    return Change(path, kind, _diff(before or b"", after or b""))


def _diff(before: bytes, after: bytes) -> str:
    if len(before) + len(after) > LONGEST:
        return ""
    try:
        old, new = before.decode(), after.decode()
    except UnicodeDecodeError:
        return ""
    if "\0" in old or "\0" in new:
        return ""
    return "".join(f"{line}\n" for line in changed_lines(old, new))


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
