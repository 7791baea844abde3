"""Every place that predicts, and which of them is the one to put into production.

    for m in models: m.predict(X_test)     a comparison: never chosen
    model.predict(X_train)                 only where there is nothing better
    pred = model.predict(X_test)           good: on rows that were held out
    model.predict([[5.1, 3.5]])            better: on new rows, with the model that was fitted last
    out["price"] = model.predict(test)     best: `out` is saved to a file
    out.to_csv("submission.csv")

Of several that are equally good the last one is chosen, and of one model's the one that gives answers rather than
probabilities. The others are named as alternatives.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from nb2prod.advise import words
from nb2prod.advise.fitting import Learned, function_bodies
from nb2prod.advise.rows import carriers, way_of
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.objects import Contributors

Readers = tuple[tuple[int, ...], ...]
"""For each statement those that read what it made or changed."""


class Use(IntEnum):
    """What a prediction is made for; the greater, the more likely it is what a caller wants."""

    COMPARED = 0
    ASIDE = 1
    """On the rows it was fitted on, or only for a plot."""
    HELD_OUT = 2
    NEW_ROWS = 3
    SAVED = 4


class Form(IntEnum):
    """How sure it is that this is a prediction at all."""

    TRANSFORMATION = 0
    EXPRESSION = 1
    OWN_FUNCTION = 2
    CALL = 3


@dataclass(frozen=True, slots=True)
class Prediction:
    """`model` is its name as written; `fitted` the statements that learned it; `inputs` the rows it is given."""

    statement: int
    cell: int
    line: int
    form: Form
    model: str
    fitted: Contributors
    inputs: tuple[str, ...]
    text: str
    method: str = ""
    use: Use = Use.HELD_OUT

    @property
    def last_fit(self) -> int:
        return max(self.fitted, default=-1)


def find_predictions(graph: NotebookGraph, learned: Learned) -> tuple[Prediction, ...]:
    """In notebook order. Those of training loops are not among them."""
    returning = predicting_functions(graph)
    readers = _readers(graph)
    found = [p for s in graph.statements for p in _of_statement(graph, learned, s, returning, readers)]
    newest = max((p.last_fit for p in found if p.form > Form.TRANSFORMATION), default=-1)
    data: dict[int, frozenset[int]] = {}
    for fit in {fit for p in found for fit in p.fitted}:
        way = way_of(graph, _given_to(graph, learned, fit), learned.models)
        data[fit] = frozenset(step.statement for step in way)
    return tuple(_with_use(graph, learned, p, newest, readers, data) for p in found)


def _readers(graph: NotebookGraph) -> Readers:
    found: list[set[int]] = [set() for _ in graph.statements]
    for s in graph.statements:
        for contributors in graph.reads[s.number].values():
            for c in contributors:
                found[c].add(s.number)
    return tuple(tuple(sorted(one)) for one in found)


def rank(prediction: Prediction) -> tuple[int, ...]:
    sure = prediction.use > Use.COMPARED
    return (sure, prediction.form, prediction.use, prediction.statement, prediction.line)


def choose(predictions: Iterable[Prediction]) -> Prediction | None:
    """The one to put into production, None where there is none outside a comparison."""
    ranked = sorted((p for p in predictions if p.use > Use.COMPARED), key=rank)
    if not ranked:
        return None
    best = ranked[-1]
    same = [p for p in ranked if (p.form, p.use, p.model, p.fitted) == (best.form, best.use, best.model, best.fitted)]
    answers = [p for p in same if p.method == "predict" and p.inputs == best.inputs]
    return answers[-1] if answers else best


def end_of(graph: NotebookGraph, learned: Learned, cell: int) -> Prediction | None:
    """What a cell ends with, taken for a prediction because the user says it is one."""
    statements = [s for s in graph.of_cell(cell) if s.facts.binds or isinstance(s.node, ast.Expr)]
    if not statements:
        return None
    s = statements[-1]
    value = getattr(s.node, "value", None)
    given = [value] if isinstance(value, ast.expr) else []
    reads = graph.reads[s.number]
    model = next((name for name in sorted(reads) if learned.holds(name, reads[name])), "")
    return _made(graph, learned, s, value or ast.Constant(None), Form.EXPRESSION, model, given, "")


# --- finding them


def predicting_functions(graph: NotebookGraph) -> frozenset[str]:
    """The notebook's own functions and methods whose value is made of what a model predicted."""
    found: set[str] = set()
    bodies = [(name, body) for name, body in function_bodies(graph) if name != "forward"]
    changed = True
    while changed:
        changed = False
        for name, body in bodies:
            if name not in found and _returns_prediction(graph, body, found):
                found.add(name)
                changed = True
    return frozenset(found)


