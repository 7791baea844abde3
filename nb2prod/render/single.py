"""The whole of a notebook's training and prediction as one module, from the plan alone: no run has shown types, so none
are stated."""

import ast
import sys
from collections.abc import Collection, Iterator

from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.locals import FunctionNode
from nb2prod.analysis.modules import imported_modules
from nb2prod.errors import InputError, Where
from nb2prod.model.notebook import Notebook
from nb2prod.plan.extraction import ExtractionPlan
from nb2prod.render.package import constant_names, waits
from nb2prod.render.pieces import (
    by_cell,
    cells_text,
    module_level,
    one_line,
    parameter_fields,
    parameters_summary,
    returned,
    train_lines,
    used_imports,
)
from nb2prod.render.project import title_of
from nb2prod.render.templates import fill


def single_module(graph: NotebookGraph, plan: ExtractionPlan, own: Collection[str], version: str) -> str:
    """The module's source, not yet laid out. `own` are the names of modules beside the notebook.

    Raises InputError NB285 where a name of the notebook is one that the module must define itself, NB286 where code
    outside of functions awaits something.
    """
    notebook = graph.notebook
    _refuse_waiting(notebook, plan)
    training, predictor = train_lines(plan)
    codes = (*plan.constants, *plan.functions, *plan.training_code, *plan.train, *plan.predict)
    imports = used_imports(plan, (code.text for code in codes))
    text = fill(
        "package/single.py.jinja",
        title=_plain(title_of(notebook)),
        notebook=_plain(notebook.name),
        version=version,
        training=cells_text(plan.train),
        response=cells_text(plan.predict),
        request=", ".join(plan.request),
        artifacts=", ".join(plan.artifacts),
        needs="\n".join(f"- {_plain(line)}" for line in _needs(plan, imports, own)),
        imports="\n".join(imports),
        shared=_shared(plan),
        summary=parameters_summary(plan),
        parameters="\n".join(parameter_fields(plan)),
        fields="\n".join(f"    {name}: Any" for name in plan.artifacts),
        arguments="".join(f", {name}: Any" for name in plan.request),
        predict_cells=cells_text(plan.predict),
        predict="\n".join(_predict(plan)),
        params_name=plan.params_name,
        train_cells=cells_text(plan.train),
        train="\n".join(training),
        predictor=predictor,
        metrics="{" + ", ".join(f'"{name}": {name}' for name in plan.metrics) + "}",
    )
    _refuse_clashes(graph, plan, text)
    return text


def _needs(plan: ExtractionPlan, imports: list[str], own: Collection[str]) -> Iterator[str]:
    """What has to be there: libraries, modules of the author's own, files."""
    found = imported_modules(ast.parse("\n".join(imports)))
    tops = {name.partition(".")[0] for name in (*found.certain, *found.optional)}
    if libraries := sorted(tops - set(own) - sys.stdlib_module_names):
        yield f"these to import: {', '.join(libraries)}"
    if modules := sorted(tops & set(own)):
        yield f"modules from beside the notebook: {', '.join(modules)}"
    if plan.files.reads:
        yield f"files for train(), from the working folder: {', '.join(plan.files.reads)}"
    if plan.files.others:
        yield "files for train() whose paths are computed"
    if plan.files.writes:
        yield "a folder where train() may write, as the notebook does"


def _shared(plan: ExtractionPlan) -> str:
    """Functions and constants; what train() or predict() reach by another name; what only train() refers to."""
    pieces = [module_level(sorted((*plan.constants, *plan.functions), key=lambda code: code.statement))
              if plan.constants or plan.functions else ""]  # fmt: skip
    if plan.qualified:  # their names are those of variables there
        names = ", ".join(f"{name}={name}" for name in plan.qualified)
        pieces.append(f"notebook_code = SimpleNamespace({names})")
    if plan.training_code:
        pieces.append(module_level(plan.training_code))
    return "\n\n\n".join(pieces)


def _predict(plan: ExtractionPlan) -> list[str]:
    lines = [f"        {name} = deepcopy({name})  # the caller keeps its own" for name in plan.copies]
    own = {name: f"deepcopy(self.{name})  # the request's own" for name in plan.copied}
    lines += [f"        {name} = {own.get(name, f'self.{name}')}" for name in plan.predict_locals]
    if plan.returns_name is None:
        return lines + by_cell((*plan.predict[:-1], returned(plan.predict[-1])), depth=2)
    return [*lines, *by_cell(plan.predict, depth=2), f"        return {plan.returns_name}"]


def _refuse_waiting(notebook: Notebook, plan: ExtractionPlan) -> None:
    code = next((code for code in (*plan.train, *plan.predict) if waits((code,))), None)
    if code is not None:
        raise InputError(
            "code outside of functions awaits something, which takes more than one module to call.", code="NB286",
            hint="nb2prod convert makes a package of it.", where=Where(notebook.name, code.cell, code.first_line),
        )  # fmt: skip


def _refuse_clashes(graph: NotebookGraph, plan: ExtractionPlan, text: str) -> None:
    """In a package the notebook's names and ours stand in modules of their own; here no name may be bound twice."""
    cells = {name: (s.cell, s.first_line) for s in graph.statements for name in s.facts.binds | s.facts.maybe}
    taken = {*plan.request, *plan.artifacts, *(p.name for p in plan.parameters)} & _IN_CLASSES
    seen: dict[str, str] = {}
    for node in ast.parse(text).body:
        what = ast.unparse(node) if isinstance(node, ast.Import | ast.ImportFrom) else ""
        for name in _bound(node):
            if name in seen and not (what and _same_import(seen[name], what, name)):
                taken.add(name)
            seen.setdefault(name, what)
    taken |= {name for code in plan.constants for name in constant_names((code,)) if name in _BUILT_IN}
    if taken:
        name = sorted(taken)[0]
        cell, line = cells.get(name, (None, None))
        raise InputError(
            f"`{name}` is a name that the module defines itself.", code="NB285",
            hint="Give it another name in the notebook; or nb2prod convert makes a package, where both have room.",
            where=Where(graph.notebook.name, cell, line),
        )  # fmt: skip


_IN_CLASSES = frozenset({"field", "Any", "dataclass", "deepcopy", "SimpleNamespace"})
_BUILT_IN = frozenset({"dict", "str"})


def _bound(node: ast.stmt) -> set[str]:
    """The names that a statement of a module binds there."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return {(alias.asname or alias.name).partition(".")[0] for alias in names}
    found: set[str] = set()
    todo: list[ast.AST] = [node]
    while todo:
        one = todo.pop()
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
            found.add(one.id)
        if not isinstance(one, ast.comprehension | FunctionNode):  # what these bind is theirs
            todo += ast.iter_child_nodes(one)
    return found


def _same_import(first: str, second: str, name: str) -> bool:
    """Whether two import statements bind the name to the same thing: ``import a.b`` and ``import a.c``, or twice the
    same."""
    return _source(first, name) == _source(second, name) != ""


def _source(statement: str, name: str) -> str:
    node = ast.parse(statement).body[0] if statement else None
    if isinstance(node, ast.Import):
        alias = next((a for a in node.names if (a.asname or a.name).partition(".")[0] == name), None)
        return "" if alias is None else alias.name if alias.asname else name
    if isinstance(node, ast.ImportFrom):
        alias = next((a for a in node.names if (a.asname or a.name) == name), None)
        return "" if alias is None else f"{'.' * node.level}{node.module}.{alias.name}"
    return ""


def _plain(text: str) -> str:
    """For the docstring: what could end it, or begin an escape, is left out."""
    return one_line(text).replace('"', "'")
