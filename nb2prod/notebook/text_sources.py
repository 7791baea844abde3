"""Writing the sources of cells into a script or Markdown file so that every other line stays as it is.

# %% tags=["training"]
model.fit(X)          ->   model.fit(X, y)        the lines of the cell, where they stand
"""

from collections.abc import Mapping
from difflib import SequenceMatcher
from pathlib import PurePath
from typing import Any

from nb2prod.errors import InputError, Where
from nb2prod.notebook.text_notebook import decoded, find_starts


def write_text_sources(data: bytes, changes: Mapping[int, str], name: str) -> bytes:
    """The file's bytes with the sources of some cells replaced; `changes` maps 1-based positions to whole sources.

    `data` are bytes that `read_text_notebook` has accepted. Raises InputError NB299 where jupytext would not read the
    cells so.
    """
    text = decoded(data, name)
    cells = _cells(text, name)
    starts = find_starts([cell["source"] for cell in cells], text)
    end = "\r\n" if "\r\n" in text else "\n"
    ended = text.endswith("\n")
    rows = (text if ended else text + end).splitlines(keepends=True)
    for index, source in sorted(changes.items(), reverse=True):
        start = starts[index - 1]
        if start is None:
            raise _refused(index, name)
        old, new = cells[index - 1]["source"].split("\n"), source.split("\n")
        first = start - 1
        written: list[str] = []
        for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            written += rows[first + i : first + j] if kind == "equal" else [line + end for line in new[k:m]]
        rows[first : first + len(old)] = written
        cells[index - 1]["source"] = source
    result = "".join(rows) if ended else "".join(rows).removesuffix(end)
    found = _cells(result, name)
    if found != cells:
        wrong = (n for n, pair in enumerate(zip(found, cells, strict=False), 1) if pair[0] != pair[1])
        raise _refused(next(wrong, min(changes)), name)
    return data[: len(data) - len(data.removeprefix(b"\xef\xbb\xbf"))] + result.encode()


def _cells(text: str, name: str) -> list[dict[str, Any]]:
    import jupytext

    read = jupytext.reads(text, fmt={"extension": PurePath(name).suffix})
    return [{"kind": c.cell_type, "source": c.source, "tags": list(c.metadata.get("tags", []))} for c in read.cells]


def _refused(index: int, name: str) -> InputError:
    return InputError(
        f"with the edits in it, jupytext would read cell {index} otherwise than it is meant; nothing was written.",
        code="NB299", where=Where(name, index),
        hint="Make the edit there by hand: `nb2prod diff` shows where it goes.",
    )  # fmt: skip
