"""Whether the lines that ``nb2prod.json`` maps hold what the cell's lines hold: judged from the two texts alone.

A statement of the package may have words that no cell has, those that values are read by (``self``, ``params``), and
names of the request; every other name and constant in it stands in the statement that begins on the mapped line, or,
where it keeps a value under a name that no cell has, in the statement of the notebook around that line.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence

from nb2prod.analysis.nodes import children
from nb2prod.model.notebook import Notebook
from nb2prod.plan.extraction import ExtractionPlan

_OURS = frozenset({"self", "notebook_code", "partial", "deepcopy", "copy"})


def wrong_lines(
    notebook: Notebook,
    plan: ExtractionPlan,
    sources: Mapping[str, str],
    maps: Mapping[str, Sequence[tuple[int, int, int]]],
) -> list[str]:
    """Mapped lines whose words do not stand in the cell's line; how many are missing."""
    cells = {c.index: ast.parse(c.python) for c in notebook.cells if c.python is not None}
    known = {word for tree in cells.values() for word in _words(_below(tree))}
    trees = {path: ast.parse(sources[path]) for path in maps}
    needs = {a.arg for tree in trees.values() for n in _below(tree) if isinstance(n, ast.arguments)
             for a in n.kwonlyargs}  # fmt: skip
    own = {*_OURS, plan.params_name, *plan.request, *needs}
    wrong = []
    for path, lines in maps.items():
        for line, cell, cell_line in lines:
            origins = notebook.cells[cell - 1].origins
            if origins and any(o.file != notebook.name and o.line <= cell_line for o in origins):
                continue  # a line of another notebook's stands for the one that runs it
            kept = _kept(trees[path], line, known)
            here = [*(_below(kept) if kept else _at(trees[path], line))]
            there = [*(_around if kept else _at)(cells[cell], cell_line)]
            strange = (_words(here) & known) - _words(there) - own
            if strange or not (here and there):
                wrong.append(f"{path}:{line} is not cell {cell}, line {cell_line}: {sorted(strange)}")
    pieces = (*plan.constants, *plan.functions, *plan.training_code, *plan.train, *plan.predict)
    written = [n for code in pieces for n in _below(ast.parse(code.text)) if isinstance(n, ast.stmt)]
    count = sum(not isinstance(n, ast.Import | ast.ImportFrom | ast.Pass) for n in written)
    missing = count - sum(map(len, maps.values()))
    return wrong + ([f"{missing} statements are not mapped"] if missing > 0 else [])


def _below(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in children(node):
        yield from _below(child)


def _at(tree: ast.Module, line: int) -> Iterator[ast.AST]:
    """The nodes of the statements that begin on the line, without those of the statements inside them."""
    for node in _below(tree):
        if isinstance(node, ast.stmt) and node.lineno == line:
            yield from _head(node)


def _around(tree: ast.Module, line: int) -> Iterator[ast.AST]:
    for node in tree.body:
        if node.lineno <= line <= (node.end_lineno or 0):
            yield from _below(node)


def _kept(tree: ast.Module, line: int, known: set[str]) -> ast.Assign | None:
    """The assignment to a name that no cell has, on the line or right below it under a test of its own."""
    begun = [n for n in _below(tree) if isinstance(n, ast.stmt) and n.lineno == line]
    for node in [n.body[0] if isinstance(n, ast.If) else n for n in begun]:
        if isinstance(node, ast.Assign):
            names = {n.id for target in node.targets for n in _below(target) if isinstance(n, ast.Name)}
            if names - known:
                return node
    return None


def _head(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in children(node):
        if not isinstance(child, ast.stmt):
            yield from _head(child)


def _words(nodes: Iterable[ast.AST]) -> set[str]:
    found = set()
    for node in nodes:
        match node:
            case ast.Constant(value=str(text)):
                found.add(repr(" ".join(text.split())))
            case ast.Constant(value=value) if value is not None:
                found.add(repr(value))
        for name in ("id", "attr", "arg", "name", "asname", "rest"):
            word = getattr(node, name, None)
            found |= {word} if isinstance(word, str) else set()
        found |= set(getattr(node, "names", ())) if isinstance(node, ast.Global | ast.Nonlocal) else set()
    return found
