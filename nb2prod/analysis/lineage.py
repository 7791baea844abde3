"""The way of the rows from the table a caller sends to what the model is given.

    df = pd.read_csv("titanic.csv")
    df["Age"] = df["Age"].fillna(df["Age"].median())      start: the request is `df` as it enters here
    X = df.drop(columns=["Survived"])                     Survived is read by nothing on the way: not in the request
    X_train, X_test = train_test_split(X)                 a selection of rows: a caller sends the rows it wants
    model.predict(X_test)                                 the input

Only statements that make something of the rows are repeated in a prediction; those before the first of them are not.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.methods import argument
from nb2prod.analysis.rowwise import literal_names
from nb2prod.analysis.tables import Deed, Tables
from nb2prod.analysis.values import Mark, Problem


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns by name: all but `names`, or only `names` and those in the lists that `lists` give when they run."""

    every: bool
    names: frozenset[str] = frozenset()
    lists: tuple[tuple[int, ast.expr], ...] = ()

    def has(self, name: str, truth: frozenset[str]) -> bool:
        """Whether the column is read; one that training is fitted to is in no list."""
        if self.every:
            return name not in self.names
        return name in self.names or (bool(self.lists) and name not in truth)

    def less(self, names: frozenset[str]) -> "Columns":
        return Columns(self.every, self.names | names if self.every else self.names - names, self.lists)

    def more(self, other: "Columns") -> "Columns":
        lists = (*self.lists, *(x for x in other.lists if x not in self.lists))
        if self.every and other.every:
            return Columns(True, self.names & other.names)
        if self.every or other.every:
            most, few = (self, other) if self.every else (other, self)
            return Columns(True, most.names - few.names)
        return Columns(False, self.names | other.names, lists)


NOTHING = Columns(every=False)


@dataclass(frozen=True, slots=True)
class Lineage:
    """`request` holds the rows a caller sends when statement `start` is about to run (`source` is set where that
    statement reads them itself); `deeds` are what a prediction repeats, in order. `columns` are those of the request
    that are read; `present` those known to be there under their name; `truth` what training is fitted to."""

    input: str
    request: str
    start: int
    deeds: tuple[Deed, ...]
    columns: Columns
    truth: frozenset[str]
    source: Mark | None = None

    @property
    def statements(self) -> tuple[int, ...]:
        return tuple(sorted({d.number for d in self.deeds}))

    def sent(self, name: str) -> bool:
        """Whether a column is in the request, or made by what is repeated."""
        made = any(d.columns and name in d.columns and not is_removal(d) for d in self.deeds)
        return made or self.columns.has(name, self.truth)


def is_removal(deed: Deed) -> bool:
    """``df.pop("a")``, ``del df["a"]``."""
    return not deed.binds and deed.columns is not None and deed.value.dropped == deed.columns


def trace(graph: NotebookGraph, name: str, at: int, whole: str | None = None) -> Lineage | Problem | None:
    """The way to `name` as statement `at` reads it, without deeds where nothing is made of the rows; None where `name`
    holds no rows that can be followed. A problem says where they are lost.

    `whole` is a table on the way that is to be the request, with all of its columns.
    """
    tables = Tables(graph)
    tables.follow(at)
    value = tables.env.get(name)
    if value is None:
        return None
    if value.kind == "unknown":
        return value.problem
    chain = _chain(tables.deeds, name)
    truth = _truth(graph, tables.deeds)
    first = next((n for n, d in enumerate(chain) if d.value.made and not _is_label(d)), None)
    if whole is not None:
        first = next((n for n, d in reversed(list(enumerate(chain))) if whole in d.value.names), None)
        if first is None or any(m.what == "selection" for d in chain[first:] for m in d.value.marks):
            return Problem("NB351", f"`{whole}` is read as well, and has other rows", graph.statements[at].node)
    if first is None:
        columns = _live(chain[1:], name, chain[0].name, truth)[1] if chain else NOTHING
        problem = _made_before(tables.deeds, chain, columns, truth) or _changed_unseen(
            graph, tables.deeds, chain, name, at
        )
        return problem or Lineage(name, name, at, (), columns, truth)
    start, request, source = _start(chain, name, first)
    if request is None or request != (whole or request):
        return Problem("NB351", "the rows come from more than one table", chain[first].node)
    kept = [d for d in chain if d.number >= start]
    problem = _lost(graph, tables.deeds, kept, start)
    if problem is not None:
        return problem
    live, columns = _live(kept, name, request, truth)
    problem = _made_before(tables.deeds, chain, columns, truth) or _changed_unseen(graph, tables.deeds, chain, name, at)
    if problem is not None:
        return problem
    if whole is not None:
        columns = Columns(every=True, names=truth)
    return Lineage(name, request, start, live, columns, truth, source)


