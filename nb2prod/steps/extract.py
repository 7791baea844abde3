"""The extract step: plan, render, pin, lay out, and write the project whole or not at all."""

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import nb2prod
from nb2prod.analysis.parameters import declared_parameters, parse_parameters
from nb2prod.environment import build_runtime_wheel, option_requirements, requirements_text, resolve
from nb2prod.environment.stated import listed, with_stated
from nb2prod.errors import Cancelled, InputError, Nb2ProdError
from nb2prod.events import Cancel, Emit, FindingFound, Produced
from nb2prod.files.digest import digest_bytes
from nb2prod.files.handwork import find_handwork
from nb2prod.files.manifest import MANIFEST, seal
from nb2prod.files.tree import write_tree
from nb2prod.formatting import format_sources
from nb2prod.model.notebook import Install, Notebook
from nb2prod.model.project import Pin, ProjectTree, Requirements, project_digest
from nb2prod.model.report import FastPath
from nb2prod.model.run import RunRecord
from nb2prod.model.spec import BuildSpec
from nb2prod.notebook.fields import stated_answers, stated_fields
from nb2prod.notebook.watch import refuse_unknown, watched_metrics
from nb2prod.plan.extraction import plan_extraction
from nb2prod.plan.stated import record_as_sent
from nb2prod.render.bill import BILL, bill_of_materials
from nb2prod.render.docker import docker_files
from nb2prod.render.manifest import line_maps, manifest
from nb2prod.render.project import Ingredients, render_papers, render_sources
from nb2prod.steps.fast import RUNTIME, make_fast_path, refused
from nb2prod.steps.generated import keep_generated, settled_files
from nb2prod.steps.leaks import refuse_secrets
from nb2prod.steps.needed import import_cells, needed_imports
from nb2prod.steps.own_code import OwnCode
from nb2prod.steps.reading import Analysis
from nb2prod.steps.travel import check_states, choose_own_files, own_tops


@dataclass(frozen=True, slots=True)
class Project:
    """A written project: what it is known by (see `project_digest`), the digest of its sealed manifest, which names the
    digest of every file, and its pins."""

    package: str
    digest: str
    manifest: str
    serving: tuple[Pin, ...]
    training: tuple[Pin, ...]
    runtime: Pin
    data: str
    """The notebook's folder, where training finds its files. It is not part of the project."""
    fast: FastPath

    @classmethod
    def load(cls, body: Mapping[str, Any]) -> "Project":
        def pin(value: Mapping[str, Any]) -> Pin:
            return Pin(**{**value, "sha256": tuple(value["sha256"]), "needs": tuple(value["needs"])})

        return cls(
            body["package"], body["digest"], body["manifest"], tuple(map(pin, body["serving"])),
            tuple(map(pin, body["training"])), pin(body["runtime"]), body["data"], FastPath(**body["fast"]),
        )  # fmt: skip


def extract_project(
    output: Path, run_folder: Path, package: str, spec: BuildSpec, analysis: Analysis, record: RunRecord,
    emit: Emit, cancel: Cancel,
) -> Project:  # fmt: skip
    """Write the project at `output`; the caller holds its lock. The executed notebook gets the text of now.

    Raises InputError for what cannot be shown equal, ToolError for pip or the disk.
    """
    from nb2prod.execute.run import renew_text  # what knows papermill is loaded where something runs

    ran = record
    renew_text(run_folder, analysis.notebook)
    sample = parse_parameters(declared_parameters(analysis.notebook), spec.sample)
    given, sources = render_package(analysis, record, package, sample)
    refuse_unknown(watched_metrics(analysis.notebook.document), record.metrics)
    record, plan, beside = given.record, given.plan, own_code(analysis)
    needed = needed_imports(sources, package, record, import_cells(analysis.graph))
    own = choose_own_files(needed.serving, needed.training, record, beside)
    check_states(analysis.graph, record)
    for finding in own.findings:
        emit(FindingFound("extract", finding))
    needed = needed.joined(own.serving, own.training, own.optional)
    resolved = partial(
        resolve,
        record.python, serving=needed.serving, training=needed.training, optional=needed.optional,
        platform=spec.platform, folder=Path(spec.notebook).absolute().parent, local=(package,), own=own.tops,
        emit=emit, cancel=cancel, step="extract",
    )  # fmt: skip
    options = option_requirements(spec.service)
    requirements = resolved(also=options)
    runtime, wheel = _runtime_wheel()
    artifacts = _artifacts(run_folder, record)
    code = {path: text.encode() for path, text in sources.items()} | dict(own.files) | artifacts
    pins = (*requirements.serving, runtime)
    fast = make_fast_path(code | {f"wheels/{runtime.wheel}": wheel}, package, record, pins, emit, cancel)
    if fast.verdict.used:
        try:
            requirements = resolved(also=(*options, RUNTIME))
        except Cancelled:
            raise
        except Nb2ProdError as error:
            fast = refused(f"onnxruntime cannot be pinned: {error.message}")
    requirements, remarks = with_stated(requirements, _installs(analysis.notebook, Path(spec.notebook).parent))
    for remark in remarks:
        emit(FindingFound("extract", remark))
    libraries = {name.split(".")[0] for name in (*needed.serving, *needed.training)} - sys.stdlib_module_names
    papers = render_papers(given, nb2prod.__version__, libraries, tuple(sorted(own.files)), fast.verdict)
    files = {path: text.encode() for path, text in (sources | papers).items()}
    files |= own.files
    files |= _locks(requirements, runtime)
    data = tuple(path for path in sorted(own.files) if not path.endswith(".py"))
    files |= docker_files(package, requirements.system, python=record.python_version, data=data)
    files |= artifacts
    files |= fast.files
    files[f"wheels/{runtime.wheel}"] = wheel
    files[BILL] = bill_of_materials(plan.package, analysis.notebook, record, (*requirements.serving, runtime), files)
    lines = line_maps(analysis.graph, plan, sources)
    files[MANIFEST] = manifest(analysis.notebook, plan, record, requirements, lines, own.origins, sample)
    refuse_secrets(analysis.notebook, {path: files[path] for path in (*sources, *own.files)})
    tree = seal(ProjectTree(files))
    settled = settled_files(output, analysis.notebook.digest)
    write_tree(tree, output, force=spec.force, settled=settled)
    keep_generated(output, tree, analysis.notebook, ran, package, sample)
    emit(Produced("extract", "project", str(output)))
    return Project(
        package,
        project_digest(tree.files[MANIFEST]),
        digest_bytes(tree.files[MANIFEST]),
        requirements.serving,
        requirements.training,
        runtime,
        str(Path(spec.notebook).absolute().parent),
        fast.verdict,
    )


