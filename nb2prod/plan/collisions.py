"""Names that the package needs for itself, or that become locals of a function and so hide what they hid only later.

total = max(rows)       in a cell: the built-in, and below the number
max = total             in a function: `max` is a local throughout, unbound in the first line
"""

from collections.abc import Iterator

from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.names import kind_of
from nb2prod.analysis.namespace import is_builtin
from nb2prod.model.findings import Finding, Severity
from nb2prod.plan.boundary import Boundary
from nb2prod.plan.selection import Selection

RESERVED = frozenset(
    ("train", "main", "Training", "Params", "Predictor", "params_from_text", "save_artifacts", "load_artifacts",
     "argparse", "dataclass", "Path", "partial", "notebook_code", "runs_to_end")
)  # fmt: skip
"""Names the generated modules define themselves; a notebook function of that name is reached through its module."""

_OURS = {
    "argparse": "argparse", "dataclass": "dataclasses.dataclass", "Path": "pathlib.Path",
    "partial": "functools.partial",
}  # fmt: skip
_IN_TRAIN = frozenset({"Training", "Predictor", "float"})
_FIELDS = frozenset({"self", "cls", "load", "predict"})


def stored_names(graph: NotebookGraph, numbers: tuple[int, ...]) -> frozenset[str]:
    """Names that a function made of these statements would have as locals."""
    uses = (u for n in numbers for u in graph.statements[n].facts.uses)
    return frozenset(u.name for u in uses if u.context != "load")


def find_collisions(graph: NotebookGraph, boundary: Boundary, selection: Selection) -> list[Finding]:
    return [
        *_hidden(graph, selection.training, frozenset()),
        *_hidden(graph, boundary.prediction, frozenset(boundary.request)),
        *_taken(graph, boundary, selection),
        *_imported_twice(graph, selection),
    ]


def _hidden(graph: NotebookGraph, numbers: tuple[int, ...], arguments: frozenset[str]) -> Iterator[Finding]:
    local = stored_names(graph, numbers) | arguments
    told: set[str] = set()
    for number in numbers:
        s = graph.statements[number]
        for use in s.facts.uses:
            if use.context != "load" or use.name not in local or use.name in told:
                continue
            contributors = graph.reads[number].get(use.name)
            bound_here = use.name in s.facts.binds | s.facts.maybe and use.name not in s.facts.reads
            if contributors is None and not bound_here and not use.late and is_builtin(use.name):
                what = "a built-in"
            elif contributors and kind_of(graph, contributors) == "import":
                what = "an import"
            else:
                continue
            told.add(use.name)
            yield _error("NB331", f"`{use.name}` is {what} here and a variable elsewhere in the same code.",
                         "Give the variable another name.", s)  # fmt: skip


def _taken(graph: NotebookGraph, boundary: Boundary, selection: Selection) -> Iterator[Finding]:
    for number in selection.training:
        s = graph.statements[number]
        for name in sorted(stored_names(graph, (number,)) & _IN_TRAIN):
            yield _taken_name(name, s)
    for number in boundary.prediction:
        s = graph.statements[number]
        for name in sorted(stored_names(graph, (number,)) & {"self"}):
            yield _taken_name(name, s)
    for name in sorted({*boundary.artifacts} & _FIELDS | {*boundary.request} & {"self"}):
        yield _taken_name(name, graph.statements[max(graph.before(boundary.starts[name], name), default=0)])
    for number in (*selection.constants, *selection.training_constants):
        s = graph.statements[number]
        for name in sorted(s.facts.binds & RESERVED):
            yield _taken_name(name, s)
    for number in selection.imports:
        s = graph.statements[number]
        for one in s.facts.imports:
            if one.name in RESERVED and _OURS.get(one.name) != one.path:
                yield _taken_name(one.name, s)


def _taken_name(name: str, s: Statement) -> Finding:
    return _error("NB329", f"the package defines `{name}` itself.", "Give it another name in the notebook.", s)


def _imported_twice(graph: NotebookGraph, selection: Selection) -> Iterator[Finding]:
    """Two imports of one name: which one wins must not depend on how a module's imports are sorted."""
    seen: dict[str, set[str]] = {}
    for number in selection.imports:
        s = graph.statements[number]
        for name in sorted({one.name for one in s.facts.imports}):
            paths = {one.path for one in s.facts.imports if one.name == name}  # several in `try … except ImportError`
            if seen.setdefault(name, paths) != paths:
                yield _error("NB332", f"`{name}` is imported from more than one place.",
                             "Import it under another name (`import … as …`).", s)  # fmt: skip


def _error(code: str, message: str, hint: str, s: Statement) -> Finding:
    return Finding(code, Severity.ERROR, message, s.cell, s.first_line, hint)
