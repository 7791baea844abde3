"""`nb2prod check` and `nb2prod inspect`: what is known of a notebook without running it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nb2prod.model.findings import Finding
from nb2prod.model.notebook import Notebook
from nb2prod.model.roles import Role
from nb2prod.secrets import mask_of
from nb2prod.steps.own_code import find_own_code
from nb2prod.steps.reading import Analysis, analyse, open_notebook

if TYPE_CHECKING:
    from nb2prod.drawing import CellGraph

Use = Literal["training", "prediction", "both", ""]


@dataclass(frozen=True, slots=True)
class CellSummary:
    """A code cell: what it defines, reads and changes; the cells it depends on; where it ends up in production."""

    index: int
    role: Role | None
    reason: str
    defines: tuple[str, ...]
    reads: tuple[str, ...]
    mutates: tuple[str, ...]
    depends_on: tuple[int, ...]
    in_production: Use


@dataclass(frozen=True, slots=True)
class BoundarySummary:
    """`response` is a name, or the text of an expression."""

    artifacts: tuple[str, ...]
    request: tuple[str, ...]
    response: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    notebook: Notebook
    findings: tuple[Finding, ...]
    cells: tuple[CellSummary, ...]
    boundary: BoundarySummary | None
    analysis: Analysis

    @property
    def graph(self) -> "CellGraph":
        """The graph of the cells, to be drawn."""
        from nb2prod.drawing import cell_graph

        uses = {cell.index: cell.in_production for cell in self.cells}
        titles = {cell.index: _title(cell.source) for cell in self.notebook.cells}
        return cell_graph(self.analysis.graph, uses, titles)


def check_notebook(path: Path) -> CheckReport:
    """Raises InputError where the file is no notebook."""
    notebook = open_notebook(path)
    return report_on(analyse(notebook, find_own_code(notebook, path.absolute().parent)))


def report_on(analysis: Analysis) -> CheckReport:
    """What an analysis says, cell by cell."""
    cells = tuple(_summary(analysis, c.index, c.role) for c in analysis.notebook.cells if c.kind == "code")
    return CheckReport(analysis.notebook, analysis.findings, cells, _boundary(analysis), analysis)


def check_json(report: CheckReport) -> dict[str, Any]:
    """``{"findings": […], "cells": […], "boundary": {"artifacts": […], "request": […], "response": …}}``"""
    return {
        "notebook": {"name": report.notebook.name, "digest": report.notebook.digest},
        "findings": [asdict(f) for f in report.findings],
        "cells": [{field.name: getattr(cell, field.name) for field in fields(cell)} for cell in report.cells],
        "boundary": asdict(report.boundary) if report.boundary else None,
    }


def _title(source: str) -> str:
    """The first line that is code, without what looks like a secret."""
    lines = (row.strip() for row in source.splitlines())
    return mask_of(())(next((row for row in lines if row and not row.startswith(("#", "%"))), ""))


def _summary(analysis: Analysis, index: int, role: Role | None) -> CellSummary:
    graph = analysis.graph
    statements = graph.of_cell(index)
    own = {s.number for s in statements}
    used_in_training = analysis.selection is not None and bool(own & _training(analysis))
    used_in_prediction = analysis.selection is not None and bool(own & _prediction(analysis))
    needed = {n for s in statements for c in graph.reads[s.number].values() for n in c} - own
    use: Use = "both" if used_in_training and used_in_prediction else (
        "training" if used_in_training else "prediction" if used_in_prediction else ""
    )  # fmt: skip
    return CellSummary(
        index=index,
        role=role,
        reason=f"tagged {role.value}" if role else "needed by " + use if use else "",
        defines=tuple(sorted({n for s in statements for n in s.facts.binds | s.facts.maybe})),
        reads=tuple(sorted({x for s in statements for x, c in graph.reads[s.number].items() if c - own})),
        mutates=tuple(sorted({n for s in statements for n in graph.direct(s.number)})),
        depends_on=tuple(sorted({graph.statements[n].cell for n in needed})),
        in_production=use,
    )


def production_use(analysis: Analysis) -> Callable[[int], Use]:
    """Where a statement, by its number, ends up in production."""
    selected = analysis.selection is not None
    training = _training(analysis) if selected else set()
    prediction = _prediction(analysis) if selected else set()

    def use(number: int) -> Use:
        if number in training:
            return "both" if number in prediction else "training"
        return "prediction" if number in prediction else ""

    return use


def _training(analysis: Analysis) -> set[int]:
    s = analysis.selection
    assert s is not None
    return _with_sources(analysis, {*s.training, *s.training_constants, *(f.statement for f in s.features)})


def _prediction(analysis: Analysis) -> set[int]:
    s = analysis.selection
    assert s is not None
    shared = (f.statement for f in s.features if not f.training_only)
    return _with_sources(analysis, {*s.prediction, *s.constants, *shared})


def _with_sources(analysis: Analysis, numbers: set[int]) -> set[int]:
    """With the imports and parameters that these statements, or the functions they define, read."""
    graph = analysis.graph
    read = [c for n in numbers for c in graph.reads[n].values()]
    read += [graph.final[x] for n in numbers if n in graph.definitions
             for x in graph.definitions[n].late_reads if x in graph.final]  # fmt: skip
    return numbers | {n for c in read for n in c if graph.kinds[n] in ("import", "parameter")}


def _boundary(analysis: Analysis) -> BoundarySummary | None:
    boundary = analysis.boundary
    if boundary is None:
        return None
    response = boundary.response or _expression(analysis, boundary.response_statement)
    return BoundarySummary(boundary.artifacts, boundary.request, response)


def _expression(analysis: Analysis, number: int) -> str:
    import ast

    statement = analysis.graph.statements[number]
    source = analysis.notebook.cells[statement.cell - 1].python or ""
    return mask_of(())((ast.get_source_segment(source, statement.node) or "").strip())
