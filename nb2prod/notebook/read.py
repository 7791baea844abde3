"""The way from a file's bytes to a `Notebook`."""

import copy
import re
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from nb2prod.errors import InputError, Where
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.notebook import SKIP_TAG, Cell, Install, Notebook
from nb2prod.model.roles import Role
from nb2prod.notebook.document import parse_json
from nb2prod.notebook.follow import Follower
from nb2prod.notebook.ipython import CellPython, read_code
from nb2prod.notebook.roles import find_role
from nb2prod.notebook.saved import saved_outputs
from nb2prod.notebook.shape import RawCell, check_cells, check_top
from nb2prod.notebook.text import decode_text, shorten
from nb2prod.secrets import masked, secret_findings

_KERNEL_NAME = re.compile(r"[A-Za-z0-9._ -]{1,100}")
_KERNELS_OF = {"ir": "R", "julia": "Julia", "bash": "Bash", "javascript": "JavaScript", "sagemath": "Sage"}


def read_notebook(data: bytes, name: str, scripts: Callable[[str], str | None] = lambda _file: None) -> Notebook:
    """The notebook in a file's bytes; `name` is how messages call the file. Nothing of it is run.

    `scripts` gives the text of a file beside the notebook, or None: ``%run other.ipynb`` is followed where it can be.

    The document of the result is nbformat 4.5 or later and has no outputs: execution makes its own.
    Raises InputError NB104–NB148 (docs/findings.md) where it cannot be read for sure; what can be read but deserves a
    word is among the findings; so is what looks like a secret, in whatever part of the file (NB151, NB152).
    """
    text, findings = decode_text(data, name)
    document = parse_json(text, name, len(data))
    if check_top(document, name) == 3:
        document = _upgrade(document, name)
        findings += (Finding("NB125", Severity.INFO, "the file is nbformat 3; it was read as its nbformat 4 equal."),)
    raw, found = check_cells(document, name)
    findings += found
    language, kernel_name, found = _find_kernel(document.get("metadata", {}), name)
    findings += found
    cells: list[Cell] = []
    pythons: list[str | None] = []
    installs: list[Install] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Python's parser about the user's code: the kernel will show them
        for part in raw:
            cell, code = _read_cell(part, pythons, scripts)
            beside = [other.source for other in raw if other.kind == "code" and other.index != part.index]
            followed = Follower(name, scripts, beside).follow(part.index, part.source, code, cell.role, pythons)
            if followed is not None:
                code = followed.code
                cell = replace(cell, source=followed.source, python=code.python, origins=followed.origins)
            saved = saved_outputs(document["cells"][part.index - 1]) if part.kind == "code" else ()
            cells.append(replace(cell, saved=saved) if saved else cell)
            pythons.append(cell.python)
            findings += tuple(_with_newer(finding, document) for finding in code.findings)
            installs += code.installs
    secrets, mask = secret_findings(document)
    secrets = tuple(_as_read(secret, cells, name) for secret in secrets)
    findings = (*secrets, *masked(findings, mask)) if secrets else findings
    clean = _clean_document(document, raw)
    _refuse_half_characters(clean, text, name)
    return Notebook(
        name=name,
        digest="sha256:" + sha256(data).hexdigest(),
        cells=tuple(cells),
        language=language,
        kernel_name=kernel_name,
        document=clean,
        findings=findings,
        installs=tuple(installs),
    )


def _read_cell(
    raw: RawCell, earlier: Sequence[str | None], scripts: Callable[[str], str | None]
) -> tuple[Cell, CellPython]:
    if raw.kind != "code":
        return Cell(raw.index, raw.id, raw.kind, raw.source, tags=raw.tags), CellPython(None)
    role, findings = find_role(raw.index, raw.source, raw.tags, raw.metadata)
    if SKIP_TAG in raw.tags:
        code = _not_run(raw, role)
    else:
        code = read_code(raw.source, cell=raw.index, role=role, earlier=earlier, scripts=scripts)
    cell = Cell(raw.index, raw.id, raw.kind, raw.source, code.python, raw.tags, role, raw.execution_count)
    return cell, replace(code, findings=findings + code.findings)


def _as_read(finding: Finding, cells: Sequence[Cell], name: str) -> Finding:
    """The finding of a line of the file, with the line of the cell as it was read."""
    origins = cells[finding.cell - 1].origins if finding.cell else ()
    line = next((n for n, o in enumerate(origins, 1) if o.file == name and o.line == finding.line), finding.line)
    return replace(finding, line=line)


