"""Lines of generated files that no cell holds: which of them were edited, and what to say of it."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nb2prod.roundtrip.chunks import Chunk, Scope, paired
from nb2prod.roundtrip.edits import Stuck
from nb2prod.roundtrip.imports import IMPORTS
from nb2prod.roundtrip.places import holds, without_marks

OWN = "nb2prod wrote this line itself; no cell holds it"
UNREAD = "nb2prod wrote this line itself, and with the other edits nothing reads what it makes: delete it"
NEW = (
    "there is no cell that this could belong to: a function that prediction calls stands in features.py; where there "
    "is no such file, write it into a cell of the notebook"
)


@dataclass(frozen=True, slots=True)
class File:
    """A generated file and its edited state."""

    path: str
    was: Sequence[str]
    now: Sequence[str]
    covered: frozenset[str]
    """Functions whose bodies are looked at by themselves."""
    old: Mapping[str, Scope]
    new: Mapping[str, Scope]


def outside(file: File) -> Iterator[Stuck]:
    """Statements of functions that hold no code of the notebook, and of modules that hold none outside functions."""
    if "" in file.covered:
        return
    kept = [[c for c in side[""].chunks if not isinstance(c.node, IMPORTS)] for side in (file.old, file.new)]
    for old, new in paired(*kept):
        if is_edited(file, old, new):
            yield own_line(file, old, new)


def is_edited(file: File, old: Chunk | None, new: Chunk | None) -> bool:
    """Whether more than the layout of a statement differs."""
    if old is None or new is None:
        return True
    was, now = (
        (old.text, new.text) if not old.name else (_skeleton(file, file.was, old), _skeleton(file, file.now, new))
    )
    return was != now and not holds(now, was)


def _skeleton(file: File, lines: Sequence[str], chunk: Chunk) -> str:
    """The chunk's text; of functions and classes without the bodies that are looked at by themselves."""
    if not chunk.name:
        return "\n".join(lines[chunk.start - 1 : chunk.last])
    inner = file.old if lines is file.was else file.new
    hidden = {
        number
        for name in file.covered
        if name and (scope := inner.get(name)) is not None and scope.chunks
        for number in range(scope.chunks[0].first, scope.last + 1)
    }
    return "\n".join(line for n, line in enumerate(lines, 1) if chunk.start <= n <= chunk.last and n not in hidden)


def own_line(file: File, old: Chunk | None, new: Chunk | None) -> Stuck:
    """`ran`: fields and signature of the predictor, and what train() returns, say what the run has shown."""
    chunk = new or old
    assert chunk is not None
    was = _skeleton(file, file.was, old) if old else ""
    now = _skeleton(file, file.now, new) if new else ""
    ran = _says(old) != _says(new) if chunk.name == "Predictor" else chunk.text.startswith("return Training(")
    unread = without_marks(now) == without_marks(was)  # the layout marks what nothing reads
    reason = UNREAD if unread else NEW if old is None and chunk.name else OWN
    return Stuck(file.path, chunk.start, was, now, reason, own=True, ran=ran)


def _says(chunk: Chunk | None) -> list[str]:
    """What a run may have shown of a class: its fields, and what its functions take and give."""
    found: list[str] = []
    for node in getattr(chunk.node, "body", []) if chunk is not None else []:
        if isinstance(node, ast.AnnAssign):
            found.append(ast.dump(node))
        elif isinstance(node, ast.FunctionDef):
            found += [node.name, ast.dump(node.args), ast.dump(node.returns) if node.returns else ""]
    return found
