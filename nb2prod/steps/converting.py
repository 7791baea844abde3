"""What converting a notebook with edits gives, beside the project as it was edited."""

import ast
import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from nb2prod.errors import GateError, ToolError, Where
from nb2prod.model.findings import Severity
from nb2prod.model.notebook import Notebook
from nb2prod.model.run import RunRecord
from nb2prod.roundtrip.chunks import is_cell_mark, scopes
from nb2prod.roundtrip.lines import changed_lines
from nb2prod.roundtrip.merge import merge_texts
from nb2prod.roundtrip.places import without_marks
from nb2prod.roundtrip.tokens import comments
from nb2prod.steps.extract import render_package
from nb2prod.steps.own_code import find_own_code
from nb2prod.steps.reading import Analysis, analyse, notebook_of
from nb2prod.steps.sides import Sides


@dataclass(frozen=True, slots=True)
class Difference:
    """What converting writes otherwise than the project has it: lines as `changed_lines` gives them. `lost`: an edit is
    not among what it writes."""

    path: str
    lines: tuple[str, ...]
    lost: bool


def with_sources(notebook: Notebook, sources: Mapping[int, str], sides: Sides) -> Notebook:
    document = copy.deepcopy(dict(notebook.document))
    for index, source in sources.items():
        document["cells"][index - 1]["source"] = source
    return notebook_of(document, sides.path.with_name(notebook.name))


def record_for(record: RunRecord, train: str) -> RunRecord:
    """The record, with metrics that an edited train() returns besides; a run would show their numbers."""
    named = {
        key.value
        for node in ast.walk(ast.parse(train)) if isinstance(node, ast.keyword) and node.arg == "metrics"
        if isinstance(node.value, ast.Dict)
        for key in node.value.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }  # fmt: skip
    return replace(record, metrics={**dict.fromkeys(sorted(named - record.metrics.keys()), 0.0), **record.metrics})


def analysed(notebook: Notebook, sides: Sides) -> Analysis:
    return analyse(notebook, find_own_code(notebook, sides.path.absolute().parent))


def convert_again(sides: Sides, notebook: Notebook, record: RunRecord) -> dict[str, str] | None:
    """The sources of this notebook's project, with what is known of the last run; None where that is not enough.

    Raises GateError with the finding that stands in the way.
    """
    analysis = analysed(notebook, sides)
    errors = [f for f in analysis.findings if f.severity is Severity.ERROR]
    if errors or analysis.boundary is None:
        raise GateError(
            f"with the edits, the notebook could not be converted: {errors[0].message}", code=errors[0].code,
            hint=errors[0].hint, where=Where(str(sides.path), errors[0].cell, errors[0].line),
        )  # fmt: skip
    known = {artifact.name for artifact in record.artifacts} | {value.name for value in record.schema.request}
    if not {*analysis.boundary.artifacts, *analysis.boundary.request} <= known:
        return None
    return sources_of(analysis, record, sides)


def sources_of(analysis: Analysis, record: RunRecord, sides: Sides) -> dict[str, str]:
    """The sources of a project. Raises GateError NB297 where they are no valid program: it is the edits' fault."""
    try:
        return render_package(analysis, record, sides.base.package, sides.base.sample)[1]
    except ToolError as error:
        if error.code != "NB950":
            raise
        raise GateError(
            f"with the edits, the project would be no valid program: {error.message}", code="NB297",
            where=Where(str(sides.project)), hint="A name that is read must be defined, also inside functions.",
        ) from None  # fmt: skip


def differences(sides: Sides, laid_out: Mapping[str, str], converted: Mapping[str, str]) -> tuple[Difference, ...]:
    """Between edited files and what converting gives. `laid_out` are the edited ones as they are laid out: to have
    another layout is not to lose an edit, nor is another order of functions."""
    found = []
    for path, text in sorted(laid_out.items()):
        base, there = sides.base.files.get(path, ""), converted.get(path, "")
        lost = _loses(base, there, text) and _loses(*map(_plain, (base, there, text)))
        lines = changed_lines(text if lost else sides.code[path], there)
        if lines:  # else they differ in how lines end
            found.append(Difference(path, lines, lost))
    return tuple(found)


def _loses(base: str, there: str, text: str) -> bool:
    """Whether `there` lacks some of what `text` changed in `base`."""
    merged = merge_texts(base, there, text)
    return there != text and (bool(merged.clashes) or merged.text() != there)


def _plain(source: str) -> str:
    """The module without its layout: its functions and classes by name behind its other statements, each with its
    comments behind it, but for those that name a cell."""
    lines: list[str] = []
    for chunk in sorted(scopes(source)[""].chunks if source else (), key=lambda chunk: chunk.name):
        kept = (comment for comment in comments(without_marks(chunk.text)) if not is_cell_mark(comment))
        lines += [ast.unparse(chunk.node), *kept]
    return "\n".join(lines)


def not_reproduced(found: Iterable[Difference], sides: Sides) -> GateError:
    lost = [difference for difference in found if difference.lost] or list(found)
    lines = "\n".join(f"{d.path}\n" + "\n".join(d.lines) for d in lost)
    return GateError(
        "converting the notebook with these edits would not give the edited project "
        f"(-: as it was edited, +: as it would be):\n{lines}",
        code="NB297", where=Where(str(sides.project)),
        hint="What neither the response nor a metric needs is left out, from the notebook too: take such lines out. A "
        "check that must stay is one that the response goes through: `rows = checked(rows)`, a function that raises. "
        "A comment stays where it is directly above a statement.",
    )  # fmt: skip
