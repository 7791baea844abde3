"""After the run: does it show what the notebook shows? Where not, the notebook's reader saw something else."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nb2prod.model.findings import Finding, Severity
from nb2prod.model.roles import Role
from nb2prod.notebook.reproduced import first_difference
from nb2prod.notebook.saved import saved_outputs
from nb2prod.secrets import mask_of
from nb2prod.steps.reading import Analysis

_LONGEST = 80
_TOLD = (Role.TRAINING, Role.EVALUATION, Role.INFERENCE, Role.PREPROCESSING)


def unreproduced(analysis: Analysis, executed: Path) -> tuple[Finding, ...]:
    """NB367 for each cell whose saved output plainly differs from the one in the executed notebook: a warning where
    production stands on the cell, else a remark. For runs with the notebook's own parameters.
    """
    if not any(cell.saved for cell in analysis.notebook.cells):
        return ()
    ran = {cell.get("id"): cell for cell in json.loads(executed.read_text(encoding="utf-8"))["cells"]}
    selection = analysis.selection
    numbers = {*selection.used, *selection.code} if selection is not None else set()
    needed = {analysis.graph.statements[n].cell for n in numbers}
    mask = mask_of(())
    findings = []
    for cell in analysis.notebook.cells:
        executed_cell: Mapping[str, Any] = ran.get(cell.id, {})
        difference = first_difference(cell.saved, saved_outputs(executed_cell)) if cell.saved else None
        if difference is None:
            continue
        saved, now = (_shortened(mask(text)) for text in (difference.saved, difference.run))
        findings.append(
            Finding(
                "NB367",
                Severity.WARNING if cell.index in needed or cell.role in _TOLD else Severity.INFO,
                f"the notebook shows `{saved}` here, a clean run gives `{now}`: production follows the clean run.",
                cell.index,
                hint="Set every seed, run all cells from top to bottom in a fresh kernel, and save.",
            )
        )
    return tuple(findings)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
