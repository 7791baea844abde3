"""The plan of a generated package: for each module its finished pieces of code, each with the cell it comes from."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nb2prod.analysis.boundary import Boundary
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.names import kind_of
from nb2prod.analysis.parameters import Parameter, declared_parameters
from nb2prod.errors import InputError, Where
from nb2prod.model.roles import Role
from nb2prod.plan.code import Code, NotSpliceable, Splicer
from nb2prod.plan.selection import Selection

RESERVED = frozenset(
    ("train", "main", "Training", "Params", "Predictor", "params_from_text", "save_artifacts", "load_artifacts",
     "argparse", "dataclass", "Path", "partial")
)  # fmt: skip
"""Names the generated modules define themselves; a notebook function of that name is reached through its module."""


@dataclass(frozen=True, slots=True)
class ExtractionPlan:
    """Everything that `render` needs of the notebook's code.

    `functions` and `constants` are shared, `training_code` is what only train() refers to; `params_name` is what
    train() calls its argument. `train_locals` and `predict_locals` must be local because the code re-binds them:
    ``alpha = params.alpha``. `returned` is the code of the response; where
    `returns_name` is set, `predict` ends with ``return <name>`` instead. `copies` are request frames the code changes.
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
    artifact_values: Mapping[str, str]
    metrics: tuple[str, ...]
    predict_locals: tuple[str, ...]
    predict: tuple[Code, ...]
    returns_name: str | None
    copies: tuple[str, ...]
    tests: tuple[Code, ...]
    request: tuple[str, ...]
    artifacts: tuple[str, ...]


def plan_extraction(
    graph: NotebookGraph, boundary: Boundary, selection: Selection, package: str, metrics: tuple[str, ...]
) -> ExtractionPlan:
    """`metrics` are the names that held numbers in the run (a subset of the boundary's)."""
    qualified = frozenset(f.name for f in selection.features if f.name in RESERVED)
    params_name = _free_name(("params", "settings", "train_params"), graph, selection.training)
    plain = Splicer(graph, selection, lambda _s, _n: None)
    constants = tuple(plain.statement(n) for n in selection.constants)
    own = {f.name: f.training_only and f.name not in RESERVED for f in selection.features}
    functions = tuple(plain.definition(f) for f in selection.features if not own[f.name])
    training_code = [plain.definition(f) for f in selection.features if own[f.name]]
    training_code += [plain.statement(n) for n in selection.training_constants]
    train, train_locals = _train_code(graph, selection, qualified, params_name)
    predict, predict_locals = _predict_code(graph, boundary, selection, qualified)
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
        artifact_values={n: _artifact_value(graph, boundary, n, params_name, train_locals) for n in boundary.artifacts},
        metrics=metrics,
        predict_locals=predict_locals,
        predict=predict_statements,
        returns_name=None if shown else boundary.response,
        copies=tuple(n for n in boundary.request if any(n in graph.changes[p] for p in boundary.prediction)),
        tests=_test_code(graph, boundary, selection),
        request=boundary.request,
        artifacts=boundary.artifacts,
    )


def _is_mention(graph: NotebookGraph, code: Code, boundary: Boundary) -> bool:
    """The response statement that merely names the response: ``predictions`` on a line of its own."""
    node = graph.statements[code.statement].node
    return code.statement == boundary.response_statement and isinstance(node, ast.Expr)


def _free_name(wishes: tuple[str, ...], graph: NotebookGraph, numbers: tuple[int, ...]) -> str:
    taken = {u.name for n in numbers for u in graph.statements[n].facts.uses}
    return next((w for w in wishes if w not in taken), wishes[-1])


def _train_code(
    graph: NotebookGraph, selection: Selection, qualified: frozenset[str], params_name: str
) -> tuple[tuple[Code, ...], tuple[str, ...]]:
    stored = {u.name for n in selection.training for u in graph.statements[n].facts.uses if u.context == "store"}
    parameters = _parameters_read(graph, selection.training)

    def value_of(local: frozenset[str]) -> Callable[[Statement, str], str | None]:
        def text(s: Statement, name: str) -> str | None:
            contributors = graph.reads[s.number].get(name)
            is_parameter = contributors is not None and kind_of(graph, contributors) == "parameter"
            return f"{params_name}.{name}" if is_parameter and name not in local else None

        return text

    local = frozenset(parameters & stored)
    return _spliced(graph, selection, selection.training, qualified, local, parameters, value_of)


def _predict_code(
    graph: NotebookGraph, boundary: Boundary, selection: Selection, qualified: frozenset[str]
) -> tuple[tuple[Code, ...], tuple[str, ...]]:
    stored = {u.name for n in selection.prediction for u in graph.statements[n].facts.uses if u.context == "store"}
    artifacts = set(boundary.artifacts)

    def value_of(local: frozenset[str]) -> Callable[[Statement, str], str | None]:
        return lambda _s, name: f"self.{name}" if name in artifacts and name not in local else None

    local = frozenset(artifacts & stored)
    return _spliced(graph, selection, selection.prediction, qualified, local, artifacts, value_of)


def _spliced(
    graph: NotebookGraph,
    selection: Selection,
    numbers: tuple[int, ...],
    qualified: frozenset[str],
    local: frozenset[str],
    candidates: set[str],
    value_of: Callable[[frozenset[str]], Callable[[Statement, str], str | None]],
) -> tuple[tuple[Code, ...], tuple[str, ...]]:
    """The code, and the names that had to become locals: re-bound ones, and those inside f-strings."""
    while True:
        splicer = Splicer(graph, selection, value_of(local), qualified)
        try:
            return tuple(splicer.statement(n) for n in numbers), tuple(sorted(local))
        except NotSpliceable as failure:
            if failure.name not in candidates or failure.name in local:
                s = next(graph.statements[n] for n in numbers if failure.name in graph.reads[n])
                raise InputError(
                    f"`{failure.name}` is called inside an f-string, where its arguments cannot be extended.",
                    code="NB334", hint="Assign the call to a name first.",
                    where=Where(graph.notebook.name, s.cell, s.first_line),
                ) from None  # fmt: skip
            local |= {failure.name}


def _parameters_read(graph: NotebookGraph, numbers: tuple[int, ...]) -> set[str]:
    return {
        name for n in numbers for name, c in graph.reads[n].items() if kind_of(graph, c) == "parameter"
    }  # fmt: skip


def _artifact_value(
    graph: NotebookGraph, boundary: Boundary, name: str, params_name: str, local: tuple[str, ...]
) -> str:
    """How train() reads an artifact at its end: a local, or a parameter."""
    contributors = graph.before_cell[boundary.predict_cell].get(name, frozenset())
    if kind_of(graph, contributors) == "parameter" and name not in local:
        return f"{params_name}.{name}"
    return name


def _imports(graph: NotebookGraph, selection: Selection) -> tuple[str, ...]:
    """Every import statement of the notebook once, as written; what a module does not use is taken out by ruff."""
    texts = []
    for number in selection.imports:
        s = graph.statements[number]
        # the second: try: import x / except ImportError: …
        if isinstance(s.node, ast.Import | ast.ImportFrom) or not s.facts.reads:
            texts.append(ast.get_source_segment(graph.notebook.cells[s.cell - 1].python or "", s.node) or "")
    return tuple(dict.fromkeys(t for t in texts if t))


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
