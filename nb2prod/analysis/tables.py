"""Follows tables through the statements of a notebook: which variable holds rows, and what each statement does to them.

df = pd.read_csv("titanic.csv")                     df is a table; its rows come from here
df["Age"] = df["Age"].fillna(df["Age"].median())    df is changed, with a mark on the median
X = df.drop(columns=["Survived"])                   X has the rows of df
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial

from nb2prod.analysis.deeds import Deed
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.names import is_plain_data, root_name
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.rowwise import Reader
from nb2prod.analysis.table_changes import (
    as_column,
    augment,
    call_for_effect,
    change,
    delete,
    rename,
    store,
    store_at,
    take_popped,
)
from nb2prod.analysis.table_functions import own_call
from nb2prod.analysis.table_loops import follow_loop
from nb2prod.analysis.table_parts import Places, places_of
from nb2prod.analysis.turns import Turn, members_of
from nb2prod.analysis.values import FIXED, ITEM, STATISTIC, Value, unknown


@dataclass(slots=True)
class Tables:
    """`deeds` in the order in which statements do them; `env` is what names stand for by now."""

    graph: NotebookGraph
    env: dict[str, Value] = field(default_factory=dict)
    deeds: list[Deed] = field(default_factory=list)
    counted_loops: int = 0
    """How many loops go over what a table holds."""
    constants: dict[str, ast.expr] = field(default_factory=dict)
    places: dict[str, Places] = field(default_factory=dict)
    """Names that say which rows to take."""
    depth: int = 0
    number: int = 0
    loop: ast.For | None = None
    tests: tuple[ast.If, ...] = ()
    over: Value = FIXED
    inner: tuple[ast.For, ...] = ()
    turn: Turn | None = None
    bundles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of lists of tables, while these names still stand for what the list holds: ``both = [train, test]``."""
    given_back: list[Value] = field(default_factory=list)

    def follow(self, until: int) -> None:
        """Run the statements before number `until`."""
        for s in self.graph.statements[:until]:
            self.step(s)

    def step(self, s: Statement) -> None:
        """Run one statement, behind those before it."""
        self.number = s.number
        if s.facts.imports or s.facts.definition is not None:
            for name in s.facts.binds:
                self.env.pop(name, None)
            return
        if s.path is None or s.literal:
            self.run(s.node)
        self._changed_bundles(s.node)

    def _changed_bundles(self, node: ast.stmt) -> None:
        """A list of tables that is handed over or changed may hold others from now on."""
        loops_over = isinstance(node, ast.For) and isinstance(node.iter, ast.Name) and node.iter.id
        for name in self.graph.direct(self.number) & self.bundles.keys():
            inside = [n for n in walk(node) if isinstance(n, ast.Name) and n.id == name]
            if not isinstance(node, ast.Assign) and not (loops_over == name and len(inside) == 1):
                del self.bundles[name]
        for name in self.graph.bound_by(self.number):
            anew = {name} if not isinstance(node, ast.Assign) else set()
            for bundle in [b for b, parts in self.bundles.items() if name in parts or b in anew]:
                del self.bundles[bundle]

    @property
    def reader(self) -> Reader:
        return Reader(self.env, self.graph.imported, self.constants, partial(own_call, self), self._definition,
                      self.bundles, self.places)  # fmt: skip

    def _definition(self, name: str) -> ast.AST | None:
        """The function of the notebook that a name stands for."""
        contributors = self.graph.reads[self.number].get(name, frozenset())
        numbers = [n for n in contributors if n in self.graph.definitions]
        return self.graph.definitions[numbers[0]].node if len(contributors) == 1 and numbers else None

    def inside(self, env: dict[str, Value]) -> "Tables":
        """For the body of a function that this statement calls."""
        return Tables(self.graph, env, depth=self.depth + 1, number=self.number)

    # --- statements

    def run(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                found = self.reader.value(value)
                for target in targets:
                    self._assign(node, target, value, found)
                take_popped(self, node, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(node, target, value, self.reader.value(value))
            case ast.AugAssign(target=target, value=value):
                augment(self, node, target, value)
            case ast.Expr(value=ast.Call() as call):
                call_for_effect(self, node, call)
            case ast.Delete(targets=targets):
                for target in targets:
                    delete(self, node, target)
            case ast.For() if not node.orelse:
                follow_loop(self, node)
            case ast.If():
                self._if(node)
            case ast.Return(value=value):
                self.given_back.append(FIXED if value is None else self.reader.value(value))
            case ast.Expr() | ast.Pass() | ast.Import() | ast.ImportFrom() | ast.Assert():
                pass
            case ast.With(items=items, body=body) if all(
                i.optional_vars is None or isinstance(i.optional_vars, ast.Name) for i in items
            ):
                for item in items:  # ``with open(path) as f``
                    if isinstance(item.optional_vars, ast.Name):
                        self.bind(node, item.optional_vars.id, self.reader.value(item.context_expr))
                self.block(body)
            case _:
                self.lose(node, "this block cannot be followed")

    def block(self, body: Iterable[ast.stmt]) -> None:
        for statement in body:
            self.run(statement)

    def lose(self, node: ast.stmt, why: str) -> None:
        """Every table that the statement may bind or change is unknown from now on."""
        names = {n.id for n in walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        if self.depth == 0:
            names |= self.graph.bound_by(self.number) | self.graph.direct(self.number)
        for name in names:
            if name in self.env or any(isinstance(n, ast.Name) and n.id == name for n in walk(node)):
                self.env[name] = unknown(node, why)

    def bind(self, node: ast.stmt, name: str, value: Value, source: ast.expr | None = None) -> None:
        value = next((i for i in value.items if i.kind == "unknown"), value)
        self.constants.pop(name, None)
        self.bundles = {n: parts for n, parts in self.bundles.items() if n != name and name not in parts}
        if source is not None and node is self.graph.statements[self.number].node and not self.depth:
            members = members_of(source, {})
            if members:
                self.bundles[name] = members
        places = places_of(source, self.places) if value.kind == "fixed" else ""
        self.places.pop(name, None)
        if places:
            self.places[name] = places
        if value.kind in ("fixed", "item"):
            self.env.pop(name, None)
            if value.kind == "item":
                self.env[name] = ITEM
            elif value.counted and (self.loop is not None or self.turn is not None or self.depth):
                self.env[name] = STATISTIC  # another one in each turn
            elif source is not None and self.loop is None and is_plain_data(source):
                self.constants[name] = source
            return
        self.note(node, name, value, binds=True)
        own = frozenset({name})
        items = tuple(replace(i, marks=(), problem=None) for i in value.items)
        self.env[name] = (
            value if value.kind in ("unknown", "groups", "accessor", "indexer", "bunch")
            else Value(value.kind, value.sources, own, whole=own, items=items)
        )  # fmt: skip

    def _assign(self, node: ast.stmt, target: ast.expr, source: ast.expr, value: Value) -> None:
        match target:
            case ast.Name(id=name):
                self.bind(node, name, value, source)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                self._assign_parts(node, parts, source, value)
            case ast.Subscript(value=ast.Name(id=name)) if name in self.env:
                store(self, node, name, target, source, value)
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if name in self.env:
                table = self.env[name]
                if table.kind == "frame" and attr not in ("columns", "index", "name"):
                    change(self, node, name, as_column(source, value), frozenset({attr}))
                elif table.kind in ("frame", "column"):
                    rename(self, node, name, attr, value)
            case ast.Subscript(value=ast.Attribute(value=ast.Name(id=name), attr="loc")) if name in self.env:
                store_at(self, node, name, target, source, value)
            case _:
                root = root_name(target)
                if root in self.env and self.env[root].depends:
                    self.env[root] = unknown(target, "this change of a table cannot be followed")

    def _assign_parts(self, node: ast.stmt, parts: list[ast.expr], source: ast.expr, value: Value) -> None:
        sources = [node.value] * len(parts)  # type: ignore[attr-defined]
        if isinstance(source, ast.Tuple | ast.List) and len(source.elts) == len(parts):
            sources = source.elts
            values = [self.reader.value(e) for e in source.elts]
        elif value.items and len(value.items) == len(parts):
            values = list(value.items)
        elif value.kind in ("fixed", "unknown"):
            values = [value if value.kind == "unknown" else STATISTIC] * len(parts)
        else:
            values = [unknown(node, "it cannot be seen which rows each name gets")] * len(parts)
        for part, given, own in zip(parts, values, sources, strict=True):
            self._assign(node, part.value if isinstance(part, ast.Starred) else part, own, given)

    def note(
        self, node: ast.stmt, name: str, value: Value, *, binds: bool = False, columns: frozenset[str] | None = None
    ) -> None:
        self.deeds.append(Deed(self.number, node, name, value, binds, columns, self.loop, self.tests, self.over,
                               self.inner, self.turn))  # fmt: skip

    def _if(self, node: ast.If) -> None:
        test = self.reader.value(node.test)
        if test.kind != "fixed" or node.orelse:
            self.lose(node, "what happens here depends on the data")
            return
        before, around = dict(self.env), self.tests
        self.tests = (*around, node) if test.counted else around
        self.block(node.body)
        self.tests = around
        for name in before.keys() | self.env.keys():
            old, new = before.get(name, FIXED), self.env.get(name, FIXED)
            if old.kind != new.kind and "unknown" not in (old.kind, new.kind):
                self.env[name] = unknown(node, "what happens here depends on the data")
