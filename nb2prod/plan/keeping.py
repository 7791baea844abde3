"""What training must keep so that a prediction can repeat the steps, and how each step reads on either side.

df["Age"] = df["Age"].fillna(df["Age"].median())

train()      age_median = df["Age"].median()
             df["Age"] = df["Age"].fillna(age_median)
predict()    df["Age"] = df["Age"].fillna(self.age_median)
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from nb2prod.analysis.deeds import Deed, is_removal
from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.lineage import Lineage
from nb2prod.analysis.names import kind_of
from nb2prod.analysis.values import Mark, Problem
from nb2prod.plan.marks import Written, snake, written
from nb2prod.plan.splice import Edit
from nb2prod.plan.twins import setup_of, twin_of

Path = tuple[tuple[str, int], ...]
Place = tuple[int, int, type]


@dataclass(frozen=True, slots=True)
class Keep:
    """A value that training keeps under `name`: `text` (in the notebook's names) before or after the simple statement
    that `path` leads to inside statement `number`. With `key`, a loop's variable, one for each turn.

    `training` is what train() assigns, where that reads otherwise; none where it keeps no copy of its own. `guard` is
    the test that this is the turn of a loop over tables that the prediction repeats. `setup` makes the value beside the
    run, where train() has `definition` in front of the statement.
    """

    name: str
    number: int
    path: Path
    when: str
    text: str
    key: str | None
    training: str
    guard: str = ""
    setup: str = ""
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """How a statement reads: edits of its source for train() and for predict(). `lines` stand in for it in predict()
    where it gives several names a value; without either it is left out."""

    number: int
    training: tuple[Edit, ...] = ()
    prediction: tuple[Edit, ...] = ()
    gives: tuple[tuple[str, ast.expr, str], ...] = ()
    is_repeated: bool = True
    definitions: tuple[str, ...] = ()
    """Functions that predict() has in front of it."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """`fixed` are names of the notebook that the repeated statements read, beside those kept; `at` is the statement
    that reads what they end in."""

    lineage: Lineage
    at: int
    keeps: tuple[Keep, ...]
    steps: tuple[Step, ...]
    fixed: tuple[str, ...]

    def step(self, number: int) -> Step | None:
        return next((s for s in self.steps if s.number == number), None)


@dataclass(slots=True)
class _Names:
    taken: set[str]

    def free(self, wish: str) -> str:
        name, n = wish, 1
        while name in self.taken:
            n += 1
            name = f"{wish}_{n}"
        self.taken.add(name)
        return name


def plan_keeping(graph: NotebookGraph, lineage: Lineage, at: int) -> Keeping | Problem:
    """`at` is the statement that reads the lineage's input. A problem where a step cannot be written down."""
    return _Planner(graph, lineage, at).plan()


@dataclass(slots=True)
class _Planner:
    graph: NotebookGraph
    lineage: Lineage
    at: int
    keeps: list[Keep] = field(default_factory=list)
    fixed: dict[str, None] = field(default_factory=dict)
    definitions: list[tuple[int, str]] = field(default_factory=list)
    problem: Problem | None = None

    def plan(self) -> Keeping | Problem:
        taken = {u.name for s in self.graph.statements for u in s.facts.uses} | {"params", "self", "main", "Predictor"}
        names = _Names(taken)
        steps = []
        for number in self.lineage.statements:
            deeds = [d for d in self.lineage.deeds if d.number == number]
            steps.append(self._step(number, deeds, names))
        if self.problem is not None:
            return self.problem
        return Keeping(self.lineage, self.at, tuple(self.keeps), tuple(steps), tuple(self.fixed))

    # --- one statement of the notebook

    def _step(self, number: int, deeds: list[Deed], names: _Names) -> Step:
        whole = self.graph.statements[number].node
        training: list[Edit] = []
        prediction: list[Edit] = []
        gives: list[tuple[str, ast.expr, str]] = []
        live: set[Place] = set()
        for deed in deeds:
            outcome = self._deed(number, deed, names)
            if outcome is None:
                continue
            live.add(_place(deed.node))
            training += outcome[0]
            prediction += outcome[1]
            part = _given_part(deed)
            as_it_stands = deed.value.opaque and part is getattr(deed.node, "value", None)
            if part is not None and not as_it_stands:
                gives.append((deed.name, part, self._copies(deed, part)))
        turns = dict.fromkeys(d.turn for d in deeds)
        if isinstance(whole, ast.For) and deeds[0].turn is not None:
            if len(turns) > 1:
                self.problem = self.problem or Problem("NB357", "the prediction needs more than one of the tables that "
                                                       "this loop goes over", whole)  # fmt: skip
            now, then = self._turn(number, whole, live, deeds, names)
            return Step(number, tuple(dict.fromkeys([*training, *now])), tuple(dict.fromkeys([*prediction, *then])),
                        (), bool(live))  # fmt: skip
        if isinstance(whole, ast.For | ast.If | ast.With):
            prediction += self._block(number, whole, live, deeds)
        if isinstance(whole, ast.For) and deeds[0].over.counted:
            now, then = self._listed(number, whole, deeds[0], names)
            training += now
            prediction += then
        definitions = tuple(text for n, text in self.definitions if n == number)
        return Step(number, tuple(dict.fromkeys(training)), tuple(dict.fromkeys(prediction)), tuple(gives), bool(live),
                    definitions)  # fmt: skip

    def _turn(
        self, number: int, loop: ast.For, live: set[Place], deeds: list[Deed], names: _Names
    ) -> tuple[list[Edit], list[Edit]]:
        """A loop over tables goes over the one at hand, and does what its rows need."""
        training: list[Edit] = []
        turn = deeds[0].turn
        assert turn is not None
        prediction = [Edit(*_span(loop.iter), f"({turn.table},)")]
        for statement in loop.body:
            inside = [d for d in deeds if _path_to(statement, d.node) is not None]
            if isinstance(statement, ast.For) and any(_place(d.node) in live for d in inside):
                prediction += self._block(number, statement, live, inside)
                if inside[0].over.counted:
                    now, then = self._listed(number, statement, inside[0], names)
                    training += now
                    prediction += then
            elif not any(_place(n) in live for n in _simple([statement])):
                prediction.append(self._removal(number, statement))
            elif isinstance(statement, ast.If | ast.With):
                prediction += self._block(number, statement, live, inside)
        return training, prediction

    def _deed(self, number: int, deed: Deed, names: _Names) -> tuple[list[Edit], list[Edit]] | None:
        """The edits for train() and predict(); None where nothing is left to do."""
        training: list[Edit] = []
        prediction: list[Edit] = []
        replaced: list[ast.expr] = []
        context = written(self.graph, self.lineage, deed)
        gone: dict[int, ast.expr] = {}
        marks = [m for m in deed.value.marks if _stands_in(m.node, deed.node)]
        for mark in marks:
            if mark.what == "selection" and (deed.loop is not None or deed.turn is not None):
                self.problem = self.problem or Problem("NB351", "rows are chosen inside a loop", mark.node)
            if mark.what == "source":
                prediction += [Edit(*_span(mark.node), self.lineage.request)]
                replaced.append(mark.node)
                continue
            if mark.what == "selection" and isinstance(_given_part(deed), ast.expr) and not _is_part(mark, deed):
                continue
            result = self._mark(number, deed, mark, context, names)
            if result is None:
                return [], []
            kept, now, then, hidden, is_gone = result
            if is_gone and mark.operand is not None:
                gone[id(mark.node)] = mark.operand
            if is_gone and mark.operand is not None:  # what rows were chosen by
                inside = {id(n) for n in ast.walk(mark.operand)}
                replaced += [n for n in ast.walk(mark.node) if isinstance(n, ast.Name) and id(n) not in inside]
            if kept is not None and kept not in self.keeps:
                self.keeps.append(kept)
            training += now
            prediction += then
            replaced += hidden
        call = deed.node.value if isinstance(deed.node, ast.Expr) else None
        if isinstance(call, ast.Call) and gone and len(gone) == len(marks):
            return None  # df.dropna(inplace=True)
        if _binds_itself(deed, gone):
            return None
        if is_removal(deed) and not all(self.lineage.sent(c) for c in deed.columns or ()):
            return None
        for test in deed.tests:
            now, then = self._test(number, deed, test, names)
            training += now
            prediction += then
            replaced.append(test.test)
        prediction += self._fixed(number, deed, replaced, names)
        return training, [*prediction, *self._without_truth(deed)]

    def _without_truth(self, deed: Deed) -> Iterator[Edit]:
        """``df[["size", "rent"]]`` without the target, which a request does not have."""
        for node in ast.walk(_given_part(deed) or deed.node):
            match node:
                case ast.Subscript(value=ast.Name(id=name), slice=ast.List(elts=parts) as listed, ctx=ast.Load()):
                    words = [p.value for p in parts if isinstance(p, ast.Constant)]
                    gone = [w for w in words if w in self.lineage.truth and not self.lineage.sent(str(w))]
                    if name in deed.value.names and gone and len(words) == len(parts):
                        yield Edit(*_span(listed), repr([w for w in words if w not in gone]))

    def _test(self, number: int, deed: Deed, test: ast.If, names: _Names) -> tuple[list[Edit], list[Edit]]:
        """``if df[col].dtype == object:`` is decided by training."""
        path = _path_to(self.graph.statements[number].node, test) or ()
        text, key = ast.unparse(test.test), _key(deed)
        known = next((k for k in self.keeps if (k.number, k.path, k.text) == (number, path, text)), None)
        if known is None:
            wish = "applies" if key is None else f"applies_to_{key}"
            known = Keep(names.free(wish), number, path, "before", text, key, text, _guard_of(deed))
            self.keeps.append(known)
        here = known.name if key is None else f"{known.name}[{key}]"
        span = _span(test.test)
        return [] if deed.turn else [Edit(*span, here)], [Edit(*span, f"self.{here}")]

    def _mark(
        self, number: int, deed: Deed, mark: Mark, context: Written, names: _Names
    ) -> tuple[Keep | None, list[Edit], list[Edit], list[ast.expr], bool] | None:
        if mark.what == "function":
            return self._function(number, deed, mark, names)
        existing = next((k for k in self.keeps if k.number == number and k.text == context.text_of(mark) and
                         k.path == self._path(number, deed)), None)  # fmt: skip
        rule = context.rule(mark)
        if isinstance(rule, str):
            self.problem = self.problem or Problem("NB351", rule, mark.node)
            return None
        key = _key(deed)
        if not rule.keep:
            fixed = [mark.operand] if mark.what == "fitted" and mark.operand is not None else []
            if (
                fixed
                and isinstance(mark.operand, ast.Name)
                and (deed.loop or deed.turn or not self._is_stable(number, mark.operand.id, after=True))
            ):
                return self._fitted_copy(number, deed, mark, names, rule.prediction)
            if fixed and isinstance(mark.operand, ast.Name):
                self.fixed[mark.operand.id] = None
                return None, [], list(rule.prediction), [mark.operand], rule.gone
            return None, [], list(rule.prediction), [], rule.gone
        if deed.inner:
            self.problem = self.problem or Problem("NB351", "a statistic is taken inside nested loops", mark.node)
            return None
        if existing is None:
            name = names.free(context.name_of(mark, key))
            capture = rule.capture or rule.keep
            existing = Keep(name, number, self._path(number, deed), "before", capture, key,
                            capture if deed.turn else rule.keep, _guard_of(deed))  # fmt: skip
        here = existing.name if key is None else f"{existing.name}[{key}]"
        now = [e if "{kept}" not in e.text else _filled(e, here) for e in rule.training if not deed.turn]
        then = [_filled(e, f"self.{here}") for e in rule.prediction]
        return existing, now, then, list(rule.hidden), False

    def _function(
        self, number: int, deed: Deed, mark: Mark, names: _Names
    ) -> tuple[Keep, list[Edit], list[Edit], list[ast.expr], bool] | None:
        """A call of a function that takes statistics of the table it is given."""
        call = mark.node
        whole = self.graph.statements[number].node
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or deed.node is not whole:
            self.problem = self.problem or Problem("NB351", "a function takes statistics inside a block", mark.node)
            return None
        if isinstance(whole, ast.Assign) and isinstance(whole.targets[0], ast.Tuple | ast.List) and whole.value is call:
            self.problem = self.problem or Problem("NB351", "a function that takes statistics gives several values",
                                                   mark.node)  # fmt: skip
            return None
        name = names.free(f"{call.func.id}_kept")
        twin = twin_of(self.graph, self.lineage, mark, name)
        if isinstance(twin, Problem):
            self.problem = self.problem or twin
            return None
        keep = Keep(name, number, (), "before", name, None, "{}", setup=setup_of(twin, call, name),
                    definition=twin.keeping)  # fmt: skip
        self.definitions.append((number, twin.using))
        span = _span(call.func)
        return keep, [Edit(*span, twin.keeping_name)], [Edit(*span, twin.using_name)], [call.func], False

    def _fitted_copy(
        self, number: int, deed: Deed, mark: Mark, names: _Names, prediction: tuple[Edit, ...]
    ) -> tuple[Keep, list[Edit], list[Edit], list[ast.expr], bool]:
        """A fitted object that is fitted again later: a copy of how it is just after this statement."""
        assert isinstance(mark.operand, ast.Name)
        key = _key(deed)
        wish = self._maker(mark.operand.id) or mark.operand.id
        name = names.free(f"{wish}_of_{key}" if key else f"{wish}_{_word(mark.node)}".rstrip("_"))
        if deed.inner:
            self.problem = self.problem or Problem("NB351", "something is fitted inside nested loops", mark.node)
        keep = Keep(name, number, self._path(number, deed), "after", mark.operand.id, key,
                    f"deepcopy({mark.operand.id})", _guard_of(deed))  # fmt: skip
        here = name if key is None else f"{name}[{key}]"
        edits = [Edit(*_span(mark.operand), f"self.{here}"), *prediction]
        return keep, [], edits, [mark.operand], False

    def _maker(self, name: str) -> str:
        """``label_encoder`` for a name that is bound to ``LabelEncoder()``."""
        for s in self.graph.statements:
            match s.node:
                case ast.Assign(targets=[ast.Name(id=bound)], value=ast.Call(func=function)) if bound == name:
                    return snake(ast.unparse(function).rpartition(".")[2])
        return ""

    def _is_stable(self, number: int, name: str, *, after: bool = False) -> bool:
        """Whether what the name stands for at this statement is what it stands for when the prediction begins."""
        changed_here = name in self.graph.bound_by(number) | self.graph.direct(number)
        if isinstance(self.graph.statements[number].node, ast.For | ast.While) and changed_here and not after:
            return False
        here = self.graph.objects.contributors_before(name, number + 1 if after else number)
        later = self.graph.objects.contributors_before(name, self.at) - here
        # a change of a table, which the name merely came from
        return all(n in self.lineage.statements and name not in self.graph.direct(n) for n in later) and not (
            any(name in self.graph.bound_by(n) for n in later)
        )

    def _fixed(self, number: int, deed: Deed, hidden: list[ast.expr], names: _Names) -> Iterator[Edit] | list[Edit]:
        """Names that are the same for every row: artifacts, or copies where they change before the prediction."""
        edits: list[Edit] = []
        loops = [*([deed.loop] if deed.loop else []), *deed.inner]
        local = {n.id for loop in loops for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
        local |= _own_names(deed.node)
        skipped = {id(n) for h in hidden for n in ast.walk(h)}
        root: ast.AST = _given_part(deed) or deed.node
        nodes = [n for n in ast.walk(root) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
        if deed.loop is not None and not deed.over.counted:
            nodes += [n for n in ast.walk(deed.loop.iter) if isinstance(n, ast.Name)]
        nodes += [n for loop in deed.inner for n in ast.walk(loop.iter) if isinstance(n, ast.Name)]
        rows = {deed.name} | deed.value.names
        copies: dict[str, str] = {}
        for name in sorted(self.graph.late[number] - rows):  # what functions that are called here read
            contributors = self.graph.reads[number].get(name)
            if contributors is None or kind_of(self.graph, contributors) not in ("value", "parameter"):
                continue
            if self._is_stable(number, name):
                self.fixed[name] = None
            else:
                self.problem = self.problem or Problem(
                    "NB351", f"a function that is called here reads `{name}`, which gets another value later", deed.node
                )  # fmt: skip
        for node in nodes:
            contributors = self.graph.reads[number].get(node.id)
            if id(node) in skipped or node.id in rows | local or contributors is None:
                continue
            if kind_of(self.graph, contributors) in ("import", "feature") or self._is_constant(contributors):
                continue
            if node.id in {d.name for d in self.lineage.deeds} | {self.lineage.request}:
                self.problem = self.problem or Problem("NB351", f"`{node.id}` is read here besides its rows", deed.node)
                continue
            if self._is_stable(number, node.id) or self._is_filled(number, deed, node.id):
                self.fixed[node.id] = None
                continue
            changes_here = node.id in self.graph.bound_by(number) | self.graph.direct(number)
            part = self._part(deed, node.id) if deed.turn is not None else None
            if changes_here and deed.loop is not None and part is None:
                self.problem = self.problem or Problem(
                    "NB351", f"`{node.id}` changes from turn to turn of this loop", deed.node
                )  # fmt: skip
            if node.id not in copies:
                copies[node.id] = names.free(f"{node.id}_then")
                path, guard = (self._path_of(number, part), _guard_of(deed)) if part is not None else ((), "")
                self.keeps.append(
                    Keep(copies[node.id], number, path, "before", node.id, None, f"deepcopy({node.id})", guard)
                )
            edits.append(Edit(*_span(node), f"self.{copies[node.id]}"))
        return edits

    def _part(self, deed: Deed, name: str) -> ast.stmt | None:
        """The statement in the body of a loop over tables that the deed stands in, which only reads `name`."""
        assert deed.turn is not None
        body = deed.turn.loop.body
        found = next((s for s in body if _place(s) == _place(deed.node) or _path_to(s, deed.node) is not None), None)
        if found is None:
            return None
        for node in ast.walk(found):
            match node:
                case ast.Name(id=stored, ctx=ast.Store() | ast.Del()) if stored == name:
                    return None
                case ast.Attribute() | ast.Subscript() if not isinstance(node.ctx, ast.Load):
                    if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node.value)):
                        return None
                case ast.Call(func=function, args=given):
                    owner = [function.value] if isinstance(function, ast.Attribute) else []
                    if any(isinstance(n, ast.Name) and n.id == name for n in (*owner, *given)):
                        return None
        return found

    def _is_filled(self, number: int, deed: Deed, name: str) -> bool:
        """``encoders[col]`` in a loop over `col`: each turn has its own, and they stay."""
        key = _key(deed)
        if key is None or not self._is_stable(number, name, after=True):
            return False
        assert deed.loop is not None
        by_key = {id(n.value) for n in ast.walk(deed.loop) if isinstance(n, ast.Subscript)
                  and isinstance(n.slice, ast.Name) and n.slice.id == key}  # fmt: skip
        return all(id(n) in by_key for n in ast.walk(deed.loop) if isinstance(n, ast.Name) and n.id == name)

    def _is_constant(self, contributors: frozenset[int]) -> bool:
        return kind_of(self.graph, contributors) == "constant"

    def _copies(self, deed: Deed, part: ast.expr) -> str:
        """``.copy()`` where one of two names for the same rows is changed later."""
        later = [
            d for d in self.lineage.deeds if d.number > deed.number and (not d.binds or isinstance(d.node, ast.Expr))
        ]  # fmt: skip
        root = ast.unparse(part)
        shared = any(d.name in (deed.name, root) for d in later)
        return ".copy()" if shared and root != deed.name else ""

    # --- blocks

    def _block(
        self, number: int, whole: ast.For | ast.If | ast.With, live: set[Place], deeds: list[Deed]
    ) -> list[Edit]:
        """Leave out what a repeated block does besides, and go over those columns only that are there."""
        edits: list[Edit] = []
        needed: set[str] = set()
        for statement in reversed(list(_simple(whole.body))):
            if _place(statement) in live:
                needed |= {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)}
        kept_nodes = {id(m.node) for d in deeds for m in d.value.marks if m.what == "statistic"}
        replaced = {n.id for d in deeds for m in d.value.marks if id(m.node) in kept_nodes
                    for n in ast.walk(m.node) if isinstance(n, ast.Name)}  # fmt: skip
        for statement in _simple(whole.body):
            stored = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            fitted = {m.operand.id for d in deeds for m in d.value.marks if m.what == "fitted"
                      and isinstance(m.operand, ast.Name)}  # fmt: skip
            if isinstance(statement, ast.For) and any(_place(n) in live for n in _all_simple(statement)):
                edits += self._block(number, statement, live, deeds)
            elif _place(statement) not in live and not (stored & needed - replaced - fitted):
                edits.append(self._removal(number, statement))
        if isinstance(whole, ast.For) and isinstance(whole.target, ast.Name) and not deeds[0].over.counted:
            guard = self._guard(whole, deeds)
            if guard is not None:
                edits += guard
        return edits

    def _listed(self, number: int, loop: ast.For, deed: Deed, names: _Names) -> tuple[list[Edit], list[Edit]]:
        """A loop over columns that depend on what training data hold, as ``df.select_dtypes("number").columns``."""
        text = ast.unparse(deed.loop.iter if deed.loop else loop.iter)
        if text in (f"{deed.name}.columns", deed.name):
            return [], []
        name = names.free("columns" if isinstance(loop.target, ast.Name) else "values")
        path = self._path_of(number, loop) if deed.turn else ()
        self.keeps.append(Keep(name, number, path, "before", f"list({text})", None, f"list({text})", _guard_of(deed)))
        span = _span(loop.iter)
        there = f"self.{name}"
        if isinstance(loop.target, ast.Name) and _reads_columns(loop, loop.target.id):
            there = f"[{loop.target.id} for {loop.target.id} in {there} if {loop.target.id} in {deed.name}]"
        return [] if deed.turn else [Edit(*span, name)], [Edit(*span, there)]

    def _guard(self, loop: ast.For, deeds: list[Deed]) -> list[Edit] | None:
        table = next((d.name for d in deeds if d.loop is loop), None)
        variable = ast.unparse(loop.target)
        used_as_column = _reads_columns(loop, variable)
        if table is None or not used_as_column:
            return None
        names = _literals(loop.iter)
        if names is not None and all(self.lineage.sent(c) for c in names) and not self.lineage.columns.lists:
            return None
        text = ast.unparse(loop.iter)
        if text in (f"{table}.columns", table):
            return None
        start, end = loop.iter, loop.iter
        return [
            Edit(start.lineno, start.col_offset, start.lineno, start.col_offset, f"[{variable} for {variable} in "),
            Edit(end.end_lineno or 0, end.end_col_offset or 0, end.end_lineno or 0, end.end_col_offset or 0,
                 f" if {variable} in {table}]"),
        ]  # fmt: skip

    def _removal(self, number: int, statement: ast.stmt) -> Edit:
        source = self.graph.notebook.cells[self.graph.statements[number].cell - 1].python or ""
        above = source.encode().split(b"\n")[statement.lineno - 2] if statement.lineno > 1 else b""
        before = source.encode().split(b"\n")[statement.lineno - 1][: statement.col_offset]
        if before.strip():
            self.problem = self.problem or Problem("NB351", "several statements stand on one line of a block",
                                                   statement)  # fmt: skip
        return Edit(statement.lineno - 1, len(above), statement.end_lineno or 0, statement.end_col_offset or 0, "")

    def _path(self, number: int, deed: Deed) -> Path:
        return self._path_of(number, deed.node)

    def _path_of(self, number: int, node: ast.AST) -> Path:
        return _path_to(self.graph.statements[number].node, node) or ()