def _not_run(raw: RawCell, role: Role | None) -> CellPython:
    """A cell that its tag keeps from running does nothing; then it can have no role."""
    found: tuple[Finding, ...] = ()
    if role is not None and role is not Role.SKIP:
        message = f"the cell is tagged `{role.value}`, but also `{SKIP_TAG}`: it does not run."
        found = (Finding("NB159", Severity.ERROR, message, raw.index, None, "Remove one of the two tags."),)
    return CellPython("\n".join(f"# {line}".rstrip() for line in raw.source.split("\n")), found)


def _with_newer(finding: Finding, document: Mapping[str, Any]) -> Finding:
    """A syntax error may be none to the newer Python that saved the notebook; its hint then says so."""
    info = document.get("metadata", {}).get("language_info")
    version = info.get("version") if isinstance(info, dict) else None
    saved = re.match(r"3\.(\d{1,3})\b", version) if isinstance(version, str) else None
    if finding.code != "NB139" or saved is None or int(saved[1]) <= sys.version_info[1]:
        return finding
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    hint = f"nb2prod runs on Python {own}. If {saved[0]}, which saved the notebook, reads it: install nb2prod with it."
    return replace(finding, hint=hint)


def _find_kernel(metadata: Mapping[str, Any], name: str) -> tuple[str, str | None, tuple[Finding, ...]]:
    """The language, the kernel's name if it is one, and findings. Raises InputError NB143 where it is not Python 3."""
    kernelspec, language_info = metadata.get("kernelspec"), metadata.get("language_info")
    spec: Mapping[str, Any] = kernelspec if isinstance(kernelspec, dict) else {}
    info: Mapping[str, Any] = language_info if isinstance(language_info, dict) else {}
    kernel = spec.get("name")
    language = next((word for word in (info.get("name"), spec.get("language")) if isinstance(word, str) and word), None)
    if language is None:
        start = re.split(r"[-\d]", kernel)[0].lower() if isinstance(kernel, str) else ""
        language = _KERNELS_OF.get(start, "python")
    old = str(info.get("version", "")).startswith("2.") or kernel == "python2"
    if language.lower() not in ("python", "ipython", "python3") or old:
        found = "Python 2" if old else shorten(language).strip("'")
        raise InputError(
            f"the notebook's language is {found}; only Python 3 is supported.",
            code="NB143",
            where=Where(path=name),
            hint="If it is Python 3 after all, choose a Python 3 kernel in Jupyter and save.",
        )
    if kernel is None or (isinstance(kernel, str) and _KERNEL_NAME.fullmatch(kernel)):
        return "python", kernel, ()
    message = f"the kernel name {shorten(kernel)} is not one a kernel can have; it is ignored."
    return "python", None, (Finding("NB146", Severity.WARNING, message, hint="Choose a kernel in Jupyter and save."),)


def _clean_document(document: Mapping[str, Any], raw: tuple[RawCell, ...]) -> dict[str, Any]:
    """The nbformat 4.5 document of exactly the parts that were checked; without outputs."""
    cells: list[dict[str, Any]] = []
    for cell in raw:
        metadata = dict(cell.metadata)
        if "tags" in metadata:
            metadata["tags"] = list(cell.tags)
        body: dict[str, Any] = {"cell_type": cell.kind, "id": cell.id, "metadata": metadata, "source": cell.source}
        if cell.kind == "code":
            body |= {"execution_count": cell.execution_count, "outputs": []}
        elif cell.attachments is not None:
            body["attachments"] = cell.attachments
        cells.append(body)
    return {
        "cells": cells,
        "metadata": document.get("metadata", {}),
        "nbformat": 4,
        "nbformat_minor": max(5, document.get("nbformat_minor", 5)),
    }


def _refuse_half_characters(document: Mapping[str, Any], text: str, name: str) -> None:
    """Lone surrogates in metadata would fail much later, when something writes the document as UTF-8."""
    if re.search(r"\\u[dD][89a-fA-F]", text) is None:
        return
    import json

    try:
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(
            "half a character (a lone surrogate) in the metadata.", code="NB114", where=Where(name), hint="Delete it."
        ) from None


def _upgrade(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The nbformat 4 equal of an nbformat 3 document. Raises InputError NB127 where nbformat cannot make it."""
    import nbformat

    try:
        worksheets = document.get("worksheets", [])
        node = nbformat.from_dict(copy.deepcopy(dict(document) | {"worksheets": worksheets}))
        upgraded = nbformat.convert(node, 4)
    except Exception as error:  # nbformat raises whatever its code trips over
        raise InputError(
            f"this nbformat 3 notebook could not be upgraded ({type(error).__name__}: {error}).",
            code="NB127",
            where=Where(path=name),
            hint="Open it in Jupyter and save it again.",
        ) from None
    import json

    plain: dict[str, Any] = json.loads(json.dumps(upgraded))
    return plain
