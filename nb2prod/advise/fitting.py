"""Which statements learn something, and under which names it is known afterwards.

model = Ridge().fit(X, y)                   learns `model`
Z = scaler.fit_transform(X)                 learns `scaler`; `Z` is data
for _ in range(100): w -= 0.1 * slope(w)    learns `w`: a loop that goes on from what the last round left
net = train(net, loader)                    learns what the notebook's own function learns
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from nb2prod.advise import words
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.objects import Contributors
from nb2prod.analysis.own_calls import own_calls_in


@dataclass(frozen=True, slots=True)
class Fit:
    """A statement that learns: `what` is told to the user, `line` where it is; `call` where it is a library's.

    `data` are names that it binds to something else than what was learned.
    """

    statement: int
    data: frozenset[str]
    what: str
    line: int
    call: ast.Call | None = None


@dataclass(frozen=True, slots=True)
class Learned:
    """Everything a notebook learns. `derived` are names for a part of it, e.g. ``best = grid.best_estimator_``.

    `models` are names that fit, predict or transform: what is inside them is no row. `by_hand` are calls of functions
    of the notebook that predict, with their rows, where all is written by hand.
    """

    graph: NotebookGraph
    models: frozenset[str]
    fits: dict[int, Fit] = field(default_factory=dict)
    derived: dict[int, frozenset[str]] = field(default_factory=dict)
    by_hand: dict[int, ast.expr] = field(default_factory=dict)

    def holds(self, name: str, contributors: Contributors) -> bool:
        """Whether a name that these statements made, or changed last, stands for something learned."""
        seen: set[int] = set()
        pending = list(contributors)
        while pending:
            c = pending.pop()
            if c in seen:
                continue
            seen.add(c)
            if name in self.derived.get(c, ()) or (c in self.fits and name not in self.fits[c].data):
                return True
            if name not in self.graph.statements[c].facts.binds:  # it changed what was there
                pending += self.graph.reads[c].get(name, ())
        return False


def find_learned(graph: NotebookGraph) -> Learned:
    functions = training_functions(graph)
    learned = Learned(graph, _models(graph))
    fits, derived = learned.fits, learned.derived
    called = {c.func.id for s in graph.statements for c in s.facts.calls if isinstance(c.func, ast.Name)}
    used = learned.models | called
    for s in graph.statements:
        fit = _fit(graph, s, functions, used)
        if fit is not None:
            fits[s.number] = fit
        elif parts := _parts(graph, s, learned):
            derived[s.number] = parts
    if not fits:  # written by hand from end to end: what a function makes of two things, e.g. rows and labels
        known = own_calls_in(graph, graph.statements)
        learned.by_hand.update({n: rows for n, rows in known.items() if not isinstance(rows, ast.Constant)})
        fits |= {s.number: fit for s in graph.statements if (fit := _made_by_own_function(graph, s))
                 and not any(id(call) in learned.by_hand for call in s.facts.calls)}  # fmt: skip
    return learned


def _models(graph: NotebookGraph) -> frozenset[str]:
    methods = words.FITTING | words.PREDICTING | words.TRANSFORMING
    return frozenset(
        words.root_of(c.func) for s in graph.statements for c in s.facts.calls
        if words.called_name(c) in methods and words.receiver(graph, c) is not None
    )  # fmt: skip


def training_functions(graph: NotebookGraph) -> Mapping[str, str]:
    """The notebook's own functions and methods that learn when they are called, with what they do."""
    found: dict[str, str] = {}
    bodies = list(function_bodies(graph))
    changed = True
    while changed:
        changed = False
        for name, body in bodies:
            if name in found or name in ("__init__", "forward"):
                continue
            calls = (n for n in walk(body) if isinstance(n, ast.Call))
            done = next((w for call in calls if (w := _learns(graph, call, found))), "")
            done = done or ("a loop of its own" if any(updated_in_a_loop(n) for n in walk(body)) else "")
            if done:
                found[name] = done
                changed = True
    return found


def function_bodies(graph: NotebookGraph) -> Iterator[tuple[str, ast.AST]]:
    """The notebook's functions and methods, by name."""
    for definition in graph.definitions.values():
        if not isinstance(definition.node, ast.ClassDef):
            yield definition.name, definition.node
            continue
        for part in definition.node.body:
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
                yield part.name, part


def _learns(graph: NotebookGraph, call: ast.Call, own: Mapping[str, str]) -> str:
    """What a call learns, in words; empty where it does not."""
    name = words.called_name(call)
    if words.is_fit(graph, call):
        target = words.root_of(call.func) if isinstance(call.func, ast.Attribute) else ""
        if not target or target in graph.imported or (isinstance(call.func, ast.Attribute) and _made(call.func.value)):
            return f"calls `{name}`"
        return f"fits `{target}`"
    if name in words.LOADING and words.receiver(graph, call) is not None and words.root_of(call.func):
        return f"loads `{words.root_of(call.func)}`"
    if name in words.STEPPING and not call.args and isinstance(call.func, ast.Attribute):
        return f"calls `{name}` in a training loop"
    if name in own and not words.library_path(graph, call.func):
        return f"calls `{name}`, which learns"
    return ""