def _returns_prediction(graph: NotebookGraph, body: ast.AST, known: set[str]) -> bool:
    nodes = list(ast.walk(body))
    if any(isinstance(n, ast.Call) and words.is_fit(graph, n) for n in nodes):
        return False  # it tries a model out
    made: set[str] = set()

    def predicts(value: ast.expr | None) -> bool:
        if value is None or _measures(graph, value):
            return False
        return any(
            (isinstance(n, ast.Call) and (words.is_prediction(graph, n) or _calls_own(graph, n, known)))
            or (isinstance(n, ast.Name) and n.id in made)
            for n in ast.walk(value)
        )

    for node in nodes:
        if isinstance(node, ast.Assign) and predicts(node.value):
            made |= {n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)}
    if isinstance(body, ast.Lambda):
        return predicts(body.body)
    return any(isinstance(n, ast.Return) and predicts(n.value) for n in nodes)


def _measures(graph: NotebookGraph, value: ast.AST) -> bool:
    return any(isinstance(n, ast.Call) and words.is_metric(graph, n) for n in ast.walk(value))


def _calls_own(graph: NotebookGraph, call: ast.Call, names: Iterable[str]) -> bool:
    return words.called_name(call) in names and not words.library_path(graph, call.func)


def _of_statement(
    graph: NotebookGraph, learned: Learned, s: Statement, returning: frozenset[str], readers: Readers
) -> Iterator[Prediction]:
    if s.facts.definition is not None:
        return
    loops = _loops(s.node)
    for call in sorted(s.facts.calls, key=lambda c: (c.lineno, c.col_offset)):
        found = _of_call(graph, learned, s, call, returning)
        if found is None:
            continue
        around = loops.get(id(call), ())
        found = _with_rows_of_loops(graph, found, s, call, around)
        if around and s.number in learned.fits and found.form is not Form.CALL:
            continue  # the forward pass of a training loop
        if around and (_varies(graph, call, around) or s.number in learned.fits):
            found = replace(found, use=Use.COMPARED)
        elif any(isinstance(loop, ast.For | ast.While) for loop in around) or _is_drawn(graph, s, call, readers):
            found = replace(found, use=Use.ASIDE)
        yield found
    if s.number not in learned.fits and (found := _of_expression(graph, learned, s)) is not None:
        yield found


def _with_rows_of_loops(
    graph: NotebookGraph, found: Prediction, s: Statement, call: ast.Call, around: tuple[ast.AST, ...]
) -> Prediction:
    """In ``[model.predict(row) for row in rows]`` it is `rows` that is predicted."""
    given = {n.id for a in call.args for n in ast.walk(a) if isinstance(n, ast.Name)}
    rows = set(found.inputs)
    for loop in around:
        for part in [loop] if isinstance(loop, ast.For) else getattr(loop, "generators", ()):
            if given & {n.id for n in ast.walk(part.target) if isinstance(n, ast.Name)}:
                rows |= carriers(graph, part.iter) & graph.reads[s.number].keys()
    return replace(found, inputs=tuple(sorted(rows)))


