"""The graph of a notebook: which statements each statement depends on.

    1  df = load()          df -> {1}
    2  df["a"] = 0          df -> {1, 2}     a change is a contributor beside the binding
    3  m = df.mean()        reads df: depends on {1, 2};   m -> {3}
    4  df = other()         df -> {4}        a new binding forgets the old contributors

Statements run in notebook order. For each name the *contributors* of its present value are kept: the statement that
bound it and those that changed it since, under this name or another one that shares the object. A function's late reads
are resolved where it may be called, so a global that is re-bound after the function was defined is seen as Python sees
it. Work is linear in statements times names used.
"""

import ast
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from nb2prod.analysis.disk import Disk
from nb2prod.analysis.facts import Definition, Facts, statement_facts
from nb2prod.analysis.memory import find_memory
from nb2prod.analysis.modules import OwnModules, with_star_names
from nb2prod.analysis.names import NameKind, statement_kinds
from nb2prod.analysis.namespace import Entry, Namespace
from nb2prod.analysis.objects import Change, Contributors, NamesAtEnd, Objects
from nb2prod.analysis.parameters import declared_parameters
from nb2prod.analysis.paths import FileUse
from nb2prod.model.findings import Finding
from nb2prod.model.notebook import Cell, Notebook
from nb2prod.model.roles import Role

Path = tuple[tuple[str, int | None], ...]
"""The way from a statement to an expression inside it: fields, and positions in those that are lists."""


@dataclass(frozen=True, slots=True)
class Split:
    """Which parts of a cell's statement are to be statements of their own, just before it.

    `response` is the expression that holds the prediction, `request` one that was typed into the call and the name it
    gets, `others` more of them; `model` one that fits what predicts; `is_request` says that the statement itself
    defines what a caller sends. `kept` are the statements of a ``with`` block that the prediction needs. `assumed`:
    nobody typed the request in, it is what the prediction takes its rows from.
    """

    cell: int
    position: int
    response: Path | None = None
    request: tuple[str, Path] | None = None
    others: tuple[tuple[str, Path], ...] = ()
    model: tuple[str, Path] | None = None
    kept: tuple[int, ...] | None = None
    is_request: bool = False
    assumed: bool = False


class Placed(ast.Name):
    """A name in place of an expression: it has the expression's position, so that the text is replaced."""


Placed.__name__ = "Name"  # which is what visitors go by


@dataclass(frozen=True, slots=True)
class Statement:
    """A top-level statement. `first_line`..`last_line` are lines of its cell (decorators included)."""

    number: int
    cell: int
    role: Role | None
    node: ast.stmt
    facts: Facts
    first_line: int
    last_line: int
    position: int = 0
    """Which of the cell's own statements it is, or (`path`, `literal`) is a part of; from 0."""
    path: Path | None = None
    """Set where the statement is an expression inside another one: the way down to it."""
    literal: bool = False
    """Whether `node` gives a name to an expression typed into a call: ``rows = [[5.1, 3.5]]``."""
    assumed: bool = False
    """Whether that is the request only by the way the rows take (`nb2prod.analysis.entry`)."""
    fitted: bool = False
    """Whether `node` gives a name to a model that was fitted where it predicts: ``Ridge().fit(X, y).predict(rows)``."""
    dropped: tuple[ast.stmt, ...] = ()
    """What a block holds that `node` leaves out: measures of the prediction."""

    @property
    def is_mention(self) -> bool:
        """``X_test = X_test``: the place where the request enters, and no code."""
        match self.node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=same)):
                return self.literal and name == same
            case _:
                return False


@dataclass(frozen=True, slots=True)
class Response:
    """The statement that ends the prediction; the name that holds the response, or None for a bare expression.

    `part` is set where the response is an expression inside that statement.
    """

    statement: Statement
    name: str | None = None
    part: Path | None = None


