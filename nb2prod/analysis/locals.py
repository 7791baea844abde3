"""Which names are local to a function: what its own body binds, but for `global` and `nonlocal`."""

import ast
from collections.abc import Iterator
from functools import lru_cache

from nb2prod.analysis.nodes import children

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@lru_cache(maxsize=1024)
def local_names(function: FunctionNode) -> tuple[frozenset[str], frozenset[str]]:
    """(names local to the function, names it declares global). Arguments are local."""
    arguments = function.args
    names = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    names |= {a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None}
    outer: set[str] = set()
    declared: set[str] = set()
    body = [function.body] if isinstance(function, ast.Lambda) else function.body
    for node in _own_nodes(body):
        match node:
            case ast.Name(ctx=ast.Store() | ast.Del()):
                names.add(node.id)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.add(node.name)
            case ast.Import() | ast.ImportFrom():
                names |= {bound_name(alias) for alias in node.names}
            case ast.ExceptHandler(name=str(name)):
                names.add(name)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                names.add(name)
            case ast.Global():
                declared |= set(node.names)
                outer |= set(node.names)
            case ast.Nonlocal():
                outer |= set(node.names)
    return frozenset(names - outer), frozenset(declared)


def bound_name(alias: ast.alias) -> str:
    """The name an import binds: ``import a.b`` binds ``a``."""
    return alias.asname or alias.name.split(".")[0]


def _own_nodes(body: list[ast.stmt] | list[ast.expr]) -> Iterator[ast.AST]:
    """Nodes of this scope only: bodies of nested functions and classes are left out, as are the targets of
    comprehensions; a walrus inside a comprehension binds here (PEP 572)."""
    pending: list[tuple[ast.AST, bool]] = [(node, False) for node in reversed(body)]
    while pending:
        node, in_comprehension = pending.pop()
        if in_comprehension and isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            continue
        if isinstance(node, ast.NamedExpr):
            yield node.target
            pending.append((node.value, in_comprehension))
            continue
        yield node
        if isinstance(node, FunctionNode):
            outside = [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
            if not isinstance(node, ast.Lambda):
                outside += node.decorator_list
            pending += [(child, in_comprehension) for child in outside]
        elif isinstance(node, ast.ClassDef):
            pending += [(c, in_comprehension) for c in (*node.decorator_list, *node.bases)]
        else:
            inside = in_comprehension or isinstance(node, Comprehension)
            pending += [(child, inside) for child in children(node)]


def parameter_names(function: FunctionNode) -> tuple[str, ...]:
    """Positional ones first, then keyword-only, ``*args`` and ``**kwargs``."""
    a = function.args
    every = (*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg)
    return tuple(p.arg for p in every if p is not None)
