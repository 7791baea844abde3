"""What was generated, where nobody kept it: in a clone that has the notebook and the project, made again.

    nb2prod.json, tests/golden  ─► what the run has shown ┐
    the notebook, here or in git's history                ┴─ rendered ─► the sources, where each has its digest

Nothing is believed: a notebook counts as the one that the project was made from only where rendering it gives the
project's manifest and, byte for byte, the sources that the manifest has the digests of.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import nb2prod
from nb2prod.errors import InputError, Nb2ProdError, Where
from nb2prod.execute.record import read_artifact, read_schema
from nb2prod.files.digest import digest_bytes
from nb2prod.files.manifest import MANIFEST
from nb2prod.files.source import read_file
from nb2prod.model.notebook import Cell, Notebook
from nb2prod.model.project import Requirements
from nb2prod.model.run import RunRecord
from nb2prod.model.schema import Schema
from nb2prod.plan.stated import record_as_run
from nb2prod.render.manifest import line_maps, manifest
from nb2prod.repository import versions_of
from nb2prod.steps.extract import render_package
from nb2prod.steps.generated import Generated
from nb2prod.steps.own_code import find_own_code
from nb2prod.steps.reading import analyse, notebook_from

_GOLDEN = "tests/golden/golden.json"
_UNKNOWN_HERE = ("nb2prod", "requirements", "files")
"""Keys of a manifest that do not follow from notebook and run."""


@dataclass(frozen=True, slots=True)
class _Project:
    """A project's manifest, and what its run has shown."""

    body: Mapping[str, Any]
    record: RunRecord


def regenerate(output: Path, notebook: Path, edited: Iterable[str]) -> Generated:
    """What the project at `output` was made from, `notebook` being where that notebook lies now; with the texts of the
    `edited` files as they were, where git has them.

    Raises InputError NB298 where that cannot be shown: no such notebook here or in git, or another nb2prod.
    """
    project = _read_project(output)
    body, found = project.body, False
    for candidate in _recorded(notebook, project):
        sources = _rendered(candidate, notebook, project)
        if sources is not None:
            texts = {path: text for path in edited if (text := _generated_text(output, body, path)) is not None}
            return Generated(
                candidate, project.record, body["package"], body["sample"], {**texts, **sources}, body["nb2prod"]
            )  # fmt: skip
        found = True
    if found:
        raise not_reproducible(output, body["nb2prod"])
    raise InputError(
        f"{notebook.name} has changed since this project was generated from it, and what it was is not known here: "
        "neither beside the project nor in git's history.",
        code="NB298", where=Where(str(output)),
        hint="Get the history (git fetch --unshallow), or the notebook as it was when the project was generated; or "
        "convert it into another folder, and compare the two.",
    )  # fmt: skip


def not_reproducible(output: Path, version: str) -> InputError:
    """NB298: this nb2prod makes other sources; `version` is the one that the project names."""
    ours = nb2prod.__version__
    reason = f"it was made by nb2prod {version}, and this is {ours}"
    if version == ours:
        reason = f"modules beside the notebook have changed, or it was made by another state of nb2prod {ours}"
    return InputError(
        "this nb2prod would not make the project that is there, even from the notebook that it was made from: "
        f"{reason}.",
        code="NB298", where=Where(str(output)),
        hint="Convert the notebook into another folder, and compare the two.",
    )  # fmt: skip


def _read_project(output: Path) -> _Project:
    try:
        body = json.loads(read_file(output / MANIFEST))
        golden = _generated_text(output, body, _GOLDEN)
        if golden is not None:
            return _Project(body, _record(body, json.loads(golden)))
    except (ValueError, KeyError, TypeError, AttributeError):  # of a time when manifests held other things
        raise not_reproducible(output, "of another time") from None
    raise InputError(
        f"{_GOLDEN} was changed since the project was generated, and what it was is not known here.",
        code="NB298", where=Where(str(output)), hint="Restore that file, e.g. from the commit that has the project.",
    )  # fmt: skip


def _record(body: Mapping[str, Any], golden: Mapping[str, Any]) -> RunRecord:
    """The run, as far as sources follow from it. What the notebook's author states of columns is not the run's."""
    own = {Path(path).parts[1].removesuffix(".py"): path for path in body["own_modules"]}
    record = RunRecord(
        parameters=golden["parameters"],
        artifacts=tuple(map(read_artifact, body["artifacts"])),
        schema=Schema(tuple(map(read_schema, body["request"])), read_schema(body["response"])),
        body=golden["body"],
        predictions=golden["predictions"],
        response_type="",
        variables={one["name"]: one["value"] for one in golden["variables"]},
        metrics=body["metrics"],
        python="",
        python_version=body["python"],
        modules=(),
        seconds=0.0,
        sources=own,
    )
    return record_as_run(record)


def _recorded(notebook: Path, project: _Project) -> Iterator[Notebook]:
    """The notebooks, here and in git, whose code the project was made from; the one that is here first."""
    recorded = project.body["notebook"]
    named = notebook.with_name(recorded["name"])
    places = dict.fromkeys((notebook.absolute(), named.absolute()))
    tried: set[str] = set()
    for data in chain([read_file(notebook)], *map(versions_of, places)):
        try:
            candidate = notebook_from(data, named)
        except Nb2ProdError:
            continue
        what = json.dumps([candidate.document["metadata"].get("nb2prod"), list(map(_of_project, candidate.cells))])
        if candidate.code_digest == recorded["code_digest"] and what not in tried:
            tried.add(what)
            yield candidate


def _of_project(cell: Cell) -> tuple[Any, ...]:
    """What a project may follow from."""
    return cell.id, cell.kind, cell.source, cell.tags


def _rendered(candidate: Notebook, notebook: Path, project: _Project) -> Mapping[str, str] | None:
    """The sources that the notebook gives, where they are the project's own, byte for byte; else None."""
    body, record = project.body, project.record
    try:
        analysis = analyse(candidate, find_own_code(candidate, notebook.absolute().parent))
        if analysis.boundary is None:
            return None
        given, sources = render_package(analysis, record, body["package"], body["sample"])
        lines = line_maps(given.graph, given.plan, sources)
        again = manifest(
            candidate, given.plan, given.record, Requirements((), ()), lines, body["own_modules"], body["sample"]
        )  # fmt: skip
    except Nb2ProdError:
        return None
    made = json.loads(again)
    if any(made[key] != body.get(key) for key in made.keys() - {*_UNKNOWN_HERE}):
        return None
    same = all(body["files"].get(path) == digest_bytes(text.encode()) for path, text in sources.items())
    return sources if same else None


def _generated_text(output: Path, body: Mapping[str, Any], path: str) -> str | None:
    """A file of the project as it was generated: as it lies there, else as git has it. None where it is not known, or
    is no text."""
    here = output / path
    for data in chain([read_file(here)] if here.is_file() else [], versions_of(here)):
        if digest_bytes(data) == body["files"].get(path):
            try:
                return data.decode("utf-8")
            except UnicodeDecodeError:
                return None
    return None
