"""Looking at a generated project: its files, whether it is whole, and what nothing in it may hold."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

_CACHES = ("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache")

SECRET_LIKE = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[abp]-[0-9A-Za-z-]{10}"
    rb"|[a-z]+://[^/\s:@\"'{$]+:[^/\s:@\"'{$]+@"
    rb"|(?i:password|passwd|secret|token|api_?key)[\"']?\s*[:=]\s*[\"'](?![A-Z0-9_]+[\"'])[^\"'${]{8,}[\"']"
)
INDEX_LIKE = re.compile(rb"(?i:pypi\.org|pythonhosted|--(?:extra-)?index-url|--trusted-host|/simple/|file://)")


def files_of(folder: Path) -> dict[str, bytes]:
    """Relative path -> bytes, without what Python and its tools leave behind."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not set(path.relative_to(folder).parts) & set(_CACHES)
    }


def contents_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file, and what is packed inside it: wheels and skops files are archives."""
    for name, data in files_of(folder).items():
        yield name, data
        if zipfile.is_zipfile(io.BytesIO(data)):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for inside in archive.namelist():
                    yield f"{name}!{inside}", archive.read(inside)


def damaged_files(folder: Path) -> list[str]:
    """Files of the manifest that are missing or not what it says; and files it does not know."""
    manifest = json.loads((folder / "nb2prod.json").read_bytes())
    digests: dict[str, str] = manifest["files"]
    present = files_of(folder)
    wrong = [
        name
        for name, digest in digests.items()
        if hashlib.sha256(present.get(name, b"")).hexdigest() != digest.removeprefix("sha256:")
    ]
    return wrong + sorted(set(present) - set(digests) - {"nb2prod.json"})


def unpinned_lines(requirements: str) -> list[str]:
    """Requirements without ``==`` or without a hash."""
    lines = [
        line for line in requirements.replace("\\\n", " ").splitlines() if line.strip() and line.lstrip()[0] != "#"
    ]
    return [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.!+-]+(\s+--hash=sha256:[0-9a-f]{64})+\s*", line)]
