"""What a call of papermill asks for, as the spec of a build."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nb2prod.config import NAMES, TARGET_NAMES, nearest_name
from nb2prod.errors import UsageError, Where
from nb2prod.model.notebook import REPORT_TAG
from nb2prod.model.spec import BuildSpec
from nb2prod.steps.asked import asked_build

ERROR_MARKER_TAG = "papermill-error-cell-tag"
_SETTINGS = (*NAMES, *(name for name in TARGET_NAMES if name != "kernel"))


def working_folder() -> Path:
    """Where papermill was started: while an engine works, ``--cwd`` has changed the working folder already."""
    from papermill.iorw import papermill_io

    return Path(getattr(papermill_io.get_handler("local"), "_cwd", None) or os.getcwd())  # noqa: PTH109


def asked_of_papermill(
    nb: Any, kernel_name: str, input_path: Any, wishes: Mapping[str, Any], execution_timeout: int | None
) -> BuildSpec:
    """The spec; `wishes` are further arguments of papermill's `execute_notebook`, by the names of settings.

    Raises UsageError NB270 to NB272, and those of settings.
    """
    for name in wishes:
        if name not in _SETTINGS:
            raise UsageError(
                f"{name} is neither an argument of papermill nor a setting of nb2prod.",
                code="NB270",
                hint=nearest_name(name, _SETTINGS),
            )
    start = working_folder()
    notebook = _file(input_path, start)
    here = Path.cwd()
    if here != start and here.resolve() != notebook.parent.resolve():
        raise UsageError(
            "nb2prod runs a notebook in its own folder, as Jupyter does, and --cwd names another one.",
            code="NB272",
            where=Where(str(notebook)),
            hint="Leave --cwd out, and write paths as seen from the notebook's folder.",
        )
    settings = {name: value for name, value in wishes.items() if name in NAMES}
    target = {name: value for name, value in wishes.items() if name in TARGET_NAMES}
    spec = asked_build(
        notebook, os.environ, settings=settings, target=target, parameters=given_parameters(nb, notebook), folder=start
    )
    named = nb.metadata.get("kernelspec", {}).get("name") or "python3"
    if kernel_name != named:
        spec = replace(spec, kernel=kernel_name)
    return spec if execution_timeout is None else replace(spec, cell_timeout=execution_timeout)


def _file(input_path: Any, start: Path) -> Path:
    path = start / input_path if isinstance(input_path, str) else None
    if path is None or not path.is_file():
        shown = (
            f"`{input_path}`" if isinstance(input_path, str) and len(input_path) < 200 else "what papermill was given"
        )
        raise UsageError(
            f"nb2prod reads the notebook from a file on this machine, and {shown} is none.",
            code="NB271",
            hint="Copy it into a folder first, with the modules and data beside it.",
        )
    return path


def given_parameters(nb: Any, notebook: Path) -> dict[str, Any]:
    """The parameters of this call. An executed notebook still names those of the call before, and has their cell."""
    before = [_text(cell) for cell in cells_of(notebook) if is_injected(cell)]
    now = [_text(cell) for cell in nb.cells if is_injected(cell)]
    return dict(nb.metadata.papermill.get("parameters", {})) if now and now != before else {}


def cells_of(notebook: Path) -> list[dict[str, Any]]:
    """The cells in the file; none where it is no notebook, as the build will say."""
    try:
        cells = json.loads(notebook.read_bytes().decode("utf-8-sig"))["cells"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
    return [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []


def is_injected(cell: Mapping[str, Any]) -> bool:
    """Whether papermill added the cell, for this call or for an earlier one."""
    return "injected-parameters" in _tags(cell)


def counterparts(cells: Sequence[Mapping[str, Any]], notebook: Path) -> dict[int, int]:
    """1-based position in the input file -> index in `cells`, the same notebook with cells added and left out."""
    found: dict[int, int] = {}
    index = 0
    for number, cell in enumerate(cells_of(notebook), 1):
        if is_added(cell):
            continue
        while index < len(cells) and not is_same(cell, cells[index]):
            if not is_injected(cells[index]):
                return found
            index += 1
        if index < len(cells):
            found[number] = index
        index += 1
    return found


def is_added(cell: Mapping[str, Any]) -> bool:
    """Whether papermill or nb2prod added the cell to an earlier output, to tell how it went."""
    return bool({ERROR_MARKER_TAG, REPORT_TAG} & {*_tags(cell)})


def is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether a cell of the input is this one of the output."""
    if one.get("cell_type") != other.get("cell_type"):
        return False
    return _text(one) == _text(other) or (is_injected(one) and is_injected(other))


def _tags(cell: Mapping[str, Any]) -> list[Any]:
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, Mapping) else None
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []


def _text(cell: Mapping[str, Any]) -> str:
    source = cell.get("source")
    return source if isinstance(source, str) else "".join(map(str, source)) if isinstance(source, list) else ""
