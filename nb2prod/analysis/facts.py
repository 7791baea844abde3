"""The facts of one top-level statement, before it is known what its names stand for.

    X["ratio"] = X.a / scale(X.b)       reads X, scale · mutates X · calls scale(X.b)

`reads` are names the statement needs from before it; a name it surely binds first is not among them. `maybe` are names
bound on some path only, so what they held before may live on.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from nb2prod.analysis.effects import FRESH_METHODS, HARMLESS_METHODS, MUTATING_METHODS
from nb2prod.analysis.scopes import FunctionNode, NameUse, _Walker, bound_name, local_names


@dataclass(frozen=True, slots=True)
class CallFact:
    """A call made as the statement runs. `discarded`: its value is thrown away, so it is there for its effect."""

    node: ast.Call
    discarded: bool


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """A function or class of the notebook: what calling it reads, binds and changes."""

    name: str
    late_reads: frozenset[str]
    late_binds: frozenset[str]
    late_mutates: frozenset[str]
    parameters: tuple[str, ...]
    mutated_parameters: frozenset[str]
    is_class: bool


@dataclass(frozen=True, slots=True)
class Facts:
    reads: frozenset[str]
    binds: frozenset[str]
    maybe: frozenset[str]
    deletes: frozenset[str]
    late_reads: frozenset[str]
    mutates: frozenset[str]
    calls: tuple[CallFact, ...]
    imports: tuple[tuple[str, str], ...]
    """(bound name, module) pairs."""
    star_imports: tuple[str, ...]
    function: FunctionFacts | None
    uses: tuple[NameUse, ...]


def statement_facts(statement: ast.stmt) -> Facts:
    flow = _Flow()
    surely = flow.block([statement], frozenset())
    uses = tuple(_Walker().statement(statement))
    here = {id(use.node) for use in uses if not use.late}
    every = {id(use.node) for use in uses}
    stored = {u.name for u in uses if u.context == "store" and not u.late}
    imports, stars = _imports(statement)
    return Facts(
        reads=frozenset(flow.reads),
        binds=surely,
        maybe=frozenset(stored - surely),
        deletes=frozenset(u.name for u in uses if u.context == "delete" and not u.late),
        late_reads=frozenset(u.name for u in uses if u.late and u.context == "load"),
        mutates=frozenset(_written_roots(statement, here)),
        calls=tuple(_calls(statement)),
        imports=imports,
        star_imports=stars,
        function=_function_facts(statement, uses, every),
        uses=uses,
    )


class _Flow:
    """Reads that come before a sure binding, through branches and loops."""

    def __init__(self) -> None:
        self.reads: set[str] = set()

    def block(self, body: Iterable[ast.stmt], bound: frozenset[str]) -> frozenset[str]:
        for statement in body:
            bound = self.one(statement, bound)
        return bound

    def one(self, node: ast.stmt, bound: frozenset[str]) -> frozenset[str]:
        match node:
            case ast.If():
                bound = self.expression(node.test, bound)
                return self.block(node.body, bound) & self.block(node.orelse, bound)
            case ast.For() | ast.AsyncFor():
                bound = self.expression(node.iter, bound)
                inside = self.expression(node.target, bound)
                self.block(node.body, inside)
                self.block(node.orelse, bound)
                return bound
            case ast.While():
                bound = self.expression(node.test, bound)
                self.block(node.body, bound)
                self.block(node.orelse, bound)
                return bound
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    bound = self.expression(item, bound)
                return self.block(node.body, bound)
            case ast.Try() | ast.TryStar():
                whole = self.block(node.orelse, self.block(node.body, bound))
                for handler in node.handlers:
                    start = self.expression(handler.type, bound) if handler.type else bound
                    whole &= self.block(handler.body, start | ({handler.name} if handler.name else set()))
                return self.block(node.finalbody, whole if node.handlers else bound) | (
                    whole if not node.handlers else frozenset()
                )
            case ast.Match():
                bound = self.expression(node.subject, bound)
                after: frozenset[str] | None = None
                for case in node.cases:
                    start = self.expression(case.pattern, bound)
                    start = self.expression(case.guard, start) if case.guard else start
                    ended = self.block(case.body, start)
                    after = ended if after is None else after & ended
                return bound
            case _:
                return self.expression(node, bound)

    def expression(self, node: ast.AST, bound: frozenset[str]) -> frozenset[str]:
        for use in _Walker().statement(node):
            if use.late:
                continue
            if use.context == "load" and use.name not in bound:
                self.reads.add(use.name)
            elif use.context == "store":
                bound |= {use.name}
            elif use.context == "delete":
                if use.name not in bound:
                    self.reads.add(use.name)
                bound -= {use.name}
        return bound


def roots(node: ast.AST) -> tuple[ast.Name, ...]:
    """The names whose objects an expression gives access to: ``df.loc[i].x`` and ``(df)`` give ``df``."""
    match node:
        case ast.Name():
            return (node,)
        case (
            ast.Attribute(value=value) | ast.Subscript(value=value) | ast.Starred(value=value) | ast.Await(value=value)
        ):
            return roots(value)
        case ast.Call(func=ast.Attribute(attr=attr)) if attr in FRESH_METHODS | HARMLESS_METHODS:
            return ()
        case ast.Call(func=ast.Attribute(value=value), args=args):
            return (*roots(value), *(n for a in args for n in roots(a)))
        case ast.Call(args=args, keywords=keywords):
            return tuple(n for a in (*args, *(k.value for k in keywords)) for n in roots(a))
        case ast.Tuple(elts=elts) | ast.List(elts=elts) | ast.Set(elts=elts):
            return tuple(n for e in elts for n in roots(e))
        case ast.Dict(values=values):
            return tuple(n for v in values for n in roots(v))
        case ast.IfExp(body=body, orelse=orelse):
            return (*roots(body), *roots(orelse))
        case ast.BoolOp(values=values):
            return tuple(n for v in values for n in roots(v))
        case ast.NamedExpr(value=value):
            return roots(value)
        case _:
            return ()


def _written_roots(statement: ast.stmt, here: set[int]) -> set[str]:
    """Names whose objects are changed by storing into them: attributes, items, and ``+=``."""
    written: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            written |= {n.id for n in roots(node.value) if id(n) in here}
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and id(node.target) in here:
            written.add(node.target.id)
    return written


def _calls(statement: ast.stmt) -> Iterable[CallFact]:
    """Calls made now: those inside function bodies wait until the function is called."""
    discarded: set[int] = set()
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Expr):
            value = node.value.value if isinstance(node.value, ast.Await) else node.value
            if isinstance(value, ast.Call):
                discarded.add(id(value))
        if isinstance(node, ast.Call):
            yield CallFact(node, id(node) in discarded)
        if isinstance(node, FunctionNode):
            pending += [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
            pending += getattr(node, "decorator_list", [])
        else:
            pending += list(ast.iter_child_nodes(node))


def _imports(statement: ast.stmt) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    pairs: list[tuple[str, str]] = []
    stars: list[str] = []
    for node in ast.walk(statement):
        if isinstance(node, ast.Import):
            pairs += [(bound_name(alias), alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            for alias in node.names:
                if alias.name == "*":
                    stars.append(module)
                else:
                    pairs.append((bound_name(alias), module))
    return tuple(pairs), tuple(stars)


def _function_facts(statement: ast.stmt, uses: tuple[NameUse, ...], every: set[int]) -> FunctionFacts | None:
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            name, node, is_class = statement.name, statement, False
            parameters, mutated = _parameters(statement)
        case ast.ClassDef():
            name, node, is_class = statement.name, statement, True  # type: ignore[assignment]
            parameters, mutated = (), frozenset()
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as function):
            node, is_class = statement, False  # type: ignore[assignment]
            parameters, mutated = _parameters(function)
        case _:
            return None
    mutates = _written_roots(node, {id(u.node) for u in uses if u.late})
    for call in (n for n in ast.walk(node) if isinstance(n, ast.Call)):
        if isinstance(call.func, ast.Attribute) and call.func.attr in MUTATING_METHODS:
            mutates |= {n.id for n in roots(call.func.value) if id(n) in every}
    return FunctionFacts(
        name=name,
        late_reads=frozenset(u.name for u in uses if u.late and u.context == "load"),
        late_binds=frozenset(u.name for u in uses if u.late and u.context != "load"),
        late_mutates=frozenset(mutates),
        parameters=parameters,
        mutated_parameters=mutated,
        is_class=is_class,
    )


def _parameters(function: FunctionNode) -> tuple[tuple[str, ...], frozenset[str]]:
    """Positional parameters, and those whose objects the body changes before giving them another value."""
    names = tuple(a.arg for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs))
    if isinstance(function, ast.Lambda):
        return names, frozenset()
    local, _ = local_names(function)
    live = set(names)
    mutated: set[str] = set()
    for statement in function.body:
        for node in ast.walk(statement):
            target: ast.AST | None = None
            if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
                target = node.value
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                inplace = any(
                    k.arg == "inplace" and isinstance(k.value, ast.Constant) and k.value.value for k in node.keywords
                )
                target = node.func.value if node.func.attr in MUTATING_METHODS or inplace else None
            elif isinstance(node, ast.AugAssign):
                target = node.target
            if target is not None:
                mutated |= {n.id for n in roots(target) if n.id in live and n.id in local}
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call()):
                live.discard(name)  # `d = d.copy()`: from here on another object
    return names, frozenset(mutated)
