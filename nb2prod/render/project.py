"""The whole generated project but its lock and artifacts: package, tests, papers. Pure text."""

import json
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from nb2prod.analysis.graph import NotebookGraph
from nb2prod.model.notebook import Notebook
from nb2prod.model.report import FastPath
from nb2prod.model.run import RunRecord
from nb2prod.model.schema import Column, Schema, ValueSchema
from nb2prod.parity import tolerance
from nb2prod.plan.boundary import Boundary
from nb2prod.plan.extraction import ExtractionPlan
from nb2prod.render.annotations import column_annotation, value_annotation
from nb2prod.render.artifacts import artifacts_module
from nb2prod.render.mlflow import mlflow_module
from nb2prod.render.notebook_tests import notebook_tests
from nb2prod.render.package import package_modules
from nb2prod.render.templates import fill
from nb2prod.render.tests import test_modules

VERSION = "0.1.0"
"""Of the generated package: it is built again, not released."""

_HISTORY = 30
"""So many rows of a request may stand in an example."""

UNTYPED = """

# The notebook was never held to the types of its libraries: they count as unknown.
[[tool.mypy.overrides]]
module = {}
follow_imports = "skip"
follow_imports_for_stubs = true"""


@dataclass(frozen=True, slots=True)
class Ingredients:
    """All that a project is rendered from. `sample` are parameters that make training small for the tests."""

    notebook: Notebook
    graph: NotebookGraph
    boundary: Boundary
    plan: ExtractionPlan
    record: RunRecord
    sample: Mapping[str, Any]


def render_sources(given: Ingredients) -> dict[str, str]:
    """Path -> Python source, not yet laid out."""
    plan, record = given.plan, given.record
    root = f"src/{plan.package}"
    modules = package_modules(plan, record, title_of(given.notebook), given.notebook.name)
    modules["artifacts.py"] = artifacts_module(plan.package, record.artifacts, _artifact_cells(given))
    tests = test_modules(
        plan.package,
        record,
        notebook_tests=notebook_tests(plan),
        sample=given.sample,
        cells=variable_cells(given),
        files=plan.files,
    )
    return (
        {f"{root}/{name}": text for name, text in modules.items()}
        | {f"tests/{name}": text for name, text in tests.items()}
        | {"mlflow_model.py": mlflow_module(plan.package, record.schema)}
    )


def render_papers(
    given: Ingredients, version: str, libraries: Collection[str], own: tuple[str, ...], fast: FastPath
) -> dict[str, str]:
    """README, model card, pyproject and golden rows.

    `version` is that of nb2prod, `libraries` what the package imports besides the standard library, `own` the paths of
    the notebook's own modules beside the package, `fast` how it is served.
    """
    plan, record, notebook = given.plan, given.record, given.notebook
    strings = {
        "title": title_of(notebook),
        "package": plan.package,
        "variable": f"{plan.package.upper()}_ARTIFACTS",
        "notebook": notebook.name,
        "digest": notebook.code_digest,
        "version": version,
        "own_version": VERSION,
        "python": ".".join(record.python_version.split(".")[:2]),
        "metrics": _table(("metric", "value"), [(k, f"{v:.6g}") for k, v in record.metrics.items()]),
        "request": "\n\n".join(_described(v) for v in record.schema.request),
        "response": _described(record.schema.response),
        "learned": any(value.learned for value in record.schema.request),
        "artifacts": _table(
            ("artifact", "type", "format"), [(a.name, f"`{a.type_name}`", a.format) for a in record.artifacts]
        ),
        "parameters": _table(
            ("parameter", "type", "value", "note"),
            [(p.name, p.annotation, repr(record.parameters.get(p.name, p.default)), p.comment)
             for p in plan.parameters],
        ),
        "renamed": ", ".join(
            f"`{sent}` for `{own}`"
            for value in (*record.schema.request, record.schema.response)
            for own, sent in value.sent_as.items()
        ),
        "arguments": ", ".join(record_name for record_name in plan.request),
        "example": shlex.quote(json.dumps(_example(record), ensure_ascii=False)),
        "setting": _setting(given),
        "own": own,
        "fast": fast,
        "files": plan.files,
        "parts": sorted({f"src/{path.split('/')[1]}" for path in own}),
        "untyped": UNTYPED.format(json.dumps([f"{name}.*" for name in sorted(libraries)])) if libraries else "",
    }  # fmt: skip
    return {
        "README.md": fill("project/README.md.jinja", **strings),
        "MODEL_CARD.md": fill("project/MODEL_CARD.md.jinja", **strings),
        "pyproject.toml": fill("project/pyproject.toml.jinja", **strings),
        "tests/golden/golden.json": golden_text(given),
    }