def _made(node: ast.expr) -> bool:
    """Whether the receiver is made on the spot: ``Ridge().fit(X, y)``."""
    return isinstance(node, ast.Call)


def _fit(graph: NotebookGraph, s: Statement, functions: Mapping[str, str], used: frozenset[str]) -> Fit | None:
    """`used` are names that predict, or are called: what is loaded under such a name is a model."""
    if s.facts.definition is not None:
        return None
    for call in sorted(s.facts.calls, key=lambda c: (c.lineno, c.col_offset)):
        if not (what := _learns(graph, call, functions)):
            continue
        bound = graph.bound_by(s.number)
        assigned = isinstance(s.node, ast.Assign | ast.AnnAssign)
        if assigned and len(bound) == 1 and what.startswith("calls") and not _gives_rows(s.node):
            what = f"fits `{next(iter(bound))}`"
        data = bound if _gives_rows(s.node) or not assigned else frozenset()
        return Fit(s.number, data, what, call.lineno, call if words.is_fit(graph, call) else None)
    if loaded := _loaded(graph, s, used):
        return Fit(s.number, frozenset(), f"loads `{loaded}`", s.first_line)
    if updated := updated_in_a_loop(s.node):
        listed = ", ".join(f"`{name}`" for name in sorted(updated)[:3])
        return Fit(s.number, graph.bound_by(s.number) - updated, f"updates {listed} in a loop", s.first_line)
    return None


def _loaded(graph: NotebookGraph, s: Statement, used: frozenset[str]) -> str:
    """``model = torch.load("net.pt")``"""
    match s.node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call) if name in used:
            path = words.library_path(graph, call.func)
            return name if path.rpartition(".")[2] in ("load", "load_model", "from_pretrained") else ""
    return ""


def _made_by_own_function(graph: NotebookGraph, s: Statement) -> Fit | None:
    """``tree = build(rows, labels)``"""
    match s.node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id=function)) as call):
            own = any(c in graph.definitions for c in graph.reads[s.number].get(function, ()))
            if own and sum(bool(words.root_of(a)) for a in call.args) >= 2:
                return Fit(s.number, frozenset(), f"makes `{name}` by `{function}`", call.lineno)
    return None


def _gives_rows(node: ast.stmt) -> bool:
    calls = (n for n in walk(node) if isinstance(n, ast.Call))
    return any(words.called_name(call) in words.GIVING_ROWS for call in calls)


def updated_in_a_loop(loop: ast.AST) -> frozenset[str]:
    """Names that a loop gives a new value by subtracting or adding a product to the old one: ``w = w - rate * slope``.

    A sum that is built up (``total += price``) is no such thing.
    """
    if not isinstance(loop, ast.For | ast.While):
        return frozenset()
    found = set()
    for node in walk(loop):
        match node:
            case ast.AugAssign(target=target, op=ast.Sub() | ast.Add(), value=value):
                name = words.root_of(target)
                if name and _is_scaled(value):
                    found.add(name)
            case ast.Assign(targets=[target], value=ast.BinOp(left=left, op=ast.Sub() | ast.Add(), right=value)):
                name = words.root_of(target)
                if name and name == words.root_of(left) and _is_scaled(value):
                    found.add(name)
    return frozenset(found)


def _is_scaled(value: ast.expr) -> bool:
    return isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult | ast.Div | ast.MatMult)


def _parts(graph: NotebookGraph, s: Statement, learned: Learned) -> frozenset[str]:
    """Names bound to a part of something learned, to it under another name, or to a container of such."""
    match s.node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            pass
        case _:
            return frozenset()
    match value:
        case ast.Name() | ast.Attribute() | ast.Subscript():
            roots = {words.root_of(value)}
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            roots = {words.root_of(part) for part in parts}
        case ast.Dict(values=parts):
            roots = {words.root_of(part) for part in parts}
        case _:
            return frozenset({name}) if _multiplies(graph, s, value, learned) else frozenset()
    reads = graph.reads[s.number]
    held = any(root in reads and learned.holds(root, reads[root]) for root in roots)
    return frozenset({name}) if held else frozenset()


def _multiplies(graph: NotebookGraph, s: Statement, value: ast.expr, learned: Learned) -> bool:
    """``P @ Q.T`` of two learned factors: a table of every prediction there can be."""
    reads = graph.reads[s.number]
    for node in walk(value):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            roots = [words.root_of(side) for side in (node.left, node.right)]
            if all(root in reads and learned.holds(root, reads[root]) for root in roots):
                return True
    return False
