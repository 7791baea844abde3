"""Which notebooks a change touches: those whose own file changed, or a file that their check or build reads.

the notebook · modules of its own · files it runs (%run) · data files it names · its settings · the list it is in
"""

from collections.abc import Iterator
from pathlib import Path

from nb2prod.config import find_settings_file
from nb2prod.errors import InputError, ToolError, UsageError
from nb2prod.many.wanted import Wanted
from nb2prod.repository import Changes
from nb2prod.steps.inputs import outside_inputs
from nb2prod.steps.own_code import OwnCode, find_own_code
from nb2prod.steps.reading import analyse, open_notebook

_SETTINGS = ("nb2prod.toml", "pyproject.toml")


def affected(wanted: tuple[Wanted, ...], changes: Changes) -> tuple[Wanted, ...]:
    """Those that the changes touch, in order. What cannot be read counts as touched: its check says why."""
    return tuple(one for one in wanted if _touched(one, changes))


def _touched(wanted: Wanted, changes: Changes) -> bool:
    if not changes.there and not changes.gone:
        return False
    notebook = wanted.notebook.parent.resolve() / wanted.notebook.name
    if (
        {notebook, notebook.resolve()} & changes.there
        or wanted.listed in changes.there
        or _settings_changed(wanted, changes)
    ):
        return True
    try:
        read, texts = _reads(notebook, wanted)
    except (InputError, ToolError, UsageError):
        return True
    # What is gone is found by its name: nothing reads it any more, and that is what its notebooks must be asked about.
    return bool(read & changes.there) or any(path.stem in text for path in changes.gone for text in texts)


def _settings_changed(wanted: Wanted, changes: Changes) -> bool:
    file = find_settings_file(wanted.notebook)
    above = {folder / name for folder in wanted.notebook.parents for name in _SETTINGS}
    return bool(above & changes.gone) or (file is not None and file.path in changes.there)


def _reads(path: Path, wanted: Wanted) -> tuple[set[Path], list[str]]:
    """The files that the notebook's code reads, and the texts of all code."""
    notebook = open_notebook(path)
    folder = path.parent
    own = find_own_code(notebook, folder)
    analysis = analyse(notebook, own)
    parameters = wanted.entry.get("parameters", {})
    named = {name for name, _, mark in outside_inputs(analysis.graph, folder, parameters, own) if mark}
    ran = {origin.file for cell in notebook.cells for origin in cell.origins}
    files = {(folder / name).resolve() for name in named | ran}
    return files, [*(cell.source for cell in notebook.cells if cell.kind == "code"), *_own_texts(own)]


def _own_texts(own: OwnCode) -> Iterator[str]:
    for path in own.files.values():
        yield path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
