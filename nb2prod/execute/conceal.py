"""Keeps secrets out of what a run tells, raises and leaves: a notebook may print what it read from the environment."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from nb2prod.errors import InputError, Nb2ProdError, UsageError
from nb2prod.events import Emit, Event, FindingFound, Log, StepAdvanced
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.notebook import Notebook
from nb2prod.model.run import RunRecord
from nb2prod.secrets import Mask, exposed_names, find_planted, mask_document, mask_of, masked

_REMEDY = "Read it from the environment where it is used, inside the code that needs it, so that it is not kept."


def concealing(emit: Emit, mask: Mask) -> Emit:
    """`emit` for events without secrets."""

    def tell(event: Event) -> None:
        match event:
            case Log():
                event = replace(event, text=mask(event.text))
            case FindingFound():
                event = replace(event, finding=masked((event.finding,), mask)[0])
            case StepAdvanced():
                event = replace(event, detail=mask(event.detail))
        emit(event)

    return tell


@contextmanager
def concealed_errors(mask: Mask) -> Iterator[None]:
    try:
        yield
    except Nb2ProdError as error:
        error.message, error.hint = mask(error.message), mask(error.hint)
        error.args = (error.message,)
        raise


def conceal_document(document: dict[str, Any], known: tuple[str, ...]) -> tuple[Any, tuple[str, ...]]:
    """The executed notebook without secrets, and the ids of the cells that showed one; "" where no cell did."""
    mask = mask_of((*known, *(p.secret.value for p in find_planted(document))), search=False)
    clean = mask_document(document, mask)
    if clean == document:
        return document, ()
    touched = [
        str(before.get("id", ""))
        for before, after in zip(document["cells"], clean["cells"], strict=True)
        if before != after
    ]
    return clean, tuple(touched or [""])


def told_of_masked(ids: Iterable[str], notebook: Notebook) -> tuple[Finding, ...]:
    """NB153 for each of these cells, with the number that it has in the notebook."""
    numbers = {cell.id: cell.index for cell in notebook.cells}
    return tuple(
        Finding("NB153", Severity.WARNING, "an output of this cell shows what looks like a secret; it is masked in the "
                "executed notebook that is kept and logged.", numbers.get(id), hint="Do not print it.")
        for id in ids
    )  # fmt: skip


def refuse_parameters(parameters: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Raises UsageError NB154: parameters are written into the package, its papers and MLflow."""
    for name in exposed_names(parameters, known):
        raise UsageError(f"the parameter `{name}` looks like a secret; parameters are written down.", code="NB154",
                         hint=_REMEDY)  # fmt: skip


def refuse_captured(record: RunRecord, artifacts: Path, known: tuple[str, ...]) -> None:
    """Raises InputError NB154 where an artifact or a golden row holds a secret: it would be in the image."""
    for artifact in record.artifacts:
        data = (artifacts / artifact.file).read_bytes()
        found = any(value.encode() in data for value in known)
        if artifact.format == "json" and not found:
            found = bool(exposed_names({artifact.name: json.loads(data)}, known))
        if found:
            raise _refused(f"the artifact `{artifact.name}`")
    for where, values in (("the request", record.body), ("the variable", record.variables)):
        for name in exposed_names(values, known):
            raise _refused(f"{where} `{name}`")
    if exposed_names({"response": record.predictions}, known):
        raise _refused("the response")


def _refused(what: str) -> InputError:
    return InputError(f"{what} holds what looks like a secret; it would be in the package and the image.",
                      code="NB154", hint=_REMEDY)  # fmt: skip