@dataclass(frozen=True, slots=True)
class NotebookGraph:
    """`reads[s]` maps each name that statement `s` needs, early or late, to the contributors of its value then.
    `late[s]` are the names among them read inside functions. `changes[s]` is what `s` may change; `doubtful[s]` leaves
    out changes that a repetition does not add to (``net.eval()``); `surely[s]` also those only suspected (of a call
    whose value is thrown away). `imported` maps a name to what it was imported as, e.g. ``np`` to ``numpy``; `modules`
    to the module it came from. `final` holds the contributors of every name when the last statement has ended,
    `objects` those at any time. `definitions` are functions and classes by the statement that defines them,
    `with_memory` those that keep something from call to call. `setup` are statements that set what is no name: a seed,
    an option. `files[s]` is what `s` does to files.
    """

    notebook: Notebook
    statements: tuple[Statement, ...]
    reads: tuple[Mapping[str, Contributors], ...]
    late: tuple[frozenset[str], ...]
    changes: tuple[Change, ...]
    doubtful: tuple[Change, ...]
    surely: tuple[Change, ...]
    imported: Mapping[str, str]
    modules: Mapping[str, str]
    final: Mapping[str, Contributors]
    objects: Objects
    definitions: Mapping[int, Definition]
    kinds: tuple[NameKind, ...]
    setup: Contributors
    files: tuple[tuple[FileUse, ...], ...]
    with_memory: Contributors
    undefined: tuple[tuple[int, str], ...] = ()
    own_calls: Mapping[int, ast.expr] = field(default_factory=dict)
    """The notebook's own functions that predict (see `nb2prod.analysis.own_calls`)."""
    truth: frozenset[str] = frozenset()
    """Names that hold labels (see `nb2prod.analysis.predictions`)."""
    response: Response | Finding | None = None
    """What the inference cells predict, or why there is nothing; None where there are no such cells."""

    def bound_by(self, number: int) -> frozenset[str]:
        """Names that statement `number` binds, surely or on some path."""
        return self.statements[number].facts.binds | self.statements[number].facts.maybe

    def place(self, number: int) -> tuple[int, int]:
        """The cell that statement `number` stands in, and which of its statements it is or is a part of."""
        return self.statements[number].cell, self.statements[number].position

    def direct(self, number: int) -> frozenset[str]:
        """Names whose objects statement `number` changes by naming them."""
        return self.changes[number].names

    def changes_any(self, change: Change, number: int, name: str) -> bool:
        """Whether `change` changes what `name` stood for, or held, when statement `number` was about to run."""
        return bool(self.objects.everything_before(name, number) & change.tokens)

    def share(self, one: tuple[str, int], other: tuple[str, int]) -> bool:
        """Whether two names, each when a statement was about to run, may have stood for or held one object."""
        reach = [self.objects.everything_before(name, number) for name, number in (one, other)]
        return bool(reach[0] & reach[1])

    def before(self, number: int, name: str) -> Contributors:
        """The contributors of `name` when statement `number` is about to run; none where it is not bound then."""
        return self.objects.contributors_before(name, number)

    def after_cell(self, cell: int, name: str) -> Contributors:
        """The contributors of `name` when `cell` has ended."""
        return self.before(bisect_left(self.statements, cell + 1, key=lambda s: s.cell), name)

    def definitions_inside(self, number: int, name: str) -> Contributors:
        """Functions and classes that the value of `name` may be or hold when statement `number` is about to run."""
        tokens = self.objects.everything_before(name, number)
        return frozenset(t if t >= 0 else ~t for t in tokens) & self.definitions.keys()

    def of_cell(self, cell: int) -> tuple[Statement, ...]:
        return tuple(s for s in self.statements if s.cell == cell)

    def slice(self, start: Iterable[int], stop: Contributors = frozenset()) -> Contributors:
        """All statements that `start` depends on, itself included. Nothing behind `stop` is followed."""
        found: set[int] = set()
        pending = list(start)
        while pending:
            number = pending.pop()
            if number in found or number in stop:
                continue
            found.add(number)
            for contributors in self.reads[number].values():
                pending += contributors
        return frozenset(found)


def parse_cell(cell: Cell) -> list[ast.stmt]:
    """The statements of a code cell; none where it holds no Python."""
    if cell.kind != "code" or cell.python is None:
        return []
    return ast.parse(cell.python).body


def node_at(node: ast.AST, path: Path) -> ast.expr:
    """The expression at the end of the way."""
    for name, index in path:
        value = getattr(node, name)
        node = value if index is None else value[index]
    assert isinstance(node, ast.expr)
    return node


def path_to(root: ast.AST, wanted: ast.AST) -> Path | None:
    """The way to a node of the tree; None where it is not in it."""
    for name, value in ast.iter_fields(root):
        for index, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if child is wanted:
                return ((name, index),)
            if isinstance(child, ast.AST) and (rest := path_to(child, wanted)) is not None:
                return ((name, index), *rest)
    return None


@dataclass(frozen=True, slots=True)
class _Part:
    node: ast.stmt
    path: Path | None = None
    literal: bool = False
    fitted: bool = False
    dropped: tuple[ast.stmt, ...] = ()


