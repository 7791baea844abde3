"""Functions and classes that keep something from call to call: in a default argument, or in an attribute of the class.

def seen(x, memory=[]):              class Seen:
    memory.append(x)                     values = []                    one list for all instances
                                         def add(self, x):
                                             self.values.append(x)
"""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nb2prod.analysis import effects
from nb2prod.analysis.facts import Definition
from nb2prod.analysis.locals import FunctionNode
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.objects import Contributors
from nb2prod.analysis.origins import base

if TYPE_CHECKING:
    from nb2prod.analysis.namespace import Namespace

_MADE = ast.List | ast.Dict | ast.Set | ast.Call | ast.ListComp | ast.DictComp | ast.SetComp


def find_memory(names: "Namespace") -> Contributors:
    """The statements that define them."""
    return frozenset(number for number, d in names.definitions.items() if _in_default(names, d) or _in_class(d))


def _in_default(names: "Namespace", definition: Definition) -> bool:
    every = definition.node.body if isinstance(definition.node, ast.ClassDef) else [definition.node]
    return any(_changes_default(names, node, definition) for node in every if isinstance(node, FunctionNode))


def _changes_default(names: "Namespace", node: FunctionNode, definition: Definition) -> bool:
    """Whether a default is made once and changed, or given away, by each call."""
    a = node.args
    positional = [*a.posonlyargs, *a.args]
    pairs = [*zip(positional[len(positional) - len(a.defaults) :], a.defaults, strict=True),
             *zip(a.kwonlyargs, a.kw_defaults, strict=True)]  # fmt: skip
    mutable = {f"<{p.arg}>" for p, value in pairs if isinstance(value, _MADE)}
    if not mutable:
        return False
    effect = names.summarised(id(node), node, definition.late_reads)
    touched = effect.changed | effect.suspected | effect.returns | {held for _, held in effect.kept}
    return bool(mutable & {base(origin) for origin in touched})


def _in_class(definition: Definition) -> bool:
    """Whether methods change what all instances share."""
    node = definition.node
    if not isinstance(node, ast.ClassDef):
        return False
    shared, made = _class_attributes(node)
    methods = [n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    own = {name for m in methods if m.name == "__init__" and m.args.args for name in _stored(m, m.args.args[0].arg)}
    for method in methods:
        instance = "" if _is_of_class(method) or not method.args.args else method.args.args[0].arg
        for part in walk(method):
            for target in _rebound(part):
                if target.attr in shared and not (isinstance(target.value, ast.Name) and target.value.id == instance):
                    return True
            if any(a.attr in made - own for a in _changed(part)):
                return True
    return False


def _class_attributes(node: ast.ClassDef) -> tuple[set[str], set[str]]:
    """(names the class body binds, those among them that stand for something that can change)."""
    shared: set[str] = set()
    made: set[str] = set()
    for s in node.body:
        match s:
            case ast.Assign(targets=targets, value=value):
                names = {t.id for t in targets if isinstance(t, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                names = {name}
            case _:
                continue
        shared |= names
        made |= names if isinstance(value, _MADE) else set()
    return shared, made


def _is_of_class(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(d, ast.Name) and d.id in ("classmethod", "staticmethod") for d in method.decorator_list)


def _stored(method: ast.AST, instance: str) -> Iterator[str]:
    """Attributes that every instance gets for itself."""
    for part in walk(method):
        for target in () if isinstance(part, ast.AugAssign) else _rebound(part):
            if isinstance(target.value, ast.Name) and target.value.id == instance:
                yield target.attr


def _rebound(node: ast.AST) -> Iterator[ast.Attribute]:
    """Attributes that a statement gives another value."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    yield from (t for t in targets if isinstance(t, ast.Attribute))


def _changed(node: ast.AST) -> Iterator[ast.Attribute]:
    """Attributes whose object is changed: ``self.values.append(x)``, ``self.seen[k] = v``, ``self.values += [x]``."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Attribute() as attribute, attr=attr)):
            if attr in effects.MUTATING_METHODS:
                yield attribute
        case ast.AugAssign(target=ast.Attribute() as attribute):
            yield attribute
        case ast.Subscript(value=ast.Attribute() as attribute, ctx=ast.Store() | ast.Del()):
            yield attribute
        case _:
            return
