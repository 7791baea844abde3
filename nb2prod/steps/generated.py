"""What was generated, kept beside the project: `diff` and `sync` compare both sides with it.

.nb2prod/<name>/generated.json    the notebook without outputs, the run's record, the text files
.nb2prod/<name>/settled.json      edited files whose edits `sync` has moved into the notebook, by digest
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from nb2prod.errors import InputError, Where
from nb2prod.files.atomic import write_atomic
from nb2prod.files.digest import digest_bytes, digest_file
from nb2prod.files.manifest import MANIFEST
from nb2prod.files.state import state_folder
from nb2prod.model.notebook import Notebook
from nb2prod.model.project import ProjectTree
from nb2prod.model.run import RunRecord
from nb2prod.notebook.text_notebook import is_text_notebook, with_starts
from nb2prod.steps.reading import notebook_of

FILE, SETTLED = "generated.json", "settled.json"
_NO_TEXT = ("artifacts/", "wheels/", "tests/golden/", "fast/")
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Generated:
    """`notebook` is what the project was made from, and `version` the nb2prod that made it; `files` are texts by
    path."""

    notebook: Notebook
    record: RunRecord
    package: str
    sample: Mapping[str, Any]
    files: Mapping[str, str]
    version: str


def keep_generated(
    output: Path, tree: ProjectTree, notebook: Notebook, record: RunRecord, package: str, sample: Mapping[str, Any]
) -> None:
    """Write what the project at `output` was made from, beside it. Raises ToolError NB960, NB961."""
    from nb2prod.execute.record import dump_record

    body = {
        "version": _VERSION,
        "manifest": digest_bytes(tree.files[MANIFEST]),
        "name": notebook.name,
        "digest": notebook.digest,
        "document": notebook.document,
        "starts": [next((o.line for o in cell.origins if o.file == notebook.name), None) for cell in notebook.cells],
        "record": dump_record(record),
        "package": package,
        "sample": dict(sample),
        "files": {path: text for path, data in tree.files.items() if (text := _text(path, data)) is not None},
    }
    write_atomic(state_folder(output) / FILE, json.dumps(body, ensure_ascii=False).encode("utf-8", "backslashreplace"))


def _text(path: str, data: bytes) -> str | None:
    if path == MANIFEST or path.startswith(_NO_TEXT):
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def is_kept(output: Path) -> bool:
    return (state_folder(output) / FILE).is_file()


def read_generated(output: Path, notebook: Path) -> Generated | None:
    """What is kept of the project at `output`; `notebook` is where that notebook lies. None where nothing is kept, or
    something of another build.

    Raises InputError NB266 (no project).
    """
    from nb2prod.execute.record import read_record

    manifest = output / MANIFEST
    if not manifest.is_file():
        raise InputError(
            "this is no nb2prod project.", code="NB266", where=Where(str(output)),
            hint="Name the output folder of a build; an nb2prod.json lies in it.",
        )  # fmt: skip
    try:
        made = manifest.read_bytes()
        body = json.loads((state_folder(output) / FILE).read_text(encoding="utf-8"))
        if body["version"] != _VERSION or body["manifest"] != digest_bytes(made):
            return None
        base = replace(notebook_of(body["document"], notebook.with_name(body["name"])), digest=body["digest"])
        if is_text_notebook(base.name):
            base = with_starts(base, body["starts"])
        record, version = read_record(body["record"]), json.loads(made)["nb2prod"]
        files = MappingProxyType(body["files"])
        return Generated(base, record, body["package"], body["sample"], files, version)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def settle(output: Path, digest: str, files: Mapping[str, str]) -> None:
    """Note that the edits of these files (path -> digest) are in the notebook of that digest."""
    body = json.dumps({"notebook": digest, "files": dict(files)})
    write_atomic(state_folder(output) / SETTLED, body.encode())


def unsettled(output: Path, digest: str, edited: Iterable[str]) -> tuple[str, ...]:
    """Those of the edited files that a build of this notebook would stop before."""
    settled = settled_files(output, digest)
    return tuple(path for path in edited if path not in settled or digest_file(output / path) != settled[path])


def settled_files(output: Path, digest: str) -> Mapping[str, str]:
    """The edited files that a build of exactly this notebook may overwrite: it has their edits. Path -> digest."""
    try:
        body = json.loads((state_folder(output) / SETTLED).read_text(encoding="utf-8"))
        found = body["files"] if body["notebook"] == digest else {}
        return {path: value for path, value in found.items() if isinstance(value, str)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
