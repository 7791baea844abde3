"""`/invocations`, as MLflow's and SageMaker's callers send it, with `/ping`, `/health` and `/version`."""

import csv
import io
from typing import Any

from nb2prod.serving.openapi.schemas import answer
from nb2prod.serving.openapi.subject import Subject
from nb2prod.serving.wire import encode

PREDICTIONS = {
    "type": "object",
    "required": ["predictions"],
    "properties": {"predictions": {"description": "As the notebook's response; a number that is not finite is null"}},
}
NO_PARAMS = {"type": ["object", "null"], "maxProperties": 0, "description": "This model takes none"}


def paths(subject: Subject) -> dict[str, Any]:
    forms = _forms(subject)
    schema = {
        "anyOf": [
            {
                "type": "object",
                "required": [form],
                "properties": {form: schema, "params": NO_PARAMS},
                "additionalProperties": False,
            }
            for form, (schema, _) in forms.items()
        ]
    }
    examples = {form: {"value": {form: example}} for form, (_, example) in forms.items()}
    content: dict[str, Any] = {"application/json": {"schema": schema, "examples": examples}}
    rows = _rows(subject)
    lines = b"\n".join(encode(row) for row in rows).decode()
    text = {"type": "string"}
    content["application/jsonlines"] = {"schema": text, "example": lines}
    columns = subject.layout.columns
    if subject.layout.kind == "table" and all(column.leaf != "other" and not column.depth for column in columns):
        content["text/csv"] = {"schema": text, "example": _csv([column.name for column in columns], rows)}
    example = {"predictions": subject.example.predictions}
    invoke = subject.asked(
        "/invocations",
        content,
        {"200": answer("The predictions", PREDICTIONS, example)},
        operationId="invocations",
        summary="Predict, as MLflow and SageMaker ask",
        description="Columns go by name. `inputs` may also be lists of values by column name.",
    )
    ready = {"200": {"description": "The model is ready"}, "503": {"description": "The model is not ready"}}
    version = {"200": {"description": "The version", "content": {"text/plain": {"schema": {"type": "string"}}}}}
    return {
        "/invocations": invoke,
        "/ping": {"get": {"operationId": "ping", "summary": "Whether the model is ready", "responses": ready}},
        "/health": {"get": {"operationId": "mlflow_health", "summary": "As /ping", "responses": ready}},
        "/version": {"get": {"operationId": "version", "summary": "What serves the model", "responses": version}},
    }


def _rows(subject: Subject) -> list[Any]:
    body = subject.example.body
    return [body] if subject.layout.kind == "fields" else body["rows"]


def _forms(subject: Subject) -> dict[str, tuple[dict[str, Any], Any]]:
    """Schema and example of each form this model can be asked in."""
    element, rows, layout = subject.element(), _rows(subject), subject.layout
    listed: dict[str, Any] = {"type": "array", "items": element}
    if layout.kind == "fields":
        listed |= {"minItems": 1, "maxItems": 1}
    forms: dict[str, tuple[dict[str, Any], Any]] = {}
    if layout.kind == "table":
        names = [column.name for column in layout.columns if column.required]
        forms["dataframe_split"] = (_split(subject, names), _split_example(names, rows))
    if layout.kind != "list" or layout.columns[0].leaf == "other":
        forms["dataframe_records"] = (listed, rows)
    forms["instances"] = (listed, rows)
    forms["inputs"] = (element, rows[0]) if layout.kind == "fields" else (listed, rows)
    return forms


def _split(subject: Subject, names: list[str]) -> dict[str, Any]:
    """The columns in the notebook's order; any order is taken, as long as the data have the same."""
    row = subject.components[subject.element()["$ref"].rpartition("/")[2]]
    size = {"minItems": len(names), "maxItems": len(names)}
    columns = {"type": "array", "prefixItems": [{"const": name} for name in names], **size}
    cells = {"type": "array", "prefixItems": [row["properties"][name] for name in names], **size}
    return {
        "type": "object",
        "required": ["columns", "data"],
        "properties": {"columns": columns, "data": {"type": "array", "items": cells}},
        "additionalProperties": False,
    }


def _split_example(names: list[str], rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"columns": names, "data": [[row[name] for name in names] for row in rows]}


def _csv(names: list[str], rows: list[dict[str, Any]]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        values = [row.get(name) for name in names]
        writer.writerow(str(value).lower() if isinstance(value, bool) else value for value in values)
    return written.getvalue()
