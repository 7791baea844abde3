"""What a name stands for at one place: an import, a function of the notebook, a constant, a parameter, or a value."""

import ast
from collections.abc import Mapping
from typing import Literal

from nb2prod.analysis import effects
from nb2prod.analysis.graph import Contributors, NotebookGraph, is_plain_data
from nb2prod.model.roles import Role

NameKind = Literal["import", "feature", "constant", "parameter", "value"]


def kind_of(graph: NotebookGraph, contributors: Contributors) -> NameKind:
    """`feature` is a function or class defined in the notebook; `constant` needs no data and no parameter to compute.

    Everything else is a `value`: made as the notebook runs.
    """
    statements = [graph.statements[n] for n in contributors]
    if statements and all(s.facts.imports for s in statements):
        return "import"
    if len(statements) != 1:
        return "value"
    statement = statements[0]
    node = statement.node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return "feature"
    if statement.role is Role.PARAMETERS and is_parameter(node):
        return "parameter"
    if statement.role in (Role.PARAMETERS, Role.REQUEST):
        return "value"
    return "constant" if _is_constant(graph, node, graph.reads[statement.number]) else "value"


def is_parameter(node: ast.stmt) -> bool:
    """``alpha = 1.0`` or ``alpha: float = 1.0``: one name, a literal."""
    match node:
        case ast.Assign(targets=[ast.Name()], value=value):
            return is_plain_data(value)
        case ast.AnnAssign(target=ast.Name(), value=ast.expr() as value):
            return is_plain_data(value)
        case _:
            return False


def _is_constant(graph: NotebookGraph, node: ast.stmt, reads: Mapping[str, Contributors]) -> bool:
    match node:
        case ast.Assign(targets=[ast.Name()], value=ast.Lambda()):
            return all(kind_of(graph, c) in ("import", "constant") for c in reads.values())
        case ast.Assign(targets=[ast.Name()], value=value) | ast.AnnAssign(target=ast.Name(), value=ast.expr() as value):
            computed = all(_is_constant_part(part) for part in ast.walk(value))
            return computed and all(kind_of(graph, c) in ("constant", "import") for c in reads.values())
        case _:
            return False


def _is_constant_part(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name in effects.PURE_CONSTRUCTORS
        case ast.Call(func=ast.Attribute(attr=attr, value=ast.Name(id=module))):
            return (module, attr) == ("re", "compile") or attr in {"keys", "values", "items"}
        case ast.Call() | ast.Await() | ast.Yield() | ast.YieldFrom() | ast.NamedExpr() | ast.Attribute():
            return isinstance(node, ast.Attribute)
        case _:
            return True
