"""Statements that do nothing but refuse: ``assert rows``, ``if not rows: raise ValueError(...)``.

No value comes from them, and yet a prediction without them answers where the notebook stops.
"""

import ast


def is_guard(node: ast.stmt) -> bool:
    """Whether the statement raises or does nothing."""
    match node:
        case ast.Assert() | ast.Raise():
            return True
        case ast.If():
            branches = [*node.body, *node.orelse]
            return any(map(is_guard, branches)) and all(is_guard(s) or isinstance(s, ast.Pass) for s in branches)
    return False
