"""Edited fields of `Params`, as lines of the parameters cell.

C: float = 0.5  # penalty     edited  C: float = 0.1  # penalty      cell  C = 0.1  # penalty
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.parameters import Parameter
from nb2prod.roundtrip.edits import CellEdit, Stuck
from nb2prod.roundtrip.places import Span, span_of

_FACTORY = re.compile(r"field\(\s*default_factory=lambda: (?P<value>.*?),?\s*\)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    annotation: str
    value: str
    comment: str
    line: int


def fields_of(source: str) -> dict[str, int]:
    """The fields of `Params` by name, each with its line. Raises SyntaxError."""
    return {field.name: field.line for field in _fields(source)}


def parameter_edits(
    graph: NotebookGraph, parameters: Sequence[Parameter], sources: Mapping[int, str], path: str, was: str, now: str
) -> Iterator[CellEdit | Stuck]:
    """Raises SyntaxError where `now` is no Python."""
    old, new = {f.name: f for f in _fields(was)}, {f.name: f for f in _fields(now)}
    places = {p.name: _place(graph, p) for p in parameters}
    last: Span | None = None
    for name, field in new.items():
        if name in old:
            last = places.get(name, last)
            if last is not None and _without_line(field) != _without_line(old[name]):
                written = sources[last.cell][last.begin : last.end]
                yield CellEdit(last, _written(field, old[name], written), path, field.line)
        else:
            anchor = last or next(iter(places.values()), None)
            if anchor is None:
                yield Stuck(path, field.line, "", f"{name}: {field.annotation} = {field.value}",
                            "the notebook has no cell tagged `parameters`")  # fmt: skip
                continue
            at = anchor.end if last else anchor.begin
            text = _plain(field)
            yield CellEdit(Span(anchor.cell, at, at), f"\n{text}" if last else f"{text}\n", path, field.line)
    for name, place in places.items():
        if name in old and name not in new:
            end = place.end + (sources[place.cell][place.end : place.end + 1] == "\n")
            yield CellEdit(Span(place.cell, place.begin, end), "", path, old[name].line)


def _without_line(field: _Field) -> tuple[str, str, str]:
    return field.annotation, field.value, field.comment


def _place(graph: NotebookGraph, parameter: Parameter) -> Span:
    statement = next(
        s for s in reversed(graph.of_cell(parameter.cell)) if s.node.lineno == parameter.line
    )  # fmt: skip
    return span_of(graph.notebook.cells[parameter.cell - 1], statement, graph)


def _fields(source: str) -> Iterator[_Field]:
    lines = source.split("\n")
    found = (n for n in ast.parse(source).body if isinstance(n, ast.ClassDef) and n.name == "Params")
    for node in (one for kind in found for one in kind.body if isinstance(one, ast.AnnAssign)):
        if not isinstance(node.target, ast.Name) or node.value is None or node.end_lineno is None:
            continue
        value = ast.get_source_segment(source, node.value) or ""
        factory = _FACTORY.match(value)
        behind = lines[node.end_lineno - 1].encode()[node.end_col_offset or 0 :].decode()
        comment = behind.partition("#")[2].strip()
        yield _Field(node.target.id, ast.unparse(node.annotation), factory["value"] if factory else value, comment,
                     node.lineno)  # fmt: skip


def _written(field: _Field, old: _Field, written: str) -> str:
    """The cell's assignment with the new value, type and comment; what did not change stays as it is written."""
    tree = ast.parse(written).body[0]
    above = "".join(line + "\n" for line in written.split("\n")[: tree.lineno - 1])
    value = getattr(tree, "value", None)
    text = field.value
    if value is not None and field.value == old.value:
        text = ast.get_source_segment(written, value) or text
    annotated = isinstance(tree, ast.AnnAssign)
    comment = f"  # {field.comment}" if field.comment else ""
    if field.annotation != old.annotation and (annotated or _kind(field.value) != field.annotation):
        return f"{above}{field.name}: {field.annotation} = {text}{comment}"
    if annotated and field.annotation == old.annotation:
        assert isinstance(tree, ast.AnnAssign)
        return f"{above}{field.name}: {ast.get_source_segment(written, tree.annotation)} = {text}{comment}"
    return f"{above}{field.name} = {text}{comment}"


def _plain(field: _Field) -> str:
    comment = f"  # {field.comment}" if field.comment else ""
    kind = "" if _kind(field.value) == field.annotation else f": {field.annotation}"
    return f"{field.name}{kind} = {field.value}{comment}"


def _kind(value: str) -> str:
    """The type that a value's own text says."""
    try:
        return type(ast.literal_eval(value)).__name__
    except (ValueError, SyntaxError):
        return ""
