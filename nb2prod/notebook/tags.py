"""Writing tags into a notebook's bytes so that every other byte stays: indentation, key order, escapes, line ends.

"metadata": {},   ->   "metadata": {"tags": ["training"]},     laid out as its surroundings are
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nb2prod.errors import InputError, Where
from nb2prod.model.notebook import Notebook
from nb2prod.model.roles import Role
from nb2prod.notebook.positions import Member, elements, members, skip_space, space_before
from nb2prod.notebook.roles import PREFIX, is_role_tag, role_of_foreign_tag

_BOM = "\ufeff"
Edit = tuple[int, int, str]
"""Start, end, and what stands there instead."""


def tags_with_role(tags: Sequence[str], role: Role | None, *, prefixed: bool = False) -> tuple[str, ...]:
    """`tags` changed so that they spell `role`, or none. Tags of other tools stay.

    A misspelled role is replaced. Where another tool's tag names another role, ours is written with its prefix, which
    then counts.
    """
    kept = tuple(tag for tag in tags if not is_role_tag(tag))
    if role is None:
        return kept
    foreign = {found for tag in kept if (found := role_of_foreign_tag(tag)) is not None}
    if foreign == {role}:
        return kept
    spelled = [tag for tag in tags if tag.removeprefix(PREFIX).strip() == role.value]
    fits = [tag for tag in spelled if tag.startswith(PREFIX) or not foreign]
    if fits:
        return tuple(tag for tag in tags if tag in kept or tag == fits[0])
    return (*kept, (PREFIX if prefixed or foreign else "") + role.value)


def changed_tags(notebook: Notebook, roles: Mapping[int, Role | None]) -> dict[int, tuple[str, ...]]:
    """All tags of the cells, by position, whose tags change so that they spell these roles."""
    return retag([cell.tags for cell in notebook.cells], roles)


def retag(cells: Sequence[Sequence[str]], roles: Mapping[int, Role | None]) -> dict[int, tuple[str, ...]]:
    """`changed_tags` of cells that have these tags; ours are written as the notebook writes them, with or without the
    prefix."""
    prefixed = any(tag.startswith(PREFIX) for tags in cells for tag in tags)
    changes = {}
    for index, role in roles.items():
        old = tuple(cells[index - 1])
        new = tags_with_role(old, role, prefixed=prefixed)
        if new != old:
            changes[index] = new
    return changes


def write_tags(data: bytes, changes: Mapping[int, Sequence[str]], name: str) -> bytes:
    """The notebook's bytes with the tags of some cells replaced; `changes` maps 1-based positions to all their tags.

    `data` are bytes that `read_notebook` has accepted. Raises InputError NB225 for nbformat 3.
    """
    text = data.decode("utf-8")
    start = skip_space(text, text.startswith(_BOM))
    top = {member.key: member for member in members(text, start)}
    if json.loads(text[top["nbformat"].value : top["nbformat"].end]) < 4:
        raise InputError(
            "an nbformat 3 file holds no tags.", code="NB225", where=Where(name),
            hint="Open the notebook in Jupyter and save it: that makes it nbformat 4.",
        )  # fmt: skip
    cells = elements(text, top["cells"].value)
    edits: list[Edit] = []
    for index, tags in sorted(changes.items()):
        edit = _edit(text, cells[index - 1][0], tuple(tags))
        edits += [edit] if edit else []
    for begin, end, replacement in reversed(edits):
        text = text[:begin] + replacement + text[end:]
    result = text.encode("utf-8")
    _check(data, result, changes)
    return result


def _check(before: bytes, after: bytes, changes: Mapping[int, Sequence[str]]) -> None:
    """Nothing but the tags of these cells differs. Anything else is a bug here, and nothing may be written."""
    expected, found = _parsed(before), _parsed(after)
    for index, tags in changes.items():
        _pop_tags(expected["cells"][index - 1])
        if _pop_tags(found["cells"][index - 1]) != list(tags):
            raise AssertionError("the tags were not written as asked")
    if expected != found:
        raise AssertionError("writing tags would have changed something else")


def _parsed(data: bytes) -> Any:
    return json.loads(data.decode("utf-8").removeprefix(_BOM))


def _pop_tags(cell: dict[str, Any]) -> list[str]:
    metadata = cell.pop("metadata", {})
    tags: list[str] = metadata.pop("tags", [])
    if metadata:
        cell["metadata"] = metadata
    return tags


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a cell is laid out: `gap` before each of its keys, `unit` one level of indentation, `colon` as written."""

    gap: str
    unit: str
    colon: str

    @property
    def inline(self) -> str:
        """What stands behind a comma on one line."""
        return " " if self.colon.endswith(" ") else ""

    def metadata(self, tags: Sequence[str]) -> str:
        """An object of nothing but tags."""
        if "\n" not in self.gap:
            return f'{{"tags"{self.colon}{self.array(tags, self.inline)}}}'
        inner = self.gap + self.unit
        return f'{{{inner}"tags"{self.colon}{self.array(tags, inner)}{self.gap}}}'

    def array(self, tags: Sequence[str], around: str) -> str:
        """An array of tags as the value of a key that has `around` before it."""
        parts = [json.dumps(tag) for tag in tags]
        if "\n" not in around:
            return "[" + f",{self.inline}".join(parts) + "]"
        inner = around + self.unit
        return f"[{inner}" + f",{inner}".join(parts) + f"{around}]"


