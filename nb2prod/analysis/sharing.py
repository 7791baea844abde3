"""Which objects code changes, and under which names they are known: a walk over statements that follows objects.

    for group in groups.values():     group may be something that `groups` holds
        group.append(0)               so this changes `groups`

The walk is flow-sensitive (branches join, loops run twice) and errs towards "may be the same object" and "changes".
What calls do is in `nb2prod.analysis.calls`, the notation in `nb2prod.analysis.origins`.
"""

import ast
from collections.abc import Iterable, Mapping

from nb2prod.analysis.calls import call_value, nowhere_known, paths_at
from nb2prod.analysis.facts import comprehension_names
from nb2prod.analysis.locals import Comprehension, FunctionNode, local_names, parameter_names
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.origins import (
    CAPTURED,
    GIVEN,
    INNER,
    NONE,
    Effect,
    Names,
    Origins,
    base,
    changed_at_top,
    holder,
    within,
)  # fmt: skip
from nb2prod.analysis.paths import ANY, FileUse


def effect_of(statements: Iterable[ast.stmt], names: Names) -> tuple[Effect, Mapping[str, Origins]]:
    """What module-level statements do, and the origins of the names they bind."""
    state = Walk(names, {}, frozenset())
    state.block(statements)
    return state.effect(), state.origins


def summary(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, names: Names) -> Effect:
    """What calling the function does, in terms of its parameters and of globals."""
    local, _ = local_names(function)
    state = Walk(names, {p: frozenset({f"<{p}>"}) for p in parameter_names(function)}, local)
    state.self_name = next(iter(parameter_names(function)), "")
    state.body(function)
    return state.effect()


