"""Builds that would be in each other's way are refused before any of them runs."""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path

from nb2prod.errors import UsageError
from nb2prod.files.state import state_folder
from nb2prod.model.spec import BuildSpec
from nb2prod.steps.reading import package_name
from nb2prod.tracking.store import absolute_uri, default_tracking_uri

_REMEDY = "Give them names of their own in a list of notebooks (docs/ci.md), or build them apart."


def refuse_clashes(named: Sequence[tuple[str, BuildSpec]]) -> None:
    """Raises UsageError NB281 where two would write one project, one image's tag or one registered model, or where one
    project lies in the other; and NB220 or NB419 where one cannot have its name."""
    _distinct(named, "the project", lambda spec: str(state_folder(Path(spec.output))), lambda spec: spec.output)
    _distinct(named, "the image", lambda spec: spec.image and _with_version(spec.image))
    _distinct(named, "the registered model", lambda spec: _model(spec) if spec.log else None)
    outputs = [(name, Path(spec.output)) for name, spec in named]
    for (one, inner), (other, outer) in _both_ways(outputs):
        if outer in inner.parents:
            raise UsageError(f"the project of {one} would lie in that of {other}: {inner}.", code="NB281", hint=_REMEDY)


def _distinct(
    named: Sequence[tuple[str, BuildSpec]],
    what: str,
    key: Callable[[BuildSpec], str | None],
    shown: Callable[[BuildSpec], str] | None = None,
) -> None:
    first: dict[str, str] = {}
    for name, spec in named:
        value = key(spec)
        if value is None:
            continue
        if value in first:
            text = shown(spec) if shown else value
            raise UsageError(f"{first[value]} and {name} would both write {what} {text}.", code="NB281", hint=_REMEDY)
        first[value] = name


def _model(spec: BuildSpec) -> str:
    model = spec.model or package_name(spec.package, Path(spec.notebook))
    return f"{model} of {absolute_uri(spec.tracking_uri or default_tracking_uri(Path(spec.output)))}"


def _with_version(tag: str) -> str:
    return tag if ":" in tag.rpartition("/")[2] else f"{tag}:latest"


def _both_ways(outputs: Sequence[tuple[str, Path]]) -> Iterator[tuple[tuple[str, Path], tuple[str, Path]]]:
    for one, other in combinations(outputs, 2):
        yield one, other
        yield other, one
