"""Edits of generated functions, as edits of the cells they came from.

generated                edited                       cell
model.fit(X_train, y)    model.fit(X_train, y)        model.fit(X_train, y);
                         model.warm_start = True      model.warm_start = True
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nb2prod.roundtrip.chunks import Chunk, Pair, Scope, is_cell_mark, paired, scopes
from nb2prod.roundtrip.edits import CellEdit, Stuck
from nb2prod.roundtrip.imports import IMPORTS
from nb2prod.roundtrip.merge import merge_texts
from nb2prod.roundtrip.names import Names
from nb2prod.roundtrip.own_lines import File, is_edited, outside, own_line
from nb2prod.roundtrip.places import Function, Place, Span, holds, same_code, translated
from nb2prod.roundtrip.tokens import with_edit

DELETED = ""


@dataclass(frozen=True, slots=True)
class _Proposal:
    place: Place
    text: str
    path: str
    line: int


def function_edits(
    functions: Sequence[Function], sources: Mapping[int, str], was: Mapping[str, str], now: Mapping[str, str]
) -> tuple[tuple[CellEdit, ...], tuple[Stuck, ...]]:
    """`sources` are the cells' by position, `was` and `now` the files that hold these functions, laid out alike; those
    that are equal need not be there. Raises SyntaxError where one of `now` is no Python."""
    edits: list[CellEdit] = []
    stuck: list[Stuck] = []
    proposals: dict[int, list[_Proposal]] = {}
    for path in now:
        here = [function for function in functions if function.path == path]
        covered = frozenset(function.scope.name for function in here)
        file = File(path, was[path].split("\n"), now[path].split("\n"), covered, scopes(was[path]), scopes(now[path]))
        for function in here:
            new = file.new.get(function.scope.name)
            if new is None:
                stuck.append(own_line(file, function.scope.chunks[0], None))
                continue
            pairs = _pairs(function, new)
            for found in _changes(file, function, pairs, functions, sources):
                if isinstance(found, Stuck):
                    stuck.append(found)
                elif isinstance(found, CellEdit):
                    edits.append(found)
                else:
                    proposals.setdefault(found.place.statement, []).append(found)
        stuck += outside(file)
    for statement, wishes in proposals.items():
        found = _agreed(statement, wishes, functions, sources)
        if isinstance(found, Stuck):
            stuck.append(found)
        else:
            edits.append(found)
    return tuple(edits), tuple(stuck)


def _pairs(function: Function, new: Scope) -> tuple[Pair, ...]:
    """Of the function's statements; at the top of a module without imports, which have a way of their own."""
    old = function.scope.chunks
    if function.scope.name:
        return paired(old, new.chunks)
    kept = [chunk for chunk in old if not isinstance(chunk.node, IMPORTS)]
    return paired(kept, [chunk for chunk in new.chunks if not isinstance(chunk.node, IMPORTS)])


def _changes(
    file: File, function: Function, pairs: Sequence[Pair], functions: Sequence[Function], sources: Mapping[int, str]
) -> Iterator[_Proposal | CellEdit | Stuck]:
    by_chunk = {id(place.chunk): place for place in function.places.values()}
    waiting: list[Chunk] = []
    before: Place | None = None
    for old, new in pairs:
        place = by_chunk.get(id(old)) if old is not None else None
        if old is None:
            assert new is not None
            waiting.append(new)
            continue
        if waiting and place is not None:
            yield from _inserted(file, function.names, waiting, before, place)
            waiting = []
        if place is not None:
            yield from _changed(file, function.names, place, new, sources)
        elif is_edited(file, old, new):
            yield own_line(file, old, new)
        before = place or before
    if waiting:
        yield from _inserted(file, function.names, waiting, before, _first_of(file.path, functions))


def _changed(
    file: File, names: Names, place: Place, new: Chunk | None, sources: Mapping[int, str]
) -> Iterator[_Proposal | CellEdit | Stuck]:
    old = place.chunk
    if new is None:
        if place.reason:
            yield Stuck(file.path, old.first, old.text, "", place.reason, place.span.cell)
        else:
            yield _Proposal(place, DELETED, file.path, old.first)
        return
    if new.text != old.text:
        if place.reason:
            yield Stuck(file.path, new.start, old.text, new.text, place.reason, place.span.cell)
            return
        text = translated(new, names)
        if not holds(text, place.original):  # else it was laid out otherwise, and the cell has a layout of its own
            yield _Proposal(place, text, file.path, new.start)
    apart = _is_apart(file.now, new)
    if apart != _is_apart(file.was, old) and not new.name and not _marks(file.now, new):
        source = sources[place.span.cell]
        above = source[: place.span.begin]
        kept = above.rstrip("\n")
        if kept.strip():
            span = Span(place.span.cell, len(kept), place.span.begin)
            yield CellEdit(span, "\n\n" if apart else "\n", file.path, new.start)


