"""Writing the sources of cells into a notebook's bytes so that every other byte stays, lines that are kept among them.

"source": ["n = 10\\n", "n"]   ->   "source": ["n = 20\\n", "n"]     laid out as it was
"""

import json
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

from nb2prod.errors import InputError, Where
from nb2prod.notebook.positions import Member, elements, members, skip_space, space_before

_BOM = "\ufeff"


def write_sources(data: bytes, changes: Mapping[int, str], name: str) -> bytes:
    """The notebook's bytes with the sources of some cells replaced; `changes` maps 1-based positions to whole sources.

    `data` are bytes that `read_notebook` has accepted. Raises InputError NB299 for nbformat 3.
    """
    text = data.decode("utf-8")
    top = {member.key: member for member in members(text, skip_space(text, text.startswith(_BOM)))}
    if json.loads(text[top["nbformat"].value : top["nbformat"].end]) < 4:
        raise not_writable(name)
    cells = elements(text, top["cells"].value)
    for index, source in sorted(changes.items(), reverse=True):
        own = members(text, cells[index - 1][0])
        member = next(one for one in own if one.key == "source")
        value = _value(text, member, space_before(text, own[-1].start), source)
        text = text[: member.value] + value + text[member.end :]
    result = text.encode("utf-8")
    _check(data, result, changes)
    return result


def not_writable(name: str) -> InputError:
    return InputError(
        "edits are not written into files of nbformat 3.", code="NB299", where=Where(name),
        hint="Open it in Jupyter and save it, which makes it nbformat 4; convert that, then edit.",
    )  # fmt: skip


def _value(text: str, member: Member, gap: str, source: str) -> str:
    """`source` as the value is written now: a text, or a list of lines; kept lines keep their bytes."""
    written = text[member.value : member.end]
    old = json.loads(written)
    ends = "\r\n" if "\r\n" in "".join(old) else "\n"
    plain = "\\u" in written and written.isascii()  # escapes stay the way to write what is beyond ASCII
    if isinstance(old, str):
        return json.dumps(source.replace("\n", ends), ensure_ascii=plain)
    spans = elements(text, member.value)
    lines = [line.replace("\n", ends) for line in source.splitlines(keepends=True)] if source else []
    parts = [json.dumps(line, ensure_ascii=plain) for line in lines]
    kept: dict[int, int] = {}
    for block in SequenceMatcher(None, old, lines, autojunk=False).get_matching_blocks():
        kept |= {block.b + n: block.a + n for n in range(block.size)}
    for n, m in kept.items():
        parts[n] = text[slice(*spans[m])]
    if not parts:
        return "[]"
    if not spans:
        inner = gap + " " if "\n" in gap else ""
        return f"[{inner}" + f",{inner or ' '}".join(parts) + (f"{gap}]" if inner else "]")
    first, last = text[member.value + 1 : spans[0][0]], text[spans[-1][1] : member.end - 1]
    between = text[spans[0][1] : spans[1][0]] if len(spans) > 1 else "," + (first if "\n" in first else " ")
    places = [kept.get(n + 1, 0) for n in range(len(parts) - 1)]
    gaps = [text[spans[m - 1][1] : spans[m][0]] if m else between for m in places]
    return f"[{first}{''.join(part + gap for part, gap in zip(parts, [*gaps, ''], strict=True))}{last}]"


def _check(before: bytes, after: bytes, changes: Mapping[int, str]) -> None:
    """Nothing but the sources of these cells differs. Anything else is a bug here, and nothing may be written."""
    expected, found = _parsed(before), _parsed(after)
    for index, source in changes.items():
        expected["cells"][index - 1].pop("source")
        written = "".join(found["cells"][index - 1].pop("source"))
        if written.replace("\r\n", "\n") != source:
            raise AssertionError("the source was not written as asked")
    if expected != found:
        raise AssertionError("writing sources would have changed something else")


def _parsed(data: bytes) -> Any:
    return json.loads(data.decode("utf-8").removeprefix(_BOM))
