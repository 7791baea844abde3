"""Notebooks as bytes, written in one line."""

import json
from typing import Any


def code(source: object = "", *tags: str, **more: Any) -> dict[str, Any]:
    """One code cell; `more` replaces or adds keys."""
    cell = {
        "cell_type": "code",
        "id": "",
        "metadata": {"tags": list(tags)},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }
    return cell | more


def notebook(*cells: Any, **more: Any) -> bytes:
    """A notebook of `cells` (texts become code cells), each with its own id unless it has one."""
    made = [code(cell) if isinstance(cell, str) else cell for cell in cells]
    for number, cell in enumerate(made):
        if isinstance(cell, dict) and cell.get("id") == "":
            cell["id"] = f"id-{number}"
    document = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | more
    return json.dumps(document).encode()
