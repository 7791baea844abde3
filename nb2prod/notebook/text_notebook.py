"""Notebooks that are kept as scripts or Markdown, read by jupytext, with places in the file that their author has.

# %% tags=["training"]          a cell; line 8 of the file is line 8 in messages, not line 1 of the cell
model.fit(X, y)
"""

import difflib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import PurePath
from typing import Any

from nb2prod.errors import InputError, Where
from nb2prod.model.notebook import Cell, Notebook, Origin
from nb2prod.notebook.read import read_notebook

SUFFIXES = frozenset({".py", ".md"})

_MARKER = re.compile(r"\s*(#\s*(%%|\+|-)|```|<!--\s*#)")
"""Where a cell begins or ends; what jupytext changes elsewhere when it writes tags is not ours to change."""
_BY_HAND = 'Write them by hand: `# %% tags=["training"]` in a script, ```python tags=["training"] in Markdown.'


def is_text_notebook(name: str) -> bool:
    """Whether the file's name is that of a script or of Markdown."""
    return PurePath(name).suffix.lower() in SUFFIXES


def read_text_notebook(data: bytes, name: str, scripts: Callable[[str], str | None]) -> Notebook:
    """As `read_notebook`. Lines in findings, and in what is refused, are those of the file.

    Raises InputError NB289 where jupytext is not there or finds no cells, and what `read_notebook` raises.
    """
    text = decoded(data, name)
    document = _document(text, name)
    starts = find_starts([cell["source"] for cell in document["cells"]], text)
    try:
        notebook = read_notebook(json.dumps(document).encode(), name, scripts)
    except InputError as error:
        error.where = _in_file(error.where, starts)
        raise
    return replace(with_starts(notebook, starts), digest="sha256:" + sha256(data).hexdigest())


def with_starts(notebook: Notebook, starts: Sequence[int | None]) -> Notebook:
    """The notebook whose cells know the line of the file that each begins on, where that is known."""
    pairs = zip(notebook.cells, starts, strict=True)
    return replace(notebook, cells=tuple(_placed(cell, start, notebook.name) for cell, start in pairs))


def write_text_tags(data: bytes, changes: Mapping[int, Sequence[str]], name: str) -> bytes:
    """The file's bytes with the tags of some cells replaced, as jupytext writes them; `changes` maps 1-based positions
    to all their tags. Raises InputError NB289 where more than the marks of cells would change."""
    import jupytext

    text = decoded(data, name)
    document = jupytext.reads(text, fmt={"extension": PurePath(name).suffix})
    for index, tags in changes.items():
        metadata = document.cells[index - 1].metadata
        metadata.pop("tags", None)
        if tags:
            metadata["tags"] = list(tags)
    written = jupytext.writes(document, fmt=_format(text, name))
    before, after = text.splitlines(), written.splitlines()
    if text.endswith("\n") and not written.endswith("\n"):
        after.append("")
    rows: list[str] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        old, new = before[a:b], after[c:d]
        if kind == "equal" or _is_version(old, new):
            rows += old
        elif all(_MARKER.match(row) for row in (*old, *new) if row.strip()):
            rows += new
        else:
            raise _refused(f"jupytext would change more than tags here (line {a + 1}); nothing was written.",
                           name, _BY_HAND)  # fmt: skip
    end = "\r\n" if "\r\n" in text else "\n"
    result = end.join(rows) + (end if text.endswith("\n") else "")
    _check(document, result, name)
    return (b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b"") + result.encode()


def find_starts(sources: Sequence[str], text: str) -> tuple[int | None, ...]:
    """The 1-based line of the file where each cell's source begins; None where it is not found there, line by line.

    Markdown and magics are comments in a script: signs of comments do not count.
    """
    rows = [_bare(row) for row in text.splitlines()]
    starts: list[int | None] = []
    at = 0
    for source in sources:
        wanted = [_bare(row) for row in source.split("\n")]
        places = range(at, len(rows) - len(wanted) + 1) if any(wanted) else ()
        found = next((n for n in places if rows[n : n + len(wanted)] == wanted), None)
        starts.append(None if found is None else found + 1)
        at = at if found is None else found + len(wanted)
    return tuple(starts)


