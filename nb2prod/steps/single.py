"""A notebook as one module, without running it: what `jupyter nbconvert --to nb2prod` writes."""

import platform
from pathlib import Path

import nb2prod
from nb2prod.errors import InputError, Where
from nb2prod.formatting import format_sources
from nb2prod.model.findings import Severity
from nb2prod.plan.extraction import plan_extraction
from nb2prod.render.single import single_module
from nb2prod.steps.extract import placed
from nb2prod.steps.leaks import refuse_secrets
from nb2prod.steps.own_code import find_own_code
from nb2prod.steps.reading import analyse, notebook_from, package_name


def module_from(data: bytes, path: Path) -> str:
    """The source of the module for the notebook in `data`; `path` is where it lies, or would lie.

    Raises InputError for what cannot be shown equal, with the code, cell and line of the first error and the others in
    its hint; what reading raises; NB285, NB286 for what takes a package.
    """
    notebook = notebook_from(data, path)
    own = find_own_code(notebook, path.absolute().parent)
    analysis = analyse(notebook, own)
    errors = [f for f in analysis.findings if f.severity is Severity.ERROR]
    if errors:
        first, *rest = errors
        hint = "\n".join((first.hint, *(str(finding) for finding in rest)))
        raise InputError(first.message, code=first.code, hint=hint, where=Where(path.name, first.cell, first.line))
    boundary, selection = analysis.boundary, analysis.selection
    assert boundary is not None
    assert selection is not None
    name = package_name("", path)
    try:
        plan = plan_extraction(analysis.graph, boundary, selection, name, boundary.metrics)
        text = single_module(analysis.graph, plan, own.modules.tops, nb2prod.__version__)
    except InputError as error:
        raise placed(error, notebook) from None
    sources = format_sources({f"{name}.py": text}, name, own.modules.tops, python=platform.python_version())
    refuse_secrets(notebook, {path: text.encode() for path, text in sources.items()})
    return sources[f"{name}.py"]
