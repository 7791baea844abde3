"""`nb2prod sync`: edits made to generated functions go back into the cells they came from.

    merge ─ read ─ check ─ run ─ prove ─ write

Nothing is written before converting the merged notebook has been seen to give the edited project. The middle steps are
those of a build, whose next one need not repeat the run.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from nb2prod.analysis.parameters import declared_parameters
from nb2prod.errors import GateError, Where
from nb2prod.events import Cancel, Emit
from nb2prod.files.digest import digest_bytes
from nb2prod.files.rewrite import check_writable, rewrite
from nb2prod.job.runner import outline
from nb2prod.job.step import Job, JobResult, Outputs, Step, StepSkipped
from nb2prod.model.spec import BuildSpec
from nb2prod.roundtrip.lines import changed_lines
from nb2prod.secrets import mask_of
from nb2prod.steps.build import build_job
from nb2prod.steps.converting import Difference, convert_again, differences, not_reproduced, record_for, sources_of
from nb2prod.steps.generated import settle
from nb2prod.steps.merging import Merged, merge_sides
from nb2prod.steps.reading import notebook_from
from nb2prod.steps.sides import Sides, read_sides


def sync_job(
    path: Path, project: Path, *, run: bool, write: bool, write_conflicts: bool, cell_timeout: int | None
) -> Job:
    """`run`: prove it by running the merged notebook. `write`: else all is done but that. `write_conflicts`: where both
    sides changed the same lines, write both into the cell between marks.

    Raises InputError where notebook or project cannot be read, NB298 where what was generated is not known.
    """
    sides = read_sides(path, project)
    seen: list[Merged] = []

    def merge(_o: Outputs, _e: Emit, _c: Cancel) -> Merged:
        if not sides.code and not sides.copies:
            raise StepSkipped("no generated function was edited")
        if write:
            check_writable(path)
        merged = merge_sides(sides)
        seen.append(merged)
        if merged.conflicts:
            raise _refused(merged, _write_marked(merged) if write_conflicts else None)
        return merged

    def proven(outputs: Outputs, _e: Emit, _c: Cancel) -> tuple[Difference, ...]:
        if "run" not in outputs:
            return prove(outputs["merge"], None)
        return prove(outputs["merge"], sources_of(outputs["check"], outputs["run"], sides))

    steps: list[Step[Any]] = [Step("merge", merge)]
    if run:
        reading = Step("read", lambda o, _e, _c: notebook_from(o["merge"].after, path))
        steps += [reading, *build_job(_spec(sides, cell_timeout)).steps[1:3]]
    steps.append(Step("prove", proven))
    if write:
        steps.append(Step("write", lambda o, _e, _c: write_merged(o["merge"])))
    steps = [steps[0], *(_if_edited(step) for step in steps[1:])]
    return Job(f"sync {path.name}", tuple(steps), lambda result: _report(sides, seen[0] if seen else None, result))


def _if_edited(step: Step[Any]) -> Step[Any]:
    """The step, skipped where there is nothing to write back."""

    def run(outputs: Outputs, emit: Emit, cancel: Cancel) -> Any:
        if "merge" not in outputs:
            raise StepSkipped("nothing to do")
        return step.run(outputs, emit, cancel)

    return replace(step, run=run, key=lambda outputs: step.key(outputs) if "merge" in outputs else None)


def _spec(sides: Sides, cell_timeout: int | None) -> BuildSpec:
    """The build that made the project, as far as its run."""
    base = sides.base
    defaults = {parameter.name: parameter.default for parameter in declared_parameters(base.notebook)}
    given = {name: value for name, value in base.record.parameters.items() if defaults.get(name) != value}
    return BuildSpec(
        notebook=str(sides.path.absolute()), output=str(sides.project.absolute()), package=base.package, log=False,
        parameters=given, sample=dict(base.sample), cell_timeout=cell_timeout, force=True,
    )  # fmt: skip


def _write_marked(merged: Merged) -> Path | None:
    if merged.marked == merged.sides.data:
        return None
    return rewrite(merged.sides.path, merged.sides.data, merged.marked)


def _refused(merged: Merged, backup: Path | None) -> GateError:
    count = len(merged.conflicts)
    edits = "an edit" if count == 1 else f"{count} edits"
    first = merged.conflicts[0]
    if backup is not None:
        message = f"{edits} could not be merged; where both sides changed a line, the notebook has both between marks."
        hint = f"Choose, then sync again. The notebook as it was: {backup}"
    else:
        message = f"{edits} cannot go back into the notebook; nothing was written."
        hint = "Make the edits in the notebook, or undo them in the project; each is listed with its reason."
    return GateError(
        message, code="NB296", hint=hint,
        where=Where(str(merged.sides.project / first.path), first.cell, first.project_line),
    )  # fmt: skip


def prove(merged: Merged, converted: Mapping[str, str] | None) -> tuple[Difference, ...]:
    """What converting the merged notebook writes otherwise than the edited project has it; `converted` are the sources
    of a conversion with a run, None: as far as it can be known without one.

    Raises GateError NB297 where an edit would be lost, NB296 where only a run can tell.
    """
    sides = merged.sides
    if converted is None:
        notebook = notebook_from(merged.after, sides.path)
        train = merged.laid_out.get(f"src/{sides.base.package}/train.py", "")
        converted = None if merged.waiting else convert_again(sides, notebook, record_for(sides.base.record, train))
        if converted is None:
            places = sorted({f"{stuck.path}, line {stuck.line}" for stuck in merged.waiting if stuck.path})
            raise GateError(
                f"only a run can tell whether the notebook gives this: {'; '.join(places) or 'new values'}.",
                code="NB296", where=Where(str(sides.project)), hint="Run it: leave --no-run or --dry-run out.",
            )  # fmt: skip
    found = differences(sides, merged.laid_out, converted)
    if any(difference.lost for difference in found):
        raise not_reproduced(found, sides)
    return found


def write_merged(merged: Merged) -> Path | None:
    """Write the notebook, and note that the edits are in it: the next build may overwrite them. Gives the backup.

    Raises InputError NB226, NB227, ToolError NB960, NB961.
    """
    sides = merged.sides
    backup = None
    if merged.after != sides.data:
        backup = rewrite(sides.path, sides.data, merged.after)
    digests = {path: digest_bytes(text.encode()) for path, text in sides.code.items()}  # as they were read
    settle(sides.project, digest_bytes(merged.after), digests)
    return backup


def _report(sides: Sides, merged: Merged | None, result: JobResult) -> dict[str, Any]:
    """See docs/json.md."""
    masked = mask_of(())
    body = outline(result)
    found: tuple[Difference, ...] = result.outputs.get("prove", ())
    backup: Path | None = result.outputs.get("write")
    updates = merged.updates if merged is not None else ()
    conflicts = merged.conflicts if merged is not None else ()
    return {
        "status": body["status"],
        "error": body["error"],
        "notebook": {"path": str(sides.path), "digest": sides.notebook.digest},
        "project": str(sides.project),
        "written": "write" in result.outputs,
        "backup": str(backup) if backup is not None else None,
        "cells": [
            {"cell": u.cell, "from": [{"path": path, "line": line} for path, line in u.places],
             "lines": [masked(line) for line in changed_lines(u.before, u.after)]}
            for u in updates
        ],
        "conflicts": [
            {**asdict(c), "project": masked(c.project), "notebook": masked(c.notebook)} for c in conflicts
        ],
        "differences": [{"path": d.path, "lines": [masked(line) for line in d.lines]} for d in found],
        "left": sorted(set(sides.edited) - set(merged.laid_out if merged is not None else ()) - set(sides.copies)),
        "findings": body["findings"],
        "steps": body["steps"],
    }  # fmt: skip
