"""Which objects code changes, and under which names they are known: a walk over statements that follows objects.

    for group in groups.values():     group may be (part of) what `groups` holds
        group.append(0)               so this changes `groups`

An *origin* is a name through which an object was reached: a global, or ``<x>`` for the parameter x of a function being
summarised; ``A()`` is an instance of the class A, ``f->`` a function or generator that f gave. Any other new object has
no origin; what it is made of may. The walk is flow-sensitive (branches join, loops run
twice) and errs towards "may be the same object" and "changes".
"""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from nb2prod.analysis import effects
from nb2prod.analysis.facts import Definition, comprehension_names
from nb2prod.analysis.locals import Comprehension, FunctionNode, local_names

Origins = frozenset[str]
NONE: Origins = frozenset()
GIVEN = "<given>"
"""The origin of what an inner function is given."""
CAPTURED = "<captured>"
"""The origin of locals that an inner function shares with the function around it."""
INNER = "<inner>"
"""The origin of a function made inside the code that is walked."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What code does when it runs, told in origins.

    `suspected` are changed only if a call whose value is thrown away changes something; `repeatable` are changed so
    that doing it again changes nothing (``net.eval()``). `kept` are (holder, held) pairs: ``holder.x = held``. `draws`
    are the random states it moves on, `seeds` those it sets. `returns` is what the returned object may be or hold;
    `changes_given` says whether an inner function changes what it is given, `changes_captured` what it shares.
    """

    changed: Origins = NONE
    suspected: Origins = NONE
    repeatable: Origins = NONE
    kept: frozenset[tuple[str, str]] = frozenset()
    returns: Origins = NONE
    draws: frozenset[str] = frozenset()
    seeds: frozenset[str] = frozenset()
    changes_given: bool = False
    changes_captured: bool = False


@dataclass(frozen=True, slots=True)
class Called:
    """What a call may reach: a function or class itself, or (`made`) what one gave: an instance, an inner function."""

    definition: Definition | None
    effect: Effect
    made: bool


class Names(Protocol):
    """What the walk asks of the notebook's namespace."""

    def called(self, origins: Origins) -> tuple[Called, ...]: ...

    def methods(self, origins: Origins, name: str) -> tuple[tuple[ast.FunctionDef | ast.AsyncFunctionDef, Effect], ...]:
        """Methods of that name of the notebook's own classes that a call on these objects may reach."""
        ...

    def path(self, name: str) -> str | None:
        """What an imported name stands for, e.g. ``numpy.random``."""
        ...

    def lasting(self, origins: Origins) -> Origins:
        """Without those that are known to be plain data, which nobody keeps."""
        ...

    def holding(self, origins: Origins) -> Origins:
        """Only those known to be containers of the notebook's own objects."""
        ...


def effect_of(statements: Iterable[ast.stmt], names: Names) -> tuple[Effect, Mapping[str, Origins]]:
    """What module-level statements do, and the origins of the names they bind."""
    walk = Walk(names, {}, frozenset())
    walk.block(statements)
    return walk.effect(), walk.origins


def summary(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, names: Names) -> Effect:
    """What calling the function does, in terms of its parameters and of globals."""
    local, _ = local_names(function)
    walk = Walk(names, {p: frozenset({f"<{p}>"}) for p in parameter_names(function)}, local)
    walk.self_name = next(iter(parameter_names(function)), "")
    walk.body(function)
    return walk.effect()


def parameter_names(function: FunctionNode) -> tuple[str, ...]:
    """Positional ones first, then keyword-only, ``*args`` and ``**kwargs``."""
    a = function.args
    every = (*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg)
    return tuple(p.arg for p in every if p is not None)


