"""What a call changes, keeps and gives back: by reading the notebook's own functions, and by name for all others.

extend(rows, 2)          the notebook's: its body appends to the parameter, so `rows` changes
model.fit(X)             a library's: `fit` is known to change its receiver
shuffle_somehow(rows)    unknown and its value thrown away: suspected to change `rows`
"""

import ast
import builtins
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from nb2prod.analysis import effects
from nb2prod.analysis.locals import FunctionNode, local_names, parameter_names
from nb2prod.analysis.origins import (
    GIVEN,
    INNER,
    NONE,
    Called,
    Effect,
    Origins,
    anything,
    applied,
    base,
    changed_at_top,
    changed_throughout,
    holder,
    within,
)  # fmt: skip
from nb2prod.analysis.paths import ANY, FileUse, Paths, file_uses, resolved

if TYPE_CHECKING:
    from nb2prod.analysis.sharing import Walk

_WRITTEN_TO = frozenset({"out", "file", "con"})
"""Keywords for what a call writes to."""
_STREAM_AT = {
    "dump": (1,), "save": (0, 1), "savez": (0,), "savez_compressed": (0,), "savetxt": (0,), "to_sql": (1,),
    "copyfileobj": (1,), "to_csv": (0,), "to_json": (0,), "to_pickle": (0,), "to_parquet": (0,), "to_excel": (0,),
    "to_feather": (0,), "savefig": (0,),
}  # fmt: skip
"""Where writing calls have the open file that they write to."""
_ONLY_GIVING = effects.HARMLESS_FUNCTIONS | effects.FRESH_FUNCTIONS | effects.SHALLOW_FUNCTIONS
_MAKERS = frozenset({"partial", "wraps", "cache", "lru_cache"})


@dataclass(frozen=True, slots=True)
class _Argument:
    """`key` is a position, a keyword, or None for ``*x`` and ``**x``."""

    key: int | str | None
    origins: Origins
    node: ast.expr


@dataclass(frozen=True, slots=True)
class _Call:
    node: ast.Call
    receiver: Origins
    arguments: tuple[_Argument, ...]
    discarded: bool

    @property
    def given(self) -> Origins:
        return NONE.union(*[a.origins for a in self.arguments])

    def keyword(self, name: str) -> ast.expr | None:
        return next((a.node for a in self.arguments if a.key == name), None)


def call_value(walk: "Walk", node: ast.Call, *, discarded: bool) -> Origins:
    """The origins of what the call gives; what it changes is noted in `walk`."""
    function = node.func
    receiver = walk.value(function.value) if isinstance(function, ast.Attribute) else walk.value(function)
    arguments = [
        _Argument(None if isinstance(a, ast.Starred) else n, walk.value(a), a) for n, a in enumerate(node.args)
    ]
    arguments += [_Argument(k.arg, walk.value(k.value), k.value) for k in node.keywords]
    call = _Call(node, receiver, tuple(arguments), discarded)
    _note_callbacks(walk, call)
    walk.changed |= changed_at_top(NONE.union(*[a.origins for a in arguments if a.key in _WRITTEN_TO]))
    walk.changed |= changed_at_top(_stream_written(function, arguments))
    path = _path(walk, function)
    if path is not None:
        return _library_call(walk, call, path)
    if isinstance(function, ast.Attribute):
        return _method_call(walk, call, function)
    return _function_call(walk, call, function.id if isinstance(function, ast.Name) else "")


# --- files


def _stream_written(function: ast.expr, arguments: Iterable[_Argument]) -> Origins:
    """The open file, buffer or connection that a writing call is given, as ``f`` in ``pickle.dump(x, f)``."""
    name = function.attr if isinstance(function, ast.Attribute) else ""
    positions = _STREAM_AT.get(name, ())
    return NONE.union(*[a.origins for a in arguments if a.key in positions])


def paths_at(walk: "Walk") -> Paths:
    """How paths read where the walk is."""

    def mark(name: str) -> str | None:
        if name in walk.texts:
            return walk.texts[name]
        if name in walk.origins:
            return f"{{<{name}>}}" if walk.origins[name] == {f"<{name}>"} else None
        return None if name in walk.local else f"{{${name}}}"

    return Paths(lambda node: _path(walk, node), mark, walk.handles.__contains__)


def nowhere_known(uses: Iterable[FileUse]) -> frozenset[FileUse]:
    """`uses` of a function that is called by others: what its parameters are is not known."""
    return frozenset(resolved(u, lambda mark: f"{{{mark}}}" if mark.startswith("$") else None) for u in uses)


def _note_files(walk: "Walk", call: _Call, path: str | None, *, opaque: bool) -> None:
    walk.files |= {*file_uses(call.node, path, paths_at(walk), discarded=call.discarded, opaque=opaque)}


