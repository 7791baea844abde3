"""The response: what the last inference cell ends with, its last expression or the name it assigned last.

scores = model.predict(X)
labels = scores > 0.5           the response is `labels`
print(labels)                   display is passed over
"""

import ast

from nb2prod.analysis import effects
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.roles import Role

Response = tuple[Statement, str | None]
"""The statement that ends the prediction; the name that holds the response, or None for a bare expression."""

_HINT = "End the last one with the prediction: an expression, or an assignment to a name."


def find_response(graph: NotebookGraph) -> Response | Finding:
    """The response, or the error finding that says why there is none."""
    cells = {c.index for c in graph.notebook.with_role(Role.INFERENCE)}
    statements = [s for s in graph.statements if s.cell in cells]
    last_cell = max((s.cell for s in statements), default=max(cells))
    own = {n for s in statements for n in s.facts.binds | s.facts.maybe}
    for statement in reversed(statements):
        shown = statement is statements[-1] and isinstance(statement.node, ast.Expr)
        if shown and (found := _shown(graph, statement, own)):
            return found
        targets = _assigned(graph, statement, own)
        if len(targets) > 1:
            listed = ", ".join(f"`{t}`" for t in targets)
            return _error(f"the inference cells end by assigning several names ({listed}): which one is the response?",
                          statement)  # fmt: skip
        if targets:
            return statement, targets[0]
    return Finding("NB303", Severity.ERROR, "the inference cells have no response.", last_cell, hint=_HINT)


def _shown(graph: NotebookGraph, statement: Statement, own: set[str]) -> Response | None:
    """The last expression of the cell: its value, or what it changes where it has none (``answers.append(x)``)."""
    assert isinstance(statement.node, ast.Expr)
    value = statement.node.value
    if is_display(graph, value):
        return None
    changed = sorted(graph.surely[statement.number].names)
    if changed and isinstance(value, ast.Call) and getattr(value.func, "attr", "") in _GIVE_NOTHING:
        changed = [name for name in changed if name in own]
        return (statement, changed[0]) if len(changed) == 1 else None
    return statement, value.id if isinstance(value, ast.Name) else None


_GIVE_NOTHING = frozenset("append extend insert remove clear update sort reverse add discard".split())  # noqa: SIM905


def _assigned(graph: NotebookGraph, statement: Statement, own: set[str]) -> list[str]:
    """The names that the statement gives a value; for a block, the one it stores last."""
    match statement.node:
        case ast.Assign(targets=[target, *_]) | ast.AugAssign(target=target):
            return _names_in(target)
        case ast.AnnAssign(target=target, value=ast.expr()):
            return _names_in(target)
        case ast.With() | ast.If() | ast.For() | ast.While() | ast.Try() | ast.Match():
            passing = _passing_names(statement.node)
            stored = [u.name for u in statement.facts.uses if u.context == "store" and not u.late]
            kept = [name for name in stored if name not in passing]
            if kept:
                return kept[-1:]
            changed = sorted((graph.direct(statement.number) & own) - passing)
            return changed[:1] if len(changed) == 1 else []
        case _:
            return []


def _names_in(target: ast.expr) -> list[str]:
    match target:
        case ast.Name(id=name):
            return [name]
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return [name for part in parts for name in _names_in(part)]
        case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Starred(value=inner):
            return _names_in(inner)
        case _:
            return []


def _passing_names(block: ast.stmt) -> set[str]:
    """Loop variables and what ``with … as`` names."""
    found: set[str] = set()
    for node in ast.walk(block):
        if isinstance(node, ast.For):
            found |= {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            found |= {n.id for n in ast.walk(node.optional_vars) if isinstance(n, ast.Name)}
    return found


def is_display(graph: NotebookGraph, value: ast.expr) -> bool:
    """Whether an expression only shows something: ``print(…)``, ``plt.show()``."""
    if not isinstance(value, ast.Call):
        return isinstance(value, ast.Constant)
    function = value.func
    if isinstance(function, ast.Name) and function.id in {"print", "display"}:
        return True
    while isinstance(function, ast.Attribute | ast.Subscript | ast.Call):
        function = function.func if isinstance(function, ast.Call) else function.value
    name = function.id if isinstance(function, ast.Name) else ""
    return graph.modules.get(name, "").split(".")[0] in effects.DISPLAY_MODULES


def _error(message: str, statement: Statement) -> Finding:
    return Finding("NB303", Severity.ERROR, message, statement.cell, statement.first_line, _HINT)