def render_package(
    analysis: Analysis, record: RunRecord, package: str, sample: Mapping[str, Any]
) -> tuple[Ingredients, dict[str, str]]:
    """What the project is rendered from, and its Python sources as they are laid out, by path.

    Raises InputError for what cannot be shown equal, ToolError NB950.
    """
    boundary, selection = analysis.boundary, analysis.selection
    assert boundary is not None
    assert selection is not None
    metrics = tuple(
        n for n in boundary.metrics if n in record.metrics or any(k.startswith(f"{n}.") for k in record.metrics)
    )
    if metrics != boundary.metrics:  # what turned out to be no number is not needed for its own sake
        from nb2prod.plan.selection import select

        selection, _ = select(analysis.graph, boundary, metrics)
    try:
        plan = plan_extraction(analysis.graph, boundary, selection, package, metrics)
    except InputError as error:
        raise placed(error, analysis.notebook) from None
    given = Ingredients(analysis.notebook, analysis.graph, boundary, plan, as_sent(record, analysis.notebook), sample)
    own = own_tops(own_code(analysis), record)
    return given, format_sources(render_sources(given), package, own, python=record.python_version)


def as_sent(record: RunRecord, notebook: Notebook) -> RunRecord:
    """What the run left, as callers see it. Raises InputError NB230, NB237, NB238 where that does not go with it."""
    return record_as_sent(record, stated_fields(notebook.document), stated_answers(notebook.document))


def placed(error: InputError, notebook: Notebook) -> InputError:
    """The error with the line that a reader sees, and with the file where that is another one."""
    where = error.where
    if where is not None and where.cell is not None and where.line is not None:
        cell, line, file = notebook.place(where.cell, where.line)
        error.where = replace(where, cell=cell, line=line)
        error.message = f"{file}: {error.message}" if file else error.message
    return error


def _runtime_wheel() -> tuple[Pin, bytes]:
    """The service as a wheel; the project holds it, and its environments and image are installed from there."""
    with tempfile.TemporaryDirectory(prefix="nb2prod-runtime-") as folder:
        pin = build_runtime_wheel(Path(folder))
        return pin, (Path(folder) / pin.wheel).read_bytes()


def _installs(notebook: Notebook, folder: Path) -> list[Install]:
    """What the notebook installs, with the lists of requirements that lie beside it read."""
    found: list[Install] = []
    for install in notebook.installs:
        path = folder / install.file
        if install.file and path.is_file():
            found += listed(path.read_text(encoding="utf-8", errors="replace"), install)
        elif install.name:
            found.append(install)
    return found


def project_is_whole(output: Path, project: Project) -> bool:
    """Whether the folder holds exactly what was written."""
    path = output / MANIFEST
    if not path.is_file() or digest_bytes(path.read_bytes()) != project.manifest:
        return False
    handwork = find_handwork(output)
    return not handwork.edited and _all_there(output)


def _all_there(output: Path) -> bool:
    from nb2prod.files.manifest import read_manifest

    return all((output / name).is_file() for name in read_manifest(output))


def _locks(requirements: Requirements, runtime: Pin) -> dict[str, bytes]:
    serving = requirements_text((*requirements.serving, runtime), "What the service needs; made by nb2prod.")
    training = requirements_text(requirements.training, "What training needs besides; made by nb2prod.")
    return {"requirements.txt": serving.encode(), "requirements-train.txt": training.encode()}


def _artifacts(run_folder: Path, record: RunRecord) -> dict[str, bytes]:
    folder = run_folder / "artifacts"
    names = ["artifacts.json", *(a.file for a in record.artifacts)]
    return {f"artifacts/{name}": (folder / name).read_bytes() for name in names}


def own_code(analysis: Analysis) -> OwnCode:
    """The modules beside the notebook."""
    assert analysis.own is not None  # every build looks for it
    return analysis.own