def _note_files_of(walk: "Walk", call: _Call, function: FunctionNode, effect: Effect, *, is_method: bool) -> None:
    """The files of a called function, with the paths of the arguments in place of the parameters'."""
    if not effect.files:
        return
    a, at = function.args, paths_at(walk)
    positional = [p.arg for p in (*a.posonlyargs, *a.args)]
    defaults = zip(positional[len(positional) - len(a.defaults) :], a.defaults, strict=True)
    given: dict[str, ast.expr | None] = {
        **dict(defaults),
        **{p.arg: d for p, d in zip(a.kwonlyargs, a.kw_defaults, strict=True)},
    }
    given = {name: node for name, node in given.items() if isinstance(node, ast.Constant)}
    for argument in call.arguments:
        if isinstance(argument.key, int):
            number = argument.key + is_method
            given |= {positional[number]: argument.node} if number < len(positional) else {}
        elif argument.key is not None:
            given[argument.key] = argument.node

    def text(mark: str) -> str | None:
        return f"{{{mark}}}" if mark.startswith("$") else at.path_of(given.get(mark[1:-1])) or ANY

    spread = any(argument.key is None for argument in call.arguments)
    walk.files |= nowhere_known(effect.files) if spread else {resolved(use, text) for use in effect.files}


# --- functions


def _function_call(walk: "Walk", call: _Call, name: str) -> Origins:
    if name == "super":
        return frozenset({f"<{walk.self_name}>"})
    if name in walk.inner:
        if walk.inner[name].changes_given:
            walk.changed |= changed_throughout(call.given)
        return anything(call.given | call.receiver)
    called = walk.names.called(call.receiver) if name not in walk.local else ()
    if called:
        return NONE.union(*[_called_value(walk, call, one) for one in called])
    known = effects.FRESH_FUNCTIONS | effects.HARMLESS_FUNCTIONS | effects.SHALLOW_FUNCTIONS
    _note_files(walk, call, None, opaque=name not in known and not hasattr(builtins, name))
    lasting = walk.names.lasting(call.given)
    if name in effects.MUTATING_FUNCTIONS:
        walk.changed |= changed_throughout(call.given)
    elif call.discarded and name not in _ONLY_GIVING and not name.endswith(("Error", "Exception")):
        walk.suspected |= changed_throughout(lasting)
    if name in effects.FRESH_FUNCTIONS:
        return NONE
    if name in ("sorted", "max", "min"):  # the key is asked and forgotten
        lasting = walk.names.lasting(NONE.union(*[a.origins for a in call.arguments if a.key != "key"]))
    if name in effects.SHALLOW_FUNCTIONS:
        return holder(within(lasting) if (given := _given_by_map(walk, call)) is None else given)
    return _unknown(name, lasting if name else lasting | call.receiver)


def _given_by_map(walk: "Walk", call: _Call) -> Origins | None:
    """What a function of the notebook gives for each of some things: ``list(map(f, xs))`` does not hold `f`."""
    match call.node.args:
        case [ast.Call(func=ast.Name(id="map"), args=[ast.Name() as function, *things], keywords=[])]:
            pass
        case _:
            return None
    if {"map", function.id} & walk.local:
        return None
    called = walk.names.called(walk.value(function))
    plain = [
        c.effect for c in called
        if not c.made and c.definition is not None and not c.definition.is_class and not is_generator(c.definition.node)
    ]  # fmt: skip
    returned = NONE.union(*[effect.returns for effect in plain])
    hidden = any(base(o) in (INNER, GIVEN) or base(o).endswith("->") for o in returned)
    if hidden or not called or len(plain) < len(called):
        return None
    given = within(walk.union(things))
    return NONE.union(*[applied(o, given) if base(o).startswith("<") else frozenset({o}) for o in returned])


def _called_value(walk: "Walk", call: _Call, called: Called) -> Origins:
    """A call that reaches a function or class of the notebook."""
    definition = called.definition
    if called.made and definition is not None and definition.is_class:
        methods = walk.names.methods(call.receiver, "__call__")
        results = [_apply(walk, call, m, e, call.receiver) for m, e in methods]
        return anything(walk.names.lasting(call.given)).union(*results)
    if called.made or definition is None:  # an inner function that was given back, or kept in a container
        walk.changed |= {o for o in called.effect.changed if not base(o).startswith("<")}
        walk.draws |= called.effect.draws
        walk.states |= called.effect.states
        walk.files |= nowhere_known(called.effect.files)
        if called.effect.changes_given:
            walk.changed |= changed_throughout(call.given)
        if called.effect.changes_captured:
            walk.changed |= changed_throughout(call.receiver)
        return anything(call.given | call.receiver)
    if isinstance(definition.node, ast.ClassDef):
        instance = frozenset({f"{definition.name}()"})
        for name in ("__init__", "__post_init__"):
            for method, effect in walk.names.methods(instance, name):
                _apply(walk, call, method, effect, instance)
        return anything(call.given) | holder(call.given) | instance
    result = _apply(walk, call, definition.node, called.effect, None)
    lives_on = INNER in {base(o) for o in called.effect.returns} or is_generator(definition.node)
    kept = frozenset(o for o in result if base(o) != INNER)
    return kept | {f"{definition.name}->"} if lives_on else kept


