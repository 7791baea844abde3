"""``%run helpers.py`` as an import, where the script is no more than definitions: then it leaves the same names.

import numpy as np                    import numpy as np; from helpers import RATE, scaled
RATE = 3
def scaled(x): return np.log(x) * RATE
"""

import ast
import re

_NAME = re.compile(r"([A-Za-z_]\w*)(?:\.py)?")
OF_A_PROGRAM = re.compile(r"\b(?:__name__|__file__|argv|globals|exec|eval|get_ipython)\b")


def script_name(rest: str) -> str | None:
    """The file beside the notebook that ``%run rest`` runs; None where it is another place, or has arguments."""
    match = _NAME.fullmatch(rest)
    return f"{match[1]}.py" if match else None


def imported(file: str, text: str) -> str | None:
    """The statements that bind what running `file` with this `text` binds; None where it does more than define."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if OF_A_PROGRAM.search(text):
        return None
    imports: list[str] = []
    names: dict[str, None] = {}
    for node in body:
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                continue
            case ast.Import():
                imports.append(ast.unparse(node))
            case ast.ImportFrom(level=0, names=aliases) if all(alias.name != "*" for alias in aliases):
                imports.append(ast.unparse(node))
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names[name] = None
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_literal(value):
                names[name] = None
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if _is_literal(value):
                names[name] = None
            case _:
                return None
    own = [f"from {file.removesuffix('.py')} import {', '.join(names)}"] if names else []
    return "; ".join([*imports, *own]) or "pass"


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True
