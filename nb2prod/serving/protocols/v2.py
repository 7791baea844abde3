"""`POST /v2/models/{model}/infer`: the Open Inference Protocol (KServe, MLServer, Triton), in JSON and binary tensors.

A table is asked by one tensor per column, of shape ``[n]`` or ``[n, 1]``; a list of values or arrays by one tensor
called ``rows``; a request of named values by one tensor per name. What is no number, text or array of those is BYTES
holding JSON. NaN in a binary tensor and null in JSON are a missing value, where the column may have one.
"""

from typing import Annotated, Any, Literal

import msgspec
from starlette.datastructures import Headers

from nb2prod.serving.access import RawHeaders
from nb2prod.serving.decode import Decoder
from nb2prod.serving.explain import READING, describe_names, explain, refuse_duplicate_keys
from nb2prod.serving.golden import Golden
from nb2prod.serving.layout import Column
from nb2prod.serving.model import Model
from nb2prod.serving.problem import LONGEST_NAME, Problem
from nb2prod.serving.protocols import Reply
from nb2prod.serving.protocols.columns import request_from_columns
from nb2prod.serving.protocols.outputs import Output, known_outputs, outputs_of
from nb2prod.serving.protocols.tensors import DATATYPES, MOST_DIMENSIONS, nest, pack, read_data, unpack
from nb2prod.serving.wire import encode

HEADER_LENGTH = "Inference-Header-Content-Length"

Dimension = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Parameters(msgspec.Struct, forbid_unknown_fields=True):
    """Of a request or a tensor: MLServer's codecs that ask for what is done here anyway, the binary extension's
    options, and hints. Others are refused: an option that is not obeyed would be a silent difference."""

    content_type: Literal["pd", "np", "str", "datetime", "json"] | None = None
    binary_data_size: Dimension | None = None
    binary_data: bool | None = None
    binary_data_output: bool | None = None
    headers: dict[str, str] | None = None
    priority: int | None = None
    timeout: int | None = None