def _parts(whole: ast.stmt, split: Split | None) -> Iterable[_Part]:
    """The statement behind those made of its parts."""
    if split is not None and split.request is not None:
        for name, path in (split.request, *split.others):
            yield _Part(_named(whole, name, path), path, literal=True)
    if split is not None and split.model is not None:
        yield _Part(_named(whole, *split.model), split.model[1], fitted=True)
    if split is not None and split.response is not None:
        part = node_at(whole, split.response)
        yield _Part(ast.copy_location(ast.Expr(part), part), split.response)
    if split is not None and split.kept is not None and isinstance(whole, ast.With):
        body = [whole.body[n] for n in split.kept]
        dropped = tuple(s for s in whole.body if s not in body)
        yield _Part(ast.copy_location(ast.With(whole.items, body), whole), (), dropped=dropped)
    yield _Part(whole)


def _named(whole: ast.stmt, name: str, path: Path) -> ast.stmt:
    """The expression at `path` as an assignment to `name`, which stands in its place from now on."""
    given = node_at(whole, path)
    if not (isinstance(given, ast.Name) and given.id == name):
        owner, (field, index) = _owner(whole, path), path[-1]
        placed = ast.copy_location(Placed(name, ast.Load()), given)
        if index is None:
            setattr(owner, field, placed)
        else:
            getattr(owner, field)[index] = placed
    return ast.copy_location(ast.Assign([ast.copy_location(ast.Name(name, ast.Store()), given)], given), given)


def _owner(node: ast.AST, path: Path) -> ast.AST:
    for name, index in path[:-1]:
        value = getattr(node, name)
        node = value if index is None else value[index]
    return node


def build_graph(notebook: Notebook, own: OwnModules | None = None) -> NotebookGraph:
    """The graph, in which a prediction inside another expression is a statement of its own (see `Split`).

    `own` are the modules of the user's own that the notebook imports.
    """
    from nb2prod.analysis.split import find_splits

    own = own or OwnModules()
    graph = _with_response(_build(notebook, {}, own))
    splits = find_splits(graph)
    return _with_response(_build(notebook, {(s.cell, s.position): s for s in splits}, own)) if splits else graph


def _with_response(graph: NotebookGraph) -> NotebookGraph:
    from nb2prod.analysis.response import find_response

    return replace(graph, response=find_response(graph)) if graph.notebook.with_role(Role.INFERENCE) else graph


def _build(notebook: Notebook, splits: Mapping[tuple[int, int], Split], own: OwnModules) -> NotebookGraph:
    parameters = frozenset(p.name for p in declared_parameters(notebook))
    names = Namespace(disk=Disk(parameters), own=own)
    statements: list[Statement] = []
    entries: list[Entry] = []
    bodies = [(cell, parse_cell(cell)) for cell in notebook.cells if cell.kind == "code"]
    stars = with_star_names([node for _, body in bodies for node in body], own)
    for cell, body in bodies:
        for position, whole in enumerate(stars.get(id(node), node) for node in body):
            split = splits.get((cell.index, position))
            for part in _parts(whole, split):
                role = Role.REQUEST if part.literal or (split and split.is_request) else cell.role
                decorators = getattr(part.node, "decorator_list", [])
                first = min([part.node.lineno, *(d.lineno for d in decorators)])
                facts = statement_facts(part.node)
                entries.append(names.add(len(statements), part.node, facts))
                last = part.node.end_lineno or part.node.lineno
                statements.append(
                    Statement(
                        len(statements),
                        cell.index,
                        role,
                        part.node,
                        facts,
                        first,
                        last,
                        position,
                        part.path,
                        part.literal,
                        assumed=part.literal and split is not None and split.assumed,
                        fitted=part.fitted,
                        dropped=part.dropped,
                    )
                )
    reads = tuple(entry.reads for entry in entries)
    graph = NotebookGraph(
        notebook,
        tuple(statements),
        reads,
        late=tuple(entry.late for entry in entries),
        changes=tuple(entry.changes for entry in entries),
        doubtful=tuple(entry.doubtful for entry in entries),
        surely=tuple(entry.surely for entry in entries),
        imported=names.imported,
        modules={i.name: i.module for s in statements for i in s.facts.imports},
        final=NamesAtEnd(names.objects),
        objects=names.objects,
        definitions=names.definitions,
        kinds=statement_kinds(statements, reads, names.settled(), parameters),
        setup=frozenset(n for n, entry in enumerate(entries) if entry.sets_up),
        files=tuple(entry.files for entry in entries),
        with_memory=find_memory(names),
        undefined=tuple((n, name) for n, entry in enumerate(entries) for name in entry.undefined),
    )
    from nb2prod.analysis.own_calls import find_own_calls
    from nb2prod.analysis.predictions import truth_names

    graph = replace(graph, truth=truth_names(graph))
    return replace(graph, own_calls=find_own_calls(graph))
