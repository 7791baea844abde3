"""The nodes below a node of a syntax tree: what `ast.walk` and `ast.iter_child_nodes` give, in less than half the time.

Looking at nodes is most of what the analysis does.
"""

from ast import AST


def walk(node: AST) -> list[AST]:
    """The node and all below it, level by level."""
    found = [node]
    for at in found:
        for name in at._fields:
            value = getattr(at, name, None)
            if value.__class__ is list:
                found += [one for one in value if isinstance(one, AST)]
            elif isinstance(value, AST):
                found.append(value)
    return found


def children(node: AST) -> list[AST]:
    """The nodes right below it, in order."""
    found: list[AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if value.__class__ is list:
            found += [one for one in value if isinstance(one, AST)]
        elif isinstance(value, AST):
            found.append(value)
    return found
