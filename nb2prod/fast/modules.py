"""The modules of a generated package, as far as names in `predict` lead to them."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Module:
    name: str
    """Within the package, e.g. ``features``."""
    modules: dict[str, str] = field(default_factory=dict)
    """Alias -> imported module, e.g. ``np`` -> ``numpy``."""
    constants: dict[str, Any] = field(default_factory=dict)
    """What is bound once, to a literal."""
    functions: dict[str, "tuple[Module, ast.FunctionDef]"] = field(default_factory=dict)
    """Of its own, and from the modules beside it, with the module they read names of."""


def read_module(name: str, source: str, sources: Mapping[str, str]) -> Module:
    """`sources` are the modules beside it, by name."""
    syntax, module = ast.parse(source), Module(name)
    bound = [node.id for node in ast.walk(syntax) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    changed = {n.value.id for n in ast.walk(syntax) if isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name)
               and not isinstance(n.ctx, ast.Load)}  # fmt: skip
    for statement in syntax.body:
        match statement:
            case ast.Import(names=names):
                module.modules.update({alias.asname or alias.name: alias.name for alias in names})
            case ast.ImportFrom(module=str() as origin, names=names, level=1) if origin in sources and origin != name:
                beside = read_module(origin, sources[origin], {})
                for alias in names:
                    known = alias.asname or alias.name
                    if alias.name in beside.functions:
                        module.functions[known] = beside.functions[alias.name]
                    if alias.name in beside.constants:
                        module.constants[known] = beside.constants[alias.name]
            case ast.FunctionDef(name=own):
                module.functions[own] = (module, statement)
            case (
                ast.Assign(targets=[ast.Name(id=own)], value=value)
                | ast.AnnAssign(target=ast.Name(id=own), value=ast.expr() as value)
            ) if bound.count(own) == 1 and own not in changed:
                try:
                    module.constants[own] = ast.literal_eval(value)
                except (ValueError, TypeError):
                    continue
    return module