def _reads_columns(loop: ast.For, variable: str) -> bool:
    """Whether the loop reads the columns it goes over: ``df[c] = 0`` makes them."""
    keys = [n for n in ast.walk(loop) if isinstance(n, ast.Subscript)
            and any(isinstance(k, ast.Name) and k.id == variable for k in ast.walk(n.slice))]  # fmt: skip
    augmented = {id(n.target) for n in ast.walk(loop) if isinstance(n, ast.AugAssign)}
    return any(not isinstance(n.ctx, ast.Store) or id(n) in augmented for n in keys)


def _place(node: ast.AST) -> Place:
    """Where a statement stands; one that was read with a table's name in it stands where it did."""
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0), type(node)


def _guard_of(deed: Deed) -> str:
    return deed.turn.guard if deed.turn is not None else ""


def _path_to(root: ast.AST, wanted: ast.AST) -> Path | None:
    for name in ("body", "orelse"):
        for index, child in enumerate(getattr(root, name, [])):
            if _place(child) == _place(wanted):
                return ((name, index),)
            if (rest := _path_to(child, wanted)) is not None:
                return ((name, index), *rest)
    return None


def _simple(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, ast.If | ast.With):
            yield from _simple(statement.body)
        else:
            yield statement


def _all_simple(loop: ast.For) -> Iterator[ast.stmt]:
    for statement in _simple(loop.body):
        if isinstance(statement, ast.For):
            yield from _all_simple(statement)
        else:
            yield statement


