"""A generated file as its statements, each with the lines above it, so that two states of it can be set side by side.

# Notebook cell 4                       a chunk: from behind the last statement
rng = np.random.default_rng(7)          to the end of this one
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, zip_longest
from textwrap import dedent

_LIKE = 0.4
"""How much of a statement must be the same for it to count as changed, and not as another one."""
_MANY = 4_000


@dataclass(frozen=True, slots=True)
class Chunk:
    """A statement: its node, its first and last line with what stands above it, the line its own text begins on
    (comments directly above it count), and its text, not indented."""

    node: ast.stmt
    first: int
    start: int
    last: int
    text: str

    @property
    def name(self) -> str:
        return getattr(self.node, "name", "")


@dataclass(frozen=True, slots=True)
class Scope:
    """The statements of a module or of a function body; `head` are a function's lines down to its docstring's end."""

    name: str
    head: str
    chunks: tuple[Chunk, ...]
    last: int
    """The last line that belongs to the scope."""


Pair = tuple[Chunk | None, Chunk | None]


def scopes(source: str) -> dict[str, Scope]:
    """The module as ``""``, and each function body by its name: ``train``, ``Predictor.predict``.

    Statements of the module and of classes that are functions or classes are chunks too. Raises SyntaxError.
    """
    lines = source.split("\n")
    tree = ast.parse(source)
    found = {"": Scope("", "", _chunks(lines, tree.body, 0, 0), len(lines))}
    found |= {scope.name: scope for scope in _inner(lines, tree.body, "")}
    return found


def _inner(lines: Sequence[str], body: Sequence[ast.stmt], prefix: str) -> Iterator[Scope]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{prefix}{node.name}"
            documented = ast.get_docstring(node, clean=False) is not None
            inside = node.body[1:] if documented else node.body
            above = node.body[0].end_lineno if documented else node.body[0].lineno - 1
            if not inside or above is None or node.end_lineno is None or above < node.lineno:
                continue
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            chunks = _chunks(lines, inside, above, inside[0].col_offset)
            yield Scope(name, "\n".join(lines[first - 1 : above]), chunks, node.end_lineno)
            if isinstance(node, ast.ClassDef):
                yield from _inner(lines, node.body, f"{name}.")


def _chunks(lines: Sequence[str], body: Sequence[ast.stmt], above: int, depth: int) -> tuple[Chunk, ...]:
    found = []
    for node in body:
        own = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        start = own
        while start - 1 > above and lines[start - 2].strip().startswith("#") and not is_cell_mark(lines[start - 2]):
            start -= 1
        last = node.end_lineno or node.lineno
        found.append(Chunk(node, min(above + 1, own), start, last, _unindented(lines, start, last, node, depth)))
        above = last
    return tuple(found)


def is_cell_mark(line: str) -> bool:
    """``# Notebook cell 4``, which nb2prod writes where another cell begins."""
    words = line.split()
    return words[:3] == ["#", "Notebook", "cell"] and len(words) == 4 and words[3].isdecimal()


def _unindented(lines: Sequence[str], first: int, last: int, node: ast.stmt, depth: int) -> str:
    """The lines moved left, except those inside a text, which would change its value."""
    inside = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Constant | ast.JoinedStr) and isinstance(getattr(part, "value", ""), str | bytes):
            inside |= set(range(part.lineno + 1, (part.end_lineno or part.lineno) + 1))
    return "\n".join(
        line if number in inside else line[depth:] if not line[:depth].strip() else dedent(line)
        for number, line in enumerate(lines[first - 1 : last], first)
    )


def paired(old: Sequence[Chunk], new: Sequence[Chunk]) -> tuple[Pair, ...]:
    """Which statement became which, in order; None where one was added or taken away."""
    pairs: list[Pair] = []
    same = SequenceMatcher(None, [c.text for c in old], [c.text for c in new], autojunk=False)
    for tag, i, j, k, m in same.get_opcodes():
        pairs += zip(old[i:j], new[k:m], strict=True) if tag == "equal" else _matched(old[i:j], new[k:m])
    return tuple(pairs)


def _matched(old: Sequence[Chunk], new: Sequence[Chunk]) -> list[Pair]:
    """The pairing in order of which most of the text is the same."""
    if len(old) * len(new) > _MANY:
        likeness = [[float(n == m) for m in range(len(new))] for n in range(len(old))]
    else:
        likeness = [[_likeness(one, other) for other in new] for one in old]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for n in range(len(old) - 1, -1, -1):
        for m in range(len(new) - 1, -1, -1):
            best[n][m] = max(best[n + 1][m], best[n][m + 1], likeness[n][m] + best[n + 1][m + 1])
    pairs: list[Pair] = []
    n = m = 0
    while n < len(old) or m < len(new):
        if n < len(old) and m < len(new) and likeness[n][m] and best[n][m] == likeness[n][m] + best[n + 1][m + 1]:
            pairs.append((old[n], new[m]))
            n, m = n + 1, m + 1
        elif n < len(old) and (m == len(new) or best[n][m] == best[n + 1][m]):
            pairs.append((old[n], None))
            n += 1
        else:
            pairs.append((None, new[m]))
            m += 1
    return _replaced(pairs)


def _replaced(pairs: Sequence[Pair]) -> list[Pair]:
    """Statements taken away beside statements added: one in place of the other."""
    found: list[Pair] = []
    for both, run in groupby(pairs, key=lambda pair: None not in pair):
        if both:
            found += run
            continue
        part = list(run)
        gone, come = [old for old, _ in part if old is not None], [new for _, new in part if new is not None]
        found += zip_longest(gone, come)
    return found


def _likeness(one: Chunk, other: Chunk) -> float:
    if type(one.node) is not type(other.node) or one.name != other.name:
        return 0.0
    if one.name:
        return 1.0
    ratio = SequenceMatcher(None, one.text, other.text, autojunk=False).ratio()
    named = _targets(one.node) == _targets(other.node) != ""
    return ratio + 0.5 if named else ratio if ratio >= _LIKE else 0.0


def _targets(node: ast.stmt) -> str:
    """What an assignment binds, as text."""
    match node:
        case ast.Assign(targets=targets):
            return ", ".join(ast.unparse(target) for target in targets)
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            return ast.unparse(target)
    return ""
