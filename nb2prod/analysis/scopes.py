"""Which names of a statement are the notebook's globals, by Python's own scope rules.

    def scaled(d):           `d` is local, `MEAN` is a global read *late*: when the function is called,
        return d - MEAN      not where it is defined

    rest = (d - MEAN for d in rows)      late as well: when `rest` is used up; but `rows` is read now

A notebook's cells share one module namespace. For every statement the uses of that namespace are listed in the order
in which Python makes them; uses inside function bodies are marked late. Positions are kept, so that source can be cut
and spliced without reprinting it.

Source of the rules: Python reference, section 4.2 (naming and binding), and PEP 572, 709, 695, 696.
"""

import ast
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from nb2prod.analysis.locals import Comprehension, FunctionNode, bound_name, local_names
from nb2prod.analysis.nodes import children, walk

Context = Literal["load", "store", "delete"]


@dataclass(frozen=True, slots=True)
class NameUse:
    """One use of a global name. `late` uses happen when an enclosing function is called; `node` is the Name, or the
    statement that binds (def, class, import, except), or the string that names it (an annotation, ``df.query``)."""

    name: str
    context: Context
    late: bool
    node: ast.AST


def global_uses(statement: ast.stmt) -> tuple[NameUse, ...]:
    """All uses of module globals in a top-level statement, roughly in evaluation order."""
    return tuple(_Walker().statement(statement))


def expression_uses(node: ast.AST) -> Iterator[NameUse]:
    """The same for any node of a module-level statement."""
    return _Walker().statement(node)


_LEAVES = (ast.expr_context, ast.operator, ast.cmpop, ast.unaryop, ast.boolop, ast.Constant)
_NAMELESS = frozenset((*_LEAVES, *(kind for base in _LEAVES for kind in base.__subclasses__())))
_TRANSPARENT = frozenset(
    (ast.Expr, ast.Attribute, ast.Subscript, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Tuple, ast.List,
     ast.Dict, ast.Set, ast.Slice, ast.Starred, ast.keyword, ast.Return, ast.IfExp, ast.JoinedStr, ast.FormattedValue)
)  # fmt: skip
"""Nodes that name nothing themselves and evaluate their parts in the order in which they are written."""


_TYPE_ALIAS: type[ast.AST] | None = getattr(ast, "TypeAlias", None)
"""``type Rows = list[float]``; None in Python 3.11, which has none."""

_CONSUMERS = frozenset(
    ("sum", "any", "all", "max", "min", "len", "list", "tuple", "set", "frozenset", "dict", "sorted", "Counter", "join",
     "extend", "update", "fromiter", "mean", "fsum")
)  # fmt: skip
"""Functions and methods that use up a generator expression at once."""


def _children(node: ast.AST) -> list[ast.AST]:
    """The parts of a node that may hold names."""
    return [child for child in children(node) if child.__class__ not in _NAMELESS]


@dataclass(slots=True)
class _Scope:
    """A function, class, comprehension or list of type parameters around the code being walked. The names of a class
    grow as its body runs: it reads a name from itself only once it is bound there, and before that the global."""

    names: frozenset[str]
    declared_global: frozenset[str] = frozenset()
    kind: Literal["function", "class", "comprehension", "types"] = "function"


