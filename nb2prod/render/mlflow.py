"""`mlflow_model.py` of a generated project: the package as an MLflow model, models-from-code.

A frame, texts, records and JSON values reach the package through its own ``request_from_json``, so that MLflow and the
service read a request by the same rules; numeric arrays and tensors go straight in, their type and shape are held by
the model's signature already.
"""

import json
from typing import Literal

from nb2prod.model.schema import Schema, ValueSchema
from nb2prod.render.templates import fill

Asked = Literal["array", "tensor", "rows", "column", "values"]
"""How MLflow asks: one ndarray (twice), one row per record, one column of values, one row holding every name."""

_SAID: dict[Asked, str] = {
    "array": "one array",
    "tensor": "one array, handed on as a tensor",
    "rows": "one row per record",
    "column": "one column of values",
    "values": "one row, a column per name",
}

_DIRECT = ("array", "tensor")
_SERIALISED = ("json", "records")
_NUMPY_KINDS = ("bool", "int", "uint", "float")
_TORCH_ONLY = ("bfloat16",)


def mlflow_module(package: str, schema: Schema) -> str:
    """The source of ``mlflow_model.py`` for the package `package` (a valid module name)."""
    asked = asked_as(schema)
    uses_schema = asked not in _DIRECT or schema.response.kind in _SERIALISED or bool(schema.response.sent_as)
    return fill(
        "mlflow_model.py.jinja",
        package=package,
        imports=_imports(asked),
        asked=_SAID[asked],
        hint="np.ndarray[Any, Any]" if asked in _DIRECT else "pd.DataFrame",
        load_imports=(" " * 8 + f"from {package} import schema\n") * uses_schema
        + f"        from {package}.predict import Predictor",
        keep_schema="        self.schema = schema\n" * uses_schema,
        predict="\n".join(" " * 8 + line for line in _predict(asked, schema)),
        functions=_functions(asked, schema),
    )


def asked_as(schema: Schema) -> Asked:
    """How an MLflow model of this schema is asked; its signature follows from it (`nb2prod.tracking.signature`)."""
    if not schema.body_is_rows:
        return "values"
    value = schema.request[0]
    match value.kind:
        case "frame" | "records":
            return "rows"
        case "tensor":
            return "tensor"
        case "array" if value.dtype.startswith(_NUMPY_KINDS) and value.shape:
            return "array"
    return "column"


def whole_columns(value: ValueSchema) -> tuple[str, ...]:
    """Integer columns that may be missing: MLflow keeps those as doubles, the package wants integers."""
    return tuple(
        column.name
        for column in value.columns
        if column.dtype.lower().startswith(("int", "uint")) and (column.nullable or column.dtype[0].isupper())
    )


def _imports(asked: Asked) -> str:
    standard = ["from pathlib import Path", "from typing import Any"]
    third = ["import mlflow"]
    if asked not in _DIRECT:
        standard = ["import math", "from datetime import datetime", *standard]
    third += ["import numpy as np"]
    if asked not in _DIRECT:
        third += ["import pandas as pd"]
    if asked == "tensor":
        third += ["import torch"]
    third += ["from mlflow.pyfunc.model import PythonModel, PythonModelContext"]
    return "\n".join([*standard, "", *third])


def _predict(asked: Asked, schema: Schema) -> list[str]:
    """The lines of `Model.predict`, not indented."""
    lines: list[str] = []
    if asked not in _DIRECT:
        lines.append("request = self.schema.request_from_json(request_body(model_input))")
        call = "self.predictor.predict(**request)"
    else:
        value = schema.request[0]
        dtype = value.dtype.removeprefix("torch.")
        if asked == "tensor":
            lines.append(f"{value.name} = torch.as_tensor(np.array(model_input), dtype=torch.{dtype})")
        else:
            lines.append(f'{value.name} = np.asarray(model_input, dtype="{dtype}")')
        call = f"self.predictor.predict({value.name}={value.name})"
    match schema.response.kind:
        case "tensor" if schema.response.dtype.removeprefix("torch.") in _TORCH_ONLY:
            lines.append(f"return {call}.detach().cpu().float().numpy()")
        case "tensor":
            lines.append(f"return {call}.detach().cpu().numpy()")
        case "frame" if schema.response.sent_as:
            lines.append(f"return self.schema.answered({call})")
        case "json" | "records":
            lines.append(f"return self.schema.response_to_json({call})")
        case _:
            lines.append(f"return {call}")
    return lines


_WIRE = '''
def wire_value(value: Any) -> Any:
    """`value` as JSON has it: a missing value is None, a time an ISO 8601 string."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [wire_value(item) for item in value]
    if isinstance(value, dict):
        return {key: wire_value(item) for key, item in value.items()}
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, float) and math.isnan(value):
        return None
    return value.isoformat() if isinstance(value, datetime) else value
'''

_ROWS = '''
def request_body(frame: pd.DataFrame) -> dict[str, Any]:
    """The rows of `frame` as the body of a request."""
    columns = {str(name): frame[name].astype(object).tolist() for name in frame.columns}
    names = list(columns)
    rows = [
        {name: wire_value(value) for name, value in zip(names, values, strict=True)}
        for values in zip(*columns.values(), strict=True)
    ]
'''

_WHOLE = """    for row in rows:
        for name in WHOLE:
            if isinstance(row.get(name), float):
                row[name] = int(row[name])
"""

_RECORDS = """    # These records differ in their keys; the rows of a frame cannot.
    rows = [{name: value for name, value in row.items() if value is not None} for row in rows]
"""

_COLUMN = '''
def request_body(frame: pd.DataFrame) -> dict[str, Any]:
    """The first column of `frame` as the body of a request."""
    return {"rows": [wire_value(value) for value in frame.iloc[:, 0].astype(object).tolist()]}
'''

_VALUES = '''
def request_body(frame: pd.DataFrame) -> dict[str, Any]:
    """The only row of `frame` as the body of a request."""
    if len(frame) != 1:
        raise ValueError(f"This model answers one request at a time: one row, not {len(frame)}.")
    return {str(name): wire_value(frame[name].astype(object).iloc[0]) for name in frame.columns}
'''


def _functions(asked: Asked, schema: Schema) -> str:
    """The functions below the class, with the blank lines before them."""
    match asked:
        case "array" | "tensor":
            return ""
        case "column":
            body = _COLUMN
        case "values":
            body = _VALUES
        case "rows":
            value = schema.request[0]
            whole = whole_columns(value)
            body = (
                _ROWS + (_WHOLE if whole else "") + (_RECORDS if value.kind == "records" and not value.columns else "")
            )
            body += '    return {"rows": rows}\n'
            if whole:
                body = f"\n# Whole numbers that may be missing: MLflow keeps them as floats.\n{_whole(whole)}\n{body}"
    return f"\n{body}\n{_WIRE}"


def _whole(names: tuple[str, ...]) -> str:
    # As ruff would quote them: double quotes unless that costs an escape.
    quoted = [repr(name) if '"' in name and "'" not in name else json.dumps(name) for name in names]
    line = f"WHOLE = ({', '.join(quoted)}{',' * (len(quoted) == 1)})\n"
    if len(line) <= 100:
        return line
    return "WHOLE = (\n" + "".join(f"    {name},\n" for name in quoted) + ")\n"
