"""The facts of one top-level statement, before it is known what its names stand for.

    X["ratio"] = X.a / scale(X.b)       reads X, scale
    if flag: n = 1                      reads flag, may bind n

`reads` are names the statement needs from before it; a name it surely binds first is not among them. `maybe` are names
bound on some path only, so what they held before may live on. What a statement changes in place depends on what its
names stand for, and is found in `nb2prod.analysis.sharing`.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nb2prod.analysis.locals import Comprehension, FunctionNode, bound_name
from nb2prod.analysis.nodes import children, walk
from nb2prod.analysis.scopes import NameUse, expression_uses, global_uses


@dataclass(frozen=True, slots=True)
class Definition:
    """A function (``def``, or a lambda with a name) or class of the notebook: what calling it reads and binds."""

    name: str
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
    late_reads: frozenset[str]
    late_binds: frozenset[str]

    @property
    def is_class(self) -> bool:
        return isinstance(self.node, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Import:
    """``import a.b as c`` binds `name` c to `module` a.b; ``from a import b`` binds b to `member` b of a."""

    name: str
    module: str
    member: str = ""

    @property
    def path(self) -> str:
        """What the name stands for, e.g. ``numpy.random``; ``import a.b`` binds ``a``."""
        if self.member:
            return f"{self.module}.{self.member}"
        return self.name if self.module.split(".")[0] == self.name else self.module


@dataclass(frozen=True, slots=True)
class Facts:
    reads: frozenset[str]
    binds: frozenset[str]
    maybe: frozenset[str]
    deletes: frozenset[str]
    late_reads: frozenset[str]
    calls: tuple[ast.Call, ...]
    """Calls made as the statement runs; those inside function bodies wait."""
    imports: tuple[Import, ...]
    star_imports: tuple[str, ...]
    definition: Definition | None
    uses: tuple[NameUse, ...]


def statement_facts(statement: ast.stmt) -> Facts:
    uses = global_uses(statement)
    flow = _Flow(statement, uses)
    surely = flow.block([statement], frozenset())
    stored = {u.name for u in uses if u.context == "store" and not u.late}
    imports, stars = _imports(statement)
    return Facts(
        reads=frozenset(flow.reads),
        binds=surely,
        maybe=frozenset(stored - surely),
        deletes=frozenset(u.name for u in uses if u.context == "delete" and not u.late),
        late_reads=frozenset(u.name for u in uses if u.late and u.context == "load"),
        calls=tuple(_calls(statement)),
        imports=imports,
        star_imports=stars,
        definition=_definition(statement, uses),
        uses=uses,
    )


class _Flow:
    """Reads that come before a sure binding, through branches and loops."""

    def __init__(self, statement: ast.stmt, uses: tuple[NameUse, ...]) -> None:
        self.reads: set[str] = set()
        self.statement = statement
        self.uses = uses

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
                ended = self.block(node.body, bound)
                return bound if any(_may_swallow(item.context_expr) for item in node.items) else ended
            case ast.Try() | ast.TryStar():
                whole = self.block(node.orelse, self.block(node.body, bound))
                for handler in node.handlers:
                    start = self.expression(handler.type, bound) if handler.type else bound
                    whole &= self.block(handler.body, start | ({handler.name} if handler.name else set()))
                return whole | self.block(node.finalbody, bound)
            case ast.Match():
                bound = self.expression(node.subject, bound)
                for case in node.cases:
                    start = self.expression(case.pattern, bound)
                    start = self.expression(case.guard, start) if case.guard else start
                    self.block(case.body, start)
                return bound
            case _:
                return self.expression(node, bound)

    def expression(self, node: ast.AST, bound: frozenset[str]) -> frozenset[str]:
        unsure = {id(target) for target in _unsure_targets(node)}
        for use in self.uses if node is self.statement else expression_uses(node):
            if use.late:
                continue
            if use.context == "load" and use.name not in bound:
                self.reads.add(use.name)
            elif use.context == "store" and id(use.node) not in unsure:
                bound |= {use.name}
            elif use.context == "delete":
                if use.name not in bound:
                    self.reads.add(use.name)
                bound -= {use.name}
        return bound


def _may_swallow(manager: ast.expr) -> bool:
    """``with suppress(KeyError):`` ends before its body has."""
    called = manager.func if isinstance(manager, ast.Call) else manager
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in {"suppress", "raises", "ExitStack"}


def _unsure_targets(node: ast.AST) -> Iterator[ast.Name]:
    """Targets of ``:=`` that are not always reached: behind ``and``, in one arm of ``x if y else z``, in a loop."""
    walruses = [n for n in walk(node) if isinstance(n, ast.NamedExpr)]
    if not walruses:
        return
    for part in walk(node):
        branches: list[ast.AST] = []
        match part:
            case ast.BoolOp():
                branches = [*part.values[1:]]
            case ast.IfExp():
                branches = [part.body, part.orelse]
            case ast.Compare():
                branches = [*part.comparators[1:]]
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                branches = [part]
        for branch in branches:
            yield from (n.target for n in walk(branch) if isinstance(n, ast.NamedExpr))


def _calls(statement: ast.stmt) -> Iterator[ast.Call]:
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Call):
            yield node
        if isinstance(node, FunctionNode):
            pending += [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
            pending += getattr(node, "decorator_list", [])
        else:
            pending += list(children(node))


def _imports(statement: ast.stmt) -> tuple[tuple[Import, ...], tuple[str, ...]]:
    """Names imported as the statement runs, and modules of which everything is imported."""
    found: list[Import] = []
    stars: list[str] = []
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        if (by_name := imported_by_name(node)) is not None:
            found.append(by_name)
        elif isinstance(node, ast.Import):
            found += [Import(bound_name(alias), alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            for alias in node.names:
                if alias.name == "*":
                    stars.append(module)
                else:
                    found.append(Import(bound_name(alias), module, alias.name))
        elif isinstance(node, ast.stmt) and not isinstance(node, FunctionNode | ast.ClassDef):
            pending += [n for n in children(node) if isinstance(n, ast.stmt | ast.ExceptHandler)]
        elif isinstance(node, ast.ExceptHandler):
            pending += node.body
    return tuple(found), tuple(stars)


def imported_by_name(node: ast.AST) -> Import | None:
    """``helpers = importlib.import_module("helpers")``: an import in other words."""
    match node:
        case ast.Assign(
            targets=[ast.Name(id=name)], value=ast.Call(func=function, args=[ast.Constant(value=str(module))])
        ):
            called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if called == "import_module" and not module.startswith("."):
                return Import(name, module)
    return None


def _definition(statement: ast.stmt, uses: tuple[NameUse, ...]) -> Definition | None:
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            name, node = statement.name, statement
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as node):
            pass
        case _:
            return None
    return Definition(
        name,
        node,
        late_reads=frozenset(u.name for u in uses if u.late and u.context == "load"),
        late_binds=frozenset(u.name for u in uses if u.late and u.context != "load"),
    )


def comprehension_names(node: Comprehension) -> frozenset[str]:
    """The names a comprehension binds for itself."""
    targets = (n for g in node.generators for n in walk(g.target))
    return frozenset(n.id for n in targets if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
