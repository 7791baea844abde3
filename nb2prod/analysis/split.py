"""Which expressions are looked at as statements of their own: the response in a call, an input typed into one.

print(accuracy_score(y_test, model.predict(X_test)))     the response is `model.predict(X_test)`
model.predict([[5.1, 3.5]])                              the request is `[[5.1, 3.5]]`, called `rows`
"""

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from nb2prod.analysis.entry import find_entry, is_typed_data
from nb2prod.analysis.graph import NotebookGraph, Path, Response, Split, Statement, node_at, path_to
from nb2prod.analysis.left_behind import kept_of_block
from nb2prod.analysis.locals import Comprehension, FunctionNode
from nb2prod.analysis.names import is_plain_data, root_name
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.predictions import PREDICTING, TRANSFORMING, prediction_calls, receiver_of
from nb2prod.model.roles import Role

_ROWS = ("rows", "request", "request_rows")


def find_splits(graph: NotebookGraph) -> tuple[Split, ...]:
    response = graph.response
    if not isinstance(response, Response):
        return ()
    s = response.statement
    splits: dict[tuple[int, int], Split] = {}

    def note(at: Statement, **parts: Any) -> None:
        known = splits.get((at.cell, at.position), Split(at.cell, at.position))
        splits[at.cell, at.position] = replace(known, **parts)

    if response.part is not None and _is_placed_well(graph, s, response.part):
        note(s, response=response.part)
    kept = kept_of_block(graph, s, response.name)
    if kept is not None:
        note(s, kept=kept)
    for at, path in _fitted_in_calls(graph, s):
        note(at, model=(_free(graph, ("fitted", "fitted_model")), path))
    if not graph.notebook.with_role(Role.REQUEST):
        typed = _typed_in(graph, s)
        own = _own_literals(graph, s)
        if own is not None:
            at, parts = own
            note(at, request=parts[0], others=tuple(parts[1:]))
        elif isinstance(typed, Statement):
            note(typed, is_request=True)
        elif typed is not None:
            note(typed[0], request=(_free(graph, _ROWS), typed[1]))
        elif (entry := find_entry(graph, s, _free(graph, _ROWS))) is not None:
            known = splits.get((entry.cell, entry.position), entry)
            splits[entry.cell, entry.position] = replace(known, request=entry.request, assumed=True)
    return tuple(splits.values())


def _is_placed_well(graph: NotebookGraph, s: Statement, path: Path) -> bool:
    """Whether the text at the expression's position is the expression (not so in some f-strings of Python 3.11)."""
    node = node_at(s.node, path)
    source = graph.notebook.cells[s.cell - 1].python or ""
    text = ast.get_source_segment(source, node)
    try:
        return text is not None and ast.dump(ast.parse(f"({text})", mode="eval").body) == ast.dump(node)
    except SyntaxError:
        return False


def _fitted_in_calls(graph: NotebookGraph, response: Statement) -> list[tuple[Statement, Path]]:
    """Models that are fitted in the expression that predicts with them; the first one, if there are several."""
    cells = {c.index for c in graph.notebook.with_role(Role.INFERENCE)}
    near = graph.slice([response.number])
    found: list[tuple[Statement, Path]] = []
    for s in (s for s in graph.statements if s.number in near and s.cell in cells):
        if not isinstance(s.node, ast.Assign | ast.AnnAssign | ast.Expr):
            continue
        for call in (n for n in walk(s.node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)):
            receiver = receiver_of(call)
            fits = any(isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "fit"
                       for n in walk(receiver))  # fmt: skip
            if not fits or getattr(call.func, "attr", "") not in PREDICTING | TRANSFORMING:
                continue
            path = path_to(s.node, receiver)
            if path is not None and _is_evaluated_once(s.node, path) and _is_placed_well(graph, s, path):
                found.append((s, path))
    return found[:1]


def _is_evaluated_once(root: ast.AST, path: Path) -> bool:
    node = root
    for field, index in path:
        if isinstance(node, FunctionNode | Comprehension | ast.BoolOp | ast.IfExp):
            return False
        value = getattr(node, field)
        node = value if index is None else value[index]
    return True


