"""What `check` and `inspect` say about a notebook."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from nb2prod.console.problems import finding_lines, findings_count
from nb2prod.console.text import Line, columns, line
from nb2prod.drawing import CellGraph, graph_rows
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.notebook import Notebook
from nb2prod.secrets import mask_of


class CellView(Protocol):
    """One cell as the analysis sees it; see `nb2prod.steps.check.CellSummary`."""

    @property
    def index(self) -> int: ...
    @property
    def role(self) -> str | None: ...
    @property
    def reason(self) -> str: ...
    @property
    def defines(self) -> Sequence[str]: ...
    @property
    def reads(self) -> Sequence[str]: ...
    @property
    def mutates(self) -> Sequence[str]: ...
    @property
    def depends_on(self) -> Sequence[int]: ...
    @property
    def in_production(self) -> str: ...


class CheckView(Protocol):
    """A checked notebook; see `nb2prod.steps.check.CheckReport`. `boundary` has artifacts, request, response."""

    @property
    def notebook(self) -> Notebook: ...
    @property
    def findings(self) -> Sequence[Finding]: ...
    @property
    def cells(self) -> Sequence[CellView]: ...
    @property
    def boundary(self) -> Any: ...
    @property
    def graph(self) -> CellGraph: ...


def check_lines(report: CheckView, path: str) -> tuple[Line, ...]:
    """Findings, the boundary in one line each, and a verdict."""
    return tuple(_check_lines(report, path))


def _check_lines(report: CheckView, path: str) -> Iterator[Line]:
    findings = [asdict(finding) for finding in report.findings]
    for finding in findings:
        yield from finding_lines(finding, path)
    yield from _boundary_lines(report)
    count = findings_count(findings) or "no findings"
    if any(finding.severity is Severity.ERROR for finding in report.findings):
        yield line((f"{path}: {count}; cannot be built yet", "red"))
    else:
        yield line((f"{path}: {count}; can be built", "green"))


def inspect_lines(report: CheckView, path: str) -> tuple[Line, ...]:
    """The cells with their roles, the graph, the boundary, the findings."""
    return tuple(_inspect_lines(report, path))


def _inspect_lines(report: CheckView, path: str) -> Iterator[Line]:
    sources = {cell.index: cell for cell in report.notebook.cells}
    yield line((path, "bold"), f"  {len(sources)} cells, {report.notebook.digest[:19]}")
    yield line()
    rows: list[tuple[Any, ...]] = [("cell", "role", "first line", "defines", "reads", "used in")]
    for cell in report.cells:
        rows.append(
            (
                cell.index,
                str(cell.role or ""),
                first_line(sources[cell.index].source) if cell.index in sources else "",
                _names(cell.defines),
                _names(cell.reads),
                cell.in_production,
            )
        )
    head, *body = columns(rows)
    yield line((head, "bold"))
    for cell, text in zip(report.cells, body, strict=True):
        yield line((text, "" if cell.in_production else "dim"))
    reasons = [(cell.index, cell.reason) for cell in report.cells if cell.reason]
    if reasons:
        yield line()
        yield line(("Why", "bold"))
        for index, reason in reasons:
            yield line(f"  cell {index}: {reason}")
    edges = [cell for cell in report.cells if cell.depends_on]
    if edges:
        yield line()
        yield line(("Graph", "bold"))
        for cell in edges:
            yield line(f"  {', '.join(map(str, cell.depends_on))} --> {cell.index}")
    yield line()
    yield from _boundary_lines(report)
    for finding in report.findings:
        yield from finding_lines(asdict(finding))


def graph_lines(report: CheckView, path: str) -> tuple[Line, ...]:
    """The graph of the cells, one row each, and the boundary."""
    rows = graph_rows(report.graph)
    texts = columns((row.lanes, row.node.cell, row.node.role, first_line(row.node.title), row.reads) for row in rows)
    lines = [line((path, "bold")), line()]
    lines += [line((text, "" if row.node.use else "dim")) for row, text in zip(rows, texts, strict=True)]
    return (*lines, line(), *_boundary_lines(report))


def _boundary_lines(report: CheckView) -> Iterator[Line]:
    boundary = report.boundary
    if boundary is None:
        return
    yield line(("artifacts  ", "bold"), ", ".join(map(str, boundary.artifacts)) or "none")
    yield line(("request    ", "bold"), ", ".join(map(str, boundary.request)) or "none")
    yield line(("response   ", "bold"), str(boundary.response or "none"))


def first_line(source: str, width: int = 40) -> str:
    text = mask_of(())(next((row.strip() for row in source.splitlines() if row.strip()), ""))
    return text if len(text) <= width else text[: width - 1] + "…"


def _names(names: Sequence[str], width: int = 30) -> str:
    text = ", ".join(names)
    return text if len(text) <= width else text[: width - 1] + "…"
