"""The notebook's namespace while its statements run one after the other: what each needs, changes and binds.

A function's late reads are resolved where it may be called, and what it changes is read from its body, with the
functions that *it* calls as they are then.
"""

import ast
import builtins
from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from nb2prod.analysis import effects
from nb2prod.analysis.calls import is_generator
from nb2prod.analysis.disk import Disk
from nb2prod.analysis.facts import Definition, Facts
from nb2prod.analysis.locals import FunctionNode, parameter_names
from nb2prod.analysis.modules import STATE, OwnModules
from nb2prod.analysis.names import is_kept_by_ipython, is_plain_data
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.objects import GAVE, NO_TOKENS, Change, Contributors, Objects, Tokens
from nb2prod.analysis.origins import NONE, Called, Effect, Method, Origins, OwnFunction, base
from nb2prod.analysis.paths import FileUse
from nb2prod.analysis.sharing import effect_of, summary

_GIVEN_BY_IPYTHON = frozenset({"__name__", "__file__", "__doc__", "get_ipython", "display"})
_CONTAINERS = ast.List | ast.Tuple | ast.Set | ast.Dict | ast.ListComp | ast.SetComp | ast.DictComp


@dataclass(frozen=True, slots=True)
class Entry:
    """What one statement needs and does, with every name resolved as it was then (see `NotebookGraph`)."""

    reads: Mapping[str, Contributors]
    late: frozenset[str]
    changes: Change
    doubtful: Change
    surely: Change
    undefined: tuple[str, ...]
    sets_up: bool
    files: tuple[FileUse, ...]


