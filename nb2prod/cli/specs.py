"""What is asked for: a `BuildSpec` from options, or from JSON."""

import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import msgspec

from nb2prod.config import explain_mismatch, nearest_name
from nb2prod.errors import UsageError, Where
from nb2prod.model.spec import BuildSpec

NAMES = tuple(field.name for field in fields(BuildSpec))


def parse_assignments(texts: tuple[str, ...], option: str) -> dict[str, Any]:
    """``("alpha=0.5", "csv=houses.csv")`` to ``{"alpha": "0.5", "csv": "houses.csv"}``.

    Values stay text: what they mean follows from the type that the notebook's parameters cell declares, which is not
    known here (``version=1.10`` is text for a `str`, a number for a `float`).
    """
    values: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(
                f"{option} {text}: expected name=value.", code="NB294", hint=f"For example {option} alpha=0.5"
            )
        if name in values:
            raise UsageError(f"{option} {name} is given twice.", code="NB294", hint="Leave one of the two out.")
        values[name] = value
    return values


def named_image(spec: BuildSpec) -> BuildSpec:
    """The spec, with ``{name}`` in its image's tag replaced by the notebook's name, spelled as a repository may be."""
    if spec.image is None or "{name}" not in spec.image:
        return spec
    name = re.sub(r"[^a-z0-9]+", "-", Path(spec.notebook).stem.lower()).strip("-")
    return replace(spec, image=spec.image.replace("{name}", name or "notebook"))


def read_spec(text: bytes, name: str) -> BuildSpec:
    """A spec from JSON. Relative paths are taken from the working folder. Raises UsageError NB295 on what is no JSON,
    an unknown key, a missing one, or a value of the wrong type; `name` says where `text` came from."""
    where = Where(name)
    try:
        body = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise UsageError(f"this is no JSON: {fault}.", code="NB295", where=where) from fault
    if not isinstance(body, dict):
        raise UsageError("expected a JSON object.", code="NB295", where=where)
    for key in body:
        if key not in NAMES:
            raise UsageError(
                f"{key!r} is no part of a build.", code="NB295", where=where, hint=nearest_name(key, NAMES)
            )
    try:
        spec = msgspec.convert(body, BuildSpec, strict=True)
    except msgspec.ValidationError as fault:
        path = str(fault).partition(" - at `$.")[2].rstrip("`")
        raise UsageError(
            f"{path + ': ' if path else ''}{explain_mismatch(fault)}.", code="NB295", where=where
        ) from fault
    return _absolute(spec)


def _absolute(spec: BuildSpec) -> BuildSpec:
    for part in ("notebook", "output"):
        if not getattr(spec, part) or "\0" in getattr(spec, part):
            raise UsageError(f"{part}: expected a path.", code="NB295")
    return replace(spec, notebook=str(Path(spec.notebook).absolute()), output=str(Path(spec.output).absolute()))
