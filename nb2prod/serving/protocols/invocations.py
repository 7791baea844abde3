"""`POST /invocations`: MLflow's scoring protocol, which SageMaker's containers speak as well.

``dataframe_split``, ``dataframe_records``, ``instances`` or ``inputs`` in JSON, a CSV with a header line, or a JSON
value per line. Columns go by name. MLflow's own client writes a missing number as ``NaN``, which is no JSON: here, and
only here, it counts as null.
"""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.datastructures import Headers

from nb2prod.serving.access import RawHeaders
from nb2prod.serving.decode import Decoder
from nb2prod.serving.explain import READING, explain, find_not_finite, place, refuse_duplicate_keys
from nb2prod.serving.model import Model
from nb2prod.serving.problem import LONGEST_NAME, Problem
from nb2prod.serving.protocols import Reply
from nb2prod.serving.protocols.columns import request_from_columns
from nb2prod.serving.protocols.table import columns_of_split, read_csv
from nb2prod.serving.wire import encode

FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")
LINES = frozenset({"application/jsonlines", "application/x-ndjson"})


class Invocations:
    """To ``{"predictions": ...}``, as MLflow answers."""

    name = "invocations"
    media_types = frozenset({"application/json", "text/csv"}) | LINES

    def __init__(self, decoder: Decoder[Any]) -> None:
        self._decoder = decoder

    def read(self, body: bytes, headers: RawHeaders) -> tuple[Any, None]:
        kind = Headers(raw=headers).get("content-type", "").partition(";")[0].strip().lower()
        if kind == "text/csv":
            return self._from_columns(read_csv(body), texts=True), None
        if kind in LINES:
            return self._from_rows([_parse(line) for line in body.splitlines() if line.strip()]), None
        given = _parse(body)
        if not isinstance(given, dict):
            raise Problem(422, "wrong_type", f"the body: expected object with one of {', '.join(FORMS)}")
        return self._from_form(given), None

    def write(self, predictions: Any, how: None, model: Model[Any, Any], request_id: str) -> Reply:  # noqa: ARG002
        return Reply(encode({"predictions": predictions}))

    def _from_form(self, given: dict[str, Any]) -> Any:
        forms = [name for name in FORMS if name in given]
        for name in given:
            if name not in FORMS and name != "params":
                raise place(f".{name}", "unknown_field", "is not a field of this protocol")
        if len(forms) != 1:
            raise Problem(422, "missing_field", f"the body: exactly one of {', '.join(FORMS)} is needed")
        params = given.get("params")
        if params not in (None, {}):
            name = next(iter(params)) if isinstance(params, dict) else "params"
            message = f"field 'params': '{str(name)[:LONGEST_NAME]}' is not a parameter: this model takes none"
            raise Problem(422, "unknown_field", message, field="params")
        form, value = forms[0], given[forms[0]]
        match form:
            case "dataframe_split":
                return self._from_columns(columns_of_split(value))
            case "inputs" if isinstance(value, dict):
                return self._from_inputs(value)
            case _ if not isinstance(value, list):
                raise place(f".{form}", "wrong_type", "expected list")
        return self._from_rows(value)

    def _from_inputs(self, value: dict[str, Any]) -> Any:
        """Lists by column name, or the values of a request by name."""
        if self._decoder.layout.kind != "table":
            return self._decoder.convert(value)
        for name, values in value.items():
            if not isinstance(values, list):
                raise place(f".{name}", "wrong_type", "expected list")
        return request_from_columns(self._decoder, value)

    def _from_columns(self, columns: Mapping[str, list[Any]], *, texts: bool = False) -> Any:
        layout = self._decoder.layout
        if layout.kind == "table":
            return request_from_columns(self._decoder, columns, texts=texts)
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        column = layout.columns[0]
        if layout.kind == "list" and column.leaf != "other":
            if len(columns) != 1 or column.depth:
                message = "this model takes one column of values" if not column.depth else "send arrays as `inputs`"
                raise Problem(422, "wrong_shape", f"the body: {message}")
            if texts and column.leaf != "text":
                raise Problem(415, "wrong_content_type", "send numbers as application/json")
            return self._decoder.convert({"rows": next(iter(columns.values()))})
        if texts:
            raise Problem(415, "wrong_content_type", "a CSV cannot hold what this model takes: send application/json")
        return self._from_rows(rows)

    def _from_rows(self, rows: list[Any]) -> Any:
        layout = self._decoder.layout
        if layout.kind != "fields":
            return self._decoder.convert({"rows": rows})
        if len(rows) != 1:
            raise Problem(422, "wrong_shape", f"the body: this model answers one request at a time, not {len(rows)}")
        return self._decoder.convert(rows[0])


def _parse(body: bytes) -> Any:
    """Any JSON value, with NaN as null. Raises Problem (400, 422)."""
    try:
        value = msgspec.json.decode(body)
    except READING as error:
        problem = explain(error, body)
        if problem.code != "out_of_range":
            raise problem from None
        problem = place(_locate(find_not_finite(body) or ""), "out_of_range", "is not a finite number")
        value = _parse_with_nan(body, problem)
    if body.count(b":") != _count_keys(value):
        refuse_duplicate_keys(body)
    return value


def _locate(path: str) -> str:
    """Row and column of a place in one of the forms."""
    for form in (".dataframe_records", ".instances", ".inputs", ".dataframe_split.data"):
        if path.startswith(f"{form}["):
            return ".rows" + path.removeprefix(form)
    if path.startswith(".inputs.") and path.endswith("]"):
        name, _, row = path.removeprefix(".inputs.").rpartition("[")
        return f".rows[{row}.{name}"
    return path


def _parse_with_nan(body: bytes, problem: Problem) -> Any:
    """What is JSON but for NaN. Raises `problem` where there is an infinite number."""

    def constant(name: str) -> None:
        if name != "NaN":
            raise problem

    try:
        return json.loads(body, parse_constant=constant, parse_float=_finite)
    except (ValueError, RecursionError):
        raise problem from None


def _finite(text: str) -> float:
    """Raises ValueError for what has no finite double, as `1e400`."""
    number = float(text)
    if number - number != 0:
        raise ValueError
    return number


def _count_keys(value: Any) -> int:
    """Of the forms, two levels deep: enough to know for most tables that no colon stands for a duplicate."""
    if not isinstance(value, dict):
        return 0
    keys = len(value)
    for part in value.values():
        if isinstance(part, dict):
            keys += len(part)
        elif isinstance(part, list):
            keys += sum(len(row) for row in part if isinstance(row, dict))
    return keys