def _apply(
    walk: "Walk", call: _Call, function: FunctionNode, effect: Effect, receiver: Origins | None
) -> Origins:  # fmt: skip
    """The effect of calling `function`, with the origins of the arguments in place of the parameters'."""
    given = _given(call, function, receiver)

    def outside(origins: Origins) -> Origins:
        found: set[str] = set()
        for origin in origins:
            name = base(origin)
            found |= applied(origin, frozenset(given.get(name[1:-1], ()))) if name.startswith("<") else {origin}
        return frozenset(found)

    walk.changed |= changed_at_top(outside(effect.changed))
    walk.suspected |= changed_at_top(outside(effect.suspected))
    walk.repeatable |= changed_at_top(outside(effect.repeatable))
    walk.kept |= {
        (base(h), base(v)) for where, what in effect.kept for h in outside(frozenset({where}))
        for v in outside(frozenset({what}))
    }  # fmt: skip
    if effect.kept and receiver is not None and isinstance(call.node.func, ast.Attribute):
        walk.keep(call.node.func.value, call.given)
    walk.draws |= effect.draws | effect.seeds
    walk.states |= effect.states
    _note_files_of(walk, call, function, effect, is_method=receiver is not None)
    return outside(effect.returns)


def _given(call: _Call, function: FunctionNode, receiver: Origins | None) -> dict[str, set[str]]:
    """For each parameter the origins of what the call gives for it."""
    a = function.args
    positional = [p.arg for p in (*a.posonlyargs, *a.args)]
    given: dict[str, set[str]] = {p: set() for p in parameter_names(function)}
    is_static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in getattr(function, "decorator_list", ()))
    if receiver is not None and positional and not is_static:
        given[positional.pop(0)] |= receiver
    for argument in call.arguments:
        key, origins = argument.key, argument.origins
        if key is None:  # `*x`, `**x`: may be any of them
            for held in given.values():
                held |= within(origins)
        elif isinstance(key, int) and key < len(positional):
            given[positional[key]] |= origins
        elif isinstance(key, int) and a.vararg:
            given[a.vararg.arg] |= holder(origins)
        elif isinstance(key, str) and key in given:
            given[key] |= origins
        elif isinstance(key, str) and a.kwarg:
            given[a.kwarg.arg] |= holder(origins)
    return given


# --- methods


def _method_call(walk: "Walk", call: _Call, function: ast.Attribute) -> Origins:
    name, receiver = function.attr, call.receiver
    if name in effects.IDEMPOTENT_METHODS and (call.discarded or name == "eval"):
        walk.repeatable |= changed_throughout(receiver)
        return receiver
    walk.states |= walk.names.own_states("", name)
    own = walk.names.methods(receiver, name)
    known = effects.FRESH_METHODS | effects.HARMLESS_METHODS | effects.CONTAINER_METHODS
    _note_files(walk, call, None, opaque=not own and (name == "read" or name not in known))
    results = [_apply(walk, call, m, e, receiver) for m, e in own]
    if own and not any(base(o).startswith("<") for o in receiver):
        return NONE.union(*results)
    in_place = call.keyword("inplace")
    if name in effects.CONTAINER_METHODS:
        walk.changed |= changed_at_top(receiver)
        held = within(call.given) if name in ("extend", "update", "extendleft") else call.given
        walk.keep(function.value, held)
        return within(receiver).union(anything(held) if name == "setdefault" else NONE, *results)
    if (
        name in effects.MUTATING_METHODS
        or walk.names.changes_object(name)
        or not (in_place is None or (isinstance(in_place, ast.Constant) and not in_place.value))
    ):
        walk.changed |= changed_throughout(receiver)
        if name not in effects.FITTING_METHODS:
            walk.keep(function.value, call.given)
    elif call.discarded and name not in effects.HARMLESS_METHODS:
        walk.suspected |= changed_throughout(receiver)
    if name == "sample" and call.keyword("random_state") is None:
        walk.draws.add("state of numpy.random")
    return NONE.union(_method_value(walk, call, name), *results)