def tables_behind(graph: NotebookGraph, name: str, at: int) -> frozenset[str]:
    """The tables that the rows of `name` were, one after the other, before statement `at` reads them."""
    tables = Tables(graph)
    tables.follow(at)
    chain = _chain(tables.deeds, name)
    return frozenset().union(*(d.value.names for d in chain), (d.name for d in chain))


def _changed_unseen(
    graph: NotebookGraph, deeds: list[Deed], chain: list[Deed], name_at_end: str, end: int
) -> Problem | None:
    """A change of a table on the way under another name: ``for t in [a, b]: t["x"] = 0``.

    A caller would have to send what it made.
    """
    known = {(d.name, d.number) for d in deeds}
    for at, names in [*((d.number, d.value.names) for d in chain), (end, frozenset({name_at_end}))]:
        for name in sorted(names):
            for number in sorted(graph.before(at, name)):
                seen = (name, number) in known or name in graph.bound_by(number)
                seen = seen or _is_of_another(graph, deeds, number, name)
                if not seen and graph.changes_any(graph.surely[number], at, name):
                    return Problem("NB351", f"`{name}` is changed here under another name",
                                   graph.statements[number].node)  # fmt: skip
    return None


def holds_rows(graph: NotebookGraph, name: str, at: int) -> bool:
    """Whether a variable is a table, or a column or array of its rows, when statement `at` is about to run."""
    tables = Tables(graph)
    tables.follow(at)
    return name in tables.env and tables.env[name].is_rows


def names_behind(deeds: Iterable[Deed], names: Iterable[str]) -> set[str]:
    """These names and all those whose rows they were made of."""
    found = set(names)
    for deed in reversed(list(deeds)):
        if deed.name in found:
            found |= deed.value.names
    return found


def _chain(deeds: Iterable[Deed], name: str) -> list[Deed]:
    """What happened to the rows of `name`, in order."""
    needed, found = {name}, list[Deed]()
    for deed in reversed(list(deeds)):
        if deed.name in needed:
            found.append(deed)
            if deed.binds and deed.loop is None:
                needed.discard(deed.name)
            needed |= deed.value.names
    return found[::-1]


def _start(chain: list[Deed], name: str, first: int) -> tuple[int, str | None, Mark | None]:
    """(the first statement to repeat, the table it reads, where the statement makes that itself)."""
    for candidate in reversed(range(first + 1)):
        start = chain[candidate].number
        needed = {name}
        for deed in reversed([d for d in chain if d.number >= start]):
            if deed.binds and deed.loop is None:
                needed.discard(deed.name)
            needed |= deed.value.names
        if len(needed) == 1:
            return start, needed.pop(), None
        if not needed:
            made = next((d for d in chain if d.number == start), None)
            source = next((m for m in made.value.marks if m.what == "source"), None) if made else None
            return (start, made.name, source) if made is not None and source is not None else (start, None, None)
    return chain[first].number, None, None


def _lost(graph: NotebookGraph, deeds: list[Deed], chain: list[Deed], start: int) -> Problem | None:
    """A change of a table on the way that nothing here knows of."""
    known = {d.number for d in chain}
    for deed in chain:
        if deed.value.problem is not None:
            return deed.value.problem
        for name in deed.value.names:
            for number in graph.reads[deed.number].get(name, frozenset()):
                if number >= start and number not in known and not _is_of_another(graph, deeds, number, name):
                    return Problem("NB351", f"`{name}` may be changed here, and it is not known how",
                                   graph.statements[number].node)  # fmt: skip
    return None


