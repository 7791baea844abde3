"""The plan of a generated package: for each module its finished pieces of code, each with the cell it comes from."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nb2prod.analysis.facts import imported_by_name
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.names import kind_of
from nb2prod.analysis.parameters import Parameter, declared_parameters
from nb2prod.errors import InputError, Where
from nb2prod.model.roles import Role
from nb2prod.plan.boundary import Boundary
from nb2prod.plan.code import Code, NotSpliceable, Splicer, cell_source
from nb2prod.plan.collisions import RESERVED, stored_names
from nb2prod.plan.files import TrainingFiles, training_files
from nb2prod.plan.moment import predictor_moment
from nb2prod.plan.repeated import prediction_code, training_code
from nb2prod.plan.selection import Feature, Selection, is_made_for_effect


@dataclass(frozen=True, slots=True)
class ExtractionPlan:
    """Everything that `render` needs of the notebook's code.

    `functions` and `constants` are shared, `training_code` is what only train() refers to; `params_name` is what
    train() calls its argument. `train_locals` and `predict_locals` must be local because the code re-binds or changes
    them: ``alpha = params.alpha``. Where an artifact is re-bound after the prediction, the predictor is made under the
    name `predictor_name` before the piece of `train` numbered `made_before`. Where `returns_name` is set, `predict`
    ends with ``return <name>``, else with the response expression. `copies` are parts of the request that it changes,
    `copied` artifacts that it changes; `snapshots` are artifacts that train() goes on to change.
    """

    package: str
    parameters: tuple[Parameter, ...]
    imports: tuple[str, ...]
    constants: tuple[Code, ...]
    functions: tuple[Code, ...]
    training_code: tuple[Code, ...]
    needs: Mapping[str, tuple[str, ...]]
    qualified: tuple[str, ...]
    params_name: str
    train_locals: tuple[str, ...]
    train: tuple[Code, ...]
    made_before: int | None
    snapshots: tuple[str, ...]
    predictor_name: str
    artifact_values: Mapping[str, str]
    metrics: tuple[str, ...]
    predict_locals: tuple[str, ...]
    copied: tuple[str, ...]
    predict: tuple[Code, ...]
    returns_name: str | None
    copies: tuple[str, ...]
    tests: tuple[Code, ...]
    request: tuple[str, ...]
    artifacts: tuple[str, ...]
    files: TrainingFiles


def plan_extraction(
    graph: NotebookGraph, boundary: Boundary, selection: Selection, package: str, metrics: tuple[str, ...]
) -> ExtractionPlan:
    """`metrics` are the names that held numbers in the run (a subset of the boundary's)."""
    local = stored_names(graph, selection.training) | stored_names(graph, selection.prediction) | {*boundary.request}
    qualified = frozenset(f.name for f in selection.features if f.name in RESERVED | local)
    params_name = _free_name(("params", "settings", "train_params"), graph, selection.training)
    plain = Splicer(graph, selection, lambda _s, _n: None)
    constants = tuple(plain.statement(n) for n in selection.constants)
    own = {f.name: f.training_only and f.name not in qualified for f in selection.features}
    functions = tuple(_definition(plain, f) for f in selection.features if not own[f.name])
    beside_train = Splicer(graph, selection, lambda _s, _n: None, qualified)
    training_code = [_definition(beside_train, f) for f in selection.features if own[f.name]]
    training_code += [beside_train.statement(n) for n in selection.training_constants]
    train, train_locals = _train_code(graph, boundary, selection, qualified, params_name)
    predict, predict_locals = _predict_code(graph, boundary, selection, qualified)
    moment = predictor_moment(graph, boundary, selection.training)
    response = graph.statements[boundary.response_statement]
    shown = isinstance(response.node, ast.Expr) and boundary.response is None
    predict_statements = tuple(c for c in predict if shown or not _is_mention(graph, c, boundary))
    return ExtractionPlan(
        package=package,
        parameters=declared_parameters(graph.notebook),
        imports=_imports(graph, selection),
        constants=constants,
        functions=functions,
        training_code=tuple(sorted(training_code, key=lambda c: c.statement)),
        needs={f.name: f.needs for f in selection.features if not own[f.name]},
        qualified=tuple(sorted(qualified)),
        params_name=params_name,
        train_locals=train_locals,
        train=train,
        made_before=None if moment.before is None else selection.training.index(moment.before),
        snapshots=moment.snapshots,
        predictor_name=_free_name(("predictor", "trained", "made_predictor"), graph, selection.training),
        artifact_values={n: _artifact_value(graph, boundary, n, params_name, train_locals) for n in boundary.artifacts},
        metrics=metrics,
        predict_locals=predict_locals,
        copied=boundary.copied,
        predict=predict_statements,
        returns_name=None if shown else boundary.response,
        copies=_copies(graph, boundary),
        tests=_test_code(graph, boundary, selection),
        request=boundary.request,
        artifacts=boundary.artifacts,
        files=training_files(graph, selection.training),
    )


def _copies(graph: NotebookGraph, boundary: Boundary) -> tuple[str, ...]:
    """The parts of the request that the prediction changes."""
    if boundary.keeping is not None and any(not d.binds for d in boundary.keeping.lineage.deeds):
        return boundary.request
    return tuple(n for n in boundary.request if _is_changed(graph, n, boundary.starts[n], boundary.prediction))


def _is_mention(graph: NotebookGraph, code: Code, boundary: Boundary) -> bool:
    """The response statement that merely names the response: ``predictions`` on a line of its own."""
    node = graph.statements[code.statement].node
    mention = isinstance(node, ast.Expr) and isinstance(node.value, ast.Name)
    return mention and code.statement == boundary.response_statement


def _free_name(wishes: tuple[str, ...], graph: NotebookGraph, numbers: tuple[int, ...]) -> str:
    taken = {u.name for n in numbers for u in graph.statements[n].facts.uses}
    return next((w for w in wishes if w not in taken), wishes[-1])


def _is_changed(graph: NotebookGraph, name: str, start: int, numbers: tuple[int, ...]) -> bool:
    """Whether these statements change what the name stands for when statement `start` is about to run."""
    return any(graph.changes_any(graph.changes[n], start, name) for n in numbers)


def _definition(plain: Splicer, feature: Feature) -> Code:
    try:
        return plain.definition(feature)
    except NotSpliceable as failure:
        s = plain.graph.statements[feature.statement]
        raise _not_in_f_string(failure.name, plain.graph, s) from None


def _not_in_f_string(name: str, graph: NotebookGraph, s: Statement) -> InputError:
    return InputError(
        f"`{name}` is called inside an f-string, where its arguments cannot be extended.",
        code="NB334", hint="Assign the call to a name first.", where=Where(graph.notebook.name, s.cell, s.first_line),
    )  # fmt: skip


def _train_code(
    graph: NotebookGraph, boundary: Boundary, selection: Selection, qualified: frozenset[str], params_name: str
) -> tuple[tuple[Code, ...], tuple[str, ...]]:
    parameters = _parameters_read(graph, selection.training)
    changed = stored_names(graph, selection.training)
    cells = {p.name: p.cell for p in declared_parameters(graph.notebook)}
    behind = {n: next((s.number for s in graph.statements if s.cell > cell), 0) for n, cell in cells.items()}
    changed |= {n for n in parameters if n in cells and _is_changed(graph, n, behind[n], selection.training)}

    def value_of(local: frozenset[str]) -> Callable[[Statement, str], str | None]:
        def text(s: Statement, name: str) -> str | None:
            if name not in parameters or name in local:
                return None
            contributors = graph.reads[s.number].get(name)
            known = contributors is None or kind_of(graph, contributors) == "parameter"
            return f"{params_name}.{name}" if known else None

        return text

    keeping = boundary.keeping

    def write(splicer: Splicer, number: int) -> Code:
        return training_code(splicer, number, keeping) if keeping else splicer.statement(number)

    return _spliced(graph, selection, selection.training, qualified, frozenset(parameters & changed), parameters,
                    value_of, write)  # fmt: skip


def _predict_code(
    graph: NotebookGraph, boundary: Boundary, selection: Selection, qualified: frozenset[str]
) -> tuple[tuple[Code, ...], tuple[str, ...]]:
    artifacts = set(boundary.artifacts)

    def value_of(local: frozenset[str]) -> Callable[[Statement, str], str | None]:
        return lambda _s, name: f"self.{name}" if name in artifacts and name not in local else None

    local = artifacts & (stored_names(graph, selection.prediction) | {*boundary.copied})
    keeping = boundary.keeping
    followed = keeping.lineage.statements if keeping else ()

    def write(splicer: Splicer, number: int) -> Code | None:
        if keeping is not None and number in followed:
            code = prediction_code(splicer, number, keeping)
        else:
            code = splicer.statement(number)
        return None if code is None or _is_idle(code.text) else code

    return _spliced(graph, selection, selection.prediction, qualified, frozenset(local), artifacts, value_of, write)


def _spliced(
    graph: NotebookGraph,
    selection: Selection,
    numbers: tuple[int, ...],
    qualified: frozenset[str],
    local: frozenset[str],
    candidates: set[str],
    value_of: Callable[[frozenset[str]], Callable[[Statement, str], str | None]],
    write: Callable[[Splicer, int], Code | None],
) -> tuple[tuple[Code, ...], tuple[str, ...]]:
    """The code, and the names that had to become locals: re-bound ones, and those inside f-strings."""
    while True:
        splicer = Splicer(graph, selection, value_of(local), qualified)
        try:
            codes = [write(splicer, n) for n in numbers]
            return tuple(c for c in codes if c is not None), tuple(sorted(local))
        except NotSpliceable as failure:
            if failure.name not in candidates or failure.name in local:
                s = next(graph.statements[n] for n in numbers if failure.name in graph.reads[n])
                raise _not_in_f_string(failure.name, graph, s) from None
            local |= {failure.name}


def _is_idle(text: str) -> bool:
    """``X_test = X_test``: where a request entered, or what is left of a choice of rows."""
    lines = [line.partition(" = ") for line in text.split("\n") if not line.startswith("#")]
    return all(sign and name == value and name.isidentifier() for name, sign, value in lines)


def _parameters_read(graph: NotebookGraph, numbers: tuple[int, ...]) -> set[str]:
    """Parameters that these statements read, now or in a lambda later, changed since or not."""
    found = {
        name for n in numbers for name, c in graph.reads[n].items() if any(graph.kinds[x] == "parameter" for x in c)
    }  # fmt: skip
    declared = {p.name for p in declared_parameters(graph.notebook)}
    late = {name for n in numbers if n in graph.definitions for name in graph.definitions[n].late_reads}
    return found | (declared & late)


def _artifact_value(
    graph: NotebookGraph, boundary: Boundary, name: str, params_name: str, local: tuple[str, ...]
) -> str:
    """How train() reads an artifact at its end: a local, or a parameter."""
    contributors = graph.before(boundary.starts[name], name)
    if kind_of(graph, contributors) == "parameter" and name not in local:
        return f"{params_name}.{name}"
    return name


def _imports(graph: NotebookGraph, selection: Selection) -> tuple[str, ...]:
    """Every import statement once, as written; a module of the package takes those it uses."""
    texts = []
    for number in selection.imports:
        s = graph.statements[number]
        text = _import_text(graph, s)
        texts.append(f"{text}  # noqa: F401" if is_made_for_effect(graph, s) else text)
    if _shows(graph, selection):
        texts.append("from IPython.display import display")
    return tuple(dict.fromkeys(texts))


def _import_text(graph: NotebookGraph, s: Statement) -> str:
    """As written; a star import with its names, an import by name as a statement."""
    by_name = imported_by_name(s.node)
    if by_name is not None:
        return f"import {by_name.module}" + (f" as {by_name.name}" if by_name.name != by_name.module else "")
    text = ast.get_source_segment(cell_source(graph, s.cell), s.node) or ""
    return ast.unparse(s.node) if text.endswith("*") else text


def _shows(graph: NotebookGraph, selection: Selection) -> bool:
    """Whether the code uses `display`, which a notebook has without importing it."""
    uses = (u for n in (*selection.used, *selection.code) for u in graph.statements[n].facts.uses)
    return any(u.name == "display" for u in uses) and "display" not in graph.final


def _test_code(graph: NotebookGraph, boundary: Boundary, selection: Selection) -> tuple[Code, ...]:
    """The notebook's own `test` cells whose names a test can provide: request, response, artifacts, functions."""
    provided = {*boundary.request, *boundary.artifacts, *([boundary.response] if boundary.response else [])}
    provided |= {f.name for f in selection.features if not f.needs}
    provided |= {n for c in selection.constants for n in graph.statements[c].facts.binds}
    plain = Splicer(graph, selection, lambda _s, _n: None)
    codes: list[Code] = []
    for cell in graph.notebook.with_role(Role.TEST):
        statements = graph.of_cell(cell.index)
        bound: set[str] = set()
        usable = True
        for s in statements:
            unknown = {
                n for n, c in graph.reads[s.number].items()
                if n not in provided and n not in bound and kind_of(graph, c) != "import"
            }  # fmt: skip
            usable = usable and not unknown
            bound |= s.facts.binds
        if usable:
            codes += [plain.statement(s.number) for s in statements if not s.facts.imports]
    return tuple(codes)
