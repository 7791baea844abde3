"""The columns of a table that a prediction reads, from what the model is given back to the request.

X = df.drop(columns=["Survived"])     all but Survived are read of `df`
X = df[["Age", "Fare"]]               these two, so a deed that makes another column is not repeated
"""

import ast
from dataclasses import dataclass

from nb2prod.analysis.deeds import Deed, is_removal
from nb2prod.analysis.methods import argument
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.rowwise import literal_names


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


def live_deeds(
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
            keys = {ast.unparse(n.slice) for n in walk(value) if isinstance(n, ast.Subscript)}
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
