"""`nb2prod suggest` and `nb2prod tag`: roles proposed for a notebook's cells, and written into it as tags."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from nb2prod.advise import Advice, suggest_roles
from nb2prod.analysis.graph import build_graph
from nb2prod.errors import UsageError, Where
from nb2prod.files.rewrite import check_writable, rewrite, undo
from nb2prod.files.source import read_file
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.notebook import Cell, Notebook
from nb2prod.model.roles import Role
from nb2prod.notebook.roles import PREFIX
from nb2prod.notebook.tags import changed_tags, write_tags
from nb2prod.notebook.text_notebook import is_text_notebook, write_text_tags
from nb2prod.secrets import mask_of, masked
from nb2prod.steps.own_code import find_own_code
from nb2prod.steps.reading import notebook_from, shallow_code

NO_ROLE = "none"


@dataclass(frozen=True, slots=True)
class SuggestReport:
    """`written` are the cells whose tags were changed; `backup` what the file was before."""

    notebook: Notebook
    advice: Advice
    written: tuple[int, ...] = ()
    backup: Path | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        return masked(self.advice.findings, mask_of(()))  # they quote code

    @property
    def news(self) -> bool:
        """Whether there is a role to write."""
        return any(s.role is not None and not s.tagged for s in self.advice.suggestions)

    @property
    def has_prediction(self) -> bool:
        return not any(finding.severity is Severity.ERROR for finding in self.findings)


@dataclass(frozen=True, slots=True)
class TagReport:
    """The notebook as it is now; `written` are the cells whose tags were changed."""

    notebook: Notebook
    written: tuple[int, ...]
    backup: Path | None


def suggest_notebook(path: Path) -> SuggestReport:
    """Raises InputError where the file is no notebook."""
    notebook = notebook_from(read_file(path), path)
    return SuggestReport(notebook, _advice(notebook, path))


def apply_suggestions(path: Path) -> SuggestReport:
    """Write the suggested roles as tags. Nothing is written where no prediction was found.

    Raises InputError NB225 (nbformat 3), NB226, NB227 (the file cannot be changed), and what reading raises.
    """
    data = read_file(path)
    notebook = notebook_from(data, path)
    advice = _advice(notebook, path)
    report = SuggestReport(notebook, advice)
    if not report.has_prediction:
        return report
    roles = {s.cell: s.role for s in advice.suggestions if s.role is not None and not s.tagged}
    written, backup = _write(path, data, notebook, roles)
    return SuggestReport(notebook, advice, written, backup)


def tag_cells(path: Path, cells: Sequence[str], role: str) -> TagReport:
    """Give cells, named by position or id, a role, or none.

    Raises UsageError NB229 (no such cell or role), and what `apply_suggestions` raises.
    """
    wanted = _role(role)
    data = read_file(path)
    notebook = notebook_from(data, path)
    roles = {_cell(notebook, cell, path).index: wanted for cell in cells}
    written, backup = _write(path, data, notebook, roles)
    return TagReport(notebook_from(read_file(path), path), written, backup)


def undo_tags(path: Path) -> TagReport:
    """Put back the file as it was before nb2prod wrote into it last: tags, or edits of a project.

    Raises InputError NB226, NB227, NB228.
    """
    before = notebook_from(read_file(path), path)
    notebook = notebook_from(undo(path), path)
    old = {cell.index: (cell.tags, cell.source) for cell in before.cells}
    changed = tuple(cell.index for cell in notebook.cells if old.get(cell.index) != (cell.tags, cell.source))
    return TagReport(notebook, changed, None)


def suggest_json(report: SuggestReport) -> dict[str, Any]:
    """See docs/json.md."""
    suggestions = report.advice.suggestions
    return {
        "notebook": {"name": report.notebook.name, "digest": report.notebook.digest},
        "findings": [asdict(f) for f in report.findings],
        "cells": [{"index": s.cell} | {k: v for k, v in asdict(s).items() if k != "cell"} for s in suggestions],
        "written": list(report.written),
        "backup": str(report.backup) if report.backup else None,
    }


def tag_json(report: TagReport) -> dict[str, Any]:
    """See docs/json.md."""
    cells = [
        {"index": c.index, "role": c.role, "tags": list(c.tags)} for c in report.notebook.cells if c.kind == "code"
    ]
    return {
        "notebook": {"name": report.notebook.name, "digest": report.notebook.digest},
        "cells": cells,
        "written": list(report.written),
        "backup": str(report.backup) if report.backup else None,
    }


def _advice(notebook: Notebook, path: Path) -> Advice:
    own = find_own_code(notebook, path.absolute().parent)
    with shallow_code(notebook):
        return suggest_roles(build_graph(notebook, own.modules))


def _write(
    path: Path, data: bytes, notebook: Notebook, roles: Mapping[int, Role | None]
) -> tuple[tuple[int, ...], Path | None]:
    """The cells whose tags changed, and the backup; the file stays untouched where none did."""
    check_writable(path)
    changes = changed_tags(notebook, roles)
    write = write_text_tags if is_text_notebook(path.name) else write_tags
    after = write(data, changes, str(path)) if changes else data
    if after == data:
        return (), None
    return tuple(sorted(changes)), rewrite(path, data, after)


def _role(word: str) -> Role | None:
    if word == NO_ROLE:
        return None
    try:
        return Role(word.removeprefix(PREFIX))
    except ValueError:
        words = [*(role.value for role in Role), NO_ROLE]
        near = get_close_matches(word, words, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"Roles are: {', '.join(words)}."
        raise UsageError(f"'{word}' is no role.", code="NB229", hint=hint) from None


def _cell(notebook: Notebook, word: str, path: Path) -> Cell:
    """The code cell at that position, or with that id."""
    cell = next((c for c in notebook.cells if c.id == word), None)
    if word.isdecimal() and 1 <= int(word) <= len(notebook.cells):
        cell = notebook.cells[int(word) - 1]
    where = Where(str(path))
    if cell is None:
        raise UsageError(
            f"there is no cell '{word}'.", code="NB229", where=where,
            hint=f"Name a cell by its position, 1 to {len(notebook.cells)}, or by its id; see `nb2prod inspect`.",
        )  # fmt: skip
    if cell.kind != "code":
        raise UsageError(f"cell {cell.index} is {cell.kind}; only code cells have roles.", code="NB229", where=where)
    return cell
