"""`nb2prod.json`: what the project was made from, and where each line of its code comes from.

The map is made from the finished sources: statements of a generated function stand in the order of the plan, so the
n-th piece of the plan is the n-th statement of the function, and inside it the statements correspond one to one.
"""

import ast
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import nb2prod
from nb2prod.analysis.graph import NotebookGraph
from nb2prod.model.notebook import Notebook
from nb2prod.model.project import Requirements
from nb2prod.model.run import RunRecord
from nb2prod.notebook.watch import watched_metrics
from nb2prod.plan.code import Code
from nb2prod.plan.extraction import ExtractionPlan

LineMap = list[tuple[int, int, int]]
"""(line of the generated file, cell, line of the cell), sorted."""


def manifest(
    notebook: Notebook, plan: ExtractionPlan, record: RunRecord, requirements: Requirements,
    lines: Mapping[str, LineMap], own: Mapping[str, str],
) -> bytes:  # fmt: skip
    """The manifest without its list of files (`nb2prod.files.seal` adds it).

    `own` maps the files of the notebook's own modules to where they lie in its repository.
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
    """For each generated module, which line comes from which line of which cell."""
    root = f"src/{plan.package}"
    maps = {}
    features = sources.get(f"{root}/features.py")
    if features is not None:
        pieces = sorted((*plan.constants, *plan.functions), key=lambda c: c.statement)
        maps[f"{root}/features.py"] = _paired(graph, pieces, _without_imports(ast.parse(features).body))
    train = ast.parse(sources[f"{root}/train.py"]).body
    maps[f"{root}/train.py"] = sorted(
        _paired(graph, plan.training_code, _without_imports(train))
        + _paired(graph, plan.train, _train_body(plan, train))
    )
    predict = ast.parse(sources[f"{root}/predict.py"]).body
    predictor = next(n for n in predict if isinstance(n, ast.ClassDef) and n.name == "Predictor")
    body = _body(_function(predictor.body, "predict"))
    own = len(plan.predict) + (plan.returns_name is not None)  # what comes before are copies and locals
    maps[f"{root}/predict.py"] = _paired(graph, plan.predict, body[len(body) - own :])
    return maps


def _train_body(plan: ExtractionPlan, train: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements of train() that are the notebook's."""
    body = _body(_function(train, "train"))[len(plan.train_locals) :]
    if plan.made_before is not None:
        del body[plan.made_before]
    return body


def _function(body: Iterable[ast.stmt], name: str) -> ast.FunctionDef | ast.AsyncFunctionDef:
    return next(n for n in body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) and n.name == name)


def _body(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    has_docstring = ast.get_docstring(function, clean=False) is not None
    return function.body[1:] if has_docstring else function.body


def _without_imports(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    kept = [n for n in body if not isinstance(n, ast.Import | ast.ImportFrom)]
    return kept[1:] if kept and isinstance(kept[0], ast.Expr) else kept  # the module's docstring


def _paired(graph: NotebookGraph, pieces: Sequence[Code], generated: Sequence[ast.stmt]) -> LineMap:
    found: LineMap = []
    for piece, node in zip(pieces, generated, strict=False):
        original = graph.statements[piece.statement].node
        for ours, theirs in zip(_statements(node), _statements(original), strict=False):
            if type(ours) is type(theirs) or isinstance(ours, ast.Return):
                found.append((ours.lineno, piece.cell, theirs.lineno))
    return sorted(found)


def _statements(node: ast.stmt) -> list[ast.stmt]:
    return [n for n in ast.walk(node) if isinstance(n, ast.stmt)]