class _Walker:
    """Walks one statement in evaluation order with a stack of enclosing scopes (empty: the module itself)."""

    def __init__(self) -> None:
        self.scopes: list[_Scope] = []
        self.late = False
        self.consumed: set[int] = set()
        """Generator expressions that are used up where they stand."""

    def statement(self, node: ast.AST) -> Iterator[NameUse]:
        if type(node) in _TRANSPARENT:  # the most frequent by far
            yield from self._all(_children(node))
            return
        match node:
            case ast.Name():
                context: Context = "load" if isinstance(node.ctx, ast.Load) else "store"
                if isinstance(node.ctx, ast.Del):
                    context = "delete"
                yield from self._use(node.id, context, node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from self._all(node.decorator_list)
                with self._type_parameters(node) as bounds:
                    yield from bounds
                    yield from self._signature(node)
                    yield from self._function(node, node.body)
                yield from self._use(node.name, "store", node)
            case ast.Lambda():
                yield from self._signature(node)
                yield from self._function(node, [node.body])
            case ast.ClassDef():
                yield from self._all(node.decorator_list)
                with self._type_parameters(node) as bounds:
                    yield from bounds
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
                if not self._in_function():  # annotations of a function's locals are never evaluated
                    yield from self._annotation(node.annotation)
                if node.value is not None or not isinstance(node.target, ast.Name):
                    yield from self.statement(node.target)
            case ast.NamedExpr():
                yield from self.statement(node.value)
                yield from self._walrus(node.target)
            case ast.For() | ast.AsyncFor():
                self.consumed.add(id(node.iter))
                yield from self.statement(node.iter)
                yield from self.statement(node.target)
                yield from self._all([*node.body, *node.orelse])
            case ast.If() | ast.While() | ast.Try() | ast.TryStar() | ast.Match():
                yield from self._perhaps(node)
            case ast.Call():
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called in _CONSUMERS:
                    self.consumed |= {id(a) for a in node.args}
                yield from self._all(_children(node))
                yield from self._named_in_query(node)
            case ast.ExceptHandler():
                if node.type is not None:
                    yield from self.statement(node.type)
                if node.name is not None:
                    yield from self._use(node.name, "store", node)
                yield from self._all(node.body)
            case ast.MatchAs() | ast.MatchStar():
                yield from self._all(_children(node))
                if node.name is not None:
                    yield from self._use(node.name, "store", node)
            case ast.MatchMapping():
                yield from self._all(_children(node))
                if node.rest is not None:
                    yield from self._use(node.rest, "store", node)
            case _ if node.__class__ is _TYPE_ALIAS:
                yield from self._type_alias(node)
            case _:
                yield from self._all(_children(node))

    def _all(
        self, nodes: "list[ast.AST] | list[ast.expr] | list[ast.stmt] | list[ast.expr | ast.keyword]"
    ) -> Iterator[NameUse]:
        for node in nodes:
            yield from self.statement(node)

    def _perhaps(self, node: ast.AST) -> Iterator[NameUse]:
        """What a branch binds in a class body may not be bound: a read after it may be the global's."""
        scope = self.scopes[-1] if self.scopes and self.scopes[-1].kind == "class" else None
        bound = scope.names if scope else frozenset()
        yield from self._all(_children(node))
        if scope:
            scope.names = bound

    def _use(self, name: str, context: Context, node: ast.AST) -> Iterator[NameUse]:
        scope = next((s for s in reversed(self.scopes) if s.kind != "comprehension"), None)
        if scope is not None and scope.kind == "class" and context != "load" and name not in scope.declared_global:
            scope.names = scope.names | {name} if context == "store" else scope.names - {name}
        elif self._is_global(name):
            yield NameUse(name, context, self.late, node)

    def _is_global(self, name: str) -> bool:
        inside = False
        for scope in reversed(self.scopes):
            if name in scope.declared_global:
                return True
            if scope.kind == "class" and inside:
                continue  # names of a class body are not visible inside its functions
            if name in scope.names:
                return False
            inside = inside or scope.kind != "types"  # annotations of a generic method do see its class
        return True

    def _in_function(self) -> bool:
        scope = next((s for s in reversed(self.scopes) if s.kind not in ("comprehension", "types")), None)
        return scope is not None and scope.kind == "function"

    @contextmanager
    def _type_parameters(self, node: ast.AST) -> Iterator[tuple[NameUse, ...]]:
        """``def f[T: Row](x: T)`` (PEP 695): a scope of their own around signature and body. What bounds and defaults
        read is read when somebody asks for them."""
        parameters = getattr(node, "type_params", [])
        if not parameters:
            yield ()
            return
        self.scopes.append(_Scope(frozenset(p.name for p in parameters), kind="types"))
        yield tuple(self._lazily([child for p in parameters for child in _children(p)]))
        self.scopes.pop()

    def _type_alias(self, node: ast.AST) -> Iterator[NameUse]:
        """``type Rows[T] = list[T]``: the name is bound at once, its value is worked out when somebody asks for it."""
        name, value = node.name, node.value  # type: ignore[attr-defined]
        with self._type_parameters(node) as bounds:
            yield from bounds
            yield from self._lazily([value])
        yield from self.statement(name)

    def _lazily(self, nodes: list[ast.AST]) -> Iterator[NameUse]:
        was_late, self.late = self.late, True
        yield from self._all(nodes)
        self.late = was_late

    def _annotation(self, node: ast.expr) -> Iterator[NameUse]:
        """An annotation; where it is a string, the names in it."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                inside = ast.parse(node.value, mode="eval").body
            except SyntaxError:
                return
            for name in {n.id for n in walk(inside) if isinstance(n, ast.Name)}:
                yield from self._use(name, "load", node)
        else:
            yield from self.statement(node)

    def _named_in_query(self, node: ast.Call) -> Iterator[NameUse]:
        """``df.query("area > @limit")`` reads `limit`: pandas takes it from the caller's variables."""
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("query", "eval"):
            for text in (a for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)):
                for name in dict.fromkeys(re.findall(r"@([^\W\d]\w*)", str(text.value))):
                    yield from self._use(name, "load", text)

    def _signature(self, node: FunctionNode) -> Iterator[NameUse]:
        """Defaults and annotations are evaluated where the function is defined."""
        arguments = node.args
        yield from self._all([*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)])
        if isinstance(node, ast.Lambda):
            return
        every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
        for annotation in (*(a.annotation for a in every if a is not None), node.returns):
            if annotation is not None:
                yield from self._annotation(annotation)

    def _function(self, node: FunctionNode, body: "list[ast.stmt] | list[ast.expr]") -> Iterator[NameUse]:
        names, declared = local_names(node)
        was_late, self.late = self.late, True
        self.scopes.append(_Scope(names, declared))
        yield from self._all(body)
        self.scopes.pop()
        self.late = was_late

    def _class(self, node: ast.ClassDef) -> Iterator[NameUse]:
        declared = frozenset(n for child in node.body if isinstance(child, ast.Global) for n in child.names)
        self.scopes.append(_Scope(frozenset(), declared, "class"))
        yield from self._all(node.body)
        self.scopes.pop()

    def _comprehension(self, node: Comprehension) -> Iterator[NameUse]:
        targets = {n.id for g in node.generators for n in walk(g.target)
                   if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}  # fmt: skip
        was_late = self.late
        waits = isinstance(node, ast.GeneratorExp) and id(node) not in self.consumed
        if not waits:
            self.consumed |= {id(g.iter) for g in node.generators}
        yield from self.statement(node.generators[0].iter)  # evaluated in the scope around
        self.late = was_late or waits
        self.scopes.append(_Scope(frozenset(targets), kind="comprehension"))
        for position, generator in enumerate(node.generators):
            if position:
                yield from self.statement(generator.iter)
            yield from self._all(generator.ifs)
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        yield from self._all(results)
        self.scopes.pop()
        self.late = was_late

    def _walrus(self, target: ast.Name) -> Iterator[NameUse]:
        """A walrus binds in the nearest scope that is no comprehension."""
        around = [s for s in self.scopes if s.kind != "comprehension"]
        if not around or target.id in around[-1].declared_global:
            yield NameUse(target.id, "store", self.late, target)
