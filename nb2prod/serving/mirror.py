"""The `Request` dataclass mirrored as a msgspec struct that forbids unknown fields. Done once, at start.

    @dataclass(frozen=True)              struct Request, forbids others
    class Request:                         f0 = "rows": list[Row]
        rows: list[Row]            ─►    struct Row, forbids others
    Row = TypedDict("Row",                 f0 = "sepal length": float | None
        {"sepal length": float | None})

Fields are f0, f1, … with the real name beside them, since a column may have any name. A TypedDict decoded as it is
would let unknown fields through; integers are held to 64 bits, because beyond them a data frame changes its dtype.
Bounds of an `Annotated` type hold, whoever's they are (`msgspec.Meta(ge=0)`, `annotated_types.Ge(0)`); a dtype's name
stands for its range: ``Annotated[int, "uint8"]``; a dict has bounds, a description, and whether the values are
personal data: ``Annotated[int, {"ge": 0, "description": "in years", "personal": True}]``. A table takes one record in
place of the list of them.
"""

import dataclasses
import types
from collections.abc import Mapping
from typing import Annotated, Any, NotRequired, Required, Union, get_args, get_origin, get_type_hints, is_typeddict

import msgspec

Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
PERSONAL = "personal"
_BOUNDS = ("gt", "ge", "lt", "le", "multiple_of", "pattern", "min_length", "max_length")
_WIDTHS = {f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)}
_WIDTHS |= {f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)}


def mirror_request(request: type[Any]) -> type[msgspec.Struct]:
    """The struct for a plain dataclass. Raises TypeError where a field's type has no JSON form."""
    if not (isinstance(request, type) and dataclasses.is_dataclass(request)):
        raise TypeError(f"request must be a dataclass, not {request!r}")
    hints = get_type_hints(request, include_extras=True)
    fields: list[tuple[str, Any, Any]] = []
    for position, field in enumerate(entry for entry in dataclasses.fields(request) if entry.init):
        if field.default is not dataclasses.MISSING:
            options = msgspec.field(name=field.name, default=field.default)
        elif field.default_factory is not dataclasses.MISSING:
            options = msgspec.field(name=field.name, default_factory=field.default_factory)
        else:
            options = msgspec.field(name=field.name)
        fields.append((f"f{position}", mirror_type(hints[field.name]), options))
    if len(fields) == 1 and fields[0][2].name == "rows":
        attribute, rows, options = fields[0]
        row = get_args(rows)[0] if get_origin(rows) is list else None
        if isinstance(row, type) and issubclass(row, msgspec.Struct):
            fields = [(attribute, rows | row, options)]  # one record, or many
    return msgspec.defstruct(request.__name__, fields, kw_only=True, forbid_unknown_fields=True)


def mirror_type(annotation: Any) -> Any:
    """The same type with every TypedDict in it a struct, and every `int` 64 bits wide."""
    if annotation is int:
        return Int64
    if is_typeddict(annotation):
        return _mirror_row(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        if get_origin(arguments[0]) in (Union, types.UnionType):
            parts = get_args(arguments[0])
            return Union[tuple(p if p is types.NoneType else _bounded(p, arguments[1:]) for p in parts)]  # noqa: UP007
        return _bounded(arguments[0], arguments[1:])
    if origin in (Union, types.UnionType):
        return Union[tuple(mirror_type(argument) for argument in arguments)]  # noqa: UP007 - computed
    if origin in (list, tuple, dict, set, frozenset):
        mirrored = tuple(argument if argument is Ellipsis else mirror_type(argument) for argument in arguments)
        return origin[mirrored]
    return annotation


def _bounded(annotation: Any, notes: tuple[Any, ...]) -> Any:
    """`annotation` with the bounds in `notes`; an integer keeps those of 64 bits where it has none of its own."""
    if get_origin(annotation) is Annotated:
        annotation, *own = get_args(annotation)
        return _bounded(annotation, (*own, *notes))
    bounds: dict[str, Any] = {}
    for note in notes:
        if isinstance(note, str) and note in _WIDTHS:
            bounds["ge"], bounds["le"] = _WIDTHS[note]
        elif isinstance(note, Mapping):
            bounds |= _described(note)
        else:
            bounds |= {name: bound for name in _BOUNDS if (bound := getattr(note, name, None)) is not None}
    if annotation is not int:
        annotation = mirror_type(annotation)
        return Annotated[annotation, msgspec.Meta(**bounds)] if bounds else annotation
    if "gt" not in bounds:
        bounds.setdefault("ge", -(2**63))
    if "lt" not in bounds:
        bounds.setdefault("le", 2**63 - 1)
    return Annotated[int, msgspec.Meta(**bounds)]


def _described(note: Mapping[str, Any]) -> dict[str, Any]:
    """What a dict beside a type says, as `msgspec.Meta` takes it."""
    found = {name: note[name] for name in (*_BOUNDS, "description") if name in note}
    if note.get("personal"):
        found |= {"extra": {PERSONAL: True}, "extra_json_schema": {"x-personal": True}}
    return found


def _mirror_row(row: Any) -> type[msgspec.Struct]:
    fields: list[tuple[str, Any, Any]] = []
    for position, (name, hint) in enumerate(get_type_hints(row, include_extras=True).items()):
        required = name in row.__required_keys__
        if get_origin(hint) in (Required, NotRequired):
            required, hint = get_origin(hint) is Required, get_args(hint)[0]
        mirrored = mirror_type(hint)
        if required:
            fields.append((f"f{position}", mirrored, msgspec.field(name=name)))
        else:
            options = msgspec.field(name=name, default=msgspec.UNSET)
            fields.append((f"f{position}", mirrored | msgspec.UnsetType, options))
    return msgspec.defstruct(row.__name__, fields, kw_only=True, forbid_unknown_fields=True)


def has_struct(annotation: Any) -> bool:
    """Whether values of a mirrored type hold structs, and so must go back to plain dicts."""
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return True
    return any(has_struct(argument) for argument in get_args(annotation))


def required_keys(struct: type[msgspec.Struct]) -> int:
    """How many keys an object must at least have."""
    return sum(1 for field in msgspec.structs.fields(struct) if field.required)
