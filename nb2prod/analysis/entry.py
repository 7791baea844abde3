"""Where the rows enter the prediction, in a notebook without a request cell.

    X_test = data[-20:]                     a selection: the rows begin here, and a caller sends other ones
    Z = scaler.transform(X_test)            made of the rows: part of the prediction
    model.predict(Z)                        so the request is `X_test`
    model.predict(X_test[:5])               here it is `X_test[:5]`

From the input of the prediction calls the way is followed up through what is made of one value, until that value comes
from elsewhere: it is read by no training, selected from something, or typed in.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from nb2prod.analysis.answers import answers_before
from nb2prod.analysis.graph import NotebookGraph, Path, Split, Statement, node_at
from nb2prod.analysis.names import import_path, is_plain_data, kind_of, root_name
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.objects import Contributors
from nb2prod.analysis.own_calls import loops_of
from nb2prod.analysis.predictions import TRANSFORMING, prediction_calls, receiver_of
from nb2prod.analysis.tables import Tables
from nb2prod.model.roles import Role

_SELECTING = frozenset("head tail drop loc iloc filter query dropna drop_duplicates sample nlargest".split())  # noqa: SIM905
_PURE_SELECTING = frozenset({"head", "tail", "drop", "filter", "query", "dropna"})
"""Those that give the same again, so that they may be evaluated where the request is captured."""


@dataclass(frozen=True, slots=True)
class _Value:
    """A value read at a statement: a name with its contributors, or a selection written into a call."""

    name: str
    contributors: Contributors
    selection: tuple[int, Path] | None = None


def find_entry(graph: NotebookGraph, response: Statement, free: str) -> Split | None:
    """The split that makes the request a statement of its own; `free` is a name for one that has none.

    None where nothing or more than one value fits, or where it is better told by its name alone.
    """
    cells = {c.index for c in graph.notebook.with_role(Role.INFERENCE)}
    near = graph.slice([response.number])
    statements = [s for s in graph.statements if s.number in near and s.cell in cells]
    calls = [(s, call) for s in statements for call in prediction_calls(graph, s, s.node)]
    given = [(s, _given(graph, call)) for s, call in calls] or [(response, getattr(response.node, "value", None))]
    trained = _trained(graph, calls) if calls else frozenset(s.number for s in graph.statements if s.cell not in cells)
    way = _Way(graph, cells, trained)
    if any(way.is_data(s, a) for s, call in calls if id(call) not in graph.own_calls for a in call.args[1:]):
        return None
    values = {way.start(s, node) if node is not None else None for s, node in given}
    value = values.pop()
    if values or value is None:
        return None
    if value.selection is not None:
        number, path = value.selection
        s = graph.statements[number]
        value = _also_read(graph, statements, trained, s, path)
        if value is None:
            return Split(s.cell, s.position, request=(free, path), assumed=True)
    earlier = [graph.statements[n] for n in sorted(_earlier(graph, statements))]
    reading = [s for s in (*earlier, *statements) if graph.reads[s.number].get(value.name) == value.contributors]
    first = next((s for s in reading if s.number not in trained), reading[0])
    there = next((p for p, n in _with_paths(first.node) if isinstance(n, ast.Name) and n.id == value.name), None)
    return Split(first.cell, first.position, request=(value.name, there), assumed=True) if there else None


def _also_read(
    graph: NotebookGraph, statements: list[Statement], trained: Contributors, s: Statement, path: Path
) -> _Value | None:
    """The table a selection is taken from, where the answer needs more of it: ``test["id"]`` beside ``test[columns]``.

    Rows chosen in the selection would not be those of the rest.
    """
    node = node_at(s.node, path)
    name = root_name(node)
    contributors = graph.reads[s.number].get(name, frozenset())
    others = [t for t in statements if t.number != s.number and t.number not in trained
              and graph.reads[t.number].get(name) == contributors]  # fmt: skip
    chosen = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)
    return _Value(name, contributors) if others and not chosen else None


def _earlier(graph: NotebookGraph, statements: list[Statement]) -> Contributors:
    """Statements above these that predict for the same rows."""
    numbers = {s.number for s in statements}
    inputs = {n: c for s in statements for n, c in graph.reads[s.number].items() if not c & numbers}
    return answers_before(graph, inputs, min(numbers))


def _given(graph: NotebookGraph, call: ast.Call) -> ast.expr | None:
    """The one positional input of the call, or what holds the rows."""
    if id(call) in graph.own_calls:
        return graph.own_calls[id(call)]
    return call.args[0] if call.args and not isinstance(call.args[0], ast.Starred) else None


def _trained(graph: NotebookGraph, calls: list[tuple[Statement, ast.Call]]) -> Contributors:
    """What the models are made of."""
    start: set[int] = set()
    for s, call in calls:
        reads = graph.reads[s.number]
        names = {root_name(receiver_of(call))}
        if (rows := graph.own_calls.get(id(call))) is not None:  # all else that it is given, and what it reads late
            given = {n for a in (*call.args, *(k.value for k in call.keywords)) for n in _loaded(a)}
            names = (given | graph.late[s.number]) - set(_loaded(rows)) - loops_of(s.node).keys()
        start |= {n for name in names & reads.keys() if kind_of(graph, reads[name]) == "value" for n in reads[name]}
    return graph.slice(start)


@dataclass(frozen=True, slots=True)
class _Way:
    graph: NotebookGraph
    cells: set[int]
    trained: Contributors

    def start(self, s: Statement, node: ast.expr) -> _Value | None:
        """The value at the beginning of the way to `node`, which statement `s` evaluates."""
        loops = loops_of(s.node)
        if isinstance(node, ast.Name):
            return self.start(s, loops[node.id]) if node.id in loops else self._named(s, node.id)
        if root_name(node) in loops:  # row[features]
            return self.start(s, loops[root_name(node)])
        if self._is_selection(s, node):
            return self._written(s, node)
        match node:
            case ast.Attribute(value=inner):  # X_test.values
                return self.start(s, inner)
            case ast.Call(func=ast.Attribute(value=receiver, attr=attr), args=args):
                if (
                    attr in TRANSFORMING
                    or self._is_artifact(s, receiver)
                    or import_path(self.graph.imported, node.func)
                ):
                    return self.start(s, args[0]) if args else None
                made = isinstance(receiver, ast.Call) and import_path(self.graph.imported, receiver.func)
                return self.start(s, receiver) if made or self.is_data(s, receiver) else None  # X_test.reshape(-1, 1)
            case ast.Call() if id(node) in self.graph.own_calls:
                return self.start(s, self.graph.own_calls[id(node)])
            case ast.Call(args=[first]):
                return self.start(s, first)
            case ast.Call():
                return None
        behind = (n for name in _loaded(node) for n in (_loaded(loops[name]) if name in loops else (name,)))
        names = [n for n in dict.fromkeys(behind) if self.is_data(s, ast.Name(n, ast.Load()))]
        if len(names) > 1:
            names = [n for n in names if self._is_typed_in(s, n)]
        return self._named(s, names[0]) if len(names) == 1 else None

    def _is_typed_in(self, s: Statement, name: str) -> bool:
        made = [self.graph.statements[n] for n in self.graph.reads[s.number].get(name, frozenset())]
        return len(made) == 1 and made[0].cell in self.cells and isinstance(made[0].node, ast.Assign) and is_typed_data(
            self.graph, made[0].node.value
        )  # fmt: skip

    def _named(self, s: Statement, name: str) -> _Value | None:
        contributors = self.graph.reads[s.number].get(name, frozenset())
        if not contributors or kind_of(self.graph, contributors) not in ("value", "constant"):
            return None
        value = _Value(name, contributors)
        made = self.graph.statements[max(contributors)]
        if len(contributors) > 1 or made.cell not in self.cells:
            return value
        match made.node:
            case ast.Assign(targets=[ast.Name()], value=node) if not self._is_selection(made, node):
                if self._keeps_something(made, node):
                    return value
                if not any(self.is_data(made, ast.Name(n, ast.Load())) for n in _loaded(node)):
                    return value
                return self.start(made, node)
            case _:
                return value

    def _keeps_something(self, s: Statement, node: ast.expr) -> bool:
        """Whether one row by itself would be treated otherwise, unless training keeps what all of them gave."""
        tables = Tables(self.graph)
        tables.follow(s.number)
        return any(m.what not in ("source", "selection") for m in tables.reader.value(node).marks)

    def is_data(self, s: Statement, node: ast.expr) -> bool:
        """Whether the expression begins with a value that no training reads, or one typed into these cells."""
        contributors = self.graph.reads[s.number].get(root_name(node), frozenset())
        kind = kind_of(self.graph, contributors)
        typed = kind == "constant" and all(self.graph.statements[n].cell in self.cells for n in contributors)
        return (kind == "value" or typed) and not self._is_artifact(s, node)

    def _is_artifact(self, s: Statement, node: ast.expr) -> bool:
        """Whether the models are made with it."""
        name = root_name(node)
        contributors = self.graph.reads[s.number].get(name, frozenset())
        return any(self.graph.reads[n].get(name, frozenset()) & contributors for n in self.trained)

    def _is_selection(self, s: Statement, node: ast.expr) -> bool:
        """Whether the expression takes rows or columns of a value: ``X[:5]``, ``df.drop(columns="y")``."""
        match node:
            case ast.Subscript(value=ast.Attribute(value=table, attr="loc" | "iloc")) | ast.Subscript(value=table):
                return self._holds_rows(s, table)
            case ast.Call(func=ast.Attribute(value=table, attr=attr)):
                return attr in _SELECTING and self._holds_rows(s, table)
            case _:
                return False

    def _holds_rows(self, s: Statement, table: ast.expr) -> bool:
        if isinstance(table, ast.Subscript | ast.Call) and self._is_selection(s, table):
            return True
        while isinstance(table, ast.Attribute):
            table = table.value
        if not isinstance(table, ast.Name):
            return False
        return kind_of(self.graph, self.graph.reads[s.number].get(table.id, frozenset())) == "value"

    def _written(self, s: Statement, node: ast.expr) -> _Value | None:
        """A selection that stands in the call itself, if it may be evaluated before the statement."""
        if any(isinstance(n, ast.NamedExpr | ast.Lambda | ast.Await) for n in walk(node)):
            return None
        calls = (n for n in walk(node) if isinstance(n, ast.Call))
        if not all(isinstance(c.func, ast.Attribute) and c.func.attr in _PURE_SELECTING for c in calls):
            return None
        if set(_loaded(node)) & (s.facts.binds | s.facts.maybe) and not isinstance(s.node, ast.Assign):
            return None  # inside a block that gives these names their value
        path = next((p for p, n in _with_paths(s.node) if n is node), None)
        return _Value("", frozenset(), (s.number, path)) if path else None


def is_typed_data(graph: NotebookGraph, node: ast.expr) -> bool:
    """``[[5.1, 3.5]]``, ``{"age": 3}``, and a library's object made of that alone: ``np.array([[5.1, 3.5]])``."""
    if isinstance(node, ast.List | ast.Tuple | ast.Dict):
        return is_plain_data(node)
    if isinstance(node, ast.Call) and node.args and import_path(graph.imported, node.func):
        first = node.args[0]
        return (is_typed_data(graph, first)) and not any(
            isinstance(n, ast.Lambda | ast.Call) for k in node.keywords for n in walk(k.value)
        )
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("reshape", "astype"):
        return is_typed_data(graph, node.func.value)
    return False


def _loaded(node: ast.AST) -> Iterator[str]:
    return (n.id for n in walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))


def _with_paths(root: ast.AST, path: Path = ()) -> Iterator[tuple[Path, ast.AST]]:
    """The expressions of a statement that are evaluated in its own scope and stand where text can be replaced."""
    for field, value in ast.iter_fields(root):
        for index, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr | ast.Lambda | ast.FunctionDef):
                here = (*path, (field, index))
                yield here, child
                yield from _with_paths(child, here)
