"""Which names of a statement are the notebook's globals, by Python's own scope rules.

    def scaled(d):           `d` is local, `MEAN` is a global read *late*: when the function is called,
        return d - MEAN      not where it is defined

A notebook's cells share one module namespace. For every statement the uses of that namespace are listed in the order
in which Python makes them; uses inside function bodies are marked late. Positions are kept, so that source can be cut
and spliced without reprinting it.

Source of the rules: Python reference, section 4.2 (naming and binding), and PEP 572, 709, 695.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Context = Literal["load", "store", "delete"]
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(frozen=True, slots=True)
class NameUse:
    """One use of a global name. `late` uses happen when an enclosing function is called; `node` is the Name (or the
    statement that binds: def, class, import, except)."""

    name: str
    context: Context
    late: bool
    node: ast.AST


def global_uses(statement: ast.stmt) -> tuple[NameUse, ...]:
    """All uses of module globals in a top-level statement, roughly in evaluation order."""
    return tuple(_Walker().statement(statement))


def local_names(function: FunctionNode) -> tuple[frozenset[str], frozenset[str]]:
    """(names local to the function, names it declares global). Arguments are local."""
    arguments = function.args
    names = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    names |= {a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None}
    outer: set[str] = set()
    declared: set[str] = set()
    body = [function.body] if isinstance(function, ast.Lambda) else function.body
    for node in _own_nodes(body):
        match node:
            case ast.Name(ctx=ast.Store() | ast.Del()):
                names.add(node.id)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.add(node.name)
            case ast.Import() | ast.ImportFrom():
                names |= {bound_name(alias) for alias in node.names}
            case ast.ExceptHandler(name=str(name)):
                names.add(name)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                names.add(name)
            case ast.Global():
                declared |= set(node.names)
                outer |= set(node.names)
            case ast.Nonlocal():
                outer |= set(node.names)
    return frozenset(names - outer), frozenset(declared)


def bound_name(alias: ast.alias) -> str:
    """The name an import binds: ``import a.b`` binds ``a``."""
    return alias.asname or alias.name.split(".")[0]


def _own_nodes(body: list[ast.stmt] | list[ast.expr]) -> Iterator[ast.AST]:
    """Nodes of this scope only: bodies of nested functions and classes are left out, as are the targets of
    comprehensions; a walrus inside a comprehension binds here (PEP 572)."""
    pending: list[tuple[ast.AST, bool]] = [(node, False) for node in reversed(body)]
    while pending:
        node, in_comprehension = pending.pop()
        if in_comprehension and isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            continue
        if isinstance(node, ast.NamedExpr):
            yield node.target
            pending.append((node.value, in_comprehension))
            continue
        yield node
        if isinstance(node, FunctionNode):
            outside = [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
            if not isinstance(node, ast.Lambda):
                outside += node.decorator_list
            pending += [(child, in_comprehension) for child in outside]
        elif isinstance(node, ast.ClassDef):
            pending += [(c, in_comprehension) for c in (*node.decorator_list, *node.bases)]
        else:
            inside = in_comprehension or isinstance(node, Comprehension)
            pending += [(child, inside) for child in ast.iter_child_nodes(node)]


@dataclass(frozen=True, slots=True)
class _Scope:
    """A function, class or comprehension around the code being walked."""

    names: frozenset[str]
    declared_global: frozenset[str] = frozenset()
    is_class: bool = False


class _Walker:
    """Walks one statement in evaluation order with a stack of enclosing scopes (empty: the module itself)."""

    def __init__(self) -> None:
        self.scopes: list[_Scope] = []
        self.late = False

    def statement(self, node: ast.AST) -> Iterator[NameUse]:
        match node:
            case ast.Name():
                context: Context = "load" if isinstance(node.ctx, ast.Load) else "store"
                if isinstance(node.ctx, ast.Del):
                    context = "delete"
                yield from self._use(node.id, context, node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from self._all(node.decorator_list)
                yield from self._signature(node)
                yield from self._function(node, node.body)
                yield from self._use(node.name, "store", node)
            case ast.Lambda():
                yield from self._signature(node)
                yield from self._function(node, [node.body])
            case ast.ClassDef():
                yield from self._all(node.decorator_list)
                yield from self._all([*node.bases, *node.keywords])
                yield from self._class(node)
                yield from self._use(node.name, "store", node)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                yield from self._comprehension(node)
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    if alias.name != "*":
                        yield from self._use(bound_name(alias), "store", node)
            case ast.Assign():
                yield from self.statement(node.value)
                yield from self._all(node.targets)
            case ast.AugAssign():
                if isinstance(node.target, ast.Name):
                    yield from self._use(node.target.id, "load", node.target)
                yield from self.statement(node.value)
                yield from self.statement(node.target)
            case ast.AnnAssign():
                if node.value is not None:
                    yield from self.statement(node.value)
                if not self.late:  # annotations of a function's locals are never evaluated
                    yield from self.statement(node.annotation)
                if node.value is not None or not isinstance(node.target, ast.Name):
                    yield from self.statement(node.target)
            case ast.NamedExpr():
                yield from self.statement(node.value)
                yield from self._walrus(node.target)
            case ast.For() | ast.AsyncFor():
                yield from self.statement(node.iter)
                yield from self.statement(node.target)
                yield from self._all([*node.body, *node.orelse])
            case ast.ExceptHandler():
                if node.type is not None:
                    yield from self.statement(node.type)
                if node.name is not None:
                    yield from self._use(node.name, "store", node)
                yield from self._all(node.body)
            case ast.MatchAs() | ast.MatchStar():
                yield from self._all(list(ast.iter_child_nodes(node)))
                if node.name is not None:
                    yield from self._use(node.name, "store", node)
            case ast.MatchMapping():
                yield from self._all(list(ast.iter_child_nodes(node)))
                if node.rest is not None:
                    yield from self._use(node.rest, "store", node)
            case _:
                yield from self._all(list(ast.iter_child_nodes(node)))

    def _all(
        self, nodes: "list[ast.AST] | list[ast.expr] | list[ast.stmt] | list[ast.expr | ast.keyword]"
    ) -> Iterator[NameUse]:
        for node in nodes:
            yield from self.statement(node)

    def _use(self, name: str, context: Context, node: ast.AST) -> Iterator[NameUse]:
        if self._is_global(name):
            yield NameUse(name, context, self.late, node)

    def _is_global(self, name: str) -> bool:
        for depth, scope in enumerate(reversed(self.scopes)):
            if name in scope.declared_global:
                return True
            if scope.is_class and depth > 0:
                continue  # names of a class body are not visible inside its functions
            if name in scope.names:
                return False
        return True

    def _signature(self, node: FunctionNode) -> Iterator[NameUse]:
        """Defaults and annotations are evaluated where the function is defined."""
        arguments = node.args
        yield from self._all([*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)])
        if isinstance(node, ast.Lambda):
            return
        every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
        yield from self._all([a.annotation for a in every if a is not None and a.annotation is not None])
        if node.returns is not None:
            yield from self.statement(node.returns)

    def _function(self, node: FunctionNode, body: "list[ast.stmt] | list[ast.expr]") -> Iterator[NameUse]:
        names, declared = local_names(node)
        names |= {p.name for p in getattr(node, "type_params", [])}
        was_late, self.late = self.late, True
        self.scopes.append(_Scope(names, declared))
        yield from self._all(body)
        self.scopes.pop()
        self.late = was_late

    def _class(self, node: ast.ClassDef) -> Iterator[NameUse]:
        stored = {n.id for n in _own_nodes(node.body) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        stored |= {n.name for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
        # a class body reads a name from itself only once it is bound there: a read before is the global
        seen: set[str] = set()
        for child in node.body:
            self.scopes.append(_Scope(frozenset(seen & stored), is_class=True))
            own = {n.id for n in _own_nodes([child]) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            for use in self.statement(child):
                in_body = use.context != "load" and not use.late and (use.name in own or use.node is child)
                if not in_body:
                    yield use
            self.scopes.pop()
            seen |= own | (
                {child.name} if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else set()
            )

    def _comprehension(self, node: Comprehension) -> Iterator[NameUse]:
        targets = {n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}
        yield from self.statement(node.generators[0].iter)  # evaluated in the scope around
        self.scopes.append(_Scope(frozenset(targets)))
        for position, generator in enumerate(node.generators):
            if position:
                yield from self.statement(generator.iter)
            yield from self._all(generator.ifs)
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        yield from self._all(results)
        self.scopes.pop()

    def _walrus(self, target: ast.Name) -> Iterator[NameUse]:
        """A walrus binds in the nearest scope that is no comprehension: here only the module counts."""
        if not self.late:
            yield NameUse(target.id, "store", False, target)
