"""The signature and input example of a logged model, from the schema and the golden rows.

The types follow MLflow's own rules for what its server reads from JSON: integers that may be missing are doubles,
values with structure are `any`. Needs mlflow, pandas and numpy: for the worker only.
"""

from typing import Any

import numpy as np
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema, TensorSpec
from mlflow.types.schema import AnyType

from nb2prod.model import schema as model
from nb2prod.render.mlflow import asked_as, whole_columns

_SIZES = {"int8": "integer", "int16": "integer", "int32": "integer", "int64": "long"} | {
    "uint8": "integer",
    "uint16": "integer",
    "uint32": "long",
}


def model_signature(schema: model.Schema, body: dict[str, Any], predictions: Any) -> Any:
    """`mlflow.models.ModelSignature`; `body` and `predictions` are golden rows in wire form."""
    return ModelSignature(inputs=_inputs(schema, body), outputs=_output(schema.response, predictions))


def input_example(schema: model.Schema, body: dict[str, Any]) -> Any:
    """The golden body as MLflow is asked: an ndarray, or a DataFrame with the signature's types."""
    inputs = _inputs(schema, body)
    asked = asked_as(schema)
    if asked in ("array", "tensor"):
        return np.asarray(body["rows"], dtype=_array_dtype(schema.request[0].dtype))
    if asked == "values":
        rows = [body]
    elif asked == "column":
        rows = [{schema.request[0].name: value} for value in body["rows"]]
    else:
        rows = body["rows"]
    return pd.DataFrame({spec.name: _series([row.get(spec.name) for row in rows], spec.type) for spec in inputs.inputs})


def _inputs(schema: model.Schema, body: dict[str, Any]) -> Any:
    first = schema.request[0]
    match asked_as(schema):
        case "array" | "tensor":
            shape = tuple(-1 if size is None else size for size in first.shape) or (-1,)
            return Schema([TensorSpec(_array_dtype(first.dtype), shape)])
        case "values":
            return Schema([ColSpec(_type_of([body[value.name]]), name=value.name) for value in schema.request])
        case "column":
            return Schema([ColSpec(_type_of(body["rows"]), name=first.name)])
    if first.kind == "frame":
        whole = whole_columns(first)
        return Schema(
            [
                ColSpec(
                    _column_type(column, [row.get(column.name) for row in body["rows"]], column.name in whole),
                    column.name,
                )
                for column in first.columns
            ]
        )
    names = list(dict.fromkeys(name for row in body["rows"] for name in row))
    return Schema(
        [
            ColSpec(
                _type_of([row[name] for row in body["rows"] if name in row]),
                name=name,
                required=all(name in row for row in body["rows"]),
            )
            for name in names
        ]
    )


def _output(response: model.ValueSchema, predictions: Any) -> Any:
    match response.kind:
        case "array" | "tensor":
            try:
                dtype = _array_dtype(response.dtype)
            except TypeError:
                dtype = np.dtype(object)
            if dtype.kind in "biuf":
                shape = tuple(-1 if size is None else size for size in response.shape) or (-1,)
                return Schema([TensorSpec(dtype, shape)])
            return Schema([ColSpec(_type_of(predictions if isinstance(predictions, list) else [predictions]))])
        case "frame":
            rows = predictions
            return (
                Schema(
                    [
                        ColSpec(_column_type(column, [row.get(column.name) for row in rows], False), column.name)
                        for column in response.columns
                    ]
                )
                if response.columns
                else None
            )
        case "series" | "texts":
            return Schema([ColSpec(_type_of(predictions))])
    return Schema([ColSpec(_type_of([predictions]))])


def _array_dtype(dtype: str) -> "np.dtype[Any]":
    name = dtype.removeprefix("torch.")
    return np.dtype("float32" if name == "bfloat16" else name)


def _column_type(column: model.Column, seen: list[Any], whole: bool) -> Any:
    """The type of a frame's column: by its dtype, and where that says little (object, category) by the values seen."""
    name = column.dtype.lower()
    if whole:
        return DataType.double
    if name in _SIZES:
        return DataType[_SIZES[name]]
    if name.startswith("float"):
        return DataType.double if name == "float64" else DataType.float
    if name in ("bool", "boolean"):
        return DataType.boolean
    if name.startswith("datetime64") and "," not in name:
        return DataType.datetime  # with a time zone it stays text: MLflow knows naive times only
    if name.startswith(("string", "str")):
        return DataType.string
    return _type_of(seen)


def _type_of(seen: list[Any]) -> Any:
    """The type of values in wire form."""
    values = [value for value in seen if value is not None]
    missing = len(values) < len(seen)
    if values and all(isinstance(value, str) for value in values):
        return DataType.string
    if values and all(isinstance(value, bool) for value in values) and not missing:
        return DataType.boolean
    if values and all(isinstance(value, int) and not isinstance(value, bool) for value in values) and not missing:
        return DataType.long
    if values and all(isinstance(value, float) for value in values):
        return DataType.double
    return AnyType()


def _series(values: list[Any], kind: Any) -> Any:
    if kind == DataType.datetime:
        return pd.Series(pd.to_datetime(values, format="ISO8601")).astype("datetime64[ns]")
    if kind in (DataType.integer, DataType.long, DataType.float, DataType.double):
        return pd.Series(values, dtype=kind.to_numpy())
    if kind == DataType.boolean and None not in values:
        return pd.Series(values, dtype=bool)
    return pd.Series(values, dtype=object)