class Tensor(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    datatype: Literal[*DATATYPES]  # type: ignore[valid-type]
    shape: Annotated[list[Dimension], msgspec.Meta(max_length=MOST_DIMENSIONS)]
    data: list[Any] | None = None
    parameters: Parameters | None = None


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    parameters: Parameters | None = None


class InferRequest(msgspec.Struct, forbid_unknown_fields=True):
    inputs: list[Tensor]
    id: Annotated[str, msgspec.Meta(max_length=1000)] | None = None
    parameters: Parameters | None = None
    outputs: list[Wanted] | None = None


_decode = msgspec.json.Decoder(InferRequest).decode


class OpenInference:
    """Tensors to tensors; `id`, `outputs` and binary forms as the caller asks."""

    name = "v2"
    media_types = frozenset({"application/json", "application/octet-stream", ""})  # tritonclient sends no type

    def __init__(self, decoder: Decoder[Any]) -> None:
        self._decoder = decoder
        self._known: tuple[Golden | None, list[Output]] = (None, [])

    def read(self, body: bytes, headers: RawHeaders) -> tuple[Any, InferRequest]:
        head, raw = _split(body, Headers(raw=headers).getlist(HEADER_LENGTH))
        try:
            asked = _decode(head)
        except READING as error:
            raise explain(error, head) from None
        if head.count(b":") != _keys(asked):
            refuse_duplicate_keys(head)
        tensors: dict[str, tuple[Tensor, list[Any]]] = {}
        at = 0
        for tensor in asked.inputs:
            if tensor.name in tensors:
                raise Problem(422, "ragged", "an input is there twice", field=tensor.name)
            size = tensor.parameters.binary_data_size if tensor.parameters is not None else None
            if (size is None) == (tensor.data is None):
                message = f"input '{tensor.name[:LONGEST_NAME]}' needs its data either here or after the JSON"
                raise Problem(422, "missing_field", message, field=tensor.name)
            if size is None:
                values = read_data(tensor.name, tensor.datatype, tensor.shape, tensor.data or [])
            else:
                values = unpack(tensor.name, tensor.datatype, tensor.shape, raw[at : at + size])
                at += size
            tensors[tensor.name] = (tensor, values)
        if at != len(raw):
            message = f"{len(raw)} bytes after the JSON, where the inputs mean {at}"
            raise Problem(400, "wrong_length", message)
        return self._request(tensors), asked

    def write(self, predictions: Any, how: InferRequest, model: Model[Any, Any], request_id: str) -> Reply:
        outputs = outputs_of(predictions, self._known_outputs(model.golden))
        binary = how.parameters is not None and bool(how.parameters.binary_data_output)
        chosen = [(output, binary) for output in outputs]
        if how.outputs:
            chosen = _choose(outputs, how.outputs, binary)
        raw: list[bytes] = []
        tensors = [write_tensor(output, raw if in_binary else None) for output, in_binary in chosen]
        answer = {
            "model_name": model.label["name"],
            "model_version": model.label["version"],
            "id": how.id if how.id is not None else request_id,
            "outputs": tensors,
        }
        if answer["model_version"] is None:
            del answer["model_version"]
        head = encode(answer)
        if not any(in_binary for _, in_binary in chosen):
            return Reply(head)
        return Reply(head + b"".join(raw), "application/octet-stream", {HEADER_LENGTH: str(len(head))})

    def _known_outputs(self, golden: Golden | None) -> list[Output]:
        """Looked up once per live version."""
        if self._known[0] is not golden:
            self._known = (golden, known_outputs(golden))
        return self._known[1]

    def _request(self, tensors: dict[str, tuple[Tensor, list[Any]]]) -> Any:
        layout = self._decoder.layout
        known = {column.name: column for column in layout.columns}
        missing = [c.name for c in layout.columns if c.required and c.name not in tensors]
        unknown = [name for name in tensors if name not in known]
        if missing or unknown:
            message = describe_names(missing, unknown)
            raise Problem(422, "missing_field" if missing else "unknown_field", message, field=(missing or unknown)[0])
        values = {name: _values(layout.kind, known[name], *given) for name, given in tensors.items()}
        if layout.kind == "table":
            return request_from_columns(self._decoder, values)
        return self._decoder.convert(values)


def _split(body: bytes, lengths: list[str]) -> tuple[bytes, bytes]:
    """The JSON and what is behind it. Raises Problem 400."""
    if not lengths:
        return body, b""
    text = lengths[0]
    if len(lengths) == 1 and text.isascii() and text.isdecimal() and len(text) < 19 and int(text) <= len(body):
        return body[: int(text)], body[int(text) :]
    raise Problem(400, "wrong_length", f"{HEADER_LENGTH} is not the length of the JSON before the tensors")


def _keys(asked: InferRequest) -> int:
    """How many keys the JSON has at least; where it has a colon more, there may be one twice."""
    return 1 + (asked.id is not None) + 3 * len(asked.inputs) + sum(t.data is not None for t in asked.inputs)


def _values(kind: str, column: Column, tensor: Tensor, values: list[Any]) -> Any:
    """The values of a tensor as the layout has them: a list per column, or the value of a name."""
    shape = tensor.shape
    if column.leaf == "other" or (kind == "table" and column.depth):
        values = [_parse(text, f".rows[{row}].{column.name}") for row, text in enumerate(values)]
        shape = shape if kind == "fields" else [len(values)]
    if kind == "fields":
        if column.depth == 0 or column.leaf == "other":
            if len(values) != 1:
                raise _wrong_shape(column.name, "[1]")
            return values[0]
        if len(shape) != column.depth:
            raise _wrong_shape(column.name, _shape_text(column.depth))
        return nest(values, shape)
    depth = 1 if kind == "table" or column.leaf == "other" else column.depth + 1
    if len(shape) == depth + 1 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) != depth:
        raise _wrong_shape(column.name, _shape_text(depth))
    return nest(values, shape)


def _wrong_shape(name: str, expected: str) -> Problem:
    return Problem(422, "wrong_shape", f"input '{name[:LONGEST_NAME]}' must have the shape {expected}", field=name)


def _shape_text(depth: int) -> str:
    return "[" + ", ".join("n" if axis == 0 else "m" for axis in range(depth)) + "]"


def _parse(text: Any, path: str) -> Any:
    """JSON that came as a text in a tensor."""
    if not isinstance(text, str):
        return text
    body = text.encode()
    try:
        value = msgspec.json.decode(body)
    except READING as error:
        raise explain(error, body, locate=lambda inner: path + inner) from None
    refuse_duplicate_keys(body)
    return value


def _choose(outputs: list[Output], wanted: list[Wanted], binary: bool) -> list[tuple[Output, bool]]:
    by_name = {output.name: output for output in outputs}
    chosen = []
    for want in wanted:
        if want.name not in by_name:
            names = ", ".join(f"'{name}'" for name in by_name)
            raise Problem(422, "unknown_output", f"this model's outputs are {names}", field=want.name)
        asked = want.parameters.binary_data if want.parameters is not None else None
        chosen.append((by_name[want.name], binary if asked is None else asked))
    return chosen


def write_tensor(output: Output, raw: list[bytes] | None) -> dict[str, Any]:
    """The tensor for the JSON; its values go to `raw` where that is given. A missing text has no binary form."""
    tensor: dict[str, Any] = {"name": output.name, "datatype": output.datatype, "shape": output.shape}
    parameters: dict[str, Any] = {"content_type": "json"} if output.is_json else {}
    if raw is None or (output.datatype == "BYTES" and None in output.values):
        tensor["data"] = output.values
    else:
        raw.append(pack(output.datatype, output.values))
        parameters["binary_data_size"] = len(raw[-1])
    return tensor | {"parameters": parameters} if parameters else tensor
