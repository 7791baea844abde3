"""The manifest's list of files: what nb2prod wrote, so that it can tell what somebody else wrote since."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nb2prod.errors import InputError, Where
from nb2prod.files.digest import digest_bytes
from nb2prod.model.project import ProjectTree

MANIFEST = "nb2prod.json"


def seal(tree: ProjectTree) -> ProjectTree:
    """The tree whose manifest lists every other file under ``files`` as ``{path: "sha256:…"}``, sorted.

    Other keys of the manifest stay as they are, in their order; a tree without a manifest gets one. Sealing twice is
    sealing once. Raises InputError NB263 where the manifest is not a JSON object.
    """
    body = _parse(tree.files.get(MANIFEST, b"{}"), MANIFEST)
    files = {path: digest_bytes(data) for path, data in sorted(tree.files.items()) if path != MANIFEST}
    if body.get("files") == files:
        return tree
    body["files"] = files
    data = json.dumps(body, indent=2, ensure_ascii=False).encode() + b"\n"
    return ProjectTree(dict(tree.files) | {MANIFEST: data})


def read_manifest(folder: Path) -> Mapping[str, str]:
    """The digests by path of the project in `folder`. Raises InputError NB263 where it lists none, OSError."""
    path = folder / MANIFEST
    files = _parse(path.read_bytes(), str(path)).get("files")
    if not isinstance(files, dict) or not all(isinstance(digest, str) for digest in files.values()):
        raise _damaged(str(path))
    return files


def _parse(data: bytes, name: str) -> dict[str, Any]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise _damaged(name) from None
    if not isinstance(body, dict):
        raise _damaged(name)
    return body


def _damaged(name: str) -> InputError:
    return InputError(
        "the manifest is damaged, so that hand edits cannot be told from generated files.",
        code="NB263",
        where=Where(path=name),
        hint="Restore it, or move the folder away and build again.",
    )