def _is_of_another(graph: NotebookGraph, deeds: list[Deed], number: int, name: str) -> bool:
    """Whether statement `number` changes another of the tables that one call gave: ``a, b = train_test_split(df)``."""
    others = graph.direct(number)
    if name in others or not others or not others <= {d.name for d in deeds if d.number == number and not d.binds}:
        return False
    for other in others:
        givers = [max((d.number for d in deeds if d.binds and d.name == n and d.number < number), default=-1)
                  for n in (name, other)]  # fmt: skip
        giver = graph.statements[givers[0]].node
        if givers[0] != givers[1] or givers[0] < 0 or not isinstance(giver, ast.Assign):
            return False
        call = giver.value
        function = call.func if isinstance(call, ast.Call) else None
        word = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if word not in ("train_test_split", "align"):
            return False
    return True


def _made_before(deeds: list[Deed], chain: list[Deed], columns: Columns, truth: frozenset[str]) -> Problem | None:
    """A feature of one of several tables that were put below each other, made before that."""
    for mark in (m for d in chain[:1] for m in d.value.marks if m.what == "source" and isinstance(m.node, ast.Call)):
        before = [d for d in deeds if d.number < chain[0].number]
        for name in sorted({n.id for n in ast.walk(mark.node) if isinstance(n, ast.Name)}):
            for deed in _chain(before, name):
                made = deed.columns is None or any(columns.has(c, truth) for c in deed.columns)
                if deed.value.made and made:
                    return Problem("NB351", f"a feature of `{name}` is made before tables are put together", deed.node)
    return None


def _truth(graph: NotebookGraph, deeds: list[Deed]) -> frozenset[str]:
    """The columns that models are fitted to, by name."""
    names: set[str] = set()
    for s in graph.statements:
        for call in s.facts.calls:
            word = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if word in ("fit", "fit_resample", "train_test_split", "cross_val_score", "partial_fit"):
                at = 2 if word == "cross_val_score" else 1
                given = [*call.args[at : at + 1], *(k.value for k in call.keywords if k.arg == "y")]
                names |= {n.id for g in given for n in ast.walk(g) if isinstance(n, ast.Name)}
                names |= {f"{g.value.id}[{g.slice.value!s}]" for g in given if isinstance(g, ast.Subscript)
                          and isinstance(g.value, ast.Name) and isinstance(g.slice, ast.Constant)}  # fmt: skip
    found = {n.partition("[")[2][:-1] for n in names if n.endswith("]")}
    found |= {c for d in deeds if _is_label(d) for c in d.columns or ()}
    for deed in reversed(deeds):
        if deed.name in names and deed.binds and not deed.value.whole:
            found |= {c for _, c in deed.value.columns}
        if deed.name in names and deed.binds and deed.value.kind == "column":
            names |= deed.value.names if not deed.value.columns else set()
        elif deed.name in names and deed.binds and deed.value.only:
            found |= deed.value.only
    return frozenset(found)


def _is_label(deed: Deed) -> bool:
    """``df["kind"] = iris.target``: a column that is made of nothing but what the data set has as its target."""
    marks = [m.node for m in deed.value.marks if m.what == "source"]
    targets = [n for n in marks if isinstance(n, ast.Attribute) and n.attr == "target"]
    return (
        not deed.binds and bool(deed.columns) and bool(targets) and len(targets) == len(marks) and not deed.value.names
    )