def _given_part(deed: Deed) -> ast.expr | None:
    """What one of several names gets: its part of a tuple, or what a split takes rows from."""
    match deed.node:
        case ast.Assign(targets=[ast.Tuple(elts=targets) | ast.List(elts=targets)], value=value):
            at = next((n for n, t in enumerate(targets) if isinstance(t, ast.Name) and t.id == deed.name), None)
            if at is None:
                return None
            if isinstance(value, ast.Tuple | ast.List):
                return value.elts[at]
            last = deed.value.marks[-1] if deed.value.marks else None
            if last is not None and last.what in ("selection", "aligned") and last.operand is not None:
                return last.operand
            match value:
                case ast.Call(func=ast.Attribute(attr="align", value=table)) if at == 0:  # it keeps what it has
                    return table
            return value
    return None


def _is_part(mark: Mark, deed: Deed) -> bool:
    part = _given_part(deed)
    return part is not None and any(n is mark.node for n in ast.walk(part))


def _stands_in(node: ast.AST, whole: ast.AST) -> bool:
    inside = {(getattr(n, "lineno", 0), getattr(n, "col_offset", 0), getattr(n, "end_col_offset", 0), type(n))
              for n in ast.walk(whole)}  # fmt: skip
    place = (getattr(node, "lineno", 0), getattr(node, "col_offset", 0), getattr(node, "end_col_offset", 0), type(node))
    return place in inside


