"""Every place that predicts: a library's call, a trained network, a function of the notebook, an expression.

model.predict(X)      net(x)      my_predict(X, w)      X @ w + b
"""

import ast
from collections.abc import Iterator
from dataclasses import replace

from nb2prod.advise import words
from nb2prod.advise.fitting import Learned
from nb2prod.advise.functions import calls_own, gives_a_number, gives_nothing, measures, predicting_functions
from nb2prod.advise.loops import blocks_around, is_comparison
from nb2prod.advise.prediction import Form, Prediction, Use
from nb2prod.advise.rows import carriers
from nb2prod.advise.uses import Readers, is_drawn, readers_of, rows_fitted_on, with_use
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.names import kind_of
from nb2prod.analysis.nodes import walk


def find_predictions(graph: NotebookGraph, learned: Learned) -> tuple[Prediction, ...]:
    """In notebook order. Those of training loops are not among them."""
    returning = predicting_functions(graph)
    readers = readers_of(graph)
    found = [p for s in graph.statements for p in _of_statement(graph, learned, s, returning, readers)]
    newest = max((p.last_fit for p in found if p.form > Form.TRANSFORMATION), default=-1)
    data = rows_fitted_on(graph, learned, {fit for p in found for fit in p.fitted})
    return tuple(with_use(graph, learned, p, newest, readers, data) for p in found)


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


def _of_statement(
    graph: NotebookGraph, learned: Learned, s: Statement, returning: frozenset[str], readers: Readers
) -> Iterator[Prediction]:
    if s.facts.definition is not None:
        return
    blocks = blocks_around(s.node)
    for call in sorted(s.facts.calls, key=lambda c: (c.lineno, c.col_offset)):
        found = _of_call(graph, learned, s, call, returning)
        if found is None:
            continue
        around = blocks.get(id(call), ())
        loops = tuple(block for block in around if not isinstance(block, ast.Try))
        found = _with_rows_of_loops(graph, found, s, call, loops)
        if loops and s.number in learned.fits and found.form is not Form.CALL:
            continue  # the forward pass of a training loop
        if loops and (is_comparison(graph, s, call, loops) or s.number in learned.fits):
            found = replace(found, use=Use.COMPARED)
        elif any(isinstance(b, ast.For | ast.While | ast.Try) for b in around) or is_drawn(graph, s, call, readers):
            found = replace(found, use=Use.ASIDE)
        yield found
    if s.number not in learned.fits and (found := _of_expression(graph, learned, s)) is not None:
        yield found


def _with_rows_of_loops(
    graph: NotebookGraph, found: Prediction, s: Statement, call: ast.Call, around: tuple[ast.AST, ...]
) -> Prediction:
    """In ``[model.predict(row) for row in rows]`` it is `rows` that is predicted."""
    given = {n.id for a in call.args for n in walk(a) if isinstance(n, ast.Name)}
    rows = set(found.inputs)
    for loop in around:
        for part in [loop] if isinstance(loop, ast.For) else getattr(loop, "generators", ()):
            if given & {n.id for n in walk(part.target) if isinstance(n, ast.Name)}:
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
    if calls_own(graph, call, returning):
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
    silent = gives_a_number(graph, name) or gives_nothing(graph, name)
    if own and (given or late) and not _throws_away(graph, s, call) and not silent:
        model = min(given or late)
        return _made(graph, learned, s, call, Form.OWN_FUNCTION, model, arguments, "")
    data = any(kind_of(graph, reads[n]) == "value" for n in graph.late[s.number] if n in reads)
    if id(call) in learned.by_hand and (data or len(arguments) > 1) and not _throws_away(graph, s, call):
        return _made(graph, learned, s, call, Form.OWN_FUNCTION, name, [learned.by_hand[id(call)]], "")
    if own and all(isinstance(a, ast.Constant) for a in arguments) and _looks_up(graph, s, call):
        return _made(graph, learned, s, call, Form.LOOKUP, name, arguments, "")
    return None


def _looks_up(graph: NotebookGraph, s: Statement, call: ast.Call) -> bool:
    """``recommend("Heat")``: the function reads data of the notebook, and what it returns is seen or kept."""
    reads = graph.reads[s.number]
    late = [n for n in graph.late[s.number] if n in reads and kind_of(graph, reads[n]) == "value"]
    definitions = [graph.definitions[c] for c in reads[words.root_of(call.func)] if c in graph.definitions]
    returns = any(isinstance(n, ast.Return) and n.value is not None for d in definitions for n in walk(d.node))
    return bool(late) and returns and not _throws_away(graph, s, call)


def _of_expression(graph: NotebookGraph, learned: Learned, s: Statement) -> Prediction | None:
    """``X @ w + b`` of a learned ``w``."""
    match s.node:
        case ast.Assign(targets=[ast.Name()], value=value) | ast.Expr(value=value):
            pass
        case _:
            return None
    reads = graph.reads[s.number]
    for node in walk(value):
        match node:
            case ast.BinOp(left=left, op=ast.MatMult() | ast.Mult() | ast.Add(), right=right):
                sides = [left, right]
            case ast.Call() if words.called_name(node) in ("dot", "matmul", "polyval"):
                sides = [*node.args, *([node.func.value] if isinstance(node.func, ast.Attribute) else [])]
            case _:
                continue
        used = {n.id for side in sides for n in walk(side) if isinstance(n, ast.Name)} & reads.keys()
        model = sorted(n for n in used if learned.holds(n, reads[n]))
        rows = [n for n in used if n not in model and n not in graph.imported]
        if model and rows and not measures(graph, value):
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
