"""What `suggest` and `tag` say."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from nb2prod.console.notebook import first_line
from nb2prod.console.problems import finding_lines
from nb2prod.console.text import Line, columns, line
from nb2prod.model.findings import Finding
from nb2prod.model.notebook import Notebook


class SuggestView(Protocol):
    """See `nb2prod.steps.suggest.SuggestReport`. `advice.suggestions` has one for each code cell."""

    @property
    def notebook(self) -> Notebook: ...
    @property
    def advice(self) -> Any: ...
    @property
    def findings(self) -> Sequence[Finding]: ...
    @property
    def written(self) -> Sequence[int]: ...
    @property
    def backup(self) -> Path | None: ...
    @property
    def has_prediction(self) -> bool: ...
    @property
    def news(self) -> bool: ...


class TagView(Protocol):
    """See `nb2prod.steps.suggest.TagReport`."""

    @property
    def notebook(self) -> Notebook: ...
    @property
    def written(self) -> Sequence[int]: ...
    @property
    def backup(self) -> Path | None: ...


def suggest_lines(report: SuggestView, path: str, *, asked_to_write: bool) -> tuple[Line, ...]:
    """The table, what else could have been chosen, the findings, and what to do next."""
    return tuple(_suggest_lines(report, path, asked_to_write))


def _suggest_lines(report: SuggestView, path: str, asked_to_write: bool) -> Iterator[Line]:
    cells = {cell.index: cell for cell in report.notebook.cells}
    suggestions = report.advice.suggestions
    rows: list[tuple[Any, ...]] = [("cell", "first line", "role", "sure", "why")]
    for s in suggestions:
        sure = "" if s.tagged or s.role is None else f"{s.confidence:.0%}"
        rows.append((s.cell, first_line(cells[s.cell].source), str(s.role or "-"), sure, s.reason))
    head, *body = columns(rows)
    yield line((head, "bold"))
    for s, text in zip(suggestions, body, strict=True):
        yield line((text, "" if s.role else "dim"))
    for s in suggestions:
        for other in s.alternatives:
            yield line(f"  cell {other.cell} could be `{s.role}` instead of cell {s.cell}: {other.reason}")
    yield line()
    for finding in report.findings:
        yield from finding_lines(asdict(finding), path)
    if not report.has_prediction:
        yield line((f"{path}: no prediction found" + ("; nothing was written" if asked_to_write else ""), "red"))
    elif report.written:
        yield from _written(report.written, report.backup, path)
        yield line(f"  next: nb2prod check {path}")
    elif asked_to_write or not report.news:
        yield line((f"{path}: the roles are there already; nothing was written", "green"))
    else:
        yield line(f"  to write these as tags: nb2prod suggest {path} --apply")
        yield line(f"  to set one yourself:    nb2prod tag {path} CELL ROLE")


def tag_lines(report: TagView, path: str) -> tuple[Line, ...]:
    """The cells that were changed with the role they have now."""
    return tuple(_tag_lines(report, path))


def _tag_lines(report: TagView, path: str) -> Iterator[Line]:
    cells = {cell.index: cell for cell in report.notebook.cells}
    for index in report.written:
        cell = cells[index]
        yield line(f"  cell {index}: {cell.role or 'no role'}   ", (first_line(cell.source), "dim"))
    for finding in report.notebook.findings:
        if finding.cell in report.written and finding.code in ("NB136", "NB137"):
            yield from finding_lines(asdict(finding), path)
    if not report.written:
        yield line(f"{path}: nothing to change")
    elif report.backup is not None:
        yield from _written(report.written, report.backup, path)
    else:
        yield line((f"{path}: put back as it was", "green"))


def _written(written: Sequence[int], backup: Path | None, path: str) -> Iterator[Line]:
    count = f"{len(written)} cells" if len(written) != 1 else "1 cell"
    yield line((f"{path}: tags of {count} written", "green"))
    yield line(f"  the file as it was: {backup}; to put it back: nb2prod suggest {path} --undo")
