"""What the steps of a build depend on, as digests: a step is done again when its key is another one.

Saved outputs, execution counts, Markdown (but for the title) and an editor's own metadata are in no key: the project
does not hold them. The run depends on less than the project does: a description of a field, a tag that leaves what is
captured as it is, or text put between cells, which gives them other numbers, is rendered anew and not run anew.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import nb2prod
from nb2prod.files.digest import digest_bytes
from nb2prod.model.notebook import RAISES_TAG, SKIP_TAG
from nb2prod.model.roles import Role
from nb2prod.model.spec import BuildSpec
from nb2prod.notebook.fields import stated_answers, stated_fields
from nb2prod.notebook.watch import watched_metrics
from nb2prod.plan.capture import plan_capture
from nb2prod.render.project import title_of
from nb2prod.steps.inputs import outside_inputs
from nb2prod.steps.reading import Analysis


def key_of(*parts: Any) -> str:
    """A digest of the parts and of this very nb2prod: another version may give another result."""
    return digest_bytes(json.dumps([_own_digest(), *parts], sort_keys=True, default=str).encode())


def run_key(analysis: Analysis, path: Path, package: str, parameters: Mapping[str, Any]) -> str:
    """Of what runs (the code cells in their order, and which may fail), with which values, and what is taken where.

    `path` is the notebook's, absolute; `parameters` are all, defaults included. `analysis` has a boundary.
    """
    assert analysis.boundary is not None
    assert analysis.selection is not None
    notebook = analysis.notebook
    code = [cell for cell in notebook.cells if cell.kind == "code"]
    cells = [
        (c.id, c.source, c.role is Role.PARAMETERS, sorted({SKIP_TAG, RAISES_TAG}.intersection(c.tags))) for c in code
    ]
    capture = plan_capture(analysis.graph, analysis.boundary, analysis.selection, package)
    among_code = {cell.index: number for number, cell in enumerate(code, 1)}
    taken = asdict(replace(capture, probes=tuple(replace(p, cell=among_code[p.cell]) for p in capture.probes)))
    outside = outside_inputs(analysis.graph, path.parent, parameters, analysis.own)
    return key_of(cells, notebook.kernel_name, notebook.language, taken, parameters, str(path), outside)


def extract_key(analysis: Analysis, run: str, spec: BuildSpec, output: Path) -> str:
    """Of what the project holds besides what the run with the key `run` left."""
    notebook = analysis.notebook
    roles = [(cell.index, cell.role.value if cell.role else None) for cell in notebook.cells if cell.kind == "code"]
    stated = {name: asdict(field) for name, field in stated_fields(notebook.document).items()}
    watch, answers = watched_metrics(notebook.document), stated_answers(notebook.document)
    return key_of(
        run, roles, stated, answers, watch, title_of(notebook), spec.sample, spec.platform, spec.service, str(output)
    )


@cache
def _own_digest() -> str:
    package = Path(nb2prod.__file__).parent
    folders = [package, package.parent / "templates"] if (package.parent / "templates").is_dir() else [package]
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.suffix in (".py", ".jinja", ".html")):
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()
