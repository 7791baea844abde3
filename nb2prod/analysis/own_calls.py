"""Predictions written by hand: calls of the notebook's own functions, and which of their arguments holds the rows.

    predict(X_test, w)                              the rows are `X_test`; `w` is no table
    [classify(tree, x) for x in data[test]]         the rows are `data[test]`
    knn(X_train, y_train, X_test)                   `X_train` stands beside its labels: the rows are `X_test`
    accuracy(y_test, predict(X_test, w))            labels without their rows: a measure, no prediction
    recommend(31)                                   nothing but a literal: that is what a caller sends

They are looked for only where no cell says what the request is and no library's model predicts.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence

from nb2prod.analysis import effects
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.labels import cuts_of
from nb2prod.analysis.locals import Comprehension, FunctionNode
from nb2prod.analysis.names import import_path, is_plain_data, kind_of, root_name
from nb2prod.analysis.nodes import children, walk
from nb2prod.analysis.predictions import METRICS, is_protocol_call
from nb2prod.analysis.tables import Tables
from nb2prod.model.roles import Role

Loops = Mapping[str, ast.expr]
"""What the loops of a statement go over, by their variables."""


def find_own_calls(graph: NotebookGraph) -> Mapping[int, ast.expr]:
    """The calls that predict, by the id of their node, with the rows they are given (or the first literal)."""
    cells = {c.index for c in graph.notebook.with_role(Role.INFERENCE)}
    statements = [s for s in graph.statements if s.cell in cells]
    if not statements or graph.notebook.with_role(Role.REQUEST):
        return {}
    if any(is_protocol_call(graph, s, c) and not _is_own(graph, s, c) for s in statements for c in s.facts.calls):
        return {}
    return own_calls_in(graph, statements)


def own_calls_in(graph: NotebookGraph, statements: Sequence[Statement]) -> Mapping[int, ast.expr]:
    """The same for any statements, whatever their role."""
    calls = {s.number: [c for c in s.facts.calls if _may_predict(graph, s, c)] for s in statements}
    last = max((n for n, found in calls.items() if found), default=-1)
    found: dict[int, ast.expr] = {}
    truth, cuts = (graph.truth, cuts_of(graph)) if last >= 0 else (frozenset(), {})
    tables = Tables(graph)
    for s in graph.statements[: last + 1]:
        tables.number = s.number
        for call in calls.get(s.number, ()):
            rows = _Reading(graph, s, tables, truth, cuts).rows(call)
            if rows is not None:
                found[id(call)] = rows
        tables.step(s)
    return found


def loops_of(node: ast.AST) -> Loops:
    """``for x, y in zip(a, b)``: x goes over a, y over b."""
    found: dict[str, ast.expr] = {}
    for part in walk(node):
        if isinstance(part, ast.For | ast.comprehension):
            found.update(_variables(part.target, part.iter))
    return {name: over for name, over in found.items() if not _comes_back(name, found)}


def _comes_back(name: str, loops: Loops) -> bool:
    """``for x in x``: whether a loop goes over its own variable, if through others."""
    seen: set[str] = set()
    pending = [name]
    while pending:
        for read in _loaded(loops[pending.pop()]):
            if read == name:
                return True
            if read in loops and read not in seen:
                seen.add(read)
                pending.append(read)
    return False


def _variables(target: ast.expr, over: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    match target, over:
        case ast.Tuple(elts=parts), ast.Call(func=ast.Name(id="zip"), args=given) if len(parts) == len(given):
            for part, one in zip(parts, given, strict=True):
                yield from _variables(part, one)
        case ast.Tuple(elts=[_, part]), ast.Call(func=ast.Name(id="enumerate"), args=[given, *_]):
            yield from _variables(part, given)
        case ast.Name(), ast.Call(func=ast.Attribute(value=table, attr="itertuples")):
            yield from _variables(target, table)
        case ast.Name(id=name), _:
            yield name, over
        case ast.Tuple(elts=[_, part]), ast.Call(func=ast.Attribute(value=table, attr="iterrows" | "groupby")):
            yield from _variables(part, table)


def _is_own(graph: NotebookGraph, s: Statement, call: ast.Call) -> bool:
    contributors = graph.reads[s.number].get(call.func.id, frozenset()) if isinstance(call.func, ast.Name) else ()
    return len(contributors) == 1 and kind_of(graph, frozenset(contributors)) == "feature"


def _may_predict(graph: NotebookGraph, s: Statement, call: ast.Call) -> bool:
    """Whether it is a function of the notebook that gives something back and does not train, measure or draw."""
    if not isinstance(call.func, ast.Name) or not (call.args or call.keywords) or not _is_own(graph, s, call):
        return False
    (number,) = graph.reads[s.number][call.func.id]
    node = graph.definitions[number].node
    if isinstance(node, ast.ClassDef | ast.AsyncFunctionDef) or not _gives(node):
        return False
    for inner in (n for n in walk(node) if isinstance(n, ast.Call)):
        path = import_path(graph.imported, inner.func)
        if any(path.startswith(f"{m}.") for m in METRICS) or path.split(".")[0] in effects.DISPLAY_MODULES:
            return False
        if isinstance(inner.func, ast.Attribute) and inner.func.attr in ("fit", "partial_fit", "backward"):
            return False
    return True


def _gives(node: ast.FunctionDef | ast.Lambda) -> bool:
    if isinstance(node, ast.Lambda):
        return True
    pending: list[ast.AST] = list(node.body)
    while pending:
        part = pending.pop()
        if isinstance(part, ast.Return) and part.value is not None:
            return True
        if not isinstance(part, FunctionNode):
            pending += children(part)
    return False


class _Reading:
    """One statement's calls, with what its names stand for."""

    def __init__(
        self,
        graph: NotebookGraph,
        s: Statement,
        tables: Tables,
        truth: frozenset[str],
        cuts: Mapping[str, frozenset[str]],
    ) -> None:
        self.graph, self.s, self.tables, self.truth, self.cuts = graph, s, tables, truth, cuts
        self.loops = loops_of(s.node)

    def rows(self, call: ast.Call) -> ast.expr | None:
        """The argument that holds the rows; None where the call is no prediction, or where that is not certain."""
        given = [a.value if isinstance(a, ast.Starred) else a for a in (*call.args, *(k.value for k in call.keywords))]
        labels = [name for a in given for name in self._names(a) if name in self.truth and not self._is_nested(a)]
        candidates = [a for a in given if self._holds_rows(a) and not self._names(a) <= self.truth]
        if labels:
            beside = frozenset[str]().union(*(self.cuts.get(name, frozenset()) for name in labels))
            held_out = [
                a for a in candidates if not any(self.cuts.get(n, frozenset()) & beside for n in self._names(a))
            ]
            if len(held_out) == len(candidates):
                return None
            candidates = held_out
        chosen = candidates
        if len(candidates) > 1:
            chosen = [a for a in candidates if isinstance(a, ast.Name) and a.id in self.loops]
        if len(chosen) == 1:
            return self._source(chosen[0])
        if candidates or labels:
            return None
        looped = [a for a in given if isinstance(a, ast.Name) and a.id in self.loops and self._names(a)]
        if len(looped) == 1:
            return self._source(looped[0])
        return next((a for a in given if is_plain_data(a)), None) if not self.loops else None

    def _source(self, argument: ast.expr) -> ast.expr:
        """What stands in the notebook for the rows: what a loop goes over, not its variable."""
        while True:
            match argument:
                case ast.Name(id=name) if name in self.loops:
                    argument = self.loops[name]
                case ast.Subscript(value=table, slice=places) if any(n in self.loops for n in _loaded(places)):
                    argument = table
                case (
                    ast.Attribute(value=table, attr="iloc" | "loc" | "iat" | "at")
                    | ast.Call(func=ast.Name(id="enumerate"), args=[table])
                ):
                    argument = table
                case _:
                    return argument

    def _names(self, argument: ast.expr) -> frozenset[str]:
        """The values behind an argument, through the loops it is a variable of."""
        found: set[str] = set()
        pending = list(_loaded(argument))
        seen: set[str] = set()
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            if name in self.loops:
                pending += _loaded(self.loops[name])
            elif kind_of(self.graph, self.graph.reads[self.s.number].get(name, frozenset())) in ("value", "constant"):
                found.add(name)
        return frozenset(found)

    def _is_nested(self, argument: ast.expr) -> bool:
        """Whether it is the value of another function of the notebook."""
        return isinstance(argument, ast.Call) and _may_predict(self.graph, self.s, argument)

    def _holds_rows(self, argument: ast.expr) -> bool:
        source = self._source(argument)
        if isinstance(source, FunctionNode | Comprehension):
            return False
        value = self.tables.reader.value(source)
        if value.is_rows:
            return True
        env = self.tables.env
        inside = isinstance(source, ast.Subscript | ast.Attribute)
        return inside and any(env[n].is_rows for n in (root_name(source),) if n in env)


def _loaded(node: ast.AST) -> Iterator[str]:
    return (n.id for n in walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
