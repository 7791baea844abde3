"""The form of a build: what it asks for, what holds where it says nothing, and what of it a build would refuse."""

import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from jupyterlab_nb2prod.places import place_of, shown_as
from nb2prod.errors import Nb2ProdError, UsageError
from nb2prod.model.spec import BuildSpec


class Form(msgspec.Struct, forbid_unknown_fields=True):
    """Paths as JupyterLab has them; `output` empty: ``build/<name>`` beside the notebook. `parameters`, and `sample`
    for the generated tests, are texts as after ``-p``, or values. What is empty or None otherwise is as the notebook's
    metadata and the settings say."""

    notebook: str
    output: str = ""
    image: str = ""
    log: bool | None = None
    parameters: dict[str, Any] = {}
    sample: dict[str, Any] = {}
    tracking_uri: str = ""
    model: str = ""
    alias: str = ""
    force: bool = False
    fresh: bool = False


class Declared(msgspec.Struct):
    """A parameter as the study of the notebook told it; `source` is the text of its default."""

    name: str
    annotation: str
    source: str
    comment: str
    cell: int
    line: int


def asked_of(form: Form, root: str) -> BuildSpec:
    """The build that the form asks for. Raises InputError NB101 for a path out of the folder `root`, UsageError NB291
    to NB293 for settings that are none."""
    from nb2prod.steps.asked import asked_build  # imports the whole analysis, which a server does without until now

    notebook = place_of(root, form.notebook)
    output = place_of(root, form.output) if form.output else notebook.parent / "build" / notebook.stem
    target = {
        "output": str(output),
        "image": form.image or None,
        "log": form.log,
        "model": form.model or None,
        "sample": form.sample or None,
        "fresh": form.fresh or None,
    }
    settings = {"tracking_uri": form.tracking_uri or None, "alias": form.alias or None}
    return asked_build(
        notebook, os.environ, target=target, settings=settings, parameters=form.parameters, force=form.force
    )


def stands(notebook: str, root: str) -> dict[str, Any]:
    """What a build of the notebook does of which its form says nothing. Errors as of `asked_of`."""
    from nb2prod.config import without_password

    spec = asked_of(Form(notebook), root)
    return {
        "output": shown_as(root, spec.output) or spec.output,
        "image": spec.image or "",
        "log": spec.log,
        "tracking_uri": without_password(spec.tracking_uri or os.environ.get("MLFLOW_TRACKING_URI", "")),
        "model": spec.model or Path(spec.notebook).stem,
        "alias": spec.alias or "",
    }


def faults(form: Form, declared: Iterable[Declared], root: str) -> dict[str, str]:
    """A sentence for each field with which no build can start: ``image``, ``output``, ``parameters.alpha``. Raises
    InputError NB101 where the notebook's path leads out of the folder `root`."""
    from nb2prod.analysis.parameters import Parameter, parse_parameters
    from nb2prod.image.names import check_tag

    known = tuple(Parameter(p.name, p.annotation, None, p.source, p.comment, p.cell, p.line) for p in declared)
    notebook = place_of(root, form.notebook)
    checks: dict[str, Callable[[], object]] = {}
    if form.output:
        checks["output"] = partial(_check_output, form.output, notebook, root)
    if form.image:
        checks["image"] = partial(check_tag, form.image)
    for kind, given in (("parameters", form.parameters), ("sample", form.sample)):
        checks |= {f"{kind}.{name}": partial(parse_parameters, known, {name: given[name]}) for name in given}
    return {field: told for field, check in checks.items() if (told := _told(check))}


def shown(declared: Iterable[Any]) -> list[Mapping[str, Any]]:
    """Parameters (`nb2prod.analysis.parameters.Parameter`) as `Declared` reads them."""
    return [{name: getattr(one, name) for name in Declared.__struct_fields__} for one in declared]


def _check_output(shown: str, notebook: Path, root: str) -> None:
    output = place_of(root, shown)
    if output in notebook.parents:
        raise UsageError("the folder holds the notebook itself.", code="NB221", hint="Choose a folder of its own.")
    if output.exists() and not output.is_dir():
        raise UsageError("there is a file of that name.", code="NB260", hint="Choose a folder.")


def _told(check: Callable[[], object]) -> str:
    try:
        check()
    except Nb2ProdError as error:
        return f"{error.message} {error.hint or ''}".strip()
    return ""
