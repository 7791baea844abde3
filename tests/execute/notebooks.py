"""Small notebooks as values, for the tests of execute."""

import textwrap
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nb2prod.events import Event
from nb2prod.execute import run_notebook
from nb2prod.model.notebook import Cell, Notebook
from nb2prod.model.roles import Role
from nb2prod.model.run import CaptureSpec, RunRecord


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


def spec(predict_cell: int, **changes: Any) -> CaptureSpec:
    """Nothing but a response: the value of the predict cell's last expression."""
    fields: dict[str, Any] = {
        "package": "demo",
        "artifacts": (),
        "request": (),
        "predict_cell": predict_cell,
        "response_cell": predict_cell,
        "response": None,
    }
    return CaptureSpec(**fields | changes)


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
