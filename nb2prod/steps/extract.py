"""The extract step: plan, render, pin, lay out, and write the project whole or not at all."""

import ast
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nb2prod
from nb2prod.environment import build_runtime_wheel, requirements_text, resolve
from nb2prod.environment.cache import cache_folder
from nb2prod.events import Cancel, Emit, Produced
from nb2prod.files.digest import digest_bytes
from nb2prod.files.handwork import find_handwork
from nb2prod.files.manifest import MANIFEST, seal
from nb2prod.files.tree import write_tree
from nb2prod.formatting import format_sources
from nb2prod.model.project import Pin, ProjectTree, Requirements
from nb2prod.model.run import RunRecord
from nb2prod.model.spec import BuildSpec
from nb2prod.plan.extraction import plan_extraction
from nb2prod.render.docker import docker_files
from nb2prod.render.manifest import line_maps, manifest
from nb2prod.render.project import Ingredients, render_papers, render_sources
from nb2prod.steps.reading import Analysis


@dataclass(frozen=True, slots=True)
class Project:
    """A written project: the digest of its sealed manifest, which names the digest of every file; its pins."""

    package: str
    digest: str
    serving: tuple[Pin, ...]
    training: tuple[Pin, ...]
    runtime: Pin
    data: str
    """The notebook's folder, where training finds its files. It is not part of the project."""

    @classmethod
    def load(cls, body: Mapping[str, Any]) -> "Project":
        def pin(value: Mapping[str, Any]) -> Pin:
            return Pin(**{**value, "sha256": tuple(value["sha256"])})

        return cls(
            body["package"], body["digest"], tuple(map(pin, body["serving"])), tuple(map(pin, body["training"])),
            pin(body["runtime"]), body["data"],
        )  # fmt: skip


def runtime_folder() -> Path:
    """Where the runtime wheel lies, for the project's environment to be installed from."""
    return cache_folder() / "runtime"


def extract_project(
    output: Path, run_folder: Path, package: str, spec: BuildSpec, analysis: Analysis, record: RunRecord,
    emit: Emit, cancel: Cancel,
) -> Project:  # fmt: skip
    """Write the project at `output`; the caller holds its lock.

    Raises InputError for what cannot be shown equal, ToolError for pip or the disk.
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
    plan = plan_extraction(analysis.graph, boundary, selection, package, metrics)
    given = Ingredients(analysis.notebook, analysis.graph, boundary, plan, record, spec.sample)
    sources = format_sources(render_sources(given), package)
    serving, training = _imports(sources, package, record)
    requirements = resolve(
        record.python, serving=serving, training=training, platform=spec.platform,
        folder=Path(spec.notebook).absolute().parent, local=(package,), emit=emit, cancel=cancel, step="extract",
    )  # fmt: skip
    runtime = build_runtime_wheel(runtime_folder())
    libraries = {name.split(".")[0] for name in (*serving, *training)} - sys.stdlib_module_names
    papers = render_papers(given, nb2prod.__version__, libraries)
    files = {path: text.encode() for path, text in (sources | papers).items()}
    files |= _locks(requirements, runtime)
    files |= docker_files(package, requirements.system, python=record.python_version)
    files |= _artifacts(run_folder, record)
    files[f"wheels/{runtime.wheel}"] = (runtime_folder() / runtime.wheel).read_bytes()
    files[MANIFEST] = manifest(analysis.notebook, plan, record, requirements, line_maps(analysis.graph, plan, sources))
    tree = seal(ProjectTree(files))
    write_tree(tree, output, force=spec.force)
    emit(Produced("extract", "project", str(output)))
    return Project(
        package,
        digest_bytes(tree.files[MANIFEST]),
        requirements.serving,
        requirements.training,
        runtime,
        str(Path(spec.notebook).absolute().parent),
    )


def project_is_whole(output: Path, project: Project) -> bool:
    """Whether the folder holds exactly what was written."""
    path = output / MANIFEST
    if not path.is_file() or digest_bytes(path.read_bytes()) != project.digest:
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


def _imports(sources: Mapping[str, str], package: str, record: RunRecord) -> tuple[dict[str, str], dict[str, str]]:
    """Import name -> because, for serving and for training besides."""
    root = f"src/{package}/"
    serving: dict[str, str] = {}
    training: dict[str, str] = {}
    for path, text in sorted(sources.items()):
        if path.startswith(root):
            found = training if path == f"{root}train.py" else serving
            for name in _imported(text):
                found.setdefault(name, f"imported in {path}")
    for artifact in record.artifacts:
        for type_name in (artifact.type_name, *artifact.trusted):
            module = type_name.split(".")[0]
            if "." in type_name and module not in (package, "__main__", "builtins"):
                serving.setdefault(module, f"needed to load the artifact {artifact.name}")

    def kept(found: Mapping[str, str]) -> dict[str, str]:
        return {n: b for n, b in found.items() if n.split(".")[0] not in {"nb2prod", package}}

    return kept(serving), {n: b for n, b in kept(training).items() if n not in serving}


def _imported(source: str) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.append(node.module)
    return sorted(set(names))
