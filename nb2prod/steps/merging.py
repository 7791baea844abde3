"""Edits of a project as edits of its notebook, merged with what changed there, before anything is written.

generated ── edited by hand ──► project now       edits, as edits of cells
    │                                                        │
    └────── changed since ────► notebook now ── merged ◄─────┘
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nb2prod.errors import GateError, Where
from nb2prod.formatting import lay_out
from nb2prod.notebook.sources import not_writable, write_sources
from nb2prod.notebook.text_notebook import is_text_notebook
from nb2prod.notebook.text_sources import write_text_sources
from nb2prod.render.project import Ingredients
from nb2prod.roundtrip.cells import same_cells
from nb2prod.roundtrip.edits import CellEdit, Put, Stuck, apply_edits
from nb2prod.roundtrip.imports import import_edits
from nb2prod.roundtrip.merge import merge_texts
from nb2prod.roundtrip.params import fields_of, parameter_edits
from nb2prod.roundtrip.places import functions
from nb2prod.roundtrip.put import function_edits
from nb2prod.steps.conflicts import CellUpdate, Conflict, conflict_of, edited_copies, left_undefined
from nb2prod.steps.converting import analysed, convert_again, differences, not_reproduced, record_for, with_sources
from nb2prod.steps.extract import own_code
from nb2prod.steps.reading import Analysis
from nb2prod.steps.sides import Sides, render_base
from nb2prod.steps.travel import own_tops


@dataclass(frozen=True, slots=True)
class Merged:
    """What `sync` would do. `after` are the notebook's new bytes; `waiting` are edits of nb2prod's own lines, of which
    only a run can tell whether converting writes them so; `laid_out` the edited files as they are laid out."""

    sides: Sides
    laid_out: Mapping[str, str]
    updates: tuple[CellUpdate, ...]
    conflicts: tuple[Conflict, ...]
    waiting: tuple[Stuck, ...]
    after: bytes
    marked: bytes
    """The same with conflicts of both sides between marks."""


def merge_sides(sides: Sides) -> Merged:
    """Translate the edits, merge them with what changed in the notebook, and try them on the notebook they came from.

    Raises InputError NB298, NB299, GateError NB296 (an edited file is no Python), NB297 (it is not known why, but
    converting would not give the edited project).
    """
    if any(finding.code == "NB125" for finding in sides.notebook.findings):
        raise not_writable(str(sides.path))
    given, sources = render_base(sides)
    base_analysis = analysed(sides.base.notebook, sides)
    now = _laid_out(sides, base_analysis)
    put = _put_back(sides, given, sources, now, own_code(base_analysis).home)
    own = tuple(stuck for stuck in put.stuck if stuck.own)
    hard = [stuck for stuck in put.stuck if not stuck.own]
    waiting: tuple[Stuck, ...] = ()
    if not hard:
        waiting = _still_stuck(sides, base_analysis, put, now, own)
        hard = [stuck for stuck in waiting if not stuck.ran]
        waiting = () if hard else waiting
    conflicts = [conflict_of(stuck) for stuck in (*hard, *(own if hard and not waiting else ()))]
    conflicts = list(dict.fromkeys(conflicts))
    return _merged(sides, now, put, conflicts, waiting)


def _laid_out(sides: Sides, analysis: Analysis) -> dict[str, str]:
    for path, text in sides.code.items():
        try:
            ast.parse(text)
        except (SyntaxError, ValueError) as fault:
            raise GateError(
                f"the edited file is no Python: {getattr(fault, 'msg', fault)}.", code="NB296",
                where=Where(str(sides.project / path), line=getattr(fault, "lineno", None)), hint="Mend it there.",
            ) from None  # fmt: skip
    base = sides.base
    return lay_out(
        sides.code, base.package, own_tops(own_code(analysis), base.record), python=base.record.python_version
    )


def _put_back(
    sides: Sides, given: Ingredients, was: Mapping[str, str], now: Mapping[str, str], home: Path
) -> Put:  # fmt: skip
    package = f"src/{sides.base.package}"
    params, predict = f"{package}/params.py", f"{package}/predict.py"
    changed = {path: text for path, text in now.items() if text != was.get(path) and path in was}
    values = {
        "params": fields_of(changed.get(params, was[params])),
        "self": _predictor_fields(changed.get(predict, was[predict])),
    }
    cells = {cell.index: cell.source for cell in given.notebook.cells}
    edits: list[CellEdit] = []
    stuck = list(edited_copies(sides, home))
    found, left = function_edits(functions(given.graph, given.plan, was, values), cells, was, changed)
    edits += found
    stuck += left
    edits += import_edits(given.graph, cells, was, changed)
    if params in changed:
        for one in parameter_edits(given.graph, given.plan.parameters, cells, params, was[params], changed[params]):
            if isinstance(one, Stuck):
                stuck.append(one)
            else:
                edits.append(one)
    return apply_edits(cells, edits, stuck)


def _predictor_fields(source: str) -> tuple[str, ...]:
    kinds = (n for n in ast.parse(source).body if isinstance(n, ast.ClassDef) and n.name == "Predictor")
    return tuple(
        n.target.id
        for kind in kinds
        for n in kind.body
        if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)
    )


def _still_stuck(
    sides: Sides, base: Analysis, put: Put, now: Mapping[str, str], own: tuple[Stuck, ...]
) -> tuple[Stuck, ...]:
    """Edits of nb2prod's own lines that converting the notebook with the others does not bring.

    It is converted with the types of the last run. Raises GateError: the finding that stands in the way, or NB297.
    """
    notebook = with_sources(base.notebook, put.sources, sides)
    record = record_for(sides.base.record, now.get(f"src/{sides.base.package}/train.py", ""))
    try:
        converted = convert_again(sides, notebook, record)
    except GateError:
        if any(not stuck.ran for stuck in own):  # what could not go into a cell may be what the others need
            return own
        raise
    if converted is None:  # it needs what only a run can show
        return own or (Stuck("", 0, "", "", "only a run can show it", own=True, ran=True),)
    different = {path for path, text in now.items() if converted.get(path) != text}
    left = tuple(stuck for stuck in own if stuck.path in different)
    if not any(stuck.ran for stuck in left):
        unexplained = {path: text for path, text in now.items() if path not in {stuck.path for stuck in left}}
        found = differences(sides, unexplained, converted)
        if any(difference.lost for difference in found):
            raise not_reproduced(found, sides)
    return left


def _merged(
    sides: Sides, now: Mapping[str, str], put: Put, conflicts: list[Conflict], waiting: tuple[Stuck, ...]
) -> Merged:
    """The edited cells merged with the notebook as it is now."""
    same = same_cells(sides.base.notebook, sides.notebook)
    updates, clashing = [], {}
    for index, edited in put.sources.items():
        base = sides.base.notebook.cells[index - 1].source
        path, line = put.places[index][0]
        if index not in same:
            conflicts.append(
                Conflict("its cell was removed from the notebook", path, line, edited, "", None)
            )  # fmt: skip
            continue
        current = sides.notebook.cells[same[index] - 1].source
        merged = merge_texts(base, current, edited)
        conflicts += [
            Conflict("both sides changed these lines", path, line, "\n".join(clash.theirs), "\n".join(clash.ours),
                     same[index], both=True)
            for clash in merged.clashes
        ]  # fmt: skip
        if merged.clashes:
            clashing[same[index]] = merged.text("notebook", path)
        elif merged.text() != current:
            updates.append(CellUpdate(same[index], current, merged.text(), put.places[index]))
    sources = {update.cell: update.after for update in updates}
    write = write_text_sources if is_text_notebook(sides.path.name) else write_sources
    after = write(sides.data, sources, str(sides.path)) if sources else sides.data
    marked = write(sides.data, sources | clashing, str(sides.path)) if clashing else after
    updates.sort(key=lambda update: update.cell)
    conflicts += () if conflicts else left_undefined(sides, after, updates)
    return Merged(sides, now, tuple(updates), tuple(conflicts), waiting, after, marked)
