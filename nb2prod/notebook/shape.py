"""Document to raw cells: every part has the type that nbformat 4 gives it, or the cell that has not is named.

The checks are ours because nbformat's schema lets pass what later parts would trip over (`source: 5`, two equal ids).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from nb2prod.errors import InputError, Where
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.notebook import CellKind
from nb2prod.notebook.text import shorten

CELL_LIMIT = 100_000
TAG_LIMIT = 200
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KINDS = ("code", "markdown", "raw")
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class RawCell:
    """One cell whose parts have the right types; `source` with ``\\n`` line ends."""

    index: int
    id: str
    kind: CellKind
    source: str
    tags: tuple[str, ...]
    metadata: Mapping[str, Any]
    attachments: Mapping[str, Any] | None
    execution_count: int | None


def check_top(document: Any, name: str) -> Literal[3, 4]:
    """The major version of a document. Raises InputError NB116, NB117, NB126, NB127, NB147."""
    where = Where(path=name)
    if not isinstance(document, dict):
        raise InputError(f"a notebook is a JSON object, but this is {_kind(document)}.", code="NB116", where=where)
    if "nbformat" not in document:
        missing = ", ".join(key for key in ("cells", "nbformat") if key not in document)
        raise InputError(
            f"not a notebook: missing {missing}.", code="NB117", where=where, hint="Name a Jupyter notebook (.ipynb)."
        )
    major, minor = document["nbformat"], document.get("nbformat_minor", 0)
    for key, value in (("nbformat", major), ("nbformat_minor", minor)):
        if type(value) is not int or value < 0:
            raise _version(f"{key} {shorten(value)} ({_kind(value)})", where)
    if major in (1, 2):
        raise InputError(
            f"nbformat {major} is too old.", code="NB126", where=where, hint="Open it in Jupyter and save it again."
        )
    if major not in (3, 4):
        raise _version(f"nbformat {major}", where)
    if major == 4 and "cells" not in document:
        raise InputError("not a notebook: missing cells.", code="NB117", where=where)
    if not isinstance(document.get("metadata", {}), dict):
        raise InputError(
            f"the notebook's metadata must be an object, not {_kind(document['metadata'])}.", code="NB147", where=where
        )
    return cast("Literal[3, 4]", major)


def check_cells(document: Mapping[str, Any], name: str) -> tuple[tuple[RawCell, ...], tuple[Finding, ...]]:
    """The cells of an nbformat 4 document, with ids that are valid and distinct.

    Raises InputError NB114, NB115, NB124, NB128, NB129, NB131, NB133, NB134, NB147, NB148, each naming the cell.
    """
    cells = document["cells"]
    if not isinstance(cells, list):
        raise InputError(f"cells must be a list, not {_kind(cells)}.", code="NB128", where=Where(name))
    if len(cells) > CELL_LIMIT:
        raise InputError(f"{len(cells)} cells; the limit is {CELL_LIMIT}.", code="NB124", where=Where(name))
    raw = [_check_cell(cell, Where(name, cell=index)) for index, cell in enumerate(cells, 1)]
    return _with_ids(raw, expected=document.get("nbformat_minor", 0) >= 5)


def _check_cell(cell: Any, where: Where) -> RawCell:
    if not isinstance(cell, dict):
        raise InputError(f"a cell must be an object, not {_kind(cell)}.", code="NB128", where=where)
    kind = cell.get("cell_type")
    if kind not in _KINDS:
        raise InputError(f"cell_type {shorten(kind)} is none of code, markdown, raw.", code="NB131", where=where)
    metadata = cell.get("metadata", {})
    if not isinstance(metadata, dict):
        raise InputError(f"metadata must be an object, not {_kind(metadata)}.", code="NB147", where=where)
    count = cell.get("execution_count")
    if count is not None and type(count) is not int:
        raise InputError(
            f"execution_count must be a whole number or null, not {_kind(count)}.", code="NB148", where=where
        )
    attachments = cell.get("attachments")
    return RawCell(
        index=cast(int, where.cell),
        id=cell["id"] if isinstance(cell.get("id"), str) else "",
        kind=kind,
        source=_check_source(cell, kind, where),
        tags=_check_tags(metadata.get("tags", []), where),
        metadata=metadata,
        attachments=attachments if isinstance(attachments, dict) and kind != "code" else None,
        execution_count=count if kind == "code" else None,
    )


def _check_source(cell: Mapping[str, Any], kind: str, where: Where) -> str:
    if "source" not in cell:
        raise InputError("the cell has no source.", code="NB129", where=where)
    source = cell["source"]
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise InputError(f"source must be text, not {_kind(source)}.", code="NB129", where=where)
    if "\r" in source:  # Python and Jupyter read every kind of line end as one; so that lines agree, do it here
        source = source.replace("\r\n", "\n").replace("\r", "\n")
    _refuse(_SURROGATE, source, "NB114", "half a character (a lone surrogate)", "Delete it.", where)
    if kind == "code":
        _refuse(_CONTROL, source, "NB115", "a control character", "Delete it, or write it as an escape.", where)
        hint = "It shows code in another order than it runs. Delete it, or write it as an escape."
        _refuse(_BIDI, source, "NB115", "a bidirectional control character", hint, where)
    return source


def _refuse(pattern: re.Pattern[str], source: str, code: str, what: str, hint: str, where: Where) -> None:
    if found := pattern.search(source):
        line = source.count("\n", 0, found.start()) + 1
        place = Where(where.path, where.cell, line)
        raise InputError(f"{what}, U+{ord(found.group()):04X}.", code=code, where=place, hint=hint)


def _check_tags(tags: Any, where: Where) -> tuple[str, ...]:
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        found = _kind(tags) if not isinstance(tags, list) else "a list of other things"
        raise InputError(f"tags must be a list of strings, not {found}.", code="NB133", where=where)
    for tag in tags:
        if not tag.isprintable() or len(tag) > TAG_LIMIT or "{{" in tag or "{%" in tag:
            raise InputError(
                f"the tag {shorten(tag)} is not allowed.",
                code="NB134",
                where=where,
                hint=f"A tag is one line of at most {TAG_LIMIT} printable characters, without {{{{ or {{%.",
            )
    return tuple(dict.fromkeys(tags))


def _with_ids(cells: list[RawCell], *, expected: bool) -> tuple[tuple[RawCell, ...], tuple[Finding, ...]]:
    """Ids that are missing, repeated or no ids at all are made anew from the position, so that they stay the same."""
    taken = {cell.id for cell in cells}
    seen: set[str] = set()
    result: list[RawCell] = []
    remade: list[int] = []
    for cell in cells:
        if not _ID.fullmatch(cell.id) or cell.id in seen:
            fresh = f"cell-{cell.index}"
            while fresh in taken:
                fresh += "-again"
            taken.add(fresh)
            if expected or cell.id:
                remade.append(cell.index)
            cell = replace(cell, id=fresh)
        seen.add(cell.id)
        result.append(cell)
    if not remade:
        return tuple(result), ()
    listed = ", ".join(map(str, remade[:5])) + (", …" if len(remade) > 5 else "")
    count = "1 cell" if len(remade) == 1 else f"{len(remade)} cells"
    message = f"{count} had no usable id (missing, repeated or malformed): {listed}. Ids were made anew."
    return tuple(result), (Finding("NB132", Severity.INFO, message, cell=remade[0]),)


def _version(found: str, where: Where) -> InputError:
    return InputError(f"unsupported version: {found}.", code="NB127", where=where, hint="nbformat 3 and 4 are read.")


def _kind(value: Any) -> str:
    """The JSON word for a value's type."""
    if value is None:
        return "null"
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
    return names.get(type(value), "a number")
