"""What the author states of the request's columns, joined with what the run shows of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from nb2prod.errors import InputError
from nb2prod.model.run import RunRecord
from nb2prod.model.schema import Column, Schema, Stated
from nb2prod.notebook.fields import refuse_same_names

_NUMBERS = ("int", "uint", "float")


def record_as_sent(record: RunRecord, fields: Mapping[str, Stated]) -> RunRecord:
    """The record as callers see it: with the fields stated, and the golden request by the names that callers use.

    Raises as `with_fields` does.
    """
    schema = with_fields(record.schema, fields, record.body)
    return replace(record, schema=schema, body=_renamed(record.body, schema))


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
            raise _refused(f"the notebook's metadata describes `{name}`, which no caller sends.", sorted(columns))
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
    made = dict(body)
    for value in schema.request:
        key, names = "rows" if schema.body_is_rows else value.name, value.sent_as
        if names and isinstance(rows := body.get(key), Sequence):
            made[key] = [{names.get(name, name): cell for name, cell in row.items()} for row in rows]
    return made


def _refused(message: str, there: Sequence[str]) -> InputError:
    hint = f"A caller sends: {', '.join(there)}." if there else "Change it under `nb2prod.fields` in the metadata."
    return InputError(message, code="NB230", hint=hint)
