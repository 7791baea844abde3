"""The way of the rows from the table a caller sends to what the model is given.

    df = pd.read_csv("titanic.csv")
    df["Age"] = df["Age"].fillna(df["Age"].median())      start: the request is `df` as it enters here
    X = df.drop(columns=["Survived"])                     Survived is read by nothing on the way: not in the request
    X_train, X_test = train_test_split(X)                 a selection of rows: a caller sends the rows it wants
    model.predict(X_test)                                 the input

Only statements that make something of the rows are repeated in a prediction; those before the first of them are not.
"""

from dataclasses import dataclass

from nb2prod.analysis.deeds import Deed, chain_of, is_removal
from nb2prod.analysis.demand import NOTHING, Columns, live_deeds
from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.tables import Tables
from nb2prod.analysis.truth import is_label, truth_columns
from nb2prod.analysis.unseen import changed_unseen, lost_on_the_way, made_before
from nb2prod.analysis.values import Mark, Problem


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
    chain = chain_of(tables.deeds, name)
    truth = truth_columns(graph, tables.deeds)
    first = next((n for n, d in enumerate(chain) if d.value.made and not is_label(d)), None)
    if whole is not None:
        first = next((n for n, d in reversed(list(enumerate(chain))) if whole in d.value.names), None)
        if first is None or any(m.what == "selection" for d in chain[first:] for m in d.value.marks):
            return Problem("NB351", f"`{whole}` is read as well, and has other rows", graph.statements[at].node)
    if first is None:
        columns = live_deeds(chain[1:], name, chain[0].name, truth)[1] if chain else NOTHING
        problem = made_before(tables.deeds, chain, columns, truth) or changed_unseen(
            graph, tables.deeds, chain, name, at
        )
        return problem or Lineage(name, name, at, (), columns, truth)
    start, request, source = _start(chain, name, first)
    if request is None or request != (whole or request):
        return Problem("NB351", "the rows come from more than one table", chain[first].node)
    kept = [d for d in chain if d.number >= start]
    problem = lost_on_the_way(graph, tables.deeds, kept, start)
    if problem is not None:
        return problem
    live, columns = live_deeds(kept, name, request, truth)
    problem = made_before(tables.deeds, chain, columns, truth) or changed_unseen(graph, tables.deeds, chain, name, at)
    if problem is not None:
        return problem
    if whole is not None:
        columns = Columns(every=True, names=truth)
    return Lineage(name, request, start, live, columns, truth, source)


def tables_behind(graph: NotebookGraph, name: str, at: int) -> frozenset[str]:
    """The tables that the rows of `name` were, one after the other, before statement `at` reads them."""
    tables = Tables(graph)
    tables.follow(at)
    chain = chain_of(tables.deeds, name)
    return frozenset().union(*(d.value.names for d in chain), (d.name for d in chain))


def holds_rows(graph: NotebookGraph, name: str, at: int) -> bool:
    """Whether a variable is a table, or a column or array of its rows, when statement `at` is about to run."""
    tables = Tables(graph)
    tables.follow(at)
    return name in tables.env and tables.env[name].is_rows


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
