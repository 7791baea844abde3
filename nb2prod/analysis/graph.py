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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nb2prod.analysis.facts import Definition, Facts, statement_facts
from nb2prod.analysis.names import NameKind, statement_kinds
from nb2prod.analysis.namespace import Contributors, Entry, Namespace, Tokens
from nb2prod.analysis.parameters import declared_parameters
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
    `late[s]` are the names among them read inside functions. `changes[s]` are names whose objects `s` may
    change, `direct[s]` those among them that it names itself. `doubtful[s]` leaves out changes that a repetition does
    not add to (``net.eval()``); `surely[s]` also those only suspected (of a call whose value is thrown away).
    `imported` maps a name to what it was imported as, e.g. ``np`` to ``numpy``; `modules` to the module it came from.
    `final` holds the contributors of every name when the last statement has ended; `past` and `past_tokens` each
    name's contributors and tokens after each statement that made a difference. `definitions` are functions and classes
    by the statement that defines them, `with_memory` those that keep something from call to call. `setup` are
    statements that set what is no name: a seed, an option.
    """

    notebook: Notebook
    statements: tuple[Statement, ...]
    reads: tuple[Mapping[str, Contributors], ...]
    late: tuple[frozenset[str], ...]
    changes: tuple[frozenset[str], ...]
    doubtful: tuple[frozenset[str], ...]
    surely: tuple[frozenset[str], ...]
    direct: tuple[frozenset[str], ...]
    imported: Mapping[str, str]
    modules: Mapping[str, str]
    final: Mapping[str, Contributors]
    definitions: Mapping[int, Definition]
    kinds: tuple[NameKind, ...]
    setup: Contributors
    with_memory: Contributors
    past: Mapping[str, Sequence[tuple[int, Contributors]]]
    past_tokens: Mapping[str, Sequence[tuple[int, Tokens]]]
    undefined: tuple[tuple[int, str], ...] = ()

    def before(self, cell: int, name: str) -> Contributors:
        """The contributors of `name` when `cell` starts; none where it is not bound then."""
        return _latest(self.past.get(name, ()), self._first_of(cell))

    def after(self, cell: int, name: str) -> Contributors:
        """The contributors of `name` when `cell` has ended."""
        return self.before(cell + 1, name)

    def definitions_inside(self, cell: int, name: str) -> Contributors:
        """Functions and classes that the value of `name` may be or hold when `cell` starts."""
        tokens = _latest(self.past_tokens.get(name, ()), self._first_of(cell))
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


def _latest(past: Sequence[tuple[int, frozenset[int]]], number: int) -> frozenset[int]:
    """The last entry made before statement `number`."""
    at = bisect_left(past, number, key=lambda entry: entry[0])
    return past[at - 1][1] if at else frozenset()


def parse_cell(cell: Cell) -> list[ast.stmt]:
    """The statements of a code cell; none where it holds no Python."""
    if cell.kind != "code" or cell.python is None:
        return []
    return ast.parse(cell.python).body


def build_graph(notebook: Notebook) -> NotebookGraph:
    names = Namespace()
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
    parameters = frozenset(p.name for p in declared_parameters(notebook))
    return NotebookGraph(
        notebook,
        tuple(statements),
        reads,
        late=tuple(entry.late for entry in entries),
        changes=tuple(entry.changes for entry in entries),
        doubtful=tuple(entry.doubtful for entry in entries),
        surely=tuple(entry.surely for entry in entries),
        direct=tuple(entry.direct for entry in entries),
        imported=names.imported,
        modules={i.name: i.module for s in statements for i in s.facts.imports},
        final=dict(names.contributors),
        definitions=names.definitions,
        kinds=statement_kinds(statements, reads, names.settled(), parameters),
        setup=frozenset(n for n, entry in enumerate(entries) if entry.sets_up),
        with_memory=names.with_memory(),
        past=names.past,
        past_tokens=names.past_tokens,
        undefined=tuple((n, name) for n, entry in enumerate(entries) for name in entry.undefined),
    )
