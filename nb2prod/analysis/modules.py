"""Modules of the user's own beside the notebook: what they export, what their functions change, what they import.

    helpers.py      CONFIG = {"scale": 1}
                    def configure(scale): CONFIG["scale"] = scale      changes the state of the module
                    def clean(df): df["a"] = 0; return df              changes what it is given

Unlike a library's, their source can be read, so nothing about them is assumed by name.
"""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from nb2prod.analysis.facts import statement_facts
from nb2prod.analysis.locals import FunctionNode, bound_name
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.origins import Effect, Origins, OwnFunction, base
from nb2prod.analysis.paths import ANY, FileUse, resolved

STATE = "module "
"""How the hidden name of a module's state begins; it has a space, so that no variable is called like that."""


@dataclass(frozen=True, slots=True)
class Module:
    """`exports` are the names a star import takes, None where they cannot be told; `aliases` maps imported names to
    what they stand for. `methods` are names of methods that change their object, `stateful_methods` of those that
    change the module's state."""

    name: str
    exports: tuple[str, ...] | None = ()
    functions: Mapping[str, OwnFunction] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    methods: frozenset[str] = frozenset()
    stateful_methods: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class OwnModules:
    """All of them by dotted name. `libraries` are the names that star imports take from modules of others."""

    modules: Mapping[str, Module] = field(default_factory=dict)
    libraries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def tops(self) -> frozenset[str]:
        return frozenset(name.partition(".")[0] for name in self.modules)

    def function(self, path: str) -> OwnFunction | None:
        """The function that a full name like ``src.features.build`` stands for, through re-exports."""
        for _ in range(10):  # re-exports may go round
            module, _, name = path.rpartition(".")
            found = self.modules.get(module)
            if found is None:
                return None
            if name in found.functions:
                return found.functions[name]
            if name not in found.aliases:
                return None
            path = found.aliases[name]
        return None

    def is_own(self, path: str) -> bool:
        return path.partition(".")[0] in self.tops

    def exports(self, module: str) -> tuple[str, ...] | None:
        """The names ``from module import *`` binds; None where they cannot be told."""
        found = self.modules.get(module)
        return found.exports if found else None

    def changes_object(self, method: str) -> bool:
        return any(method in m.methods for m in self.modules.values())

    def stateful_tops(self, method: str) -> frozenset[str]:
        """Whose state a method of that name may change."""
        return frozenset(m.name.partition(".")[0] for m in self.modules.values() if method in m.stateful_methods)


@dataclass(frozen=True, slots=True)
class Imports:
    """Modules a source imports, on any branch and in any function: ``a.b`` for ``from a import b``, too, as b may be a
    module. `optional` are those whose absence the source provides for by ``except ImportError``."""

    certain: tuple[str, ...]
    possible: tuple[str, ...]
    optional: frozenset[str]


