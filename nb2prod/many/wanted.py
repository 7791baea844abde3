"""Which notebooks are meant: files, folders, and lists of notebooks with what each is built with.

[[notebooks]]                       # notebooks.toml; paths are taken from its folder
notebook = "churn/churn.ipynb"
image = "churn:1.4"
parameters = {C = 0.1}
"""

import hashlib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import msgspec

from nb2prod.config import explain_mismatch, nearest_name
from nb2prod.errors import InputError, ToolError, UsageError, Where
from nb2prod.model.spec import BuildSpec
from nb2prod.steps.reading import open_notebook

_NOT_OURS = ("mlartifacts", "mlruns", "node_modules", "__pycache__", "site-packages")
"""Folders in which notebooks are copies, or somebody else's."""
_NOT_LISTED = ("force", "fresh")
KEYS = tuple(field.name for field in fields(BuildSpec) if field.name not in _NOT_LISTED)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A notebook, by its absolute path, and what a list says of its build. `listed` is that list; `found`: in a folder,
    where nobody named it."""

    notebook: Path
    entry: Mapping[str, Any]
    listed: Path | None = None
    found: bool = False


def find_wanted(words: tuple[Path, ...]) -> tuple[Wanted, ...]:
    """The notebooks that the words of a command line mean, each once, in order.

    A folder means the notebooks in it and below, a ``.toml`` file the ones it lists, anything else itself.
    Raises UsageError NB282 for a list that cannot be used, and where there is no notebook.
    """
    wanted: dict[Path, Wanted] = {}
    for word in words:
        if word.is_dir():
            every = [Wanted(path, {}, found=True) for path in notebooks_below(word.absolute())]
        elif word.suffix == ".toml":
            every = list(_listed(word.absolute()))
        else:
            every = [Wanted(word.absolute(), {})]
        if not every:
            raise UsageError("there is no notebook.", code="NB282", where=Where(str(word)), hint="Name one (.ipynb).")
        for one in every:
            known = wanted.get(one.notebook)
            if known is None or (known.found and not one.found):
                wanted[one.notebook] = one
    return tuple(wanted.values())


def notebooks_below(folder: Path) -> Iterator[Path]:
    """Notebooks in `folder` and below, sorted; without hidden folders, environments, MLflow's stores and projects that
    nb2prod made. Links to folders are not followed."""
    for place, folders, files in os.walk(folder):
        here = Path(place)
        if here != folder and any((here / mark).is_file() for mark in ("nb2prod.json", "pyvenv.cfg")):
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _NOT_OURS)
        yield from (here / name for name in sorted(files) if name.endswith(".ipynb") and not name.startswith("."))


def _listed(path: Path) -> Iterator[Wanted]:
    where = Where(str(path))
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as fault:
        raise UsageError(f"this list of notebooks cannot be read: {fault}.", code="NB282", where=where) from fault
    entries = document.pop("notebooks", None)
    if document or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(
            "a list of notebooks has tables [[notebooks]] and nothing else.",
            code="NB282",
            where=where,
            hint='[[notebooks]] and below it notebook = "churn.ipynb"; docs/ci.md has an example.',
        )
    for number, entry in enumerate(entries, 1):
        yield _wanted(_checked(entry, number, where), path)


def _checked(entry: dict[str, Any], number: int, where: Where) -> dict[str, Any]:
    def refused(what: str, hint: str = "") -> UsageError:
        return UsageError(f"notebook {number} of the list: {what}", code="NB282", where=where, hint=hint)

    for key in entry:
        if key not in KEYS:
            raise refused(f"{key!r} is no part of a build.", nearest_name(key, KEYS))
    if not isinstance(entry.get("notebook"), str) or not entry["notebook"] or "\0" in entry["notebook"]:
        raise refused("`notebook` is missing or no path.", 'notebook = "churn.ipynb"')
    try:
        msgspec.convert({"output": ".", **entry}, BuildSpec, strict=True)
    except msgspec.ValidationError as fault:
        key = str(fault).partition(" - at `$.")[2].rstrip("`")
        raise refused(f"{key}: {explain_mismatch(fault)}.") from fault
    return entry


def _wanted(entry: dict[str, Any], path: Path) -> Wanted:
    rest = {key: value for key, value in entry.items() if key != "notebook"}
    if "output" in rest:
        rest["output"] = os.path.normpath(path.parent / rest["output"])
    return Wanted(Path(os.path.normpath(path.parent / entry["notebook"])), rest, listed=path)


def without_roles(path: Path) -> bool:
    """Whether the notebook can be read and no cell of it has a role: nobody meant it for production."""
    try:
        return all(cell.role is None for cell in open_notebook(path).cells)
    except (InputError, ToolError):
        return False  # its build says what is wrong


def short_id(name: str) -> str:
    """A name for files, caches and jobs made of a notebook's path: letters, digits and hyphens, and distinct."""
    stem = re.sub(r"[^a-z0-9]+", "-", Path(name).stem.lower()).strip("-")[:40]
    return f"{stem or 'notebook'}-{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
