"""What cannot be shown equal to the notebook once its code stands in functions: each an error finding with its line.

total = sum(rows)        fine: a local of train()
sum = total / 2          refused: the `sum` above would be that local, unbound as yet
"""

import ast
from collections.abc import Iterable, Iterator

from nb2prod.analysis.facts import comprehension_names
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.locals import Comprehension, FunctionNode, local_names
from nb2prod.analysis.names import is_kept_by_ipython, kind_of
from nb2prod.analysis.namespace import is_builtin
from nb2prod.analysis.nodes import children, walk
from nb2prod.model.findings import Finding, Severity
from nb2prod.plan.boundary import Boundary
from nb2prod.plan.code import inside_f_strings
from nb2prod.plan.moment import predictor_moment
from nb2prod.plan.selection import Feature, Selection

_HIDDEN = frozenset({"eval", "exec", "globals", "locals", "vars"})


def find_refusals(graph: NotebookGraph, boundary: Boundary, selection: Selection) -> list[Finding]:
    return [
        *(f for feature in selection.features for f in _definitions(graph, feature)),
        *_meanings(graph, selection),
        *_shadows(graph, selection),
        *_delays(graph, selection),
        *_in_f_strings(graph, selection),
        *_unstorable(graph, boundary, selection),
        *_changed_after(graph, boundary, selection),
        *_hidden_reads(graph, selection),
    ]


def _error(code: str, message: str, hint: str, s: Statement, line: int | None = None) -> Finding:
    return Finding(code, Severity.ERROR, message, s.cell, line or s.first_line, hint)


def _definitions(graph: NotebookGraph, feature: Feature) -> Iterator[Finding]:
    """Functions and classes that are more than a function of their arguments."""
    s, definition = graph.statements[feature.statement], graph.definitions[feature.statement]
    kind = "class" if feature.is_class else "function"
    if definition.late_binds:
        names = _listed(definition.late_binds)
        yield _error(
            "NB310", f"the {kind} `{feature.name}` re-binds the global {names}.", "Return the value instead.", s
        )
    if feature.is_class and feature.needs:
        yield _error("NB311", f"the class `{feature.name}` reads {_listed(feature.needs)} of the notebook.",
                     "Pass it to the constructor.", s)  # fmt: skip
    if feature.statement in graph.with_memory:
        yield _error("NB316", f"the {kind} `{feature.name}` keeps something from call to call, in a "
                     f"{'class attribute or ' if feature.is_class else ''}default argument.",
                     "Make the value inside: in the constructor, or where the default is None.", s)  # fmt: skip
    for name, contributors in graph.reads[feature.statement].items():
        if kind_of(graph, contributors) in ("value", "parameter"):
            yield _error("NB312", f"`{name}` is read where the {kind} `{feature.name}` is defined (a default, "
                         "decorator or base).", "Pass it as an argument where the function is called.", s)  # fmt: skip


def _meanings(graph: NotebookGraph, selection: Selection) -> Iterator[Finding]:
    """Names that stand for two things at module level, or that functions and classes are no longer what was defined."""
    meanings: dict[str, set[object]] = {}
    told: set[str] = set()
    for number in (*selection.used, *selection.code):
        s = graph.statements[number]
        for name, contributors in graph.reads[number].items():
            kind = kind_of(graph, contributors)
            several = len(contributors) > 1 and any(graph.kinds[n] == "feature" for n in contributors)
            if several and name not in told:
                told.add(name)
                changed = graph.statements[max(contributors)]
                yield _error("NB315", f"the function or class `{name}` is defined or changed more than one way here.",
                             "Define it once, and keep state in a variable.", changed)  # fmt: skip
            elif kind == "import":
                paths = {i.path for n in contributors for i in graph.statements[n].facts.imports if i.name == name}
                meanings.setdefault(name, set()).add(frozenset(paths))
            elif kind == "feature" or (kind == "constant" and contributors <= set(selection.code)):
                meanings.setdefault(name, set()).add(contributors)
            elif name in graph.late[number] and not several:
                meanings.setdefault(name, set()).add("value")
            if len(meanings.get(name, ())) > 1 and name not in told:
                told.add(name)
                yield _error("NB313", f"`{name}` means different things in different places, and several are used.",
                             "Give them different names.", s)  # fmt: skip


