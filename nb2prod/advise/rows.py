"""The way of the rows: from what the prediction is given back to where the data came in.

df = pd.read_csv("houses.csv")              <- the data comes in
df["ratio"] = df.area / df.rooms            <- makes a feature
X_train, X_test = train_test_split(df)      <- chooses rows
Z = scaler.transform(X_test)                <- makes features; `scaler` is no rows and is not followed
model.predict(Z)
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, replace

from nb2prod.advise import words
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.names import kind_of
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.objects import Contributors

_JOINING = frozenset("join merge append concat assign dot".split())  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class Step:
    """A statement on the way. `feature`: what it makes of the rows, in words; empty where it only chooses or loads.

    `column` is the one it makes, where it makes no more than that.
    """

    statement: int
    feature: str
    line: int
    column: str = ""


def way_of(graph: NotebookGraph, start: Iterable[tuple[int, str]], models: frozenset[str]) -> tuple[Step, ...]:
    """The steps behind these (statement that reads, name) pairs, in notebook order. `models` carry no rows."""
    start = list(start)
    seen: set[tuple[int, str]] = set()
    steps: dict[int, Step] = {}
    pending = list(start)
    while pending:
        number, name = pending.pop()
        contributors = graph.reads[number].get(name, frozenset())
        if kind_of(graph, contributors) in ("import", "feature", "parameter") or _is_a_number(graph, contributors):
            continue
        if name in models or _is_summary_name(graph, contributors, name):
            continue
        for c in contributors:
            if (c, name) in seen or graph.kinds[c] in ("import", "feature", "parameter"):
                continue
            seen.add((c, name))
            found = _step(graph, graph.statements[c], name)
            if c not in steps or (found.feature and not steps[c].feature):
                steps[c] = found
            pending += [(c, one) for one in _carriers_of(graph, graph.statements[c].node, name)]
    removed = _removed(graph, [*steps, *(number for number, _ in start)])
    ordered = [steps[n] for n in sorted(steps)]
    if not any(step.column in removed for step in ordered):
        return tuple(ordered)
    readers: dict[str, set[str]] = {}
    for step in ordered:
        for word in _words(graph, step.statement):
            readers.setdefault(word, set()).add(step.column)
    taken_out = {name for name in removed if readers.get(name, set()) <= {name}}
    return tuple(replace(step, feature="") if step.column in taken_out else step for step in ordered)


def _removed(graph: NotebookGraph, numbers: Iterable[int]) -> set[str]:
    """Columns that are taken out on the way, as the label is: ``X = df.drop(columns="price")``."""
    calls = (c for n in numbers for c in _taking_out(graph, n))
    return {n.value for c in calls for n in walk(c) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def _words(graph: NotebookGraph, number: int) -> set[str]:
    """Texts and attributes of a statement, any of which may name a column that it reads."""
    outside = {id(part) for call in _taking_out(graph, number) for part in walk(call)}
    nodes = [n for n in walk(graph.statements[number].node) if id(n) not in outside]
    found = {n.attr for n in nodes if isinstance(n, ast.Attribute)}
    return found | {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def _taking_out(graph: NotebookGraph, number: int) -> list[ast.Call]:
    return [c for c in graph.statements[number].facts.calls if words.called_name(c) in ("drop", "pop")]


def _is_a_number(graph: NotebookGraph, contributors: Contributors) -> bool:
    """One plain number or text, or computed of such: no rows."""
    return kind_of(graph, contributors) == "constant" and not any(
        isinstance(n, ast.List | ast.Tuple | ast.Dict) for c in contributors for n in walk(graph.statements[c].node)
    )


def _is_summary_name(graph: NotebookGraph, contributors: Contributors, name: str) -> bool:
    """Whether the name stands for something about all rows together, like a mean."""
    values = [getattr(graph.statements[c].node, "value", None) for c in contributors if name in graph.bound_by(c)]
    return bool(values) and all(_is_summary(value) for value in values)


def _is_summary(value: ast.expr | None) -> bool:
    match value:
        case ast.Attribute(attr="shape" | "size"):
            return True
        case ast.Attribute(value=inner) | ast.Subscript(value=inner):
            return _is_summary(inner)
        case ast.Call(func=ast.Name(id="len")):
            return True
        case ast.Call(func=ast.Name(id="int" | "float" | "round" | "dict" | "list"), args=[inner, *_]):
            return _is_summary(inner)
        case ast.Call(func=ast.Attribute(attr=attr, value=inner)):
            return attr in words.SUMMARISING or _is_summary(inner)
        case ast.BinOp(left=left, right=right):
            return _is_summary(left) and (_is_summary(right) or isinstance(right, ast.Constant))
        case _:
            return False


# --- which names carry rows into a value


def carriers(graph: NotebookGraph, node: ast.expr | None) -> set[str]:
    """Names whose rows the value of the expression is made of."""
    match node:
        case ast.Name(id=name):
            return set() if name in graph.imported else {name}
        case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Starred(value=inner):
            return carriers(graph, inner)
        case ast.UnaryOp(operand=inner) | ast.Await(value=inner) | ast.NamedExpr(value=inner):
            return carriers(graph, inner)
        case ast.Call():
            return _call_carriers(graph, node)
        case ast.BinOp(left=left, right=right):
            return carriers(graph, left) | carriers(graph, right)
        case ast.Compare(left=left, comparators=others):
            return _union(graph, [left, *others])
        case ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return _union(graph, parts)
        case ast.Dict(values=parts):
            return _union(graph, parts)
        case ast.IfExp(body=body, orelse=orelse):
            return _union(graph, [body, orelse])
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            return _union(graph, [generator.iter for generator in node.generators])
        case _:
            return set()


def _call_carriers(graph: NotebookGraph, call: ast.Call) -> set[str]:
    arguments = _union(graph, [*call.args, *(k.value for k in call.keywords)])
    receiver = words.receiver(graph, call)
    name = words.called_name(call)
    if receiver is None or name in words.PREDICTING | words.TRANSFORMING | words.FITTING:
        return arguments
    own = carriers(graph, receiver)
    return own | arguments if name in _JOINING or not own else own


def _union(graph: NotebookGraph, nodes: Iterable[ast.expr]) -> set[str]:
    return {name for node in nodes for name in carriers(graph, node)}


def _carriers_of(graph: NotebookGraph, node: ast.stmt, name: str) -> set[str]:
    """Names whose rows the statement puts into `name`."""
    match node:
        case ast.Assign(targets=[target], value=value):
            if not isinstance(target, ast.Tuple | ast.List | ast.Name):  # df["a"] = …
                return carriers(graph, value) | {words.root_of(target)}
            return carriers(graph, _part_for(target, value, name))
        case ast.Assign(value=value) | ast.AnnAssign(value=value):
            return carriers(graph, value)
        case ast.AugAssign(target=target, value=value):
            return carriers(graph, value) | {words.root_of(target)}
        case ast.Expr(value=value):
            return carriers(graph, value) | {name}
        case ast.For() | ast.While() | ast.If() | ast.With() | ast.Try():
            inner = [part for part in walk(node) if isinstance(part, ast.Assign | ast.AugAssign | ast.Expr)]
            found = {one for part in inner if _touches(part, name) for one in _carriers_of(graph, part, name)}
            if isinstance(node, ast.For):  # what the loop goes over may be what it changes
                found |= carriers(graph, node.iter)
            return found | {name}
        case _:
            return set()


def _touches(node: ast.stmt, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for n in walk(node))


def _part_for(target: ast.expr, value: ast.expr, name: str) -> ast.expr:
    """The part of `value` that `name` gets, where several names are assigned at once."""
    if not isinstance(target, ast.Tuple | ast.List):
        return value
    names = [part.id if isinstance(part, ast.Name) else "" for part in target.elts]
    if name not in names:
        return value
    position = names.index(name)
    if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(names):
        return value.elts[position]
    splits = isinstance(value, ast.Call) and words.called_name(value) == "train_test_split"
    if splits and isinstance(value, ast.Call) and len(names) == 2 * len(value.args):  # two parts of each
        return value.args[position // 2]
    return value


# --- whether a step makes features


def _step(graph: NotebookGraph, s: Statement, name: str) -> Step:
    match s.node:
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript() as target], value=value):
            if isinstance(target, ast.Attribute) and target.attr in ("columns", "index", "shape"):
                return Step(s.number, "", s.first_line)
            key = getattr(getattr(target, "slice", None), "value", "")
            column = key if isinstance(key, str) else ""
            return Step(s.number, f"makes a column of `{words.root_of(target)}`", s.first_line, column)
        case ast.Assign(targets=[target, *_], value=value):
            made = _feature(graph, _part_for(target, value, name))
            return Step(s.number, made, s.first_line)
        case ast.AnnAssign(value=ast.expr() as value):
            return Step(s.number, _feature(graph, value), s.first_line)
        case ast.AugAssign():
            return Step(s.number, f"changes `{name}`", s.first_line)
        case ast.Expr(value=ast.Call() as call):
            selects = words.called_name(call) in words.SELECTING | words.FITTING
            return Step(s.number, "" if selects else f"changes `{name}` by `{words.called_name(call)}`", s.first_line)
        case ast.For() | ast.While() | ast.If() | ast.With() | ast.Try():
            for part in walk(s.node):
                if isinstance(part, ast.Assign | ast.AugAssign) and not isinstance(part, ast.For):
                    targets = part.targets if isinstance(part, ast.Assign) else [part.target]
                    if any(isinstance(t, ast.Subscript | ast.Attribute) for t in targets):
                        return Step(s.number, f"makes columns of `{name}`", part.lineno)
            return Step(s.number, "", s.first_line)
        case _:
            return Step(s.number, "", s.first_line)


def _feature(graph: NotebookGraph, node: ast.expr) -> str:
    """What the expression makes of the rows it is given; empty where it chooses, converts or sums up."""
    match node:
        case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Starred(value=inner):
            return _feature(graph, inner)
        case ast.Call():
            return _call_feature(graph, node)
        case ast.BinOp(left=left, right=right):
            if not carriers(graph, left) | carriers(graph, right):
                return ""
            return "computes with the rows"
        case ast.ListComp(elt=elt) | ast.GeneratorExp(elt=elt):
            computes = any(isinstance(n, ast.Call | ast.BinOp) for n in walk(elt))
            return "makes a value of each row" if computes and carriers(graph, node) else ""
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return next((made for part in parts if (made := _feature(graph, part))), "")
        case _:
            return ""


def _call_feature(graph: NotebookGraph, call: ast.Call) -> str:
    name = words.called_name(call)
    receiver = words.receiver(graph, call)
    arguments = [*call.args, *(k.value for k in call.keywords)]
    if receiver is not None and name in words.TRANSFORMING | words.FITTING:
        return f"applies `{words.root_of(receiver) or name}`"
    if receiver is not None and carriers(graph, receiver):
        if name in words.SELECTING | words.SUMMARISING:
            return _feature(graph, receiver)
        return _feature(graph, receiver) or f"applies `{name}`"
    rows = _union(graph, arguments)
    if not rows:
        return ""
    made_by_class = words.library_path(graph, call.func) != "" and name[:1].isupper()
    if name in words.CONVERTING or made_by_class or _is_own_class(graph, name):
        return next((made for part in arguments if (made := _feature(graph, part))), "")
    return f"applies `{name}`"


def _is_own_class(graph: NotebookGraph, name: str) -> bool:
    """A class of the notebook that is given rows holds them (a ``Dataset``)."""
    return any(d.name == name and d.is_class for d in graph.definitions.values())
