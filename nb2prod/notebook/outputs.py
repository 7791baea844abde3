"""Taking outputs out of a notebook's bytes so that every other byte stays."""

from collections.abc import Collection

from nb2prod.notebook.positions import elements, members, skip_space

_BOM = "\ufeff"


def without_outputs(data: bytes, cells: Collection[int]) -> bytes:
    """The notebook's bytes with no outputs and no execution count in these cells, by their 1-based positions.

    `data` are bytes that `read_notebook` has accepted; those of nbformat 3 stay as they are.
    """
    text = data.decode("utf-8")
    top = {member.key: member for member in members(text, skip_space(text, text.startswith(_BOM)))}
    if "cells" not in top:
        return data
    edits: list[tuple[int, int, str]] = []
    for index, (start, _) in enumerate(elements(text, top["cells"].value), 1):
        if index in cells:
            empty = {"outputs": "[]", "execution_count": "null"}
            edits += [(m.value, m.end, empty[m.key]) for m in members(text, start) if m.key in empty]
    for begin, end, replacement in sorted(edits, reverse=True):
        text = text[:begin] + replacement + text[end:]
    return text.encode("utf-8")
