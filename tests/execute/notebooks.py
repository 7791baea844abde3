"""Small notebooks as values, for the tests of execute."""

import textwrap
import threading
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from nb2prod.errors import RunError
from nb2prod.events import Event
from nb2prod.execute import run_notebook
from nb2prod.execute.prepare import STAMP, run_copy
from nb2prod.execute.record import read_finding, read_schema
from nb2prod.execute.run import read_stage
from nb2prod.model.notebook import Cell, Notebook
from nb2prod.model.roles import Role
from nb2prod.model.run import CaptureSpec, Probe, RunRecord
from nb2prod.model.schema import Schema


def notebook(
    *sources: str, roles: Mapping[int, Role] | None = None, kernel: str | None = "python3", **tags: Any
) -> Notebook:
    """Cells from sources; `roles` by 1-based position; ``tags={position: [...]}`` go into the document."""
    roles = roles or {}
    texts = [textwrap.dedent(source).strip("\n") for source in sources]
    cells = tuple(
        Cell(index, f"c{index}", "code", text, text, role=roles.get(index)) for index, text in enumerate(texts, 1)
    )
    document = {
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{index}",
                "metadata": {"tags": tags.get("tags", {}).get(index, [])},
                "execution_count": None,
                "outputs": [],
                "source": text,
            }
            for index, text in enumerate(texts, 1)
        ],
        "metadata": {"kernelspec": {"name": kernel, "language": "python", "display_name": "x"}} if kernel else {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return Notebook("n.ipynb", "sha256:0", cells, "python", kernel, document)


def spec(predict_cell: int, response_cell: int | None = None, **changes: Any) -> CaptureSpec:
    """Nothing but a response: the value of the predict cell's last expression. All else is taken before that cell."""
    fields: dict[str, Any] = {"package": "demo", "artifacts": (), "request": (), "response": None} | changes
    names = (*fields["artifacts"], *fields["request"])
    before = (Probe("before", predict_cell, names=names),) if names else ()
    after = Probe("value" if fields["response"] is None else "after", response_cell or predict_cell)
    return CaptureSpec(**{"probes": (*before, after)} | fields)


def run(book: Notebook, wanted: CaptureSpec, folder: Path, **options: Any) -> tuple[RunRecord, list[Event]]:
    events: list[Event] = []
    (folder / "work").mkdir(exist_ok=True)
    fields: dict[str, Any] = {
        "parameters": {},
        "working_folder": folder / "work",
        "output": folder / "out",
        "cell_timeout": 120,
        "emit": events.append,
        "cancel": threading.Event(),
    }
    return run_notebook(book, wanted, **fields | options), events


def capture_all(cases: Mapping[str, tuple[Notebook, CaptureSpec]], folder: Path) -> dict[str, Any]:
    """What the capture cells of several notebooks find, or their RunError, by name of the case.

    The copies that a run would execute, one after the other in one kernel that forgets all names in between: claims
    about what is captured need no kernel each. What a run makes of it (files, events, nothing left) needs `run`.
    """
    import nbformat
    from nbclient import NotebookClient

    cells: list[dict[str, Any]] = []
    for number, (book, wanted) in enumerate(cases.values()):
        (folder / str(number)).mkdir()
        cells += [{"source": "%reset -f", "metadata": {}}]
        cells += run_copy(book, wanted, {}, folder / str(number))["cells"]
    document = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell["source"], metadata=cell["metadata"]) for cell in cells]
    )
    client = NotebookClient(document, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    with client.setup_kernel():
        for index, cell in enumerate(document.cells):
            client.execute_cell(cell, index, store_history="stage" not in cell.metadata.get(STAMP, {}))
    return {name: _captured(folder / str(number)) for number, name in enumerate(cases)}


def _captured(stage: Path) -> Any:
    """Named as in a RunRecord."""
    try:
        read_stage(stage, "disarm")
        found = read_stage(stage, "end")
    except RunError as error:
        return error
    return SimpleNamespace(
        schema=Schema(tuple(map(read_schema, found["request"])), read_schema(found["response"])),
        body=found["body"],
        predictions=found["predictions"],
        response_type=found["response_type"],
        variables=found["variables"],
        findings=tuple(read_finding({"cell": None, "line": None, **finding}) for finding in found["findings"]),
    )