def _bare(row: str) -> str:
    return row.strip().lstrip("#").strip()


def _document(text: str, name: str) -> dict[str, Any]:
    """The nbformat 4.4 document: without ids, which jupytext would make up anew each time."""
    try:
        import jupytext
        from jupytext.formats import JupytextFormatError
    except ImportError:
        raise _refused(
            "a script or Markdown file is read by jupytext, which is not installed.", name,
            "pip install 'nb2prod[jupytext]', or name the .ipynb.",
        ) from None  # fmt: skip
    form = _format(text, name)
    if form.get("format_name") == "light" and not text.lstrip().startswith("# ---"):
        raise _refused(
            "this script has no cells.", name, "A line `# %%` begins a cell; or name a notebook (.ipynb)."
        )  # fmt: skip
    try:
        read = jupytext.reads(text, fmt={"extension": PurePath(name).suffix})
    except (JupytextFormatError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _refused(f"jupytext cannot read it: {error}", name, "Open it in Jupyter and save it.") from None
    document: dict[str, Any] = json.loads(json.dumps(read))
    if not any(cell["cell_type"] == "code" for cell in document["cells"]):
        raise _refused("there is no cell of code in it.", name, "A line ```python begins one; or name the .ipynb.")
    for cell in document["cells"]:
        cell.pop("id", None)
        for key in ("lines_to_next_cell", "lines_to_end_of_cell_marker"):
            cell["metadata"].pop(key, None)
    document["metadata"].pop("jupytext", None)
    return document | {"nbformat": 4, "nbformat_minor": 4}


def _format(text: str, name: str) -> dict[str, Any]:
    """The format that the file's header states, or that it looks like."""
    from jupytext.formats import guess_format, read_format_from_metadata

    suffix = PurePath(name).suffix.lower()
    stated = read_format_from_metadata(text, suffix)
    if stated:
        return {"extension": suffix, "format_name": stated}
    guessed, options = guess_format(text, suffix)
    return {"extension": suffix, "format_name": guessed, **options}


def decoded(data: bytes, name: str) -> str:
    """The text without its byte order mark. Raises InputError NB289."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(f"this is no UTF-8 text (byte {error.start}).", name, "Save it as UTF-8.") from None


def _placed(cell: Cell, start: int | None, name: str) -> Cell:
    """The cell whose lines know where they stand in the file."""
    if start is None:
        return cell
    if cell.origins:  # it runs another file, whose lines are here too
        return replace(cell, origins=tuple(replace(o, line=start + o.line - 1) if o.file == name else o
                                           for o in cell.origins))  # fmt: skip
    count = cell.source.count("\n") + 1
    return replace(cell, origins=tuple(Origin(name, cell.index, start + n) for n in range(count)))


def _in_file(where: Where | None, starts: Sequence[int | None]) -> Where | None:
    if where is None or where.cell is None or where.line is None or where.cell > len(starts):
        return where
    start = starts[where.cell - 1]
    return where if start is None else replace(where, line=start + where.line - 1)


def _is_version(old: Sequence[str], new: Sequence[str]) -> bool:
    """The line of the header that says which jupytext wrote it."""
    return len(old) == len(new) == 1 and all("jupytext_version:" in row for row in (*old, *new))


def _check(document: Any, text: str, name: str) -> None:
    """What was written reads as what was meant. Anything else is refused; nothing may be written."""
    import jupytext

    found = jupytext.reads(text, fmt={"extension": PurePath(name).suffix})
    meant = [(cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in document.cells]
    if [(cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in found.cells] != meant:
        raise _refused("the tags would not be read back as they were written.", name, _BY_HAND)


def _refused(message: str, name: str, hint: str) -> InputError:
    return InputError(message, code="NB289", where=Where(name), hint=hint)
