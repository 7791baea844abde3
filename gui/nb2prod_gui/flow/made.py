"""A generated project as it lies on disk: what its manifest says, and what people did to it since."""

from pathlib import Path
from typing import Any

import msgspec

from nb2prod.errors import Nb2ProdError
from nb2prod.files.handwork import Handwork, find_handwork
from nb2prod.files.manifest import MANIFEST
from nb2prod.files.state import state_folder
from nb2prod.model.report import Better
from nb2prod.model.schema import ValueSchema


class Origin(msgspec.Struct, frozen=True):
    """Of a notebook: its file name and the digest of its code."""

    name: str
    code_digest: str


class Parameter(msgspec.Struct, frozen=True):
    """`type` is the annotation's text; `default` a JSON value."""

    type: str
    default: Any


class Because(msgspec.Struct, frozen=True):
    """A pinned distribution, and why it is there."""

    name: str
    version: str
    because: str


class Requirements(msgspec.Struct, frozen=True):
    serving: tuple[Because, ...] = ()
    training: tuple[Because, ...] = ()
    system: tuple[str, ...] = ()


class Manifest(msgspec.Struct, frozen=True):
    """`map` has, per file, (its line, cell, line of the cell), sorted; all count from 1."""

    package: str
    notebook: Origin
    request: tuple[ValueSchema, ...]
    response: ValueSchema
    parameters: dict[str, Parameter]
    metrics: dict[str, float]
    requirements: Requirements
    map: dict[str, tuple[tuple[int, int, int], ...]]
    files: dict[str, str]
    watch: dict[str, Better] = {}


class Made(msgspec.Struct, frozen=True):
    """`golden` is the first row of the golden body with its answer, as JSON texts; empty where there is none."""

    folder: str
    manifest: Manifest
    handwork: Handwork
    example: str = ""
    answer: str = ""

    def text(self, path: str) -> str:
        """A file's text. Raises OSError; bytes that are no text give a note instead."""
        try:
            return (Path(self.folder) / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return "(not a text file)"

    def from_cell(self, path: str, line: int) -> tuple[int, int] | None:
        """(cell, line of the cell) that a line of a file comes from."""
        found = None
        for own, cell, cell_line in self.manifest.map.get(path, ()):
            if own > line:
                break
            found = (cell, cell_line)
        return found

    def to_file(self, cell: int, line: int) -> tuple[str, int] | None:
        """(file, line) that a line of a cell went to; that of the statement it belongs to."""
        best: tuple[int, str, int] | None = None
        for path, pairs in self.manifest.map.items():
            for own, from_cell, from_line in pairs:
                if from_cell == cell and from_line <= line and (best is None or from_line > best[0]):
                    best = (from_line, path, own)
        return best[1:] if best else None


def read_made(folder: Path) -> Made | None:
    """The project in the folder; None where there is none that this version can read."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
        handwork = find_handwork(folder)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, Nb2ProdError):
        return None
    example, answer = _golden(folder)
    return Made(str(folder), manifest, handwork, example, answer)


def known_output(notebook: Path) -> Path | None:
    """Where a build of this very notebook has left its project: `build/<its name>` beside it, or one folder above."""
    for folder in notebook.parents[:2]:
        output = folder / "build" / notebook.stem
        try:
            record = msgspec.json.decode((state_folder(output) / "extract.json").read_bytes())
            manifest = msgspec.json.decode((output / MANIFEST).read_bytes(), type=Manifest)
            if Path(record["output"]["data"]) == notebook.parent and manifest.notebook.name == notebook.name:
                return output
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
            continue
    return None


def _golden(folder: Path) -> tuple[str, str]:
    try:
        golden = msgspec.json.decode((folder / "tests" / "golden" / "golden.json").read_bytes())
        body, predictions = golden["body"], golden["predictions"]
        if isinstance(body.get("rows"), list):
            body = {"rows": body["rows"][:1]}
            predictions = predictions[:1] if isinstance(predictions, list) else predictions
    except (OSError, msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return "", ""
    return _pretty(body), _pretty(predictions)


def _pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