def imported_modules(tree: ast.Module) -> Imports:
    """Of an absolute tree (`absolute`): `certain` must exist, `possible` may be attributes."""
    certain: dict[str, None] = {}
    possible: dict[str, None] = {}
    optional: set[str] = set()
    guarded = {
        id(n) for t in walk(tree) if isinstance(t, ast.Try) and any(_catches_import(h) for h in t.handlers)
        for part in (*t.body, *(s for h in t.handlers for s in h.body)) for n in walk(part)
    }  # fmt: skip
    for node in walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
            possible |= dict.fromkeys(f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*")
        elif isinstance(node, ast.Call) and _imports_by_name(node):
            names = [str(node.args[0].value)] if isinstance(node.args[0], ast.Constant) else []
        certain |= dict.fromkeys(names)
        if id(node) in guarded:
            optional |= set(names)
    return Imports(tuple(certain), tuple(possible), frozenset(optional))


def _imports_by_name(node: ast.Call) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    literal = bool(node.args) and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    return name in ("import_module", "__import__") and literal and not str(node.args[0].value).startswith(".")  # type: ignore[attr-defined]


def _catches_import(handler: ast.ExceptHandler) -> bool:
    caught = ast.unparse(handler.type) if handler.type is not None else "Exception"
    return any(name in caught for name in ("ImportError", "ModuleNotFoundError", "Exception"))


def absolute(source: str, name: str, *, is_package: bool) -> ast.Module:
    """The tree of a module called `name`, with its relative imports written in full. Raises SyntaxError."""
    tree = ast.parse(source)
    for node in walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            parts = name.split(".") if is_package else name.split(".")[:-1]
            parts = parts[: len(parts) - node.level + 1]
            node.module = ".".join([*parts, *([node.module] if node.module else [])])
            node.level = 0
    return tree


def read_modules(trees: Mapping[str, ast.Module]) -> OwnModules:
    """What is known of own modules, by name, given their absolute trees."""
    order: list[str] = []

    def visit(name: str, above: frozenset[str]) -> None:
        if name in order or name in above:
            return
        found = imported_modules(trees[name])
        for other in (*found.certain, *found.possible):
            if other in trees:
                visit(other, above | {name})
        order.append(name)

    for name in trees:
        visit(name, frozenset())
    known = OwnModules()
    for name in order:
        known = OwnModules({**known.modules, name: _read(name, trees[name], known)})
    return known


def _read(name: str, tree: ast.Module, known: OwnModules) -> Module:
    from nb2prod.analysis.memory import find_memory
    from nb2prod.analysis.namespace import Namespace

    namespace = Namespace(own=known)
    for number, node in enumerate(tree.body):
        namespace.add(number, node, statement_facts(node))
    aliases = dict(namespace.imported)
    functions: dict[str, OwnFunction] = {}
    methods: set[str] = set()
    stateful_methods: set[str] = set()
    remembering = find_memory(namespace)
    for number, definition in namespace.definitions.items():
        if isinstance(definition.node, ast.ClassDef):
            for method in definition.node.body:
                if isinstance(method, FunctionNode) and not isinstance(method, ast.Lambda) and method.args.args:
                    effect = namespace.summarised(id(method), method, definition.late_reads)
                    own = f"<{method.args.args[0].arg}>"
                    if own in {base(o) for o in effect.changed | effect.suspected} and not method.name.startswith("__"):
                        methods.add(method.name)
                    if _touches_globals(effect) or definition.late_binds or number in remembering:
                        stateful_methods.add(method.name)
        elif isinstance(definition.node, ast.FunctionDef | ast.AsyncFunctionDef):
            effect = namespace.summarised(id(definition.node), definition.node, definition.late_reads)
            stateful = bool(_touches_globals(effect) or definition.late_binds or number in remembering)
            states = effect.states | ({STATE + name.partition(".")[0]} if stateful else set())
            effect = replace(_outside(effect), states=frozenset(states))
            functions[definition.name] = OwnFunction(definition.node, effect)
    return Module(
        name, _exports(tree, known), functions, aliases, frozenset(methods), frozenset(stateful_methods)
    )  # fmt: skip


def _touches_globals(effect: Effect) -> bool:
    return any(not base(o).startswith("<") for o in effect.changed | effect.suspected)


def _outside(effect: Effect) -> Effect:
    """The effect as a caller in another module sees it: parameters only."""

    def parameters(origins: Origins) -> Origins:
        return frozenset(o for o in origins if base(o).startswith("<"))

    return replace(
        effect,
        changed=parameters(effect.changed),
        suspected=parameters(effect.suspected),
        repeatable=parameters(effect.repeatable),
        kept=frozenset((h, v) for h, v in effect.kept if h.startswith("<") and v.startswith("<")),
        returns=parameters(effect.returns),
        texts=frozenset(),
        files=frozenset(_without_globals(use) for use in effect.files),
    )


def _without_globals(use: FileUse) -> FileUse:
    return resolved(use, lambda mark: ANY if mark.startswith("$") else f"{{{mark}}}")


def _exports(tree: ast.Module, known: OwnModules) -> tuple[str, ...] | None:
    """The names a star import takes from a module; None where they are computed."""
    names: dict[str, None] = {}
    for node in tree.body:
        if _assigns(node, "__all__"):
            try:
                return tuple(str(n) for n in ast.literal_eval(node.value))  # type: ignore[attr-defined]
            except (ValueError, TypeError, AttributeError):
                return None
        facts = statement_facts(node)
        for star in facts.star_imports:
            more = known.exports(star)
            if more is None:
                return None
            names |= dict.fromkeys(more)
        names |= dict.fromkeys(sorted(facts.binds | facts.maybe))
        for name in facts.deletes - facts.binds:
            names.pop(name, None)
    if any(isinstance(n, ast.Call) and getattr(n.func, "id", "") in ("exec", "globals") for n in walk(tree)):
        return None
    return tuple(n for n in names if not n.startswith("_"))


def _assigns(node: ast.stmt, name: str) -> bool:
    targets: Iterable[ast.expr] = ()
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = (node.target,)
    return any(isinstance(t, ast.Name) and t.id == name for t in targets)


def with_star_names(statements: Iterable[ast.stmt], own: OwnModules) -> dict[int, ast.ImportFrom]:
    """Star imports with the names written out that `statements` use, where they are known, by the id of the node."""
    stars = [n for n in statements if isinstance(n, ast.ImportFrom) and [bound_name(a) for a in n.names] == ["*"]]
    if not stars:
        return {}
    every = [node for statement in statements for node in walk(statement)]
    used = {node.id for node in every if isinstance(node, ast.Name)}
    imported = {(i.name, i.path) for statement in statements for i in statement_facts(statement).imports}
    found = {id(node): _written_out(node, own, used, imported) for node in stars}
    return {key: node for key, node in found.items() if node is not None}


def _written_out(
    node: ast.ImportFrom, own: OwnModules, used: set[str], imported: set[tuple[str, str]]
) -> ast.ImportFrom | None:  # fmt: skip
    name = node.module or ""
    module = own.modules.get(name) or (Module(name, own.libraries[name]) if name in own.libraries else None)
    if module is None or module.exports is None or node.level:
        return None
    # what the notebook imports by itself, too, is left to that line
    names = [n for n in module.exports if n in used and (n, module.aliases.get(n, "")) not in imported]
    if not names:
        names = list(module.exports[:1])
    written = ast.ImportFrom(node.module, [ast.alias(n, lineno=node.lineno, col_offset=0) for n in names], 0)
    return ast.copy_location(written, node)
