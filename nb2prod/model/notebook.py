"""A notebook as read: cells in order, each with its role."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Literal

from nb2prod.model.findings import Finding
from nb2prod.model.roles import Role

CellKind = Literal["code", "markdown", "raw"]

SKIP_TAG = "skip-execution"
"""Jupyter's tag on a cell that does not run."""

RAISES_TAG = "raises-exception"
"""Jupyter's tag on a cell that may raise; the next one runs all the same."""

REPORT_TAG = "nb2prod-report"
"""Our tag on the cells that papermill's engine adds to the executed notebook: how the build went."""


@dataclass(frozen=True, slots=True)
class SavedOutput:
    """An output as text: all that was printed, one result, or the error that a cell ended with (``KeyError: 'x'``)."""

    kind: Literal["stream", "result", "error"]
    text: str


@dataclass(frozen=True, slots=True)
class Origin:
    """A line of another file's that stands in a cell: ``%run other.ipynb``. `cell` is 0 where the file is a script."""

    file: str
    cell: int
    line: int


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    `index` is its 1-based position among *all* cells, as a reader counts them.
    `source` is the text as stored; `python` is the same text as plain Python, line for line (IPython syntax replaced),
    or None where the cell cannot be read as code (markdown, a syntax error). `saved` are the outputs in the file.
    Where the cell runs another notebook, both texts hold its cells behind that line, and `origins` says of each line
    where it stands; else there are none.
    """

    index: int
    id: str
    kind: CellKind
    source: str
    python: str | None = None
    tags: tuple[str, ...] = ()
    role: Role | None = None
    execution_count: int | None = None
    saved: tuple[SavedOutput, ...] = ()
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class Install:
    """A requirement that a cell installs (``!pip install shap==0.44.1``): `name` shap, `specifier` ``==0.44.1``.

    `text` is the word as it stands; `name` is empty where it is an address or a path, or where `file` is a list of
    requirements (``-r more.txt``).
    """

    name: str
    specifier: str
    cell: int
    line: int
    text: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook: what the analysis and the plan are computed from.

    `digest` is ``sha256:…`` of the file's bytes. `document` is the nbformat 4 document (upgraded where the file was
    older); execution starts from it.
    """

    name: str
    digest: str
    cells: tuple[Cell, ...]
    language: str
    kernel_name: str | None
    document: Mapping[str, Any]
    findings: tuple[Finding, ...] = ()
    installs: tuple[Install, ...] = ()

    def placed(self, finding: Finding) -> Finding:
        """The finding with the line that a reader sees, and with the file where that is another one."""
        if finding.cell is None or finding.line is None:
            return finding
        cell, line, file = self.place(finding.cell, finding.line)
        return replace(finding, cell=cell, line=line, message=f"{file}: {finding.message}" if file else finding.message)

    def place(self, cell: int, line: int) -> tuple[int, int, str]:
        """The cell and the line in this file of a line as read; and where it stands if that is in another file."""
        origins = self.cells[cell - 1].origins
        if not origins or not 0 < line <= len(origins):
            return cell, line, ""
        origin = origins[line - 1]
        if origin.file == self.name:
            return cell, origin.line, ""
        ran = next(o.line for o in reversed(origins[: line - 1]) if o.file == self.name)
        inside = f", cell {origin.cell}" if origin.cell else ""
        return cell, ran, f"{origin.file}{inside}, line {origin.line}"

    @property
    def code_digest(self) -> str:
        """``sha256:…`` of the JSON list of the code cells' sources: the same after a change of outputs or Markdown."""
        sources = [cell.source for cell in self.cells if cell.kind == "code"]
        return "sha256:" + sha256(json.dumps(sources).encode()).hexdigest()

    def line_as_run(self, cell: int, line: int) -> int:
        """The line in this file of a line of the cell as it runs, which holds nothing of other files."""
        own = [origin.line for origin in self.cells[cell - 1].origins if origin.file == self.name]
        return min(own, default=1) + line - 1

    def with_role(self, *roles: Role) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.cells if cell.role in roles)
