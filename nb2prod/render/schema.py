"""`schema.py` of a generated project: the request as a type, and the way from JSON to Python and back."""

import keyword

from nb2prod.model.schema import Column, Schema, ValueSchema
from nb2prod.render.annotations import value_annotation, wire_annotation, wire_column
from nb2prod.render.templates import fill


def schema_module(schema: Schema, cells: str) -> str:
    """`cells` says where the notebook makes request and response, e.g. ``notebook cells 8 and 9``."""
    frame = next((v for v in schema.request if v.kind == "frame"), None)
    kinds = {v.kind for v in schema.request} | {schema.response.kind}
    return fill(
        "package/schema.py.jinja",
        cells=cells,
        numpy="array" in kinds,
        pandas=bool(kinds & {"frame", "series"}),
        torch="tensor" in kinds,
        row=_row(frame) if frame else "",
        dtypes=_dtypes(frame) if frame else "",
        index=_index(frame) if frame else "",
        sent_as=_names("SENT_AS", frame) if frame else "",
        fields=_fields(schema),
        arguments=_arguments(schema),
        response=value_annotation(schema.response).text,
        response_name=schema.response.name or "response",
        encoded=_encoded(schema.response),
        answered_as=_names("ANSWERED_AS", schema.response) if schema.response.kind == "frame" else "",
    )


def _row(frame: ValueSchema) -> str:
    fields = [(c.name, wire_column(c)) for c in frame.columns]
    if all(name.isidentifier() and not keyword.iskeyword(name) for name, _ in fields):
        lines = [f"    {name}: {annotation}" for name, annotation in fields] or ["    pass"]
        return "\n".join(["class Row(TypedDict):", f'    """One row of `{frame.name}`."""', "", *lines])
    pairs = ",\n".join(f"        {name!r}: {annotation}" for name, annotation in fields)
    return f'Row = TypedDict(\n    "Row",\n    {{\n{pairs},\n    }},\n)\n"""One row of `{frame.name}`."""'


def _dtypes(frame: ValueSchema) -> str:
    lines = "\n".join(f"    {c.notebook_name!r}: {_dtype(c)}," for c in frame.columns)
    return f"DTYPES: dict[str, Any] = {{\n{lines}\n}}"


def _names(constant: str, frame: ValueSchema) -> str:
    lines = "\n".join(f"    {own!r}: {sent!r}," for own, sent in frame.sent_as.items())
    return f"{constant}: dict[str, str] = {{\n{lines}\n}}" if lines else ""


def _index(frame: ValueSchema) -> str:
    """The call that makes a column the index again; an index of times without a name is called `index` on the way."""
    unnamed = ".rename_axis(None)" if frame.index == "index" else ""
    return f".set_index({frame.index!r}){unnamed}" if frame.index else ""


def _dtype(column: Column) -> str:
    if column.dtype == "category" and column.categories:
        return f"pd.CategoricalDtype({list(column.categories)!r})"
    return repr(column.dtype)


def _fields(schema: Schema) -> str:
    if schema.body_is_rows:
        return f"    rows: {wire_annotation(schema.request[0])}"
    return "\n".join(f"    {v.name}: {wire_annotation(v)}" for v in schema.request)


def _arguments(schema: Schema) -> str:
    if schema.body_is_rows:
        value = schema.request[0]
        return f'{{"{value.name}": {_decoded(value, chr(34) + "rows" + chr(34))}}}'
    return "{" + ", ".join(f'"{v.name}": {_decoded(v, repr(v.name))}' for v in schema.request) + "}"


def _decoded(value: ValueSchema, key: str) -> str:
    body = f"body[{key}]"
    match value.kind:
        case "frame":
            return f"frame_from_rows({body})"
        case "series":
            dtype = _dtype(value.columns[0]) if value.columns else repr(value.dtype)
            return f"pd.Series({body}, dtype={dtype}, name={value.name!r})"
        case "array":
            return f"np.array({body}, dtype={value.dtype!r}){_shape(value, body)}"
        case "tensor":
            dtype = value.dtype.removeprefix("torch.")
            return f"torch.tensor({body}, dtype=torch.{dtype}){_shape(value, body)}"
        case _:
            return body


def _shape(value: ValueSchema, body: str) -> str:
    """Rows of another width are refused, and no rows keep theirs: ``(0, 64)``, not ``(0,)``."""
    if len(value.shape) < 2 or value.shape[0] is not None or None in value.shape[1:]:
        return ""
    return f".reshape(len({body}), " + ", ".join(map(str, value.shape[1:])) + ")"


def _encoded(value: ValueSchema) -> str:
    match value.kind:
        case "frame":
            answered = "answered(response)" if value.sent_as else "response"
            return f'json_value({answered}.to_dict(orient="records"))'
        case "series" | "array":
            return "json_value(response.tolist())"
        case "tensor":
            return "json_value(response.detach().cpu().tolist())"
        case _:
            return "json_value(response)"