def _of_call(
    graph: NotebookGraph, learned: Learned, s: Statement, call: ast.Call, returning: frozenset[str]
) -> Prediction | None:
    reads = graph.reads[s.number]
    name = words.called_name(call)
    arguments = [*call.args, *(k.value for k in call.keywords)]
    receiver = words.receiver(graph, call)
    held = {n for n in reads if learned.holds(n, reads[n])}
    if words.is_prediction(graph, call) or words.is_transformation(graph, call):
        assert receiver is not None
        form = Form.CALL if name in words.PREDICTING else Form.TRANSFORMATION
        root = words.root_of(receiver)
        return _made(graph, learned, s, call, form, root, arguments, name)
    if _calls_own(graph, call, returning):
        root = next((n for a in arguments if (n := words.root_of(a)) in held), name)
        return _made(graph, learned, s, call, Form.CALL, root, arguments, "predict")
    if s.number in learned.fits or not call.args or words.is_metric(graph, call):
        return None
    root = words.root_of(call.func)
    if isinstance(call.func, ast.Name) and root in held and carriers(graph, call.args[0]):  # net(x)
        return _made(graph, learned, s, call, Form.CALL, root, arguments, "predict")
    own = isinstance(call.func, ast.Name) and any(c in graph.definitions for c in reads.get(root, ()))
    given = {n for a in arguments if (n := words.root_of(a)) in held}
    late = held & graph.late[s.number]
    if own and (given or late) and not _throws_away(graph, s, call) and not _gives_a_number(graph, name):
        model = min(given or late)
        return _made(graph, learned, s, call, Form.OWN_FUNCTION, model, arguments, "")
    return None


def _of_expression(graph: NotebookGraph, learned: Learned, s: Statement) -> Prediction | None:
    """``X @ w + b`` of a learned ``w``."""
    match s.node:
        case ast.Assign(targets=[ast.Name()], value=value) | ast.Expr(value=value):
            pass
        case _:
            return None
    reads = graph.reads[s.number]
    for node in ast.walk(value):
        match node:
            case ast.BinOp(left=left, op=ast.MatMult() | ast.Mult() | ast.Add(), right=right):
                sides = [left, right]
            case ast.Call() if words.called_name(node) in ("dot", "matmul", "polyval"):
                sides = [*node.args, *([node.func.value] if isinstance(node.func, ast.Attribute) else [])]
            case _:
                continue
        used = {n.id for side in sides for n in ast.walk(side) if isinstance(n, ast.Name)} & reads.keys()
        model = sorted(n for n in used if learned.holds(n, reads[n]))
        rows = [n for n in used if n not in model and n not in graph.imported]
        if model and rows and not _measures(graph, value):
            return _made(graph, learned, s, node, Form.EXPRESSION, model[0], [value], "")
    return None


def _made(
    graph: NotebookGraph, learned: Learned, s: Statement, node: ast.expr, form: Form, model: str,
    given: list[ast.expr], method: str,
) -> Prediction:  # fmt: skip
    reads = graph.reads[s.number]
    rows = {n for a in given for n in carriers(graph, a) if n in reads}
    if form in (Form.OWN_FUNCTION, Form.EXPRESSION):  # what was learned stands among the arguments
        rows = {n for n in rows if not learned.holds(n, reads[n])}
    fitted = frozenset(c for c in graph.slice(reads.get(model, ())) if c in learned.fits)
    return Prediction(
        s.number, s.cell, node.lineno, form, model, fitted, tuple(sorted(rows)), ast.unparse(node), method
    )


def _throws_away(graph: NotebookGraph, s: Statement, call: ast.Call) -> bool:
    """Whether nobody sees the value: a call on a line of its own that does not end its cell."""
    last = s.number + 1 == len(graph.statements) or graph.statements[s.number + 1].cell != s.cell
    return isinstance(s.node, ast.Expr) and s.node.value is call and not last


def _gives_a_number(graph: NotebookGraph, function: str) -> bool:
    """Whether the notebook's function measures: it returns a metric, or a share of what it has counted."""
    for definition in graph.definitions.values():
        if definition.name != function:
            continue
        returned = [n.value for n in ast.walk(definition.node) if isinstance(n, ast.Return) and n.value is not None]
        if _measures(graph, definition.node) or any(
            isinstance(r, ast.BinOp) and isinstance(r.op, ast.Div) for r in returned
        ):
            return True
    return False


