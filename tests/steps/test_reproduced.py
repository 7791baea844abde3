"""What a run shows is held against what the notebook shows, cell by cell."""

import json
from pathlib import Path
from typing import Any

from nb2prod.model.findings import Finding
from nb2prod.notebook.read import read_notebook
from nb2prod.steps.reading import analyse
from nb2prod.steps.reproduced import unreproduced
from tests.notebook.documents import code, notebook


def shows(text: str) -> list[dict[str, Any]]:
    return [{"output_type": "stream", "name": "stdout", "text": text}]


def compared(tmp_path: Path, *cells: tuple[str, str, str, str]) -> tuple[Finding, ...]:
    """Cells as (source, tag, saved output, output of the run)."""
    made = [code(source, *([tag] if tag else []), outputs=shows(saved)) for source, tag, saved, _ in cells]
    read = read_notebook(notebook(*made), "n.ipynb")
    ran = [{"id": cell.id, "outputs": shows(run)} for cell, (*_, run) in zip(read.cells, cells, strict=True)]
    added = {"id": "papermill", "outputs": shows("x")}  # a run may add cells
    (tmp_path / "executed.ipynb").write_text(json.dumps({"cells": [added, *reversed(ran)]}))
    return unreproduced(analyse(read), tmp_path / "executed.ipynb")


REQUEST = ("value = 9", "request", "", "")
INFERENCE = ("value * model", "inference", "", "")


def test_a_cell_that_production_stands_on_is_a_warning_with_both_results(tmp_path: Path) -> None:
    cell = ("model = pow(3, 1)\nprint('score', 0.83)", "training", "score 0.83", "score 0.79")
    (found,) = compared(tmp_path, cell, REQUEST, INFERENCE)
    assert (found.code, found.severity, found.cell) == ("NB367", "warning", 1)
    assert "shows `score 0.83` here, a clean run gives `score 0.79`" in found.message


def test_an_untagged_cell_that_nothing_needs_is_a_remark(tmp_path: Path) -> None:
    training = ("model = pow(3, 1)", "training", "", "")
    (found,) = compared(tmp_path, ("print(1)", "", "1", "2"), training, REQUEST, INFERENCE)
    assert (found.severity, found.cell) == ("info", 1)


def test_the_same_result_is_not_told(tmp_path: Path) -> None:
    cell = ("model = pow(3, 1)", "training", "score 0.83 in 3 s", "score 0.83 in 4 s")
    assert compared(tmp_path, cell, REQUEST, INFERENCE) == ()