def _layout(text: str, own: Sequence[Member]) -> _Layout:
    gap, closing = space_before(text, own[1].start), text[own[-1].end : skip_space(text, own[-1].end)]
    indent, outer = gap.rpartition("\n")[2], closing.rpartition("\n")[2]
    unit = indent[len(outer) :] if "\n" in closing and indent.startswith(outer) else indent[:1]
    return _Layout(gap, unit, text[own[0].key_end : own[0].value])


def _edit(text: str, cell: int, tags: tuple[str, ...]) -> Edit | None:
    """The edit that gives the cell whose ``{`` is at `cell` these tags; None where it has them."""
    own = members(text, cell)
    layout = _layout(text, own)  # a cell has at least its type and its source
    metadata = next((member for member in own if member.key == "metadata"), None)
    inside = members(text, metadata.value) if metadata else ()
    found = next((member for member in inside if member.key == "tags"), None)
    if found is not None:
        return _replaced(text, layout, found, tags)
    if not tags:
        return None
    if metadata is None:
        end = own[-1].end
        return end, end, f',{layout.gap}"metadata"{layout.colon}{layout.metadata(tags)}'
    if not inside:
        return metadata.value, metadata.end, layout.metadata(tags)
    gap = space_before(text, inside[0].start)
    gap = gap if "\n" in gap else layout.inline
    member = f'"tags"{layout.colon}{layout.array(tags, gap)}'
    later = next((one for one in inside if one.key > "tags"), None)  # Jupyter sorts keys when it saves
    if later is not None:
        return later.start, later.start, f"{member},{gap}"
    return inside[-1].end, inside[-1].end, f",{gap}{member}"


def _replaced(text: str, layout: _Layout, member: Member, tags: tuple[str, ...]) -> Edit | None:
    """Another array in place of one that is there: kept tags as they are written, with the old one's white space."""
    spans = elements(text, member.value)
    written = {json.loads(text[begin:end]): text[begin:end] for begin, end in spans}
    if tuple(written) == tags:
        return None
    if not spans or not tags:
        return member.value, member.end, layout.array(tags, space_before(text, member.start)) if tags else "[]"
    first, last = text[member.value + 1 : spans[0][0]], text[spans[-1][1] : member.end - 1]
    between = text[spans[0][1] : spans[1][0]] if len(spans) > 1 else "," + (first if "\n" in first else layout.inline)
    parts = [written.get(tag, json.dumps(tag)) for tag in tags]
    return member.value, member.end, f"[{first}{between.join(parts)}{last}]"