@dataclass(slots=True)
class Namespace:
    objects: Objects = field(default_factory=Objects)
    disk: Disk = field(default_factory=Disk)
    own: OwnModules = field(default_factory=OwnModules)
    parts: dict[int, str] = field(default_factory=dict)
    """Tokens of what was taken out of an own module (``config = helpers.CONFIG``), with the name of its state."""
    imported: dict[str, str] = field(default_factory=dict)
    """What an imported name stands for, e.g. ``np`` -> ``numpy``."""
    definitions: dict[int, Definition] = field(default_factory=dict)
    methods_named: dict[str, list[tuple[int, Method]]] = field(default_factory=dict)
    """The methods of the notebook's classes, each with the statement that defines its class."""
    closures: dict[int, Effect] = field(default_factory=dict)
    """Functions inside other values, by the statement that made them: ``{"f": lambda x: …}``."""
    late_reads: dict[int, frozenset[str]] = field(default_factory=dict)
    callable: set[int] = field(default_factory=set)
    """Tokens of functions and classes, and of what these gave."""
    plain: set[int] = field(default_factory=set)
    """Tokens of plain data (literals): a call that is given them does not keep them."""
    containers: set[int] = field(default_factory=set)
    growing: set[int] = field(default_factory=set)
    """Tokens of what grows when it is asked for something it has not: `defaultdict`."""
    used_up: set[int] = field(default_factory=set)
    """Tokens of iterators and random generators: every use changes them."""
    bound: Counter[str] = field(default_factory=Counter)
    touched: set[str] = field(default_factory=set)
    summaries: dict[int, tuple[tuple[Tokens, ...], Effect]] = field(default_factory=dict)
    running: set[int] = field(default_factory=set)

    def add(self, number: int, node: ast.stmt, facts: Facts) -> Entry:
        """Run statement `number`: what it needed, and the namespace after it."""
        self.objects.now = number
        early = facts.reads if facts.definition is not None else facts.reads | facts.late_reads
        reached = self._functions_reached(early)
        late = frozenset(name for t in reached for name in self.late_reads[t])
        if facts.definition is None:
            late |= facts.late_reads  # a lambda inside an expression may be called at once
        effect, origins = self._effect(node, facts)
        states = {s for s in effect.draws if s in self.objects.names}
        sure = self._outside(effect.changed) | {f"{n}." for n in self._used_up(facts.reads | late)} | states
        doubtful = sure | self._outside(effect.suspected)
        modules = {base(o) for o in doubtful} & self.imported.keys()
        every = doubtful | self._outside(effect.repeatable)
        changes = self._change(every)
        files = (*self.disk.settle(effect.files), *self._files_held(facts.reads | late))
        needed = facts.reads | late | changes.names | {*self.disk.needs(files)} | self._own_states(facts.reads | late)
        known = {n: c for n in needed if (c := self.objects.contributors(n)) is not None}
        entry = Entry(
            reads=known,
            late=late,
            changes=changes,
            doubtful=self._change(doubtful),
            surely=self._change(sure),
            # What the statement itself may bind is bound when it is read: else the notebook's own run ends here.
            undefined=tuple(
                n for n in sorted(facts.reads - facts.binds - facts.maybe) if n not in known and not is_builtin(n)
            ),
            sets_up=bool(effect.seeds) or self._sets_up(node, facts, modules),
            files=files,
        )
        self.objects.apply(changes)
        self.touched |= changes.names
        for holder, held in effect.kept:
            self.objects.keep(holder, held)
        self._bind(number, node, facts, origins, effect)
        for late_bound in {n for t in reached if t in self.definitions for n in self.definitions[t].late_binds}:
            self.objects.bind_perhaps(late_bound, NO_TOKENS, NO_TOKENS)
            self.disk.texts.pop(late_bound, None)
        for state in effect.seeds:
            if isinstance(node, ast.Expr | ast.Assign):
                self.objects.bind(state, NO_TOKENS, NO_TOKENS)
            else:
                self.objects.bind_perhaps(state, NO_TOKENS, NO_TOKENS)
        parts = {self.parts[t] for t in self.parts.keys() & changes.tokens}
        for own_state in sorted(effect.states | self._own_states(modules) | parts):
            self.objects.bind_perhaps(own_state, NO_TOKENS, NO_TOKENS)
        for name, anew in self.disk.writes(node, files):
            (self.objects.bind if anew else self.objects.bind_perhaps)(name, NO_TOKENS, NO_TOKENS)
        self.disk.hold(number, node, files)
        self.disk.bind(facts.binds | facts.maybe | facts.deletes, effect.texts)
        return entry

    def settled(self) -> frozenset[str]:
        """Names that one statement binds and that none changes."""
        late = NONE.union(*[d.late_binds for d in self.definitions.values()])
        once = {n for n, count in self.bound.items() if count == 1 and not self.objects.is_changed(n)}
        return frozenset(once - self.touched - late)

    # --- what `sharing` asks

    def called(self, origins: Origins) -> tuple[Called, ...]:
        found = []
        for token in sorted(self.objects.tokens_of(origins) & self.callable):
            number = token if token >= 0 else ~token
            if number in self.definitions:
                found.append(Called(self.definitions[number], self._summary(number), made=token < 0))
            elif number in self.closures:
                found.append(Called(None, self.closures[number], made=True))
        return tuple(found)

    def methods(self, origins: Origins, name: str) -> tuple[tuple[Method, Effect], ...]:
        made = {~t for t in self.objects.tokens_of(origins) & self.callable if t < 0}
        unknown = any(base(o).startswith("<") for o in origins)  # a parameter: it may be an instance of any class
        return tuple(
            (node, self.summarised(id(node), node, self.definitions[number].late_reads))
            for number, node in self.methods_named.get(name, ())
            if unknown or number in made
        )

    def path(self, name: str) -> str | None:
        return self.imported.get(name)

    def own_function(self, path: str) -> OwnFunction | None:
        return self.own.function(path)

    def own_states(self, path: str, method: str) -> frozenset[str]:
        if path and not self.own.is_own(path):
            return NONE
        return frozenset(STATE + top for top in self.own.stateful_tops(method))

    def state_of_part(self, path: str) -> frozenset[str]:
        is_part = self.own.is_own(path) and path not in self.own.modules
        return frozenset({STATE + path.partition(".")[0]}) if is_part else NONE

    def changes_object(self, method: str) -> bool:
        return self.own.changes_object(method)

    def lasting(self, origins: Origins) -> Origins:
        return frozenset(
            o for o in origins if base(o).startswith("<") or not self._reached(o) <= self.plain
        )  # fmt: skip

    def holding(self, origins: Origins) -> Origins:
        return frozenset(
            o for o in origins
            if o.startswith("^") or (not o.startswith("<") and self._reached(o) & self.containers)
        )  # fmt: skip

    def _reached(self, origin: str) -> Tokens:
        return self.objects.tokens_of((origin,)) | self.objects.inside_of((origin,))

    # --- one statement

    def _effect(self, node: ast.stmt, facts: Facts) -> tuple[Effect, Mapping[str, Origins]]:
        definition = facts.definition
        if definition is None:
            return effect_of([node], self)
        if isinstance(definition.node, ast.Lambda):
            return Effect(), {}
        parts: list[ast.expr | None] = [*definition.node.decorator_list]
        body: list[ast.stmt] = []
        if isinstance(definition.node, ast.ClassDef):
            parts += definition.node.bases
            body = [s for s in definition.node.body if not isinstance(s, FunctionNode)]
        else:
            parts += [*definition.node.args.defaults, *definition.node.args.kw_defaults]
        effect, _ = effect_of([*(ast.Expr(p) for p in parts if p is not None), *body], self)
        return effect, {}

    def _functions_reached(self, names: Iterable[str]) -> tuple[int, ...]:
        """Statements whose functions may be called by who reads these names, with those that these call in turn."""
        found: dict[int, None] = {}
        seen: set[str] = set()
        pending = list(names)
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            for token in self.objects.everything(name) & self.callable:
                number = token if token >= 0 else ~token
                if number in self.late_reads and number not in found:
                    found[number] = None
                    pending += self.late_reads[number]
        return tuple(found)

    def _used_up(self, names: Iterable[str]) -> set[str]:
        """Iterators, random generators, and objects whose own special methods change them: using is changing."""
        return {name for name in names if self._is_used_up(self.objects.everything(name))}

    def _is_used_up(self, reached: AbstractSet[int]) -> bool:
        if reached & self.used_up or reached & self.growing:
            return True
        given = (~t for t in reached & self.callable if t < 0)
        return any(number in self.definitions and self._changes_itself(number) for number in given)

    def _changes_itself(self, number: int) -> bool:
        node = self.definitions[number].node
        if not isinstance(node, ast.ClassDef):
            return False
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and method.name.startswith("__") and method.args.args:
                if method.name in effects.MAKING_METHODS:
                    continue
                found = self.summarised(id(method), method, self.definitions[number].late_reads)
                if f"<{method.args.args[0].arg}>" in {base(o) for o in found.changed}:
                    return True
        return False

    def _sets_up(self, node: ast.stmt, facts: Facts, modules: set[str]) -> bool:
        """Whether the statement sets something global that is no name: a seed, an option of a library."""
        if any(self.imported[n].split(".")[0] not in effects.DISPLAY_MODULES for n in modules):
            return not effects.is_about_display(node)
        for call in facts.calls:
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if isinstance(node, ast.Expr) and name in effects.SEEDING:
                return True
            if name == "set_option" and not effects.is_about_display(call):
                return True
        return False

    def _bind(self, number: int, node: ast.stmt, facts: Facts, origins: Mapping[str, Origins], effect: Effect) -> None:
        self.bound.update(facts.binds | facts.maybe | facts.deletes)
        if facts.definition is not None:
            self.definitions[number] = facts.definition
            self.objects.fixed.add(number)
            for part in facts.definition.node.body if isinstance(facts.definition.node, ast.ClassDef) else ():
                if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
                    self.methods_named.setdefault(part.name, []).append((number, part))
        if facts.late_reads or facts.definition is not None:
            self.late_reads[number] = facts.late_reads
            self.callable |= {number, ~number}
        if facts.definition is None and (effect.changes_given or effect.changes_captured):
            self.closures[number] = effect
            self.callable |= {number, ~number}
        for name in facts.deletes - facts.binds:
            self.objects.unbind(name)
        if (state := self._part_of_own(node)) is not None:
            self.parts[number] = state
        reach = {n: self._tokens_of(n, number, node, facts, origins) for n in facts.binds | facts.maybe}
        for name in facts.binds:
            kept = self._keeps_submodules(node, facts, name) and self.objects.contributors(name)
            self.objects.bind(name, *reach[name], also=kept or frozenset())
            self.imported.pop(name, None)
        for name in facts.maybe:
            self.objects.bind_perhaps(name, *reach[name])
        for one in facts.imports:
            self.imported[one.name] = one.path

    def _keeps_submodules(self, node: ast.stmt, facts: Facts, name: str) -> bool:
        """``import a.b`` after ``import a.c``: the name ``a`` keeps both."""
        return isinstance(node, ast.Import) and any(i.name == name and "." in i.module for i in facts.imports)

    def _tokens_of(
        self, name: str, number: int, node: ast.stmt, facts: Facts, origins: Mapping[str, Origins]
    ) -> tuple[Tokens, Tokens]:
        """(what the name's value may be, what it may hold besides)."""
        if any(i.name == name for i in facts.imports):
            return NO_TOKENS, NO_TOKENS
        if facts.definition is not None:
            parts = {t for n in facts.reads for t in self.objects.everything(n) & self.definitions.keys()}
            if not facts.definition.is_class:
                parts = {~t for t in parts}  # what its decorators give
            return frozenset(parts | {number}), NO_TOKENS  # with its base classes
        if isinstance(node, ast.AugAssign):
            return self.objects.tokens_of((name,)) | {number}, self.objects.inside_of((name,))
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            if isinstance(node.value, ast.Constant | ast.UnaryOp | ast.JoinedStr | ast.Compare):
                return NO_TOKENS, NO_TOKENS  # a number or a string: nothing can change it
            if is_plain_data(node.value):
                self.plain.add(number)
            elif isinstance(node.value, _CONTAINERS):
                self.containers.add(number)
            if isinstance(node.value, ast.Name):
                same = (node.value.id,)
                return self.objects.tokens_of(same) or frozenset({number}), self.objects.inside_of(same)
        made_of = origins.get(name, NONE)
        tokens, inside = self.objects.tokens_of(made_of), self.objects.inside_of(made_of)
        if any(self._path_called(part) in effects.GROWING_BY_READING for part in _values(node)):
            self.growing.add(number)
        if not isinstance(node, ast.With) and any(self._uses_up(part) for part in _values(node)):
            self.used_up.add(number)
            return tokens | {number}, inside
        # what was drawn is not the generator; a container or an object of the notebook may hold it
        holds = any(isinstance(part, _CONTAINERS) or self._makes_instance(part) for part in _values(node))
        gone = NO_TOKENS if holds and not _draws_inside(node) else frozenset(self.used_up - self.disk.holders.keys())
        return (tokens - gone) | {number}, inside - gone

    def _uses_up(self, value: ast.expr) -> bool:
        """Whether the expression makes an iterator or a random generator."""
        if isinstance(value, ast.GeneratorExp):
            return True
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
            for called in self.called(frozenset({value.func.id})):
                definition = called.definition
                if definition is not None and not called.made and is_generator(definition.node):
                    return not getattr(definition.node, "decorator_list", [])  # decorated, it may be a context manager
        path = self._path_called(value)
        if (own := self.own.function(path)) is not None:
            return is_generator(own.node) and not own.node.decorator_list
        return path in effects.USED_UP_BY_READING or path.split(".")[0] == "itertools"

    def _path_called(self, value: ast.expr) -> str:
        """The path of the library function that the expression calls, e.g. ``numpy.random.default_rng``, or empty."""
        function = value.func if isinstance(value, ast.Call) else None
        parts: list[str] = []
        while isinstance(function, ast.Attribute):
            parts.insert(0, function.attr)
            function = function.value
        return ".".join([self.imported.get(function.id, function.id), *parts]) if isinstance(function, ast.Name) else ""

    def _makes_instance(self, value: ast.expr) -> bool:
        if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Name):
            return False
        called = self.called(frozenset({value.func.id}))
        return any(c.definition is not None and c.definition.is_class for c in called)

    # --- objects

    def _outside(self, origins: AbstractSet[str]) -> set[str]:
        """Without what is no name (parameters, instances as such, new objects), and without what is inside functions:
        a vectorizer that is fitted does not change the function it was given."""
        named = {o for o in origins if not base(o).startswith("<") and not base(o).endswith(GAVE)}
        return {o for o in named if not (o.endswith(".") and self._is_function(base(o)))}

    def _is_function(self, name: str) -> bool:
        tokens = self.objects.everything(name)
        return bool(tokens) and all(
            t in self.definitions and not self.definitions[t].is_class and not self.definitions[t].late_binds
            for t in tokens
        )

    def _change(self, origins: AbstractSet[str]) -> Change:
        return self.objects.change_of(frozenset(o for o in origins if base(o) not in self.imported))

    def _files_held(self, names: Iterable[str]) -> tuple[FileUse, ...]:
        if not self.disk.holders:
            return ()
        held = self.disk.holders.keys()
        return self.disk.held_by({t for name in names for t in self.objects.everything(name) & held})

    # --- own modules

    def _own_states(self, names: Iterable[str]) -> set[str]:
        """The states of the own modules that these names were imported from."""
        if not self.own.modules:
            return set()
        paths = (self.imported[name] for name in names if name in self.imported)
        return {STATE + path.partition(".")[0] for path in paths if self.own.is_own(path)}

    def _part_of_own(self, node: ast.stmt) -> str | None:
        """The state of the own module that ``config = helpers.CONFIG`` takes a part of."""
        value: ast.expr | None = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        while isinstance(value, ast.Attribute | ast.Subscript):
            value = value.value
        return next(iter(self._own_states((value.id,))), None) if isinstance(value, ast.Name) else None

    # --- functions

    def _summary(self, number: int) -> Effect:
        definition = self.definitions[number]
        if isinstance(definition.node, ast.ClassDef):
            return Effect()
        return self.summarised(id(definition.node), definition.node, definition.late_reads)

    def summarised(self, key: int, node: FunctionNode, late_reads: frozenset[str]) -> Effect:
        """The effect of calling, computed again only where what the function refers to is another."""
        version = tuple(frozenset(self.objects.everything(n) & self.definitions.keys()) for n in sorted(late_reads))
        known = self.summaries.get(key)
        if known is not None and known[0] == version:
            return known[1]
        if key in self.running:  # a recursive call adds nothing to what the others do
            return Effect(returns=frozenset(f"<{p}>" for p in parameter_names(node)))
        self.running.add(key)
        effect = summary(node, self)
        self.running.discard(key)
        self.summaries[key] = (version, effect)
        return effect


def is_builtin(name: str) -> bool:
    return hasattr(builtins, name) or name in _GIVEN_BY_IPYTHON or is_kept_by_ipython(name)


def _values(node: ast.stmt) -> tuple[ast.expr, ...]:
    """The expressions whose values the statement binds."""
    match node:
        case ast.Assign(value=ast.Tuple(elts=parts)):
            return tuple(parts)
        case ast.Assign(value=ast.expr() as value) | ast.AnnAssign(value=ast.expr() as value):
            return (value,)
        case ast.With():
            return tuple(item.context_expr for item in node.items)
        case _:
            return ()


def _draws_inside(node: ast.stmt) -> bool:
    """Whether a container is filled by calls: ``[rng.random() for _ in range(3)]`` does not hold the generator."""
    return any(
        isinstance(value, _CONTAINERS) and any(isinstance(n, ast.Call) for n in walk(value)) for value in _values(node)
    )