def _method_value(walk: "Walk", call: _Call, name: str) -> Origins:
    """What a method that is not the notebook's own gives back, by its name."""
    if name in effects.VIEWS or name in effects.FITTING_METHODS - {"fit_transform"}:
        return call.receiver
    if name == "copy":
        return holder(within(walk.names.holding(call.receiver)))
    if name in effects.FRESH_METHODS | effects.HARMLESS_METHODS:
        return NONE
    return _unknown(name, call.receiver | walk.names.lasting(call.given))


# --- libraries


def _library_call(walk: "Walk", call: _Call, path: str) -> Origins:
    """A call of something imported, by its full name."""
    module, _, name = path.rpartition(".")
    own = walk.names.own_function(path)
    if own is not None:
        return _apply(walk, call, own.node, own.effect, None)
    walk.states |= walk.names.own_states(path, "__init__")
    if name in effects.MUTATING_METHODS or (call.discarded and name not in effects.HARMLESS_METHODS):
        walk.states |= walk.names.state_of_part(module)  # ``helpers.CONFIG.update(…)``
    if path == "importlib.reload":
        return NONE
    harmless = effects.is_harmless(path.split(".")[0], name)
    known = effects.FRESH_FUNCTIONS | effects.FRESH_METHODS | effects.HARMLESS_METHODS | effects.HARMLESS_FUNCTIONS
    opaque = (path.split(".")[0] not in effects.PURE_MODULES or name == "partial") and name not in known
    _note_files(walk, call, path, opaque=opaque)
    state = effects.random_state(module, name)
    if state and name in effects.SEEDING:
        walk.seeds.add(state)
    elif state or (name in effects.DRAWING and call.keyword("random_state") is None):
        walk.draws.add(state or "state of numpy.random")
    lasting = walk.names.lasting(call.given)
    if name in effects.MUTATING_FUNCTIONS:
        walk.changed |= changed_throughout(call.given)
    elif call.discarded and not harmless:
        walk.suspected |= changed_throughout(lasting)
    if name in effects.FRESH_FUNCTIONS | effects.FRESH_METHODS | effects.LOADERS:
        return NONE
    filled = call.arguments and isinstance(call.arguments[0].node, ast.Dict | ast.List | ast.ListComp)
    if filled and path in effects.COPYING_MAKERS:
        return NONE
    return _unknown(name, lasting)


def _path(walk: "Walk", function: ast.expr) -> str | None:
    """``np.random.normal`` -> ``numpy.random.normal``, where the first name is an import."""
    attributes: list[str] = []
    while isinstance(function, ast.Attribute):
        attributes.insert(0, function.attr)
        function = function.value
    if not isinstance(function, ast.Name) or function.id in walk.local or function.id in walk.origins:
        return None
    root = walk.names.path(function.id)
    return None if root is None else ".".join([root, *attributes])


def _unknown(name: str, origins: Origins) -> Origins:
    """What a function we do not know gives may be, or be inside, what it was handed; it holds functions and generators
    only if it is a maker (``Pipeline``, ``partial``) or gives an iterator itself."""
    if not name[:1].isupper() and name not in _MAKERS | effects.USED_UP_BY_READING:
        origins = frozenset(o for o in origins if base(o) != INNER and not base(o).endswith("->"))
    return anything(origins)


# --- functions handed over


def _note_callbacks(walk: "Walk", call: _Call) -> None:
    """Functions handed over may be called with anything else that is handed over."""
    others = call.given | (call.receiver if isinstance(call.node.func, ast.Attribute) else NONE)
    for argument in call.arguments:
        if isinstance(argument.node, ast.Lambda):
            changes = _lambda_changes_given(walk, argument.node)
        elif isinstance(argument.node, ast.Name) and argument.node.id in walk.inner:
            changes = walk.inner[argument.node.id].changes_given
        else:
            called = walk.names.called(anything(argument.origins))
            changes = any(c.effect.changes_given for c in called)
            for one in (c for c in called if c.definition is not None and not c.definition.is_class):
                walk.changed |= {o for o in one.effect.changed if not base(o).startswith("<")}
                walk.draws |= one.effect.draws
                walk.states |= one.effect.states
                walk.files |= nowhere_known(one.effect.files)
                changes |= any(base(o).startswith("<") for o in one.effect.changed)
            path = _path(walk, argument.node)
            own = walk.names.own_function(path) if path is not None else None
            if own is not None:
                walk.states |= own.effect.states
                changes |= bool(own.effect.changed)
        if changes:
            walk.changed |= changed_throughout(others)


def _lambda_changes_given(walk: "Walk", node: ast.Lambda) -> bool:
    own, _ = local_names(node)
    inside = walk.around({p: frozenset({GIVEN}) for p in own}, own)
    inside.body(node)
    return GIVEN in {base(o) for o in inside.changed | inside.suspected}


@lru_cache(maxsize=1024)
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