def _loops(node: ast.stmt) -> Mapping[int, tuple[ast.AST, ...]]:
    """The loops and comprehensions around each call of a statement, by the call's id."""
    found: dict[int, tuple[ast.AST, ...]] = {}
    pending: list[tuple[ast.AST, tuple[ast.AST, ...]]] = [(node, ())]
    repeating = ast.For | ast.While | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    while pending:
        at, around = pending.pop()
        if isinstance(at, ast.Call) and around:
            found[id(at)] = around
        inner = (*around, at) if isinstance(at, repeating) else around
        pending += [(child, inner) for child in ast.iter_child_nodes(at)]
    return found


def _varies(graph: NotebookGraph, call: ast.Call, around: tuple[ast.AST, ...]) -> bool:
    """Whether the rounds of the loops differ in the model and not in the rows: a comparison."""
    stored = {
        n.id for loop in around for n in ast.walk(loop) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }

    def changes(*nodes: ast.AST) -> bool:
        return any(isinstance(n, ast.Name) and n.id in stored for node in nodes for n in ast.walk(node))

    return changes(words.receiver(graph, call) or call.func) and not changes(*call.args, *call.keywords)


def _is_drawn(graph: NotebookGraph, s: Statement, call: ast.Call, readers: Readers) -> bool:
    """Whether the value is made for a plot: inside the call that draws it, or bound to a name only plots read."""
    for outer in s.facts.calls:
        if words.is_drawing(graph, outer) and any(n is call for a in outer.args for n in ast.walk(a)):
            return True
    names = graph.bound_by(s.number)
    others = [graph.statements[n] for n in readers[s.number]]
    drawn = [other for other in others if any(words.is_drawing(graph, c) for c in other.facts.calls)]
    return bool(drawn) and all(
        other in drawn or graph.bound_by(other.number) & names  # ``Z = Z.reshape(xx.shape)``
        for other in others
    )


# --- what they are for


def _with_use(
    graph: NotebookGraph, learned: Learned, p: Prediction, newest: int, readers: Readers,
    data: Mapping[int, frozenset[int]],
) -> Prediction:  # fmt: skip
    """`data` maps a fit to the statements that its rows came from."""
    if p.use is not Use.HELD_OUT:
        return p
    if _is_saved(graph, p, readers):
        return replace(p, use=Use.SAVED)
    if any(_same_rows(graph, learned, p, fit) for fit in p.fitted):
        return replace(p, use=Use.ASIDE)
    fitted_on = frozenset[int]().union(*(data[fit] for fit in p.fitted))
    if p.last_fit == newest and fitted_on:
        way = way_of(graph, [(p.statement, n) for n in p.inputs], learned.models)
        if not any(step.statement in fitted_on for step in way):
            return replace(p, use=Use.NEW_ROWS)
    return p


def _given_to(graph: NotebookGraph, learned: Learned, fit: int) -> list[tuple[int, str]]:
    call = learned.fits[fit].call
    if call is None:
        return [(fit, name) for name in graph.reads[fit]]
    given = [*call.args, *(k.value for k in call.keywords)]
    return [(fit, name) for a in given for name in carriers(graph, a) if name in graph.reads[fit]]


def _same_rows(graph: NotebookGraph, learned: Learned, p: Prediction, fit: int) -> bool:
    """Whether it predicts for the very rows that the model was fitted on."""
    call = learned.fits[fit].call
    if call is None or not call.args or not p.inputs or not isinstance(call.args[0], ast.Name):
        return False
    name = call.args[0].id
    return p.inputs == (name,) and graph.reads[p.statement][name] == graph.reads[fit].get(name)


def _is_saved(graph: NotebookGraph, p: Prediction, readers: Readers) -> bool:
    """Whether the prediction, or something made of it, is written to a file."""
    made: set[int] = set()
    pending = [p.statement]
    while pending:
        number = pending.pop()
        if number in made:
            continue
        made.add(number)
        pending += readers[number]
        for call in graph.statements[number].facts.calls:
            if words.is_saving(graph, call) and (number == p.statement or _is_handed(graph, number, call, made)):
                return True
    return False


def _is_handed(graph: NotebookGraph, number: int, call: ast.Call, made: set[int]) -> bool:
    reads = graph.reads[number]
    return any(isinstance(n, ast.Name) and reads.get(n.id, frozenset()) & made for n in ast.walk(call))