def _inserted(
    file: File, names: Names, chunks: Sequence[Chunk], before: Place | None, behind: Place | None
) -> Iterator[CellEdit | Stuck]:
    """New statements: behind the one above them, unless they stand below the mark of the next cell."""
    marked = next((n for n, chunk in enumerate(chunks) if _marks(file.now, chunk)), len(chunks))
    for part, goes_behind in ((chunks[:marked], True), (chunks[marked:], False)):
        if not part:
            continue
        lines: list[str] = []
        for number, chunk in enumerate(part):
            if _is_apart(file.now, chunk) and (number or goes_behind):
                lines.append("\n" if chunk.name else "")
            lines.append(translated(chunk, names))
        text = "\n".join(lines)
        anchor = (before or behind) if goes_behind else (behind or before)
        if anchor is None:
            now = "\n".join(chunk.text for chunk in part)
            yield Stuck(file.path, part[0].start, "", now, "there is no cell that this could belong to")
        elif anchor is before:
            span = Span(anchor.span.cell, anchor.span.end, anchor.span.end)
            yield CellEdit(span, "\n" + text, file.path, part[0].start)
        else:
            span = Span(anchor.span.cell, anchor.span.begin, anchor.span.begin)
            ending = "\n\n\n" if part[-1].name else "\n"
            yield CellEdit(span, text.lstrip("\n") + ending, file.path, part[0].start)


def _first_of(path: str, functions: Sequence[Function]) -> Place | None:
    """Where code at the top of a module goes that holds none: above the first statement of its function."""
    return next((place for f in functions if f.path == path for place in f.places.values()), None)


def _agreed(
    statement: int, wishes: Sequence[_Proposal], functions: Sequence[Function], sources: Mapping[int, str]
) -> CellEdit | Stuck:
    """The edit that every place of a statement asks for: one that is in training and in prediction is there twice."""
    first = wishes[0]
    span = first.place.span
    written = sources[span.cell][span.begin : span.end]
    for function in functions:
        for place in function.places.values():
            asked = next((w for w in wishes if w.place is place), None)
            if place.statement == statement and (asked is None or not _same(asked.text, first.text)):
                reason = f"the same line of the notebook is also in {function.path}, line {place.chunk.start}: " + (
                    "edit it there in the same way" if asked is None else "it was edited in another way there"
                )
                return Stuck(first.path, first.line, first.place.chunk.text, first.text, reason, span.cell)
    if first.text == DELETED:
        return CellEdit(_with_line_end(span, sources[span.cell]), "", first.path, first.line)
    text = _as_written(written, first.place.original, first.text)
    ending = text.rsplit("\n", 1)[-1]
    if written.endswith(";") and not text.endswith(";") and "#" not in ending:  # it keeps the value from being shown
        text += ";"
    return CellEdit(span, text, first.path, first.line)


def _as_written(written: str, generated: str, edited: str) -> str:
    """The edited statement, laid out as the cell has it: line by line, else token by token, else as it was edited."""
    merged = merge_texts(generated, written, edited)
    for text in (None if merged.clashes else merged.text(), with_edit(written, generated, edited)):
        if text is not None and holds(text, edited):
            return text
    return edited


def _same(one: str, other: str) -> bool:
    return one == other or (DELETED not in (one, other) and same_code(one, other))


def _with_line_end(span: Span, source: str) -> Span:
    """The span with its line's end; with the empty line above too where another follows."""
    begin, end = span.begin, span.end
    if source[end : end + 1] == "\n":
        end += 1
    elif begin and source[begin - 1] == "\n":
        begin -= 1
    if source[:begin].endswith("\n\n") and (source[end : end + 1] in ("", "\n")):
        begin -= 1
    return Span(span.cell, begin, end)


def _is_apart(lines: Sequence[str], chunk: Chunk) -> bool:
    return chunk.start > 1 and not lines[chunk.start - 2].strip()


def _marks(lines: Sequence[str], chunk: Chunk) -> bool:
    return any(is_cell_mark(line) for line in lines[chunk.first - 1 : chunk.start - 1])