def _typed_in(graph: NotebookGraph, response: Statement) -> Statement | tuple[Statement, Path] | None:
    """The input of the prediction where it was typed into the call, or into a statement that only names it."""
    cells = {c.index for c in graph.notebook.with_role(Role.INFERENCE)}
    near = graph.slice([response.number])
    typed: list[tuple[Statement, Path]] = []
    statements = [s for s in graph.statements if s.number in near and s.cell in cells]
    for s in statements:
        for call in prediction_calls(graph, s, s.node):
            method = isinstance(call.func, ast.Attribute)
            if id(call) in graph.own_calls:
                continue
            for argument in call.args[:1] if method else call.args:
                at, argument = _transformed(graph, cells, s, argument)
                literal = next(_literals(graph, argument), None)
                path = path_to(at.node, literal) if literal is not None else None
                if path is not None and (at, path) not in typed:
                    typed.append((at, path))
    if not any(prediction_calls(graph, s, s.node) for s in statements):
        named = [
            s for s in statements
            if isinstance(s.node, ast.Assign) and isinstance(s.node.targets[0], ast.Name)
            and s.role is Role.INFERENCE and is_typed_data(graph, s.node.value)
        ]  # fmt: skip
        return named[0] if len(named) == 1 else None
    return typed[0] if len(typed) == 1 else None


def _transformed(graph: NotebookGraph, cells: set[int], s: Statement, node: ast.expr) -> tuple[Statement, ast.expr]:
    """The call that a named input comes from, where it only makes its rows ready: ``X = tfidf.transform(["a b"])``."""
    numbers = graph.reads[s.number].get(node.id, frozenset()) if isinstance(node, ast.Name) else frozenset()
    for made in (graph.statements[n] for n in numbers if len(numbers) == 1):
        match made.node:
            case ast.Assign(targets=[ast.Name()], value=ast.Call(func=ast.Attribute(attr=attr)) as call):
                if attr in TRANSFORMING and made.cell in cells:
                    return made, call
    return s, node


def _own_literals(graph: NotebookGraph, response: Statement) -> tuple[Statement, list[tuple[str, Path]]] | None:
    """The literals that a prediction by a function of the notebook is given, where nothing else is its input."""
    cells = {c.index for c in graph.notebook.with_role(Role.INFERENCE)}
    near = graph.slice([response.number])
    statements = [s for s in graph.statements if s.number in near and s.cell in cells]
    calls = [(s, call) for s in statements for call in prediction_calls(graph, s, s.node)]
    if len(calls) != 1:
        return None
    s, call = calls[0]
    given = graph.own_calls.get(id(call))
    parts = _typed_arguments(graph, s, call) if given is not None and is_plain_data(given) else []
    return (s, parts) if parts else None


def _typed_arguments(graph: NotebookGraph, s: Statement, call: ast.Call) -> list[tuple[str, Path]]:
    """What is typed into a call of the notebook's function that is given no rows, under the parameters' names:
    ``predict_price("Leith", 1000)``."""
    (number,) = graph.reads[s.number][root_name(call.func)]
    node = graph.definitions[number].node
    assert not isinstance(node, ast.ClassDef)
    names = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
    given = [*zip(names, call.args, strict=False), *((k.arg or "", k.value) for k in call.keywords)]
    found = []
    for name, argument in given:
        if name and is_plain_data(argument) and not (isinstance(argument, ast.Constant) and argument.value is None):
            path = path_to(s.node, argument)
            if path is not None and _is_placed_well(graph, s, path):
                found.append((_free(graph, (name, f"{name}_sent")), path))
    return found


def _literals(graph: NotebookGraph, node: ast.expr) -> Iterator[ast.expr]:
    """The typed-in data at the bottom of an argument: the list in ``scaler.transform([[5.1, 3.5]])``."""
    if is_typed_data(graph, node):
        yield node
    elif isinstance(node, ast.Call):
        for argument in node.args[:1]:
            yield from _literals(graph, argument)
        if isinstance(node.func, ast.Attribute) and not node.args:
            yield from _literals(graph, node.func.value)


def _free(graph: NotebookGraph, wishes: tuple[str, ...]) -> str:
    taken = {u.name for s in graph.statements for u in s.facts.uses}
    more = (f"{wishes[0]}_{n}" for n in range(2, 1000))
    return next(name for name in (*wishes, *more) if name not in taken)