class Walk:
    """The state of one walk: `origins` of local (or just bound) names, and what was found so far."""

    def __init__(self, names: Names, origins: Mapping[str, Origins], local: frozenset[str]) -> None:
        self.names = names
        self.origins = dict(origins)
        self.local = local
        self.self_name = ""
        self.changed: set[str] = set()
        self.suspected: set[str] = set()
        self.repeatable: set[str] = set()
        self.kept: set[tuple[str, str]] = set()
        self.returns: set[str] = set()
        self.draws: set[str] = set()
        self.seeds: set[str] = set()
        self.states: set[str] = set()
        self.files: set[FileUse] = set()
        self.texts: dict[str, str] = {}
        """Paths that names just bound stand for."""
        self.handles: set[str] = set()
        """Names of open files."""
        self.inner: dict[str, Effect] = {}
        self.closures = Effect()

    def effect(self) -> Effect:
        return Effect(
            frozenset(self.changed), frozenset(self.suspected), frozenset(self.repeatable), frozenset(self.kept),
            frozenset(self.returns), frozenset(self.draws), frozenset(self.seeds), frozenset(self.states),
            frozenset(self.files), frozenset(self.texts.items()),
            self.closures.changes_given, self.closures.changes_captured,
        )  # fmt: skip

    # --- statements

    def body(self, function: FunctionNode) -> None:
        if isinstance(function, ast.Lambda):
            self.returns |= self.value(function.body)
        else:
            self.block(function.body)

    def block(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        texts = dict(self.texts)
        self._statement(node)
        if isinstance(node, ast.If | ast.For | ast.AsyncFor | ast.While | ast.Try | ast.TryStar | ast.Match):
            self.texts = {n: t for n, t in self.texts.items() if texts.get(n) == t}  # bound on some path only

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=parts)) if len(targets) == len(
                parts
            ) and not any(isinstance(p, ast.Starred) for p in (*targets, *parts)):
                for target, value in zip(targets, [self.value(part) for part in parts], strict=True):
                    self.bind(target, value)
            case ast.Assign():
                value = self.value(node.value)
                for target in node.targets:
                    self.bind_path(target, node.value, value)
            case ast.AnnAssign():
                if node.value is not None:
                    self.bind_path(node.target, node.value, self.value(node.value))
            case ast.AugAssign():
                value = within(self.value(node.value))
                self.changed |= changed_at_top(self.value(node.target))
                if isinstance(node.target, ast.Attribute | ast.Subscript):
                    self.changed |= changed_at_top(self.value(node.target.value))
                self.keep(node.target, value)
            case ast.Expr(value=ast.Call() as call):
                call_value(self, call, discarded=True)
            case ast.Expr(value=ast.Await(value=ast.Call() as call)):
                call_value(self, call, discarded=True)
            case ast.Return():
                self.returns |= self.value(node.value)
            case ast.Delete():
                for target in node.targets:
                    if isinstance(target, ast.Attribute | ast.Subscript):
                        self.changed |= changed_at_top(self.value(target.value))
            case ast.If():
                self.value(node.test)
                self.branches(node.body, node.orelse)
            case ast.For() | ast.AsyncFor():
                self.value(node.iter)
                for _ in range(2):  # what one round binds, the next one reads
                    before = dict(self.origins)
                    self.iterate(node.target, node.iter)
                    self.block(node.body)
                    self.join(before)
                self.block(node.orelse)
            case ast.While():
                for _ in range(2):
                    before = dict(self.origins)
                    self.value(node.test)
                    self.block(node.body)
                    self.join(before)
                self.block(node.orelse)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    value = self.value(item.context_expr)
                    if item.optional_vars is not None:
                        self.bind_path(item.optional_vars, item.context_expr, value)
                self.block(node.body)
            case ast.Try() | ast.TryStar():
                self.branches([*node.body, *node.orelse], *(h.body for h in node.handlers))
                self.block(node.finalbody)
            case ast.Match():
                subject = self.value(node.subject)
                for case in node.cases:
                    for part in walk(case.pattern):
                        name = getattr(part, "name", None) or getattr(part, "rest", None)
                        if isinstance(name, str):
                            self.origins[name] = subject
                    self.value(case.guard)
                self.branches(*(case.body for case in node.cases), [])
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.union((*node.decorator_list, *node.args.defaults, *node.args.kw_defaults))
                self.origins[node.name] = self.function(node)
            case ast.ClassDef():
                self.union((*node.decorator_list, *node.bases, *(k.value for k in node.keywords)))
                self.block(s for s in node.body if not isinstance(s, FunctionNode))
                self.origins[node.name] = NONE
            case _:
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self.value(child)

    def branches(self, *bodies: list[ast.stmt]) -> None:
        before = dict(self.origins)
        ends = []
        for body in bodies:
            self.origins = dict(before)
            self.block(body)
            ends.append(self.origins)
        self.origins = dict(before)
        for end in ends:
            self.join(end)

    def join(self, other: Mapping[str, Origins]) -> None:
        for name in {*other, *self.origins}:
            mine, theirs = self.origins.get(name, self.default(name)), other.get(name, self.default(name))
            self.origins[name] = mine | theirs

    def default(self, name: str) -> Origins:
        return NONE if name in self.local else frozenset({name})

    def bind_path(self, target: ast.expr, source: ast.expr, value: Origins) -> None:
        """Bind, and keep what `source` tells of files: the path it gives, or that it is an open one."""
        path = paths_at(self).path_of(source)
        function = source.func if isinstance(source, ast.Call) else None
        self.bind(target, value)
        if isinstance(target, ast.Name):
            if path not in (None, ANY):
                self.texts[target.id] = str(path)
            if (function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")) == "open":
                self.handles.add(target.id)

    def bind(self, target: ast.expr, value: Origins) -> None:
        match target:
            case ast.Name():
                self.origins[target.id] = value
                self.inner.pop(target.id, None)
                self.texts.pop(target.id, None)
                self.handles.discard(target.id)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self.bind(part, within(value))
            case ast.Starred(value=inner):
                self.bind(inner, holder(value))
            case ast.Attribute() | ast.Subscript():
                if isinstance(target, ast.Subscript):
                    self.value(target.slice)
                self.changed |= changed_at_top(self.value(target.value))
                self.keep(target.value, value)

    def keep(self, where: ast.expr, value: Origins) -> None:
        """The object that `where` gives holds `value` from now on."""
        if not value:
            return
        self.kept |= {(base(h), base(v)) for h in self.value(where) for v in value}
        root = where
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        if isinstance(root, ast.Name) and (root.id in self.origins or root.id in self.local):
            self.origins[root.id] = self.origins.get(root.id, NONE) | holder(value)

    def iterate(self, target: ast.expr, iterated: ast.expr) -> None:
        """Bind the loop variables; those of ``zip`` and ``enumerate`` one by one."""
        match target, iterated:
            case ast.Tuple(elts=parts), ast.Call(func=ast.Name(id="zip"), args=columns) if len(parts) == len(columns):
                for part, column in zip(parts, columns, strict=True):
                    self.iterate(part, column)
            case ast.Tuple(elts=[counter, part]), ast.Call(func=ast.Name(id="enumerate"), args=[column, *_]):
                self.bind(counter, NONE)
                self.iterate(part, column)
            case _:
                self.bind(target, within(self.value(iterated)))

    # --- expressions: what the value may be, or hold

    def value(self, node: ast.expr | None) -> Origins:
        match node:
            case None | ast.Constant():
                return NONE
            case ast.Name(id=name):
                return self.origins.get(name, self.default(name))
            case ast.Subscript():
                self.value(node.slice)
                return within(self.value(node.value))
            case ast.Attribute(value=inner) | ast.Starred(value=inner):
                return within(self.value(inner))
            case ast.Await(value=inner):
                return self.value(inner)
            case ast.NamedExpr():
                value = self.value(node.value)
                self.origins[node.target.id] = value
                return value
            case ast.Call():
                return call_value(self, node, discarded=False)
            case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
                return holder(self.union(parts))
            case ast.BoolOp(values=parts):
                return self.union(parts)
            case ast.Dict():
                return holder(self.union((*node.keys, *node.values)))
            case ast.IfExp():
                self.value(node.test)
                return self.union((node.body, node.orelse))
            case ast.Lambda():
                self.union((*node.args.defaults, *node.args.kw_defaults))
                return self.function(node)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                return self.comprehension(node)
            case ast.Yield() | ast.YieldFrom():
                self.returns |= holder(self.value(node.value))
                return NONE
            case ast.BinOp(op=ast.Add() | ast.BitOr() | ast.Mult()):  # a joined container holds what its parts hold
                return holder(within(self.names.holding(self.union((node.left, node.right)))))
            case _:
                self.union([n for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr)])
                return NONE

    def union(self, nodes: Iterable[ast.expr | None]) -> Origins:
        return NONE.union(*[self.value(node) for node in nodes])

    def comprehension(self, node: Comprehension) -> Origins:
        bound = comprehension_names(node)
        outer = {n: self.origins[n] for n in bound if n in self.origins}
        for generator in node.generators:
            self.iterate(generator.target, generator.iter)
            self.union(generator.ifs)
        results = self.union((node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,))
        for name in bound:
            self.origins.pop(name, None)
        self.origins |= outer
        return holder(results)

    def function(self, node: FunctionNode) -> Origins:
        """An inner function: run once where it is made, as if called there; its value holds what it captures."""
        own, _ = local_names(node)
        shared = {n: self.origins.get(n, NONE) | {CAPTURED} for n in self.local - own}
        given = {p: frozenset({GIVEN}) for p in parameter_names(node)}
        state = self.around({**shared, **given}, own)
        state.body(node)
        found = state.effect()
        changed = {base(o) for o in found.changed}
        rebinds = any(isinstance(n, ast.Nonlocal) for n in walk(node))
        effect = Effect(
            changes_given=found.changes_given or GIVEN in changed,
            changes_captured=found.changes_captured or CAPTURED in changed or rebinds,
        )
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self.inner[node.name] = effect
        self.closures = Effect(
            changes_given=self.closures.changes_given or effect.changes_given,
            changes_captured=self.closures.changes_captured or effect.changes_captured,
        )
        hidden = {GIVEN, CAPTURED, INNER}
        self.changed |= {o for o in found.changed if base(o) not in hidden}
        self.suspected |= {o for o in found.suspected if base(o) not in hidden}
        self.repeatable |= {o for o in found.repeatable if base(o) not in hidden}
        self.kept |= {(h, v) for h, v in found.kept if not {h, v} & hidden}
        self.draws |= found.draws
        self.states |= found.states
        self.files |= nowhere_known(found.files)
        loaded = {n.id for n in walk(node) if isinstance(n, ast.Name)} - own
        return frozenset({INNER}).union(*[self.origins.get(n, self.default(n)) for n in loaded if n in self.origins])

    def around(self, origins: Mapping[str, Origins], local: frozenset[str]) -> "Walk":
        """A walk of a function inside this one."""
        state = Walk(self.names, {**self.origins, **origins}, self.local | local)
        state.self_name = self.self_name
        state.inner = dict(self.inner)
        state.texts, state.handles = dict(self.texts), set(self.handles)
        return state
