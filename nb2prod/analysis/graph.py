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
from dataclasses import dataclass

from nb2prod.analysis.disk import Disk
from nb2prod.analysis.facts import Definition, Facts, statement_facts
from nb2prod.analysis.memory import find_memory
from nb2prod.analysis.names import NameKind, statement_kinds
from nb2prod.analysis.namespace import Entry, Namespace
from nb2prod.analysis.objects import Change, Contributors, NamesAtEnd, Objects
from nb2prod.analysis.parameters import declared_parameters
from nb2prod.analysis.paths import FileUse
from nb2prod.model.notebook import Cell, Notebook
from nb2prod.model.roles import Role


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

    def bound_by(self, number: int) -> frozenset[str]:
        """Names that statement `number` binds, surely or on some path."""
        return self.statements[number].facts.binds | self.statements[number].facts.maybe

    def direct(self, number: int) -> frozenset[str]:
        """Names whose objects statement `number` changes by naming them."""
        return self.changes[number].names

    def changed(self, change: Change, cell: int, among: Iterable[str]) -> frozenset[str]:
        """Which of these names stood for something when `cell` started that `change` changes, under whatever name."""
        start = self._first_of(cell)
        return frozenset(name for name in among if self.objects.everything_before(name, start) & change.tokens)

    def before(self, cell: int, name: str) -> Contributors:
        """The contributors of `name` when `cell` starts; none where it is not bound then."""
        return self.objects.contributors_before(name, self._first_of(cell))

    def after(self, cell: int, name: str) -> Contributors:
        """The contributors of `name` when `cell` has ended."""
        return self.before(cell + 1, name)

    def definitions_inside(self, cell: int, name: str) -> Contributors:
        """Functions and classes that the value of `name` may be or hold when `cell` starts."""
        tokens = self.objects.everything_before(name, self._first_of(cell))
        return frozenset(t if t >= 0 else ~t for t in tokens) & self.definitions.keys()

    def _first_of(self, cell: int) -> int:
        """The number of the first statement in `cell` or behind it."""
        return bisect_left(self.statements, cell, key=lambda s: s.cell)

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


def build_graph(notebook: Notebook) -> NotebookGraph:
    parameters = frozenset(p.name for p in declared_parameters(notebook))
    names = Namespace(disk=Disk(parameters))
    statements: list[Statement] = []
    entries: list[Entry] = []
    for cell in notebook.cells:
        if cell.kind != "code":
            continue
        for node in parse_cell(cell):
            decorators = getattr(node, "decorator_list", [])
            first = min([node.lineno, *(d.lineno for d in decorators)])
            facts = statement_facts(node)
            entries.append(names.add(len(statements), node, facts))
            last = node.end_lineno or node.lineno
            statements.append(Statement(len(statements), cell.index, cell.role, node, facts, first, last))
    reads = tuple(entry.reads for entry in entries)
    return NotebookGraph(
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
