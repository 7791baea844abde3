"""`nb2prod.json`: what the project was made from, and where each line of its code comes from.

The map is made from the finished sources: the statements that a piece of the plan wrote (`nb2prod.plan.written`)
correspond one to one to those of its text, and the plan knows which line of the cell each line of that came from.
"""

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import nb2prod
from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.nodes import children, walk
from nb2prod.model.notebook import Notebook
from nb2prod.model.project import Requirements
from nb2prod.model.run import RunRecord
from nb2prod.notebook.watch import watched_metrics
from nb2prod.plan.code import Code
from nb2prod.plan.extraction import ExtractionPlan
from nb2prod.plan.written import package_parts, statements_of

LineMap = list[tuple[int, int, int]]
"""(line of the generated file, cell, line of the cell), sorted."""


def manifest(
    notebook: Notebook, plan: ExtractionPlan, record: RunRecord, requirements: Requirements,
    lines: Mapping[str, LineMap], own: Mapping[str, str], sample: Mapping[str, Any],
) -> bytes:  # fmt: skip
    """The manifest without its list of files (`nb2prod.files.seal` adds it).

    `own` maps the files of the notebook's own modules to where they lie in its repository. `sample` are the parameters
    that make the training test small: with them, the notebook and the golden rows, the sources can be made again.
    """
    used = {cell for pairs in lines.values() for _, cell, _ in pairs}
    body: dict[str, Any] = {
        "schema_version": 1,
        "nb2prod": nb2prod.__version__,
        "package": plan.package,
        "python": ".".join(record.python_version.split(".")[:2]),
        "notebook": {"name": notebook.name, "code_digest": notebook.code_digest},
        "cells": [
            {"cell": c.index, "id": c.id, "role": c.role.value if c.role else None, "used": c.index in used}
            for c in notebook.cells
            if c.kind == "code"
        ],
        "parameters": {p.name: {"type": p.annotation, "default": p.default} for p in plan.parameters},
        "sample": dict(sorted(sample.items())),
        "request": [asdict(v) for v in record.schema.request],
        "response": asdict(record.schema.response),
        "artifacts": [asdict(a) for a in record.artifacts],
        "metrics": record.metrics,
        "watch": watched_metrics(notebook.document),
        "requirements": {
            "serving": [{"name": p.name, "version": p.version, "because": p.because} for p in requirements.serving],
            "training": [{"name": p.name, "version": p.version, "because": p.because} for p in requirements.training],
            "system": list(requirements.system),
        },
        "own_modules": dict(sorted(own.items())),
        "map": {path: [list(entry) for entry in pairs] for path, pairs in sorted(lines.items())},
    }
    return json.dumps(body, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def line_maps(graph: NotebookGraph, plan: ExtractionPlan, sources: Mapping[str, str]) -> dict[str, LineMap]:
    """For each generated module, which line comes from which line of which cell: a statement of a package from the
    line on which the notebook's statement begins."""
    maps: dict[str, set[tuple[int, int, int]]] = {}
    for part in package_parts(plan):
        if part.path in sources:
            body = _body(ast.parse(sources[part.path]), part.name)
            found = maps.setdefault(part.path, set())
            for code, places in zip(part.pieces, statements_of(part, body), strict=True):
                found.update(_lines(graph, code, [body[n] for n in places]))
    return {path: sorted(found) for path, found in maps.items()}


def _body(module: ast.Module, name: str) -> list[ast.stmt]:
    """The module's statements, or those of its function (``Predictor.predict``) without the docstring."""
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef = module
    for word in filter(None, name.split(".")):
        inside = (n for n in node.body if isinstance(n, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef))
        node = next(n for n in inside if n.name == word)
    documented = node is not module and ast.get_docstring(node, clean=False) is not None
    return node.body[1:] if documented else node.body


def _lines(graph: NotebookGraph, code: Code, generated: Sequence[ast.stmt]) -> Iterator[tuple[int, int, int]]:
    for node, written in _paired(generated, ast.parse(code.text).body):
        cell, line = code.lines[written.lineno - 1]
        cell, line, _ = graph.notebook.place(cell, _beginning(graph, cell, line))
        yield node.lineno, cell, line


def _beginning(graph: NotebookGraph, cell: int, line: int) -> int:
    """The line on which the innermost statement that stands on this one begins."""
    nodes = (n for s in graph.of_cell(cell) if s.first_line <= line <= s.last_line for n in walk(s.node))
    return max((n.lineno for n in nodes if isinstance(n, ast.stmt) and n.lineno <= line <= (n.end_lineno or 0)),
               default=line)  # fmt: skip


_Import = ast.Import | ast.ImportFrom


def _paired(generated: Sequence[ast.stmt], written: Sequence[ast.stmt]) -> Iterator[tuple[ast.stmt, ast.stmt]]:
    """Statements as laid out, and the same before: ruff sorts imports and takes out those that are not used."""
    ours, theirs = _holders(generated), _holders(written)
    if len(ours) != len(theirs):
        return  # nothing is claimed
    for one, other in zip(ours, theirs, strict=True):
        if isinstance(one, ast.stmt) and isinstance(other, ast.stmt):
            yield one, other
        imports = [n for n in children(other) if isinstance(n, _Import)]
        for node in children(one):
            if isinstance(node, _Import):
                yield from ((node, n) for n in imports if _imported(node) & _imported(n))


def _holders(body: Sequence[ast.stmt]) -> list[ast.AST]:
    """Statements but imports and what may be left in their place, and other parts of statements that hold some."""
    found = walk(ast.Module(list(body), []))[1:]
    return [n for n in found if isinstance(n, ast.stmt | ast.excepthandler | ast.match_case)
            and not isinstance(n, _Import | ast.Pass)]  # fmt: skip


def _imported(node: _Import) -> set[tuple[str | None, str, str | None]]:
    module = node.module if isinstance(node, ast.ImportFrom) else None
    return {(module, alias.name, alias.asname) for alias in node.names}