def _binds_itself(deed: Deed, gone: Mapping[int, ast.expr]) -> bool:
    """``df = df.dropna()`` without the selection."""
    match deed.node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if gone:
            node: ast.expr = value
            while (inner := gone.get(id(node))) is not None:
                node = inner
            return isinstance(node, ast.Name) and node.id == name
        case ast.Assign(targets=[ast.Tuple() | ast.List()]):
            part = _given_part(deed)
            aligned = any(m.what == "aligned" for m in deed.value.marks)
            return isinstance(part, ast.Name) and part.id == deed.name and not aligned
    return False


def _own_names(node: ast.AST) -> set[str]:
    """Names that lambdas and comprehensions bind for themselves."""
    found = {a.arg for n in ast.walk(node) if isinstance(n, ast.Lambda) for a in n.args.args}
    for n in ast.walk(node):
        if isinstance(n, ast.comprehension):
            found |= {t.id for t in ast.walk(n.target) if isinstance(t, ast.Name)}
    return found


def _key(deed: Deed) -> str | None:
    if deed.loop is None:
        return None
    names = [n.id for n in ast.walk(deed.loop.target) if isinstance(n, ast.Name)]
    return names[-1] if names else None


def _literals(node: ast.expr) -> list[str] | None:
    if isinstance(node, ast.List | ast.Tuple) and all(isinstance(e, ast.Constant) for e in node.elts):
        return [str(e.value) for e in node.elts if isinstance(e, ast.Constant)]
    return None


def _span(node: ast.expr) -> tuple[int, int, int, int]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return node.lineno, node.col_offset, node.end_lineno, node.end_col_offset


def _filled(edit: Edit, name: str) -> Edit:
    return Edit(edit.line, edit.column, edit.end_line, edit.end_column, edit.text.replace("{kept}", name))


def _word(node: ast.AST) -> str:
    """The column that an expression is about: ``sex``."""
    for part in ast.walk(node):
        if (
            isinstance(part, ast.Subscript)
            and isinstance(part.slice, ast.Constant)
            and isinstance(part.slice.value, str)
        ):
            return snake(part.slice.value)
    return ""
