"""What the Open Inference Protocol tells of a server and its model."""

from typing import Any

from nb2prod.serving.decode import Decoder
from nb2prod.serving.golden import Golden
from nb2prod.serving.layout import Column, Layout
from nb2prod.serving.model import Model
from nb2prod.serving.protocols.outputs import Output
from nb2prod.serving.protocols.tensors import OF_LEAF
from nb2prod.serving.wire import encode


def describe_model(decoder: Decoder[Any], model: Model[Any, Any], outputs: list[Output]) -> dict[str, Any]:
    """The metadata of a model: its inputs by the schema, its outputs by the golden rows."""
    label = model.label
    layout = decoder.layout
    inputs = [_describe_input(layout.kind, column, model.golden) for column in layout.columns]
    described = [
        {"name": o.name, "datatype": o.datatype, "shape": [-1, *o.shape[1:]]}
        | ({"parameters": {"content_type": "json"}} if o.is_json else {})
        for o in outputs
    ]
    versions = [label["version"]] if label["version"] is not None else []
    return {
        "name": label["name"],
        "versions": versions,
        "platform": "nb2prod",
        "inputs": inputs,
        "outputs": described,
    }


def _describe_input(kind: str, column: Column, golden: Golden | None) -> dict[str, Any]:
    if column.leaf == "other" or (kind == "table" and column.depth):
        shape = [1] if kind == "fields" else [-1]
        return {"name": column.name, "datatype": "BYTES", "shape": shape, "parameters": {"content_type": "json"}}
    return {"name": column.name, "datatype": OF_LEAF[column.leaf], "shape": _shape(kind, column, golden)}


def example_inputs(layout: Layout, body: dict[str, Any]) -> list[dict[str, Any]]:
    """The tensors that ask what a body of `/predict` asks."""
    tensors = []
    for column in layout.columns:
        if layout.kind == "fields":
            if column.name not in body:
                continue
            given = body[column.name]
        else:
            given = body["rows"] if layout.kind == "list" else [row.get(column.name) for row in body["rows"]]
        tensor = _describe_input(layout.kind, column, None)
        values = given if isinstance(given, list) and tensor["shape"] != [1] else [given]
        if "parameters" in tensor:
            values = [encode(value).decode() for value in values]
        shape, part = [len(values)], values
        while len(shape) < len(tensor["shape"]):
            part = part[0] if part else []
            shape.append(len(part))
        tensors.append(tensor | {"shape": shape, "data": values})
    return tensors


def _shape(kind: str, column: Column, golden: Golden | None) -> list[int]:
    """-1 where any size will do. The golden rows tell the width of an array."""
    if kind == "fields":
        return [-1] * column.depth or [1]
    shape = [-1]
    part = golden.body.get("rows") if golden is not None else None
    for _ in range(column.depth):
        part = part[0] if isinstance(part, list) and part else None
        shape.append(len(part) if isinstance(part, list) else -1)
    return shape