def _shadows(graph: NotebookGraph, selection: Selection) -> Iterator[Finding]:
    """Locals of a function or comprehension that hide a value which a function called there needs."""
    needs = {f.name: f.needs for f in selection.features if f.needs}
    for number in (*selection.used, *selection.code) if needs else ():
        s = graph.statements[number]
        for node, local in _with_locals(s.node, frozenset()):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in local:
                for need in sorted(set(needs.get(node.id, ())) & local):
                    yield _error("NB317", f"`{need}` is a local here, but `{node.id}`, which is called here, reads the "
                                 "notebook's.", "Give the local another name.", s,
                                 s.first_line + max(0, node.lineno - s.node.lineno))  # fmt: skip


def _with_locals(node: ast.AST, local: frozenset[str]) -> Iterator[tuple[ast.AST, frozenset[str]]]:
    """Every node below with the names that are local there."""
    yield node, local
    if isinstance(node, FunctionNode):
        inside = local | local_names(node)[0]
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        outer = [n for n in children(node) if n not in body]
        parts = [*((n, local) for n in outer), *((n, inside) for n in body)]
    elif isinstance(node, Comprehension):
        parts = [(n, local | comprehension_names(node)) for n in children(node)]
    else:
        parts = [(n, local) for n in children(node)]
    for part, names in parts:
        yield from _with_locals(part, names)


def _delays(graph: NotebookGraph, selection: Selection) -> Iterator[Finding]:
    """A function that is kept and called later must not see another value of what it needs then."""
    if not any(feature.needs for feature in selection.features):
        return
    versions: dict[str, set[frozenset[int]]] = {}
    for number in selection.used:
        for name in graph.late[number] & graph.reads[number].keys():
            versions.setdefault(name, set()).add(graph.reads[number][name])
    for number in (*selection.used, *selection.code):
        s = graph.statements[number]
        called = {id(n.func) for n in walk(s.node) if isinstance(n, ast.Call)}
        at_once = _used_at_once(s.node)
        owners = {id(n.value) for n in walk(s.node) if isinstance(n, ast.Attribute)}
        for use in s.facts.uses:
            feature = selection.feature(use.name)
            if use.context != "load" or feature is None or not feature.needs:
                continue
            rebound = [n for n in feature.needs if len(versions.get(n, ())) > 1 or n in graph.bound_by(number)]
            later = id(use.node) not in called | at_once or _runs_later(graph, feature)
            if id(use.node) in owners or (later and rebound):
                what = f"reads {_listed(rebound)}, which changes in between" if rebound else "reads the notebook"
                yield _error("NB318", f"`{use.name}` is kept here to be called later, but it {what}.",
                             "Pass the value as an argument.", s)  # fmt: skip


_READERS = frozenset("list tuple set sum sorted max min any all dict len join".split())  # noqa: SIM905
_APPLIERS = frozenset("apply applymap agg aggregate".split())  # noqa: SIM905