Arguments = list[tuple[int | str | None, Origins, ast.expr]]
"""(position, keyword or None for ``*x`` and ``**x``; origins; node)."""


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
        self.inner: dict[str, Effect] = {}
        self.closures = Effect()

    def effect(self) -> Effect:
        return Effect(
            frozenset(self.changed), frozenset(self.suspected), frozenset(self.repeatable), frozenset(self.kept),
            frozenset(self.returns), frozenset(self.draws), frozenset(self.seeds),
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
        match node:
            case ast.Assign():
                value = self.value(node.value)
                for target in node.targets:
                    self.bind(target, value)
            case ast.AnnAssign():
                if node.value is not None:
                    self.bind(node.target, self.value(node.value))
            case ast.AugAssign():
                value = self.value(node.value)
                held = self.value(node.target)
                self.changed |= held
                self.kept |= {(h, v) for h in held for v in value}
            case ast.Expr(value=ast.Call() as call):
                self.call(call, discarded=True)
            case ast.Expr(value=ast.Await(value=ast.Call() as call)):
                self.call(call, discarded=True)
            case ast.Return():
                self.returns |= self.value(node.value)
            case ast.Delete():
                for target in node.targets:
                    if isinstance(target, ast.Attribute | ast.Subscript):
                        self.changed |= self.value(target.value)
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
                        self.bind(item.optional_vars, value)
                self.block(node.body)
            case ast.Try() | ast.TryStar():
                self.branches([*node.body, *node.orelse], *(h.body for h in node.handlers))
                self.block(node.finalbody)
            case ast.Match():
                subject = self.value(node.subject)
                for case in node.cases:
                    for part in ast.walk(case.pattern):
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

    def bind(self, target: ast.expr, value: Origins) -> None:
        match target:
            case ast.Name():
                self.origins[target.id] = value
                self.inner.pop(target.id, None)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self.bind(part, value)
            case ast.Starred(value=inner):
                self.bind(inner, value)
            case ast.Attribute() | ast.Subscript():
                held = self.value(target.value)
                if isinstance(target, ast.Subscript):
                    self.value(target.slice)
                self.changed |= held
                self.kept |= {(h, v) for h in held for v in value}

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
                self.bind(target, self.value(iterated))

    # --- expressions: what the value may be, or hold

    def value(self, node: ast.expr | None) -> Origins:
        match node:
            case None | ast.Constant():
                return NONE
            case ast.Name(id=name):
                return self.origins.get(name, self.default(name))
            case ast.Subscript():
                self.value(node.slice)
                return self.value(node.value)
            case ast.Attribute(value=inner) | ast.Starred(value=inner) | ast.Await(value=inner):
                return self.value(inner)
            case ast.NamedExpr():
                value = self.value(node.value)
                self.origins[node.target.id] = value
                return value
            case ast.Call():
                return self.call(node, discarded=False)
            case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts) | ast.BoolOp(values=parts):
                return self.union(parts)
            case ast.Dict():
                self.union(node.keys)
                return self.union(node.values)
            case ast.IfExp():
                self.value(node.test)
                return self.union((node.body, node.orelse))
            case ast.Lambda():
                self.union((*node.args.defaults, *node.args.kw_defaults))
                return self.function(node)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                return self.comprehension(node)
            case ast.Yield() | ast.YieldFrom():
                self.returns |= self.value(node.value)
                return NONE
            case ast.BinOp(op=ast.Add() | ast.BitOr()):  # a joined container holds what its parts hold
                return self.names.holding(self.union((node.left, node.right)))
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
        return results

    def function(self, node: FunctionNode) -> Origins:
        """An inner function: run once where it is made, as if called there; its value holds what it captures."""
        own, _ = local_names(node)
        shared = {n: self.origins.get(n, NONE) | {CAPTURED} for n in self.local - own}
        given = {p: frozenset({GIVEN}) for p in parameter_names(node)}
        walk = Walk(self.names, {**self.origins, **shared, **given}, self.local | own)
        walk.self_name = self.self_name
        walk.body(node)
        found = walk.effect()
        rebinds = any(isinstance(n, ast.Nonlocal) for n in ast.walk(node))
        effect = Effect(
            changes_given=found.changes_given or GIVEN in found.changed,
            changes_captured=found.changes_captured or CAPTURED in found.changed or rebinds,
        )
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self.inner[node.name] = effect
        self.closures = Effect(
            changes_given=self.closures.changes_given or effect.changes_given,
            changes_captured=self.closures.changes_captured or effect.changes_captured,
        )
        hidden = {GIVEN, CAPTURED, INNER}
        self.changed |= found.changed - hidden
        self.suspected |= found.suspected - hidden
        self.repeatable |= found.repeatable - hidden
        self.kept |= {(h, v) for h, v in found.kept if not {h, v} & hidden}
        self.draws |= found.draws
        loaded = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - own
        return frozenset({INNER}).union(*[self.origins.get(n, self.default(n)) for n in loaded if n in self.origins])

    # --- calls

    def call(self, node: ast.Call, *, discarded: bool) -> Origins:
        function = node.func
        receiver = self.value(function.value) if isinstance(function, ast.Attribute) else NONE
        reached = NONE if isinstance(function, ast.Attribute) else self.value(function)
        arguments: Arguments = [
            (None if isinstance(a, ast.Starred) else n, self.value(a), a) for n, a in enumerate(node.args)
        ]
        arguments += [(k.arg, self.value(k.value), k.value) for k in node.keywords]
        self._callbacks(arguments, receiver)
        path = self._path(function)
        if path is not None:
            return self._library_call(path, arguments, discarded)
        if isinstance(function, ast.Attribute):
            return self._method_call(function, receiver, arguments, discarded)
        return self._plain_call(function, reached, arguments, discarded)

    def _plain_call(
        self, function: ast.expr, reached: Origins, arguments: Arguments, discarded: bool
    ) -> Origins:  # fmt: skip
        name = function.id if isinstance(function, ast.Name) else ""
        given = NONE.union(*[o for _, o, _ in arguments])
        if name == "super":
            return frozenset({f"<{self.self_name}>"})
        if name in self.inner:
            if self.inner[name].changes_given:
                self.changed |= given
            return given | reached
        called = self.names.called(reached)
        if called and not (isinstance(function, ast.Name) and name in self.local):
            return NONE.union(*[self._apply_called(c, reached, arguments) for c in called])
        if name in effects.MUTATING_FUNCTIONS:
            self.changed |= given
        elif discarded and name not in effects.HARMLESS_FUNCTIONS and not name.endswith(("Error", "Exception")):
            self.suspected |= self.names.lasting(given)
        if name in effects.FRESH_FUNCTIONS:
            return NONE
        return _result(name, self.names.lasting(given | reached if not name else given))

    def _apply_called(self, called: Called, reached: Origins, arguments: Arguments) -> Origins:
        given = NONE.union(*[o for _, o, _ in arguments])
        definition = called.definition
        if called.made and definition is not None and definition.is_class:
            results = [self._apply(m, e, arguments, reached) for m, e in self.names.methods(reached, "__call__")]
            return NONE.union(self.names.lasting(given), *results)
        if called.made or definition is None:  # an inner function that was given back, or kept in a container
            self.changed |= {o for o in called.effect.changed if not o.startswith("<")}
            self.draws |= called.effect.draws
            if called.effect.changes_given:
                self.changed |= given
            if called.effect.changes_captured:
                self.changed |= reached
            return given | reached
        if definition.is_class:
            instance = frozenset({f"{definition.name}()"})
            for method, effect in (*self.names.methods(instance, "__init__"),
                                   *self.names.methods(instance, "__post_init__")):  # fmt: skip
                self._apply(method, effect, arguments, instance)
            return given | instance
        assert not isinstance(definition.node, ast.ClassDef)
        result = self._apply(definition.node, called.effect, arguments, None)
        lives_on = INNER in called.effect.returns or is_generator(definition.node)
        return (result - {INNER}) | {f"{definition.name}->"} if lives_on else result

    def _apply(self, function: FunctionNode, effect: Effect, arguments: Arguments, receiver: Origins | None) -> Origins:
        """The effect of a call, with the parameters' origins replaced by those of the arguments."""
        a = function.args
        positional = [p.arg for p in (*a.posonlyargs, *a.args)]
        given: dict[str, set[str]] = {p: set() for p in parameter_names(function)}
        if receiver is not None and positional:
            given[positional.pop(0)] |= receiver
        for key, origins, _ in arguments:
            if key is None:  # `*x`, `**x`: may be any of them
                for held in given.values():
                    held |= origins
            elif isinstance(key, int):
                where = positional[key] if key < len(positional) else (a.vararg.arg if a.vararg else None)
                if where is not None:
                    given[where] |= origins
            elif key in given:
                given[key] |= origins
            elif a.kwarg:
                given[a.kwarg.arg] |= origins

        def outside(origins: Origins) -> Origins:
            return NONE.union(*[given.get(o[1:-1], set()) if o.startswith("<") else {o} for o in origins])

        self.changed |= outside(effect.changed)
        self.suspected |= outside(effect.suspected)
        self.repeatable |= outside(effect.repeatable)
        self.kept |= {
            (h, v) for holder, held in effect.kept for h in outside(frozenset({holder}))
            for v in outside(frozenset({held}))
        }  # fmt: skip
        self.draws |= effect.draws | effect.seeds
        return outside(effect.returns)

    def _method_call(
        self, function: ast.Attribute, receiver: Origins, arguments: Arguments, discarded: bool
    ) -> Origins:
        given = NONE.union(*[o for _, o, _ in arguments])
        if function.attr in effects.IDEMPOTENT_METHODS and (discarded or function.attr == "eval"):
            self.repeatable |= receiver
            return receiver
        own = self.names.methods(receiver, function.attr)
        results = [self._apply(m, e, arguments, receiver) for m, e in own]
        sure = bool(own) and not any(o.startswith("<") for o in receiver)
        if sure:
            return NONE.union(*results)
        keywords = {key: node for key, _, node in arguments if isinstance(key, str)}
        in_place = keywords.get("inplace")
        if function.attr in effects.MUTATING_METHODS or (isinstance(in_place, ast.Constant) and in_place.value):
            self.changed |= receiver
            if function.attr not in effects.FITTING_METHODS:
                self.kept |= {(h, v) for h in receiver for v in given}
        elif discarded and function.attr not in effects.HARMLESS_METHODS:
            self.suspected |= receiver
        if function.attr == "sample" and "random_state" not in keywords:
            self.draws.add("state of numpy.random")
        self._written_out(arguments)
        if function.attr in effects.FITTING_METHODS:
            return receiver.union(*results)
        if function.attr == "copy":
            return self.names.holding(receiver).union(*results)
        if function.attr in (effects.FRESH_METHODS | effects.HARMLESS_METHODS) - effects.VIEWS:
            return NONE.union(*results)
        return _result(function.attr, receiver | self.names.lasting(given)).union(*results)

    def _library_call(self, path: str, arguments: Arguments, discarded: bool) -> Origins:
        """A call of something imported, by its full name."""
        given = NONE.union(*[o for _, o, _ in arguments])
        module, _, name = path.rpartition(".")
        root = path.split(".")[0]
        state = effects.random_state(module, name)
        if state and name in effects.SEEDING:
            self.seeds.add(state)
        elif state or (name in effects.DRAWING and "random_state" not in {k for k, _, _ in arguments}):
            self.draws.add(state or "state of numpy.random")
        if name in effects.MUTATING_FUNCTIONS:
            self.changed |= given
        elif discarded and not effects.is_harmless(root, name):
            self.suspected |= self.names.lasting(given)
        self._written_out(arguments)
        if name in effects.FRESH_FUNCTIONS | effects.FRESH_METHODS:
            return NONE
        filled = arguments and isinstance(arguments[0][2], ast.Dict | ast.List | ast.ListComp)
        if filled and path in effects.COPYING_MAKERS:
            return NONE
        return _result(name, self.names.lasting(given))

    def _written_out(self, arguments: Arguments) -> None:
        """``np.add(a, b, out=c)`` changes c."""
        self.changed |= NONE.union(*[origins for key, origins, _ in arguments if key == "out"])

    def _callbacks(self, arguments: Arguments, receiver: Origins) -> None:
        """Functions handed over may be called with anything else that is handed over."""
        others = receiver.union(*[o for _, o, _ in arguments])
        for _, origins, node in arguments:
            if isinstance(node, ast.Lambda):
                own, _ = local_names(node)
                walk = Walk(self.names, {**self.origins, **{p: frozenset({GIVEN}) for p in own}}, self.local | own)
                walk.body(node)
                changes = GIVEN in walk.changed | walk.suspected
            elif isinstance(node, ast.Name) and node.id in self.inner:
                changes = self.inner[node.id].changes_given
            else:
                called = self.names.called(origins)
                changes = any(c.effect.changes_given for c in called)
                for one in (c for c in called if c.definition is not None and not c.definition.is_class):
                    self.changed |= {o for o in one.effect.changed if not o.startswith("<")}
                    self.draws |= one.effect.draws
                    changes |= any(o.startswith("<") for o in one.effect.changed)
            if changes:
                self.changed |= others

    def _path(self, function: ast.expr) -> str | None:
        """``np.random.normal`` -> ``numpy.random.normal``, where the first name is an import."""
        attributes: list[str] = []
        while isinstance(function, ast.Attribute):
            attributes.insert(0, function.attr)
            function = function.value
        if not isinstance(function, ast.Name) or function.id in self.local or function.id in self.origins:
            return None
        root = self.names.path(function.id)
        return None if root is None else ".".join([root, *attributes])


def is_generator(node: ast.AST) -> bool:
    """Whether calling the function gives a generator or coroutine: its body runs later."""
    if isinstance(node, ast.AsyncFunctionDef):
        return True
    pending: list[ast.AST] = list(node.body) if isinstance(node, ast.FunctionDef) else []
    while pending:
        part = pending.pop()
        if isinstance(part, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(part, FunctionNode | ast.ClassDef):
            pending += list(ast.iter_child_nodes(part))
    return False


def _result(name: str, origins: Origins) -> Origins:
    """What a function we do not know gives may hold what it was handed; functions and generators only if it is a maker
    (``Pipeline``, ``partial``) or gives an iterator itself."""
    if name[:1].isupper() or name in ("partial", "wraps", "cache", "lru_cache") or name in effects.USED_UP_BY_READING:
        return origins
    return frozenset(o for o in origins if o != INNER and not o.endswith("->"))
