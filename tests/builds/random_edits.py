"""Edits as people make them, at random: of constants, comments and names, of whole statements and their order."""

import ast
import random

KINDS = ("constant", "comment", "above", "delete", "again", "new", "swap", "blank", "name")


def edited(source: str, chance: random.Random) -> str:
    """`source` with one edit inside a function or at the top of a module; as it was where that would be no Python."""
    tree = ast.parse(source)
    bodies: list[list[ast.stmt]] = [
        node.body for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in ("train", "predict")
    ]
    bodies.append([node for node in tree.body if isinstance(node, ast.FunctionDef | ast.Assign)])
    bodies += [node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Params"]
    body = chance.choice([one for one in bodies if one])
    changed = "\n".join(_changed(source.split("\n"), body, chance.choice(KINDS), chance))
    try:
        ast.parse(changed)
    except SyntaxError:
        return source
    return changed


def _changed(lines: list[str], body: list[ast.stmt], kind: str, chance: random.Random) -> list[str]:
    number = chance.randrange(len(body))
    node = body[number]
    first, last = node.lineno - 1, node.end_lineno or node.lineno
    margin = " " * node.col_offset
    match kind:
        case "comment":
            lines[last - 1] += f"  # remark {chance.randint(1, 9)}"
        case "above":
            lines.insert(first, f"{margin}# remark {chance.randint(1, 9)}")
        case "blank":
            lines.insert(first, "")
        case "delete":
            del lines[first:last]
        case "again":
            lines[last:last] = lines[first:last]
        case "new":
            lines.insert(last, f"{margin}extra = {chance.choice(['1', '[1, 2]', 'len(str(3))'])}")
        case "swap" if number + 1 < len(body):
            other = body[number + 1]
            end = other.end_lineno or other.lineno
            lines[first:end] = [*lines[other.lineno - 1 : end], *lines[first:last]]
        case "constant":
            numbers = [n for n in ast.walk(node) if isinstance(n, ast.Constant) and type(n.value) in (int, float)]
            return _replaced(lines, numbers, str(chance.randint(2, 99)), chance)
        case "name":
            names = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
            return _replaced(lines, names, chance.choice(["renamed", "rows", "slope"]), chance)
    return lines


def _replaced(
    lines: list[str], nodes: list[ast.Constant] | list[ast.Name], text: str, chance: random.Random
) -> list[str]:
    if nodes:
        node = chance.choice(nodes)
        line = lines[node.lineno - 1].encode()
        lines[node.lineno - 1] = (line[: node.col_offset] + text.encode() + line[node.end_col_offset :]).decode()
    return lines
