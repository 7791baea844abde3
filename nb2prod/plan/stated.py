"""What the author states of the columns of request and response, joined with what the run shows of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from nb2prod.errors import InputError
from nb2prod.model.run import RunRecord
from nb2prod.model.schema import Column, Schema, Stated, ValueSchema
from nb2prod.notebook.fields import refuse_same_names

_NUMBERS = ("int", "uint", "float")


def record_as_sent(record: RunRecord, fields: Mapping[str, Stated], answers: Mapping[str, str]) -> RunRecord:
    """The record as callers see it: with the fields stated, and the golden rows by the names that callers use.

    Raises as `with_fields` and `with_answers` do.
    """
    schema = with_answers(with_fields(record.schema, fields, record.body), answers)
    predictions = _rows_renamed(record.predictions, schema.response.sent_as)
    return replace(record, schema=schema, body=_renamed(record.body, schema), predictions=predictions)


def record_as_run(record: RunRecord) -> RunRecord:
    """The inverse of `record_as_sent`, without what it states."""
    schema = record.schema
    body = dict(record.body)
    for value in schema.request:
        key = _key_of(value, schema)
        body[key] = _rows_renamed(body[key], _own_names(value))
    bare = Schema(tuple(map(_unstated, schema.request)), _unstated(schema.response))
    predictions = _rows_renamed(record.predictions, _own_names(schema.response))
    return replace(record, schema=bare, body=body, predictions=predictions)


def with_fields(schema: Schema, fields: Mapping[str, Stated], body: Mapping[str, Any]) -> Schema:
    """The schema with the fields stated; `body` is the golden request, which must be within the limits.

    `body` is by the names of the notebook. Raises InputError NB230 for a field that no caller sends, limits of what is
    no number, and limits that the notebook's own rows break; NB237 for a name that two columns would have.
    """
    if not fields:
        return schema
    columns = {c.name: c for value in schema.request if value.kind == "frame" for c in value.columns}
    for name, stated in fields.items():
        if name not in columns:
            raise _refused(
                f"the notebook's metadata describes `{name}`, which no caller sends as a column.", sorted(columns)
            )
        limited = stated.least is not None or stated.most is not None
        if limited and not columns[name].dtype.lower().startswith(_NUMBERS):
            raise _refused(f"`{name}` has limits, but is no number ({columns[name].dtype}).", ())
    request = []
    for value in schema.request:
        if value.kind == "frame":
            rows = body.get("rows" if schema.body_is_rows else value.name)
            joined = tuple(_joined(c, fields[c.name], rows) if c.name in fields else c for c in value.columns)
            refuse_same_names({column.notebook_name: column.name for column in joined})
            value = replace(value, columns=joined)
        request.append(value)
    return replace(schema, request=tuple(request))


def with_answers(schema: Schema, answers: Mapping[str, str]) -> Schema:
    """The schema with these names for columns of the response, by the notebook's.

    Raises InputError NB238 where the response is no table or has no such column, NB237 for a name of two columns.
    """
    if not answers:
        return schema
    response = schema.response
    there = [column.name for column in response.columns] if response.kind == "frame" else []
    for column in answers:
        if column not in there:
            what = f"which has no column `{column}`" if there else f"which is no table but {response.kind}"
            known = f"It has: {', '.join(there)}." if there else "Only columns of a data frame have names."
            raise InputError(
                f"the notebook's metadata names `{column}` of the response, {what}.", code="NB238",
                hint=f"{known} Change it under `nb2prod.answers` in the metadata.",
            )  # fmt: skip
    refuse_same_names({name: answers.get(name, name) for name in there})
    columns = tuple(
        replace(c, name=answers[c.name], renamed_from=c.name) if c.name in answers else c for c in response.columns
    )
    return replace(schema, response=replace(response, columns=columns))


def _joined(column: Column, stated: Stated, rows: object) -> Column:
    for row in rows if isinstance(rows, Sequence) else ():
        seen = row.get(column.name) if isinstance(row, Mapping) else None
        if not isinstance(seen, int | float):
            continue
        if (stated.least is not None and seen < stated.least) or (stated.most is not None and seen > stated.most):
            raise _refused(f"`{column.name}` is {seen:g} in the notebook's own request, outside the limits stated.", ())
    joined = replace(column, description=stated.description, personal=stated.personal, least=stated.least,
                     most=stated.most)  # fmt: skip
    return replace(joined, name=stated.name, renamed_from=column.name) if stated.name else joined


def _renamed(body: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """The golden request by the names that callers use."""
    keys = {_key_of(value, schema): value.sent_as for value in schema.request if value.sent_as}
    return dict(body) | {key: _rows_renamed(body[key], names) for key, names in keys.items()}


def _key_of(value: ValueSchema, schema: Schema) -> str:
    return "rows" if schema.body_is_rows else value.name


def _own_names(value: ValueSchema) -> dict[str, str]:
    return {sent: own for own, sent in value.sent_as.items()}


def _unstated(value: ValueSchema) -> ValueSchema:
    columns = (
        replace(c, name=c.notebook_name, renamed_from="", description="", personal=False, least=None, most=None)
        for c in value.columns
    )
    return replace(value, columns=tuple(columns))


def _rows_renamed(rows: Any, names: Mapping[str, str]) -> Any:
    return [{names.get(name, name): cell for name, cell in row.items()} for row in rows] if names else rows


def _refused(message: str, there: Sequence[str]) -> InputError:
    hint = f"A caller sends: {', '.join(there)}." if there else "Change it under `nb2prod.fields` in the metadata."
    return InputError(message, code="NB230", hint=hint)
