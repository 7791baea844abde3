"""Follows tables through the statements of a notebook: which variable holds rows, and what each statement does to them.

df = pd.read_csv("titanic.csv")                     df is a table; its rows come from here
df["Age"] = df["Age"].fillna(df["Age"].median())    df is changed, with a mark on the median
X = df.drop(columns=["Survived"])                   X has the rows of df
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from nb2prod.analysis.branches import body_run, missing_arguments
from nb2prod.analysis.deeds import Deed
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.names import is_plain_data, kind_of, root_name
from nb2prod.analysis.rows import FITTING
from nb2prod.analysis.rowwise import Places, Reader, places_of
from nb2prod.analysis.turns import Turn, as_table, is_plain_body, members_of, rebinds
from nb2prod.analysis.values import FIXED, ITEM, STATISTIC, Inside, Mark, Value, joined, marked, unknown

_DEPTH = 6


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
            inside = [n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id == name]
            if not isinstance(node, ast.Assign) and not (loops_over == name and len(inside) == 1):
                del self.bundles[name]
        for name in self.graph.bound_by(self.number):
            anew = {name} if not isinstance(node, ast.Assign) else set()
            for bundle in [b for b, parts in self.bundles.items() if name in parts or b in anew]:
                del self.bundles[bundle]

    @property
    def reader(self) -> Reader:
        return Reader(self.env, self.graph.imported, self.constants, self._own, self._definition, self.bundles,
                      self.places)  # fmt: skip

    def _definition(self, name: str) -> ast.AST | None:
        """The function of the notebook that a name stands for."""
        contributors = self.graph.reads[self.number].get(name, frozenset())
        numbers = [n for n in contributors if n in self.graph.definitions]
        return self.graph.definitions[numbers[0]].node if len(contributors) == 1 and numbers else None

    # --- statements

    def run(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                found = self.reader.value(value)
                for target in targets:
                    self._assign(node, target, value, found)
                self._popped(node, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(node, target, value, self.reader.value(value))
            case ast.AugAssign(target=target, value=value):
                self._augment(node, target, value)
            case ast.Expr(value=ast.Call() as call):
                self._call(node, call)
            case ast.Delete(targets=targets):
                for target in targets:
                    self._delete(node, target)
            case ast.For() if not node.orelse:
                self._loop(node)
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
                        self._bind(node, item.optional_vars.id, self.reader.value(item.context_expr))
                self._block(body)
            case _:
                self._lose(node, "this block cannot be followed")

    def _block(self, body: Iterable[ast.stmt]) -> None:
        for statement in body:
            self.run(statement)

    def _lose(self, node: ast.stmt, why: str) -> None:
        """Every table that the statement may bind or change is unknown from now on."""
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        if self.depth == 0:
            names |= self.graph.bound_by(self.number) | self.graph.direct(self.number)
        for name in names:
            if name in self.env or any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node)):
                self.env[name] = unknown(node, why)

    def _bind(self, node: ast.stmt, name: str, value: Value, source: ast.expr | None = None) -> None:
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
        self._note(node, name, value, binds=True)
        own = frozenset({name})
        items = tuple(replace(i, marks=(), problem=None) for i in value.items)
        self.env[name] = (
            value if value.kind in ("unknown", "groups", "accessor", "indexer", "bunch")
            else Value(value.kind, value.sources, own, whole=own, items=items)
        )  # fmt: skip

    def _change(self, node: ast.stmt, name: str, value: Value, columns: frozenset[str] | None) -> None:
        if value.kind == "unknown":
            self.env[name] = value
            return
        before = self.env[name]
        if any(not (value.sources <= before.sources or before.sources <= value.sources) for _ in (0,) if value.sources):
            self.env[name] = unknown(node, "rows of two tables are put together here")
            return
        self._note(node, name, replace(value, made=True), columns=columns)

    def _assign(self, node: ast.stmt, target: ast.expr, source: ast.expr, value: Value) -> None:
        match target:
            case ast.Name(id=name):
                self._bind(node, name, value, source)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                self._assign_parts(node, parts, source, value)
            case ast.Subscript(value=ast.Name(id=name)) if name in self.env:
                self._store(node, name, target, source, value)
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if name in self.env:
                table = self.env[name]
                if table.kind == "frame" and attr not in ("columns", "index", "name"):
                    self._change(node, name, self._given(source, value), frozenset({attr}))
                elif table.kind in ("frame", "column"):
                    self._rename(node, name, attr, value)
            case ast.Subscript(value=ast.Attribute(value=ast.Name(id=name), attr="loc")) if name in self.env:
                self._store_at(node, name, target, source, value)
            case _:
                root = root_name(target)
                if root in self.env and self.env[root].depends:
                    self.env[root] = unknown(target, "this change of a table cannot be followed")

    def _rename(self, node: ast.stmt, name: str, attr: str, value: Value) -> None:
        if attr == "columns" and value.kind == "fixed" and not value.counted:
            table = replace(self.env[name], made=False)
            lost = unknown(node, "columns are renamed by their place, and a request does not have all of them")
            self._note(node, name, replace(table, problem=lost.problem))
        elif attr != "name":
            self.env[name] = unknown(node, f"`.{attr}` is set here, which cannot be followed")

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

    def _given(self, source: ast.expr, value: Value) -> Value:
        """A value as it goes into a table: a fixed one that is a statistic gets its mark."""
        return value if value.kind == "unknown" else joined([(source, value)], "column", source)

    def _store(self, node: ast.stmt, name: str, target: ast.Subscript, source: ast.expr, value: Value) -> None:
        """``df["a"] = …``, ``df[mask] = …``."""
        table, reader = self.env[name], self.reader
        if not table.is_rows:
            return
        key = reader.value(target.slice)
        if key.kind == "unknown" or table.kind == "list":
            self.env[name] = key if key.kind == "unknown" else unknown(node, "this list of rows is changed")
            return
        if table.kind != "frame" and key.kind == "fixed" and not isinstance(target.slice, ast.Tuple):
            self.env[name] = unknown(node, "single rows of training data are changed here")
            return
        columns = reader.literal(target.slice) if key.kind == "fixed" else None
        parts = [(source, value)] if key.kind == "fixed" and not key.counted else [(source, value), (target.slice, key)]
        self._change(node, name, joined(parts, "column", node), columns)

    def _store_at(self, node: ast.stmt, name: str, target: ast.Subscript, source: ast.expr, value: Value) -> None:
        """``df.loc[mask, "a"] = …``."""
        reader = self.reader
        rows = target.slice.elts[0] if isinstance(target.slice, ast.Tuple) else target.slice
        where = reader.value(rows)
        every = isinstance(rows, ast.Slice) and rows.lower is None and rows.upper is None
        if where.kind == "unknown" or not (where.depends or every):
            self.env[name] = where if where.kind == "unknown" else unknown(
                node, "single rows of training data are changed here"
            )  # fmt: skip
            return
        columns = None
        if isinstance(target.slice, ast.Tuple) and len(target.slice.elts) == 2:
            columns = reader.literal(target.slice.elts[1])
        parts = [(source, value)] if every else [(source, value), (rows, where)]
        made = joined(parts, "column", node)
        if columns is not None and not every:  # the other rows keep what they have
            made = replace(made, columns=made.columns | {(name, c) for c in columns})
        self._change(node, name, made, columns)

    def _augment(self, node: ast.AugAssign, target: ast.expr, source: ast.expr) -> None:
        value = self.reader.value(source)
        old = self.reader.value(target)
        if isinstance(target, ast.Name):
            if old.depends or value.depends:
                both = joined([(target, old), (source, value)], old.kind if old.depends else value.kind, node)
                self._bind(node, target.id, both)
            return
        root = root_name(target)
        if root in self.env and self.env[root].depends:
            columns = self.reader.literal(target.slice) if isinstance(target, ast.Subscript) else None
            self._change(node, root, joined([(target, old), (source, value)], "column", node), columns)

    def _delete(self, node: ast.stmt, target: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self.env.pop(target.id, None)
            return
        root = root_name(target)
        if root in self.env and self.env[root].depends:
            names = self.reader.literal(target.slice) if isinstance(target, ast.Subscript) else None
            if names is None:
                self.env[root] = unknown(node, "it cannot be seen which column is deleted")
            else:
                self._remove(node, root, names)

    def _popped(self, node: ast.stmt, source: ast.expr) -> None:
        """``y = df.pop("target")`` also takes the column away."""
        for part in ast.walk(source):
            match part:
                case ast.Call(func=ast.Attribute(attr="pop", value=ast.Name(id=name)), args=[key]) if name in self.env:
                    names = self.reader.literal(key)
                    if names is not None and self.env[name].kind == "frame":
                        self._remove(node, name, names)

    def _remove(self, node: ast.stmt, name: str, names: frozenset[str]) -> None:
        table = replace(self.env[name], dropped=names, made=False)
        self._note(node, name, table, columns=names)

    def _call(self, node: ast.stmt, call: ast.Call) -> None:
        """A call made for its effect: ``df.fillna(0, inplace=True)``, ``df.insert(…)``, ``clean(df)``."""
        reader = self.reader
        root = root_name(call.func)
        table = self.env.get(root)
        if isinstance(call.func, ast.Attribute) and table is not None and table.depends:
            in_place = any(
                k.arg == "inplace" and isinstance(k.value, ast.Constant) and k.value.value is True
                for k in call.keywords
            )
            if in_place:
                whole = isinstance(call.func.value, ast.Name)
                column = None if whole else reader.value(call.func.value).columns
                value = reader.value(_without_inplace(call))
                if whole and value.is_rows:
                    self._replace(node, root, value)
                else:
                    self._change(node, root, value, frozenset(c for _, c in column) if column else None)
            elif call.func.attr == "insert" and len(call.args) == 3 and isinstance(call.func.value, ast.Name):
                made = self._given(call.args[2], reader.value(call.args[2]))
                if ast.unparse(call.args[0]) != "0" and made.kind != "unknown":
                    made = marked(made, Mark(call.args[0], "inserted", call.func.value))
                self._change(node, root, made, reader.literal(call.args[1]))
            elif call.func.attr == "insert":
                self.env[root] = unknown(call, "it cannot be seen what is inserted where")
            elif call.func.attr == "pop" and (names := reader.literal(call.args[0] if call.args else None)):
                self._remove(node, root, names)
            return
        if self.loop is not None and isinstance(call.func, ast.Attribute) and call.func.attr in FITTING and root:
            self.env[root] = STATISTIC  # fitted anew in each turn
            return
        changed = self.graph.direct(self.number) & self.env.keys() if self.depth == 0 else frozenset()
        given = {n.id for a in call.args for n in ast.walk(a) if isinstance(n, ast.Name)}
        for name in sorted(changed & given):
            if self.env[name].is_rows and not isinstance(call.func, ast.Attribute):
                value = reader.value(call)
                self._change(node, name, value if value.kind == "unknown" else self.env[name], None)

    def _replace(self, node: ast.stmt, name: str, value: Value) -> None:
        """A whole table changed in place: like binding the name to what the call would give."""
        self._note(node, name, value, binds=True)

    def _note(
        self, node: ast.stmt, name: str, value: Value, *, binds: bool = False, columns: frozenset[str] | None = None
    ) -> None:
        self.deeds.append(Deed(self.number, node, name, value, binds, columns, self.loop, self.tests, self.over,
                               self.inner, self.turn))  # fmt: skip

    def _loop(self, node: ast.For) -> None:
        members = members_of(node.iter, self.bundles)
        if members and any(self.env.get(m, FIXED).is_rows for m in members):
            self._turns(node, members)
            return
        over = self.reader.value(node.iter)
        if self.loop is not None and over is FIXED and len(self.inner) < 3:
            around, self.inner = self.inner, (*self.inner, node)
            self._forget({n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)})
            self._block(node.body)
            self.inner = around
            return
        names = {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}
        if over.kind == "frame" or (isinstance(node.iter, ast.Name) and over.kind == "fixed"):
            over = STATISTIC if over.kind == "frame" else over
        if over.kind != "fixed" or self.loop is not None:
            self._lose(node, "a loop over rows cannot be followed" if over.depends else "this loop cannot be followed")
            return
        self._forget(names)
        for name in names:
            self.env.pop(name, None)
            self.constants.pop(name, None)
            self.places.pop(name, None)
        self.counted_loops += over.counted
        self.loop, self.over = node, over
        self._block(node.body)
        self.loop, self.over = None, FIXED
        for name in [n for n, v in self.env.items() if v is STATISTIC and not self.depth]:
            del self.env[name]

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            self.env.pop(name, None)
            self.constants.pop(name, None)

    def _turns(self, node: ast.For, members: tuple[str, ...]) -> None:
        """A loop over tables: for each of them its body, with the table in place of the loop's variable."""
        if self.turn is not None or self.loop is not None or self.depth or not is_plain_body(node, members):
            self._lose(node, "this loop over tables cannot be followed")
            return
        assert isinstance(node.target, ast.Name)
        for name in members:
            if not self.env.get(name, FIXED).is_rows:
                continue
            self.turn = Turn(node, name)
            is_table = True
            for statement in node.body:
                if is_table:
                    self.run(as_table(statement, node.target.id, name))
                else:
                    self.run(statement)
                is_table = is_table and not rebinds(statement, node.target.id)
        self.turn = None
        for name in [n for n, v in self.env.items() if v is STATISTIC]:
            del self.env[name]
        if is_table:
            self.env[node.target.id] = unknown(node, "it is one of several tables")

    def _if(self, node: ast.If) -> None:
        test = self.reader.value(node.test)
        if test.kind != "fixed" or node.orelse:
            self._lose(node, "what happens here depends on the data")
            return
        before, around = dict(self.env), self.tests
        self.tests = (*around, node) if test.counted else around
        self._block(node.body)
        self.tests = around
        for name in before.keys() | self.env.keys():
            old, new = before.get(name, FIXED), self.env.get(name, FIXED)
            if old.kind != new.kind and "unknown" not in (old.kind, new.kind):
                self.env[name] = unknown(node, "what happens here depends on the data")

    # --- functions of the notebook

    def _own(self, name: str, call: ast.Call, values: list[Value]) -> Value | None:
        contributors = self.graph.reads[self.number].get(name, frozenset())
        if len(contributors) != 1 or next(iter(contributors)) not in self.graph.definitions:
            return None
        if kind_of(self.graph, contributors) == "import":
            return None
        definition = self.graph.definitions[next(iter(contributors))]
        late = [n for n in definition.late_reads if n in self.env and self.env[n].depends]
        if late:
            return unknown(call, f"`{name}` reads the whole table `{late[0]}`")
        if isinstance(definition.node, ast.ClassDef):
            return None
        if any(v.kind == "item" for v in values):
            return None
        if any(v.kind == "unknown" for v in values):
            return next(v for v in values if v.kind == "unknown")
        return self._result(name, definition.node, call, values)

    def _result(
        self, name: str, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, call: ast.Call, values: list[Value]
    ) -> Value | None:
        parameters = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        named = (
            dict(zip(parameters, values, strict=False)) if not isinstance(call.func, ast.Attribute) or values else {}
        )
        for keyword, value in zip(call.keywords, values[len(call.args) :], strict=False):
            if keyword.arg:
                named[keyword.arg] = value
        if self.depth >= _DEPTH:
            return unknown(call, f"`{name}` calls itself")
        local = dict.fromkeys(parameters, FIXED) | {n: replace(v, marks=()) for n, v in named.items()}
        inner = Tables(self.graph, {n: v for n, v in local.items() if v.depends}, depth=self.depth + 1,
                       number=self.number)  # fmt: skip
        if isinstance(node, ast.Lambda):
            inner.given_back.append(inner.reader.value(node.body))
        else:
            inner._block(body_run(node.body, missing_arguments(node, call)))
        results = inner.given_back
        lost = next((v for v in (*results, *inner.env.values()) if v.kind == "unknown"), None)
        if not any(v.depends for v in values):
            table = next((v for v in results if v.is_rows), None)
            if table is None or len(results) != 1:
                return None
            source = Mark(call, "source")
            return Value(table.kind, frozenset({f"{call.lineno}:{call.col_offset}"}), marks=(source,))
        if lost is not None and lost.problem is not None:
            return unknown(call, f"in `{name}`, {lost.problem.message}", lost.problem.code)
        read = {c for d in inner.deeds for _, c in d.value.columns}
        marks = [m for v in (*results, *(d.value for d in inner.deeds)) for m in v.marks
                 if m.what != "dropped" or not _texts(m.node) <= read]  # fmt: skip
        only_chosen = {m.what for m in marks} == {"selection"} and not any(v.made for v in results)
        arguments = [(a, v) for a, v in zip(call.args, values, strict=False) if v.is_rows]
        if only_chosen and len(arguments) == 1 and len(results) == 1:  # a split of the notebook's own
            ((argument, table),) = arguments
            part = replace(table, marks=(*table.marks, Mark(call, "selection", argument)))
            items = tuple(part if i.is_rows else STATISTIC for i in results[0].items)
            return replace(part, kind="several", items=items, marks=()) if items else part
        parts = results[0].items if len(results) == 1 else ()
        if marks or inner.counted_loops:
            twinned = self._twinned(name, node, call, values, inner)
            if twinned is not None:
                return twinned
            what = "selects rows" if any(m.what == "selection" for m in marks) else "computes a statistic of the table"
            lost = unknown(call, f"`{name}` {what} inside")
            kept = tuple(lost if i.depends or i.kind == "unknown" else STATISTIC for i in parts)
            return Value("several", items=kept) if any(k is not lost for k in kept) else lost
        rows = [v for v in results if v.depends]
        if not rows:
            return STATISTIC if any(v.depends for v in values) else None
        given = [v for v in values if v.depends]
        first = rows[-1]
        return Value(
            first.kind, frozenset().union(*(v.sources for v in given)), frozenset().union(*(v.names for v in given)),
            tuple(m for v in given for m in v.marks), whole=frozenset().union(*(v.names for v in given)), made=True,
            opaque=True,
            items=tuple(_given_back(i, given) for i in first.items),
        )  # fmt: skip

    def _twinned(self, name: str, node: ast.AST, call: ast.Call, values: list[Value], inner: "Tables") -> Value | None:
        """The value of a function that takes statistics of what it is given, which are kept for the prediction."""
        (number,) = self.graph.reads[self.number][name]
        late = self.graph.definitions[number].late_reads
        reads = self.graph.reads[self.number]
        outside = [n for n in late if n in reads and kind_of(self.graph, reads[n]) in ("value", "parameter")]
        leaving = ast.Return | ast.Yield | ast.YieldFrom | ast.Global | ast.Nonlocal | ast.FunctionDef | ast.ClassDef
        left = [n for n in ast.walk(node) if isinstance(n, leaving) and n is not node]
        plain = isinstance(node, ast.FunctionDef) and not node.decorator_list and left == [node.body[-1]]
        given = [v for v in values if v.depends]
        if (
            self.depth
            or self.loop
            or self.turn
            or outside
            or not plain
            or len(inner.given_back) != 1
            or len(given) != 1
        ):
            return None
        result = inner.given_back[0]
        if (
            not result.is_rows
            or any(isinstance(a, ast.Starred) for a in call.args)
            or not all(k.arg for k in call.keywords)
        ):
            return None
        ending = [Deed(self.number, node.body[-1], "", result, binds=True)] if result.marks else []  # type: ignore[attr-defined]
        inside = Inside(number, (*inner.deeds, *ending))
        (table,) = given
        mark = Mark(call, "function", call.func, inside=inside)
        return Value(result.kind, table.sources, table.names, (*table.marks, mark), whole=table.names, made=True,
                     opaque=True)  # fmt: skip


def _given_back(item: Value, given: list[Value]) -> Value:
    """One of several values of a function, made of the rows that it is given."""
    if not item.depends:
        return item
    names = frozenset().union(*(v.names for v in given))
    return replace(item, names=names, whole=names, columns=frozenset(), dropped=frozenset(), only=None, lists=(),
                   marks=(), problem=None, made=True, opaque=True)  # fmt: skip


def _texts(node: ast.AST) -> set[str]:
    return {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def _without_inplace(call: ast.Call) -> ast.Call:
    kept = [k for k in call.keywords if k.arg != "inplace"]
    return ast.copy_location(ast.Call(call.func, call.args, kept), call)