def _live(
    chain: list[Deed], name: str, request: str, truth: frozenset[str]
) -> tuple[tuple[Deed, ...], Columns]:  # fmt: skip
    """(what the input needs, the columns of the request that it reads)."""
    demand: dict[str, Columns] = {name: Columns(every=True)}
    live: list[Deed] = []
    doubtful: set[str] = set()  # dropped if they are there: those that became dummies are not
    for deed in reversed(chain):
        wanted = demand.get(deed.name, NOTHING)
        if is_removal(deed):
            assert deed.columns is not None
            demand[deed.name] = wanted.less(deed.columns)
            live.append(deed)
            continue
        beside = isinstance(deed.node, ast.Assign) and isinstance(deed.node.targets[0], ast.Tuple)  # with another deed
        if deed.columns and not beside and not any(wanted.has(c, truth) for c in deed.columns):
            continue
        live.append(deed)
        if deed.binds and deed.loop is None:
            demand.pop(deed.name, None)
        elif deed.columns and deed.loop is None and not beside:
            demand[deed.name] = wanted.less(deed.columns)
        value = deed.value
        has_names = value.kind == "frame" and (deed.binds or not deed.columns)
        through = wanted if has_names else Columns(every=True)  # an array has no names
        through = through.less(value.dropped)
        if value.only is not None:
            lists = () if deed.loop else tuple((deed.number, node) for node in value.lists)  # a turn has its own
            inside = frozenset(c for c in value.only if through.has(c, truth)) if through.every else value.only
            through = Columns(False, inside, lists) if through.every else through
        through = Columns(True, truth) if value.opaque else _encoded(deed, through, truth, doubtful)
        doubtful |= _dropped_if_there(deed)
        for table in value.whole if deed.loop is not None and not _updates_itself(deed) else ():
            named = literal_names(deed.loop.iter, {}) if deed.loop else None
            over = (deed.number, deed.loop.iter) if deed.loop else None
            more = Columns(False, named or frozenset(), () if named or over is None else (over,))
            demand[table] = demand.get(table, NOTHING).more(more)
        for table in value.whole:
            demand[table] = demand.get(table, NOTHING).more(through)
        for table, column in value.columns:
            demand[table] = demand.get(table, NOTHING).more(Columns(False, frozenset({column})))
        for table in value.names - value.whole - {t for t, _ in value.columns}:
            demand[table] = demand.get(table, NOTHING).more(Columns(every=True))
    every = demand.get(request, NOTHING)
    if every.every:  # a target that is read by no name is only along in a table
        every = every.less(truth - {c for d in live for _, c in d.value.columns})
    kept = tuple(d for d in reversed(live) if not (is_removal(d) and d.columns and not _there(d, live, every, truth)))
    return kept, every


def _updates_itself(deed: Deed) -> bool:
    """``df[c] = f(df[c])``: a column that is not there is simply passed over."""
    match deed.node:
        case ast.Assign(targets=[ast.Subscript(slice=written)], value=value):
            wanted = ast.unparse(written)
            keys = {ast.unparse(n.slice) for n in ast.walk(value) if isinstance(n, ast.Subscript)}
            return not keys or wanted in keys
    return True


def _dropped_if_there(deed: Deed) -> frozenset[str]:
    calls = [m.node for m in deed.value.marks if m.what == "dropped" and isinstance(m.node, ast.Call)]
    return deed.value.dropped if any(argument(c, "errors") is not None for c in calls) else frozenset()


def _encoded(deed: Deed, wanted: Columns, truth: frozenset[str], doubtful: set[str]) -> Columns:
    """The columns behind those that ``pd.get_dummies`` makes: ``Sex`` for ``Sex_male``."""
    for mark in deed.value.marks:
        if mark.what != "levels" or not isinstance(mark.node, ast.Call) or not deed.value.whole:
            continue
        function = mark.node.func
        if (function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")) != "get_dummies":
            continue
        parts = [name.split("_") for name in wanted.names & truth] if wanted.every else []
        behind = frozenset("_".join(p[:n]) for p in parts for n in range(1, len(p)))
        named = literal_names(argument(mark.node, "columns", 3), {})
        if named is not None:
            wanted = wanted.more(Columns(every=False, names=named))
        elif wanted.every:
            wanted = Columns(True, (wanted.names - (doubtful - truth)) | behind)
        else:
            wanted = Columns(every=True, names=truth)
    return wanted


def _there(deed: Deed, live: list[Deed], columns: Columns, truth: frozenset[str]) -> bool:
    """Whether the columns a removal takes away are there at all."""
    assert deed.columns is not None
    made = {c for d in live if d.columns and not is_removal(d) for c in d.columns}
    return all(c in made or columns.has(c, truth) for c in deed.columns)
