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
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from nb2prod.analysis import effects
from nb2prod.analysis.facts import CallFact, Facts, FunctionFacts, roots, statement_facts
from nb2prod.analysis.names import NameKind, is_plain_data, statement_kinds
from nb2prod.model.notebook import Cell, Notebook
from nb2prod.model.roles import Role

Contributors = frozenset[int]


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
    `late[s]` are the names among them that are read inside functions. `changes[s]` are names whose objects `s` changes.
    `modules` maps a name to the module it was imported from. `before_cell[c]` holds the contributors of every name
    when cell `c` starts; `functions` the facts of functions and classes by the statement that defines them.
    """

    notebook: Notebook
    statements: tuple[Statement, ...]
    reads: tuple[Mapping[str, Contributors], ...]
    late: tuple[frozenset[str], ...]
    changes: tuple[frozenset[str], ...]
    modules: Mapping[str, str]
    before_cell: Mapping[int, Mapping[str, Contributors]]
    final: Mapping[str, Contributors]
    functions: Mapping[int, FunctionFacts]
    kinds: tuple[NameKind, ...]
    seeds: Contributors
    undefined: tuple[tuple[int, str], ...] = ()

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
    builder = _Builder()
    before: dict[int, Mapping[str, Contributors]] = {}
    for cell in notebook.cells:
        if cell.kind != "code":
            continue
        before[cell.index] = dict(builder.contributors)
        for node in parse_cell(cell):
            decorators = getattr(node, "decorator_list", [])
            first = min([node.lineno, *(d.lineno for d in decorators)])
            builder.add(
                Statement(
                    len(builder.statements),
                    cell.index,
                    cell.role,
                    node,
                    statement_facts(node),
                    first,
                    node.end_lineno or node.lineno,
                )
            )
    return NotebookGraph(
        notebook,
        tuple(builder.statements),
        tuple(builder.reads),
        tuple(builder.late),
        tuple(builder.changes),
        builder.modules,
        before,
        dict(builder.contributors),
        builder.functions,
        statement_kinds(builder.statements, builder.reads, builder.settled()),
        frozenset(builder.seeds),
        tuple(builder.undefined),
    )


@dataclass(slots=True)
class _Builder:
    """The state of the namespace while statements are added in order."""

    statements: list[Statement] = field(default_factory=list)
    reads: list[Mapping[str, Contributors]] = field(default_factory=list)
    late: list[frozenset[str]] = field(default_factory=list)
    changes: list[frozenset[str]] = field(default_factory=list)
    contributors: dict[str, Contributors] = field(default_factory=dict)
    tokens: dict[str, frozenset[int]] = field(default_factory=dict)
    """Objects a name may reach; a token is the number of the statement that made the object."""
    holders: dict[int, set[str]] = field(default_factory=dict)
    """Names through which a token may be reached: the inverse of `tokens`."""
    plain: set[int] = field(default_factory=set)
    """Tokens of plain data (literals of constants): a call that is given them does not keep them."""
    modules: dict[str, str] = field(default_factory=dict)
    functions: dict[int, FunctionFacts] = field(default_factory=dict)
    seeds: set[int] = field(default_factory=set)
    undefined: list[tuple[int, str]] = field(default_factory=list)

    def add(self, statement: Statement) -> None:
        facts = statement.facts
        called = self._functions_reached(facts.reads | facts.late_reads if facts.function is None else facts.reads)
        late = frozenset(name for f in called for name in f.late_reads)
        if facts.function is None:
            late |= facts.late_reads  # a lambda inside an expression may be called at once
        direct = self._changes(statement, called)
        reads: dict[str, Contributors] = {}
        for name in facts.reads | late | direct:
            if name in self.contributors:
                reads[name] = self.contributors[name]
            elif name in facts.reads and not _is_builtin(name) and name not in facts.binds:
                self.undefined.append((statement.number, name))
        number = statement.number
        self.statements.append(statement)
        self.reads.append(reads)
        self.late.append(late)
        if facts.function is not None:
            self.functions[number] = facts.function
        if _seeds(facts.calls):
            self.seeds.add(number)
        changed = self._spread(direct)
        self.changes.append(changed)
        for name in changed:
            self.contributors[name] = self.contributors.get(name, frozenset()) | {number}
        self._bind(statement, called)

    def settled(self) -> frozenset[str]:
        """Names that one statement binds and that none changes."""
        bindings = Counter(n for s in self.statements for n in s.facts.binds | s.facts.maybe | s.facts.deletes)
        changed = frozenset().union(*self.changes)
        late = frozenset().union(*(f.late_binds for f in self.functions.values()))
        return frozenset(n for n, count in bindings.items() if count == 1) - changed - late

    def _functions_reached(self, names: Iterable[str]) -> tuple[FunctionFacts, ...]:
        """Functions that reading these names may call, with those that these call in turn."""
        found: dict[int, FunctionFacts] = {}
        pending = list(names)
        seen: set[str] = set()
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            for token in self.tokens.get(name, frozenset()):
                function = self.functions.get(token)
                if function is not None and token not in found:
                    found[token] = function
                    pending += function.late_reads
        return tuple(found.values())

    def _changes(self, statement: Statement, called: tuple[FunctionFacts, ...]) -> frozenset[str]:
        """Names whose own object the statement changes."""
        here = {id(use.node) for use in statement.facts.uses if not use.late}
        direct = set(statement.facts.mutates)
        for function in called:
            direct |= function.late_mutates
        for call in statement.facts.calls:
            targets = {n.id for n in self._changed_by(call) if id(n) in here and n.id not in self.modules}
            named = {n.id for n in _receiver(call.node)}
            direct |= {name for name in targets if name in named or not self._is_plain(name)}
        return frozenset(direct)

    def _is_plain(self, name: str) -> bool:
        return self.tokens.get(name, frozenset()) <= self.plain

    def _changed_by(self, call: CallFact) -> tuple[ast.Name, ...]:
        node, function = call.node, call.node.func
        arguments = tuple(n for a in (*node.args, *(k.value for k in node.keywords)) for n in roots(a))
        out = tuple(n for k in node.keywords if k.arg == "out" for n in roots(k.value))
        if isinstance(function, ast.Attribute):
            receiver = roots(function.value)
            in_place = any(
                k.arg == "inplace" and isinstance(k.value, ast.Constant) and k.value.value is True
                for k in node.keywords
            )
            if any(n.id in self.modules for n in receiver):
                if function.attr in effects.MUTATING_FUNCTIONS:
                    return (*arguments, *out)
                module = self.modules.get(receiver[0].id, "").split(".")[0]
                opaque = call.discarded and module not in effects.DISPLAY_MODULES | effects.PURE_MODULES
                return arguments if opaque and function.attr not in effects.HARMLESS_METHODS else out
            if function.attr in effects.MUTATING_METHODS or in_place:
                return (*receiver, *out)
            if call.discarded and function.attr not in effects.HARMLESS_METHODS:
                return (*receiver, *out)
            return out
        if isinstance(function, ast.Name):
            own = [self.functions[t] for t in self.tokens.get(function.id, frozenset()) if t in self.functions]
            own = [f for f in own if f.name == function.id and not f.is_class]
            if own:
                return (*self._changed_arguments(node, own), *out)
            if function.id in effects.MUTATING_FUNCTIONS:
                return (*arguments, *out)
            module = self.modules.get(function.id, "").split(".")[0]
            harmless = function.id in effects.HARMLESS_FUNCTIONS
            harmless |= module in effects.DISPLAY_MODULES | effects.PURE_MODULES
            if call.discarded and not harmless and not _is_exception(function.id):
                return (*arguments, *out)
        return out

    def _changed_arguments(self, node: ast.Call, functions: list[FunctionFacts]) -> tuple[ast.Name, ...]:
        changed: list[ast.Name] = []
        for function in functions:
            for position, argument in enumerate(node.args):
                unknown = position >= len(function.parameters) or isinstance(argument, ast.Starred)
                if unknown or function.parameters[position] in function.mutated_parameters:
                    changed += roots(argument)
            for keyword in node.keywords:
                if keyword.arg is None or keyword.arg in function.mutated_parameters:
                    changed += roots(keyword.value)
        return tuple(changed)

    def _spread(self, direct: frozenset[str]) -> frozenset[str]:
        """Every name that may see the change: those that share an object with a changed name."""
        reached: set[str] = set(direct)
        for name in direct:
            for token in self.tokens.get(name, frozenset()):
                if token not in self.functions:
                    reached |= self.holders.get(token, set())
        return frozenset(reached)

    def _bind(self, statement: Statement, called: tuple[FunctionFacts, ...]) -> None:
        facts, number = statement.facts, statement.number
        for name, module in facts.imports:
            self.modules[name] = module
        made = self._tokens_of(statement)
        for name in facts.deletes - facts.binds:
            self.contributors.pop(name, None)
            self._point(name, frozenset())
        for name in facts.binds:
            earlier = self.contributors.get(name, frozenset()) if self._adds_submodule(statement, name) else frozenset()
            self.contributors[name] = earlier | {number}
            self._point(name, made)
            if not facts.imports:
                self.modules.pop(name, None)
        for name in facts.maybe | {n for f in called for n in f.late_binds}:
            self.contributors[name] = self.contributors.get(name, frozenset()) | {number}
            self._point(name, self.tokens.get(name, frozenset()) | made)

    def _adds_submodule(self, statement: Statement, name: str) -> bool:
        """``import a.b`` after ``import a.c``: the name ``a`` keeps both."""
        return isinstance(statement.node, ast.Import) and any(
            bound == name and "." in module for bound, module in statement.facts.imports
        )

    def _point(self, name: str, tokens: frozenset[int]) -> None:
        for token in self.tokens.get(name, frozenset()):
            self.holders.get(token, set()).discard(name)
        self.tokens[name] = tokens
        for token in tokens:
            self.holders.setdefault(token, set()).add(name)

    def _tokens_of(self, statement: Statement) -> frozenset[int]:
        """Objects that the names bound by this statement may reach."""
        node, number = statement.node, statement.number
        if statement.facts.imports:
            return frozenset()
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            if isinstance(node.value, ast.Constant | ast.UnaryOp | ast.JoinedStr):
                return frozenset()  # a number or a string: nothing can change it
            if is_plain_data(node.value):
                self.plain.add(number)
            return self._reach(node.value, number)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return frozenset({number})
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            return self.tokens.get(node.target.id, frozenset()) | {number}
        reached = {t for name in statement.facts.reads for t in self.tokens.get(name, frozenset())}
        return frozenset(reached | {number})

    def _reach(self, value: ast.expr, number: int) -> frozenset[int]:
        match value:
            case ast.Name(id=name):
                return self.tokens.get(name, frozenset()) or frozenset({number})
            case ast.Attribute(value=inner) | ast.Subscript(value=inner):
                return self._reach(inner, number)
            case ast.Call(func=ast.Attribute(attr=attr, value=inner), args=args, keywords=keywords):
                if attr in effects.FRESH_METHODS | effects.HARMLESS_METHODS:
                    return frozenset({number})
                parts = [inner, *args, *(k.value for k in keywords)]
                return frozenset({number}).union(*(self._reach(p, number) - self.plain for p in parts))
            case ast.Call(func=func, args=args, keywords=keywords):
                if isinstance(func, ast.Name) and func.id in effects.FRESH_FUNCTIONS | effects.FRESH_METHODS:
                    return frozenset({number})
                parts = [*args, *(k.value for k in keywords)]
                own = self.tokens.get(func.id, frozenset()) if isinstance(func, ast.Name) else frozenset()
                classes = frozenset(t for t in own if t in self.functions)
                kept = frozenset() if classes else self.plain  # a class of the notebook may keep a list and change it
                return (frozenset({number}) | classes).union(*(self._reach(p, number) - kept for p in parts))
            case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
                return frozenset({number}).union(*(self._reach(p, number) for p in parts))
            case ast.Dict(values=parts):
                return frozenset({number}).union(*(self._reach(p, number) for p in parts))
            case ast.IfExp(body=one, orelse=other):
                return self._reach(one, number) | self._reach(other, number)
            case ast.BoolOp(values=parts):
                return frozenset().union(*(self._reach(p, number) for p in parts))
            case ast.Starred(value=inner) | ast.NamedExpr(value=inner) | ast.Await(value=inner):
                return self._reach(inner, number)
            case _:
                return frozenset({number})


def _receiver(call: ast.Call) -> tuple[ast.Name, ...]:
    """The name a method is called on, where it is reached without another call: ``a.b[0].f()`` gives ``a``."""
    node: ast.expr = call.func
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return (node,) if isinstance(node, ast.Name) and node is not call.func else ()


def _seeds(calls: tuple[CallFact, ...]) -> bool:
    return any(
        (c.node.func.attr if isinstance(c.node.func, ast.Attribute) else getattr(c.node.func, "id", ""))
        in effects.SEEDING
        and c.discarded
        for c in calls
    )


def _is_builtin(name: str) -> bool:
    import builtins

    return hasattr(builtins, name) or name in {
        "__name__",
        "__file__",
        "__doc__",
        "get_ipython",
        "display",
        "_",
        "In",
        "Out",
    }


def _is_exception(name: str) -> bool:
    return name.endswith(("Error", "Exception", "Warning"))
