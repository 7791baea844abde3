"""The body of a function as one call runs it, where a branch asks only whether an argument was given.

def prepare(table, kept=None):
    if kept is None:                       prepare(train) runs this,
        kept = {"mean": table.a.mean()}    prepare(test, kept) does not
"""

import ast
from collections.abc import Mapping, Sequence

from nb2prod.analysis.nodes import walk

Given = Mapping[str, bool]
"""For some parameters, and names made of such a question, whether they are None, or true."""


def missing_arguments(node: ast.FunctionDef | ast.AsyncFunctionDef, call: ast.Call) -> Given:
    """For the parameters whose default is None, whether they are None in this call."""
    parameters = [*node.args.posonlyargs, *node.args.args]
    defaults = dict(zip([p.arg for p in parameters[::-1]], node.args.defaults[::-1], strict=False))
    defaults |= {p.arg: d for p, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d is not None}
    optional = {name for name, d in defaults.items() if isinstance(d, ast.Constant) and d.value is None}
    if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
        return {}
    given = dict(zip([p.arg for p in parameters], call.args, strict=False)) | {
        k.arg or "": k.value for k in call.keywords
    }
    found: dict[str, bool] = {}
    for name in optional:
        argument = given.get(name)
        if argument is None or (isinstance(argument, ast.Constant) and argument.value is None):
            found[name] = True
        elif isinstance(argument, ast.Name | ast.Dict | ast.Subscript | ast.Attribute):
            found[name] = False
    return found


def body_run(body: Sequence[ast.stmt], missing: Given) -> list[ast.stmt]:
    """The statements without those of branches that are not taken."""
    asked, known = dict(missing), dict[str, bool]()
    found: list[ast.stmt] = []
    for statement in body:
        answer = _answer(statement.test, asked, known) if isinstance(statement, ast.If) else None
        if isinstance(statement, ast.If) and answer is not None:
            taken = body_run(statement.body if answer else statement.orelse, asked)
        else:
            taken = [statement]
        found += taken
        stored = {n.id for t in taken for n in walk(t) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        for name in stored:
            asked.pop(name, None)
            known.pop(name, None)
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                told = _answer(value, asked, known)
                if told is not None:
                    known[name] = told
    return found


def _answer(test: ast.expr, missing: Given, known: Given) -> bool | None:
    match test:
        case ast.Compare(left=ast.Name(id=name), ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            return missing.get(name)
        case ast.Compare(left=ast.Name(id=name), ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return None if name not in missing else not missing[name]
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            answer = _answer(inner, missing, known)
            return None if answer is None else not answer
        case ast.Name(id=name):
            return known.get(name)
        case _:
            return None
