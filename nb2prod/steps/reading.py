"""From a path to a notebook and what is known of it, before anything runs."""

import json
import keyword
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from nb2prod.analysis.graph import NotebookGraph, build_graph
from nb2prod.analysis.hidden import hidden_state
from nb2prod.errors import InputError, UsageError, Where
from nb2prod.files.source import read_file
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.notebook import Notebook
from nb2prod.notebook.fields import stated_answers, stated_fields
from nb2prod.notebook.read import read_notebook
from nb2prod.notebook.text_notebook import is_text_notebook, read_text_notebook
from nb2prod.notebook.watch import watched_metrics
from nb2prod.plan.boundary import Boundary
from nb2prod.plan.cut import find_boundary
from nb2prod.plan.selection import Selection, select
from nb2prod.secrets import mask_of, masked
from nb2prod.steps.own_code import OwnCode

_SCRIPT_LIMIT, _NOTEBOOK_LIMIT = 1_000_000, 50_000_000
"""Bytes of a script, and of another notebook with its outputs, that is read."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """A notebook, its graph, and where training ends; `boundary` is None where a finding says why."""

    notebook: Notebook
    graph: NotebookGraph
    boundary: Boundary | None
    selection: Selection | None
    findings: tuple[Finding, ...]
    own: OwnCode | None = None


def open_notebook(path: Path) -> Notebook:
    """Read the file. Raises InputError that names it; NB230, NB231, NB236 to NB238 for metadata that states nothing."""
    notebook = notebook_from(read_file(path), path)
    stated_fields(notebook.document)  # a build would find out after the run
    stated_answers(notebook.document)
    watched_metrics(notebook.document)
    return notebook


def notebook_from(data: bytes, path: Path) -> Notebook:
    """The notebook in the bytes of the file at `path`. Raises InputError that names it."""
    return _read_by(read_text_notebook if is_text_notebook(path.name) else read_notebook, data, path)


def notebook_of(document: Mapping[str, Any], path: Path) -> Notebook:
    """The notebook of a document, as if it were the file at `path`. Raises InputError that names it."""
    return _read_by(read_notebook, json.dumps(document).encode(), path)


def _read_by(read: Callable[..., Notebook], data: bytes, path: Path) -> Notebook:
    try:
        return read(data, path.name, partial(_script, path.parent))
    except InputError as error:
        if error.where is None or not error.where.path or error.where.path == path.name:
            place = error.where or Where()
            error.where = replace(place, path=str(path))
        raise


def _script(folder: Path, file: str) -> str | None:
    """The text of a file beside the notebook, for ``%run``."""
    try:
        path = folder / file
        limit = _NOTEBOOK_LIMIT if file.endswith(".ipynb") else _SCRIPT_LIMIT
        return path.read_text(encoding="utf-8") if path.stat().st_size <= limit else None
    except (OSError, UnicodeDecodeError):
        return None


def analyse(notebook: Notebook, own: OwnCode | None = None) -> Analysis:
    """Everything that can be known without running the notebook. Pure. `own` are the modules beside it.

    Raises InputError NB145 for code too deep.
    """
    with shallow_code(notebook):
        analysis = _analyse(notebook, own)
    analysis = replace(analysis, findings=tuple(map(notebook.placed, analysis.findings)))
    if any(f.code == "NB151" for f in notebook.findings):  # a message may quote the line
        return replace(analysis, findings=masked(analysis.findings, mask_of(())))
    return analysis


@contextmanager
def shallow_code(notebook: Notebook) -> Iterator[None]:
    """Raises InputError NB145 for code that is nested too deep for what is done inside."""
    try:
        yield
    except RecursionError:  # newer parsers accept what no walk over the tree gets through
        raise InputError(
            "the code is nested too deep to be analysed.",
            code="NB145",
            hint="Move data out of the code, or split the expression.",
            where=Where(notebook.name),
        ) from None


def _analyse(notebook: Notebook, own: OwnCode | None) -> Analysis:
    build = partial(build_graph, own=own.modules if own else None)
    graph = build(notebook)
    boundary, found = find_boundary(graph)
    findings = (*notebook.findings, *(own.findings if own else ()), *found)
    if boundary is None:
        if any(f.code == "NB301" for f in found):  # to send the user to `suggest` must be of use
            from nb2prod.advise import suggest_roles  # most notebooks do without, and it takes a while to load

            errors = tuple(f for f in suggest_roles(graph).findings if f.severity is Severity.ERROR)
            findings = (*(f for f in findings if not (errors and f.code == "NB301")), *errors)
        return Analysis(notebook, graph, None, None, (*findings, *hidden_state(graph, (), build)), own)
    selection, more = select(graph, boundary, boundary.metrics)
    hidden = hidden_state(graph, {*selection.used, *selection.code}, build)
    return Analysis(notebook, graph, boundary, selection, tuple(dict.fromkeys((*findings, *more, *hidden))), own)


def package_name(wanted: str, path: Path) -> str:
    """A valid module name: `wanted`, or one made of the notebook's file name, other than what the notebook imports.

    Raises UsageError NB220 where there is none, NB419 where `wanted` is a module of Python or of the notebook's.
    """
    name = wanted or re.sub(r"\W+", "_", path.stem.lower(), flags=re.ASCII).strip("_")
    if not wanted and (not name or name[0].isdigit()):
        name = f"notebook_{name}".rstrip("_")
    if not wanted and (keyword.iskeyword(name) or name in ("nb2prod", "test", "tests")):
        name += "_model"
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,62}", name) or keyword.iskeyword(name):
        raise UsageError(
            f"{name!r} cannot be the name of a package.",
            code="NB220",
            hint="Use letters, digits and underscores, beginning with a letter (--package).",
        )
    if name in sys.stdlib_module_names or _imports(path, name):
        if wanted:
            raise UsageError(
                f"the package cannot be called {name!r}: it would hide the module of that name.",
                code="NB419",
                hint=f"Choose another name, e.g. --package {name}_model.",
            )
        name += "_model"
    return name


def _imports(path: Path, name: str) -> bool:
    """Whether the file has an import of an installed module of that name in it."""
    try:
        with path.open("rb") as file:
            text = file.read()
    except OSError:
        return False
    if name.encode() not in text:  # of 50 MB, the pattern takes a second
        return False
    plain = rf"import[ \t]+(?:[\w. \t]+,[ \t]*)*{name}\b"
    found = re.search(rf'(?:"|\\n|;|(?m:^))[ \t]*(?:{plain}|from[ \t]+{name}[\w.]*[ \t]+import\b)'.encode(), text)
    own = path.parent / f"{name}.py"
    beside = (own != path and own.exists()) or (path.parent / name).is_dir()  # NB417
    return found is not None and not beside
