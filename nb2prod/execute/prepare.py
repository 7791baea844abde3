"""The notebook as it runs, with hidden capture cells; and as it is kept, without them.

    1 load   2 train   3 predict   4 plot          artifacts, request and response are taken in 3
    1 load   2 train   [arm]   3 predict   [disarm]   4 plot   [end]

Each cell of the copy is stamped with where it comes from, since papermill adds cells and so shifts positions.
"""

import copy
import itertools
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nb2prod.analysis.parameters import declared_parameters
from nb2prod.model.notebook import REPORT_TAG, Notebook
from nb2prod.model.roles import Role
from nb2prod.model.run import CaptureSpec

STAMP = "nb2prod_run"
_KERNEL = Path(__file__).with_name("kernel")
_CAPTURE = "_nb2prod_capture"  # what the folder is called in the kernel, which may have another nb2prod or none
_LOAD = """\
import importlib.util, sys
if name not in sys.modules:
    spec = importlib.util.spec_from_file_location(name, folder + "/__init__.py", submodule_search_locations=[folder])
    sys.modules[name] = importlib.util.module_from_spec(spec)
    writes_none, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(sys.modules[name])
    finally:
        sys.dont_write_bytecode = writes_none
try:
    sys.modules[name].run(stage, order)
finally:
    if stage == "end":
        for module in [key for key in sys.modules if key.partition(".")[0] == name]:
            del sys.modules[module]
"""
"""Loads the kernel folder as a package once, writing no bytecode into nb2prod, and forgets it after the last stage."""


def run_copy(notebook: Notebook, spec: CaptureSpec, parameters: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """A copy of the document (nbformat 4.5) that captures into `folder` (absolute) as it runs."""
    document = copy.deepcopy(dict(notebook.document))
    order = json.dumps(asdict(spec) | {"folder": str(folder)})
    cells: list[dict[str, Any]] = []
    first_parameters = min((cell.index for cell in notebook.with_role(Role.PARAMETERS)), default=None)
    for index, cell in enumerate(document["cells"], 1):
        if _is_report(cell):
            continue
        probed = index in {probe.cell for probe in spec.probes}
        if probed:
            cells.append(_capture_cell("arm", json.dumps(json.loads(order) | {"cell": index})))
        is_broken = cell["cell_type"] == "code" and notebook.cells[index - 1].python is None
        cells.append(_stamped(cell, index, is_parameters=index == first_parameters, is_broken=is_broken))
        if first_parameters is not None and index > first_parameters:
            cells.extend(_injected_again(notebook, index, parameters))
        if probed:
            cells.append(_capture_cell("disarm", json.dumps(json.loads(order) | {"cell": index})))
    cells.append(_capture_cell("end", order))
    taken = {cell.get("id") for cell in cells}
    free = (name for number in itertools.count(1) if (name := f"nb2prod-{number}") not in taken)
    for cell in cells:
        if "id" not in cell:
            cell["id"] = next(free)
    return document | {"cells": cells, "nbformat": 4, "nbformat_minor": 5}


def executed_document(document: Mapping[str, Any], notebook: Notebook) -> dict[str, Any]:
    """The executed copy as it is kept: without capture cells and stamps, with the notebook's own tags, otherwise as
    papermill leaves it."""
    kept = copy.deepcopy(dict(document))
    kept["cells"] = [cell for cell in kept["cells"] if "stage" not in cell["metadata"].get(STAMP, {})]
    for cell in kept["cells"]:
        number = cell["metadata"].pop(STAMP, {}).get("cell")
        if number is not None:
            before = notebook.document["cells"][number - 1].get("metadata", {})
            cell["metadata"]["tags"] = list(before.get("tags", []))
    # papermill writes the whole input notebook here where it was given one as a value.
    kept["metadata"]["papermill"] = kept["metadata"].get("papermill", {}) | {
        "input_path": notebook.name,
        "output_path": "executed.ipynb",
    }
    return kept


def with_text_of(notebook: Notebook, executed: Mapping[str, Any]) -> dict[str, Any]:
    """A kept executed document with the text that `notebook` has between its code by now; the code is the same. So the
    cells are numbered as the notebook's are, but for those that papermill added: each stays behind the cell it was."""
    own = {cell.id for cell in notebook.cells}
    ran: dict[str, list[dict[str, Any]]] = {}
    text: dict[str, dict[str, Any]] = {}
    last = ""
    for cell in executed["cells"]:
        if cell["cell_type"] == "code":
            last = cell["id"] if cell["id"] in own else last
            ran.setdefault(last, []).append(cell)
        else:
            text[cell["id"]] = cell
    cells = ran.get("", [])
    for cell in notebook.document["cells"]:
        if cell["cell_type"] == "code":
            cells += ran.get(cell["id"], [])
        elif not _is_report(cell):
            before = text.get(cell["id"], {})
            cells.append(before if before.get("source") == cell["source"] else cell)
    return {**executed, "cells": cells}


def _is_report(cell: Mapping[str, Any]) -> bool:
    """Whether an earlier run added the cell to tell how it went; there is nothing to run in it."""
    is_empty = cell["cell_type"] != "code" or not "".join(cell["source"]).strip()
    return is_empty and REPORT_TAG in cell.get("metadata", {}).get("tags", [])


def _stamped(cell: dict[str, Any], index: int, *, is_parameters: bool, is_broken: bool) -> dict[str, Any]:
    """The cell with its 1-based position; papermill's own tag goes on the one cell that it must inject after.

    A cell that is no Python is stamped as broken: it cannot start in the kernel either, and the run steps over it.
    """
    metadata = dict(cell.get("metadata", {}))
    tags = [tag for tag in metadata.get("tags", []) if tag not in ("parameters", "injected-parameters")]
    metadata |= {
        "tags": [*tags, "parameters"] if is_parameters else tags,
        STAMP: {"cell": index} | ({"broken": True} if is_broken else {}),
    }
    return cell | {"metadata": metadata}


def _injected_again(notebook: Notebook, index: int, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """papermill injects after the first parameters cell only; a later one would set its defaults over that."""
    again = {
        p.name: parameters[p.name] for p in declared_parameters(notebook) if p.cell == index and p.name in parameters
    }
    lines = [f"{name} = {value!r}" for name, value in again.items()]
    return (
        [_code_cell("\n".join(["# Parameters", *lines]), {"tags": ["injected-parameters"], STAMP: {}})] if lines else []
    )


def _capture_cell(stage: str, order: str) -> dict[str, Any]:
    """One expression in a namespace of its own, so that no name is left behind."""
    names = {"name": _CAPTURE, "folder": str(_KERNEL), "stage": stage, "order": order}
    return _code_cell(f"__import__('builtins').exec({_LOAD!r}, {names!r})", {"tags": [], STAMP: {"stage": stage}})


def _code_cell(source: str, metadata: dict[str, Any]) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "metadata": metadata, "outputs": [], "source": source}