def _used_at_once(node: ast.AST) -> set[int]:
    """Functions handed over to what is done with them when it returns: ``list(map(f, xs))``, ``df.apply(f)``."""
    found: set[int] = set()
    for call in (n for n in walk(node) if isinstance(n, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if isinstance(call.func, ast.Attribute) and name in _APPLIERS:
            found |= {id(a) for a in call.args[:1]}
        if name in ("sorted", "max", "min", "sort"):
            found |= {id(k.value) for k in call.keywords if k.arg == "key"}
        inner = call.args[0] if name in _READERS and call.args else None
        if isinstance(inner, ast.Call) and getattr(inner.func, "id", "") in ("map", "filter"):
            found |= {id(a) for a in inner.args[:1]}
    return found


def _in_f_strings(graph: NotebookGraph, selection: Selection) -> Iterator[Finding]:
    """Calls that would get more arguments where the source cannot be changed."""
    needing = {f.name for f in selection.features if f.needs}
    for number in (*selection.used, *selection.code) if needing else ():
        s = graph.statements[number]
        blurred = inside_f_strings(s.node)
        for name in sorted({u.name for u in s.facts.uses if u.name in needing and id(u.node) in blurred}):
            yield _error("NB334", f"`{name}` is called inside an f-string, where its arguments cannot be extended.",
                         "Assign the call to a name first.", s)  # fmt: skip


def _runs_later(graph: NotebookGraph, feature: Feature) -> bool:
    """Generators, coroutines, and functions that make functions."""
    node = graph.definitions[feature.statement].node
    inner = any(isinstance(n, FunctionNode | ast.Yield | ast.YieldFrom) for n in walk(node) if n is not node)
    return inner or isinstance(node, ast.AsyncFunctionDef)


def _unstorable(graph: NotebookGraph, boundary: Boundary, selection: Selection) -> Iterator[Finding]:
    """Artifacts that are, or hold, functions which the package would have under other terms."""
    needs = {f.statement: f for f in selection.features if f.needs and not f.is_class}
    for name in boundary.artifacts:
        contributors = graph.before(boundary.starts[name], name)
        for number in sorted(graph.definitions_inside(boundary.starts[name], name)):
            s = graph.statements[number]
            if number in needs:
                yield _error("NB319", f"`{name}` holds the function `{needs[number].name}`, which reads "
                             f"{_listed(needs[number].needs)} of the notebook.",
                             "Make it a class that is given the value.", s)  # fmt: skip
            elif isinstance(graph.definitions[number].node, ast.Lambda) and number in contributors:
                yield _error("NB319", f"the lambda `{name}` reads values of the notebook, and the prediction needs it.",
                             f"Write it as `def {name}(…):`.", s)  # fmt: skip
        for number in contributors:
            s = graph.statements[number]
            if isinstance(s.node, ast.If | ast.Try | ast.For | ast.While | ast.With | ast.Match):
                made = any(isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name == name for n in walk(s.node))
                if made or any(i.name == name for i in s.facts.imports):
                    yield _error("NB333", f"`{name}` is defined inside a block, but the prediction needs it.",
                                 "Define or import it at the top level of a cell.", s)  # fmt: skip


def _changed_after(graph: NotebookGraph, boundary: Boundary, selection: Selection) -> Iterator[Finding]:
    """What a metric needs may change an artifact after the prediction was made with it."""
    moment = predictor_moment(graph, boundary, selection.training)
    if moment.conflict is not None:
        s = graph.statements[moment.conflict]
        message = (
            f"{_listed(moment.changed)} is changed here, after the prediction has used it, but before all else that it "
            "needs is made."
        )
        yield _error("NB325", message, "Work on a copy, or move this behind the inference cell.", s)


def _hidden_reads(graph: NotebookGraph, selection: Selection) -> Iterator[Finding]:
    """Code that reads the namespace other than by name."""
    for number in (*selection.used, *selection.code):
        s = graph.statements[number]
        bare = {id(n.func) for n in s.facts.calls if not n.args and not n.keywords}
        for use in s.facts.uses:
            known = use.name in graph.reads[number] or use.name in graph.final
            if use.context != "load" or known or not is_builtin(use.name):
                continue
            about_locals = use.name in ("vars", "locals")
            if use.name in _HIDDEN and not (about_locals and (use.late or id(use.node) not in bare)):
                yield _error("NB327", f"`{use.name}` reads the notebook's variables in a way that cannot be followed.",
                             "Use the variables by name.", s)  # fmt: skip
            elif is_kept_by_ipython(use.name):
                yield _error("NB326", f"`{use.name}` exists only in a notebook.", "Assign the value to a name.", s)
        if isinstance(s.node, ast.If) and any(
            isinstance(n, ast.Name) and n.id == "__name__" for n in walk(s.node.test)
        ):
            yield _error("NB328", "`__name__` is \"__main__\" in a notebook and another in a package.",
                         "Leave out this condition.", s)  # fmt: skip


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{n}`" for n in sorted(names))