def golden_text(given: Ingredients) -> str:
    """The golden rows: what the notebook's own run was asked and answered."""
    record = given.record
    relative, absolute = tolerance(record.schema)
    cells = variable_cells(given)
    golden = {
        "body": record.body,
        "predictions": record.predictions,
        "variables": [{"name": n, "cell": cells.get(n), "value": v} for n, v in record.variables.items()],
        "metrics": record.metrics,
        "parameters": record.parameters,
        "tolerance": {"relative": relative, "absolute": absolute},
        "seen": _learned(record.schema),
    }
    return json.dumps(golden, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _learned(schema: Schema) -> dict[str, Any] | None:
    """What training saw of the request's columns, which the service counts deviations from. None where the notebook
    keeps no table that the request's rows are taken from: ranges of a few rows would call everything odd."""
    table = next((value for value in schema.request if value.kind == "frame" and value.learned), None)
    if table is None:
        return None
    columns: dict[str, dict[str, Any]] = {}
    for column in table.columns:
        if column.minimum is not None and column.maximum is not None:
            columns[column.name] = {"minimum": column.minimum, "maximum": column.maximum}
        elif column.categories:
            columns[column.name] = {"categories": list(column.categories)}
    return {"field": "rows" if schema.body_is_rows else table.name, "columns": columns}


def variable_cells(given: Ingredients) -> dict[str, int]:
    """The cell in which each variable of the prediction is assigned."""
    statements = [given.graph.statements[n] for n in given.boundary.prediction]
    return {name: s.cell for s in statements for name in sorted(s.facts.binds | s.facts.maybe)}


def title_of(notebook: Notebook) -> str:
    """The first Markdown heading, else the notebook's name."""
    for cell in notebook.cells:
        if cell.kind == "markdown":
            for line in cell.source.splitlines():
                if line.startswith("#"):
                    return line.lstrip("#").strip() or notebook.name
    return PurePosixPath(notebook.name).stem.replace("_", " ")


def _artifact_cells(given: Ingredients) -> str:
    cells = sorted({c.cell for c in given.plan.train})
    return "notebook cells " + ", ".join(map(str, cells)) if cells else "the notebook"


def _example(record: RunRecord) -> Mapping[str, Any]:
    return example_body(record.body, record.predictions, 2) if record.schema.body_is_rows else record.body


def example_body(body: Mapping[str, Any], predictions: Any, most: int) -> Mapping[str, Any]:
    """The first `most` rows of the golden request; a short history that has one answer for all stays whole."""
    rows = body.get("rows") if set(body) == {"rows"} else None
    if not isinstance(rows, list):
        return body
    apart = isinstance(predictions, list) and len(predictions) == len(rows)
    return {"rows": rows[:most]} if apart or len(rows) > _HISTORY else body


def _setting(given: Ingredients) -> str:
    """An option that sets the first parameter, to its present value; empty where there is none."""
    for parameter in given.plan.parameters:
        value = given.record.parameters.get(parameter.name, parameter.default)
        text = str(value) if parameter.annotation == "str" else json.dumps(value, ensure_ascii=False)
        return " -p " + shlex.quote(f"{parameter.name}={text}")
    return ""


def _described(value: ValueSchema) -> str:
    head = f"`{value.name}`: {value_annotation(value).text}" if value.name else value_annotation(value).text
    if value.kind in ("array", "tensor"):
        shape = ", ".join("rows" if n is None else str(n) for n in value.shape)
        return f"{head} of {value.dtype}, shape ({shape})"
    if not value.columns:
        return head
    names: tuple[str, ...] = ("column", "type", "seen")
    rows = [_column_row(column) for column in value.columns]
    if value.sent_as:
        names += ("in the notebook",)
        rows = [(*row, f"`{c.notebook_name}`") for row, c in zip(rows, value.columns, strict=True)]
    return f"{head}\n\n{_table(names, rows)}"


def _column_row(column: Column) -> tuple[str, ...]:
    return column.name, f"{column.dtype} ({column_annotation(column)})", _seen(column)


def _seen(column: Column) -> str:
    if column.categories:
        return ", ".join(column.categories[:8]) + (" …" if len(column.categories) > 8 else "")
    if column.minimum is None or column.maximum is None:
        return ""
    return f"{column.minimum:g} to {column.maximum:g}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table; empty where there are no rows."""
    if not rows:
        return "Training takes no parameters."
    cells = [[str(c).replace("|", "\\|").replace("\n", " ") for c in row] for row in rows]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in cells])
