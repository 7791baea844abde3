"""Python annotations for what was seen in the notebook's run, with the imports they need."""

import math
from dataclasses import dataclass

from nb2prod.model.schema import Column, ValueSchema

_BUILTIN = {
    "int": "int", "float": "float", "str": "str", "bool": "bool", "bytes": "bytes",
    "list": "list[Any]", "dict": "dict[Any, Any]", "tuple": "tuple[Any, ...]", "set": "set[Any]",
    "frozenset": "frozenset[Any]", "NoneType": "None",
}  # fmt: skip
_IN_KIND = {
    "frame": ("pd.DataFrame", "import pandas as pd"),
    "series": ("pd.Series", "import pandas as pd"),
    "array": ("np.ndarray", "import numpy as np"),
    "tensor": ("torch.Tensor", "import torch"),
    "texts": ("list[str]", ""),
    "records": ("list[dict[str, Any]]", "from typing import Any"),
}
_NARROW = frozenset({"int8", "int16", "int32", "uint8", "uint16", "uint32", "uint64"})
_PUBLIC = {"pandas": ("pd", "import pandas as pd"), "numpy": ("np", "import numpy as np")}


@dataclass(frozen=True, slots=True)
class Annotation:
    text: str
    imports: tuple[str, ...] = ()


def type_annotation(type_name: str, package: str) -> Annotation:
    """The annotation for a qualified type name, e.g. ``sklearn.linear_model._ridge.Ridge`` -> ``Ridge``.

    Private modules are left out of the import, as scikit-learn publishes its classes one level up.
    """
    module, _, name = type_name.rpartition(".")
    if module in ("", "builtins"):
        text = _BUILTIN.get(name, "Any")
        return Annotation(text, ("from typing import Any",) if "Any" in text else ())
    root = module.split(".")[0]
    if module in (f"{package}.features", "__main__"):
        return Annotation(name, (f"from .features import {name}",))
    if root in _PUBLIC:
        short, statement = _PUBLIC[root]
        return Annotation(f"{short}.{name}", (statement,))
    parts = module.split(".")
    public = [p for p in parts if not p.startswith("_")]
    if root == "torch" and "nn" in parts:
        return Annotation("torch.nn.Module", ("import torch",))
    return Annotation(name, (f"from {'.'.join(public)} import {name}",))


def value_annotation(value: ValueSchema) -> Annotation:
    """The annotation of a request or response as `predict` takes or gives it."""
    if value.kind == "json":
        text = value.annotation or "Any"
        return Annotation(text, ("from typing import Any",) if "Any" in text else ())
    text, statement = _IN_KIND[value.kind]
    return Annotation(text, (statement,) if statement else ())


def wire_annotation(value: ValueSchema) -> str:
    """The annotation of a value in JSON; rows of a frame are a `Row`."""
    match value.kind:
        case "frame":
            return "list[Row]"
        case "texts":
            return "list[str]"
        case "records":
            return "list[dict[str, Any]]"
        case "series":
            return f"list[{wire_column(value.columns[0])}]" if value.columns else "list[Any]"
        case "array" | "tensor":
            text = wire_scalar(value.dtype)
            for _ in value.shape or (None,):
                text = f"list[{text}]"
            return text
        case _:
            return value.annotation or "Any"


def wire_column(column: Column) -> str:
    """As `column_annotation`, with the range of a narrow integer: another number would wrap around, silently."""
    text, notes = column_annotation(column, wire_scalar(column.dtype)), _notes(column)
    if notes and text.startswith("Annotated[") and not column.nullable:
        return f"{text[:-1]}, {notes}]"
    return f"Annotated[{text}, {notes}]" if notes else text  # around the union: a dict in a part has no hash


def _notes(column: Column) -> str:
    """What the author states, as a dict that the service reads; empty where nothing is stated."""
    whole = not column.dtype.lower().startswith("float")
    notes: dict[str, object] = {"description": column.description} if column.description else {}
    if column.least is not None:
        notes["ge"] = math.ceil(column.least) if whole else float(column.least)
    if column.most is not None:
        notes["le"] = math.floor(column.most) if whole else float(column.most)
    if column.personal:
        notes["personal"] = True
    return repr(notes) if notes else ""


def wire_scalar(dtype: str) -> str:
    name = dtype.removeprefix("torch.").lower()
    return f'Annotated[int, "{name}"]' if name in _NARROW else scalar_annotation(dtype)


def column_annotation(column: Column, text: str = "") -> str:
    """What stands for a value of the column; `text` for its type where it is not the dtype's own."""
    text = text or scalar_annotation(column.dtype)
    if column.dtype == "category" and column.categories:  # another label would become a missing value, silently
        text = f"Literal[{', '.join(map(repr, column.categories))}]"
    return f"{text} | None" if column.nullable else text


def scalar_annotation(dtype: str) -> str:
    """The JSON type of a numpy, pandas or torch dtype."""
    name = dtype.removeprefix("torch.").lower()
    if name.startswith(("int", "uint")):
        return "int"
    if name.startswith(("float", "bfloat")):
        return "float"
    return "bool" if name.startswith("bool") else "str"
