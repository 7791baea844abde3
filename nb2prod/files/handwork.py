"""What people did to a generated project: files they edited and files they added."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from nb2prod.files.digest import digest_file
from nb2prod.files.manifest import MANIFEST, read_manifest

_CACHES = ("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", "*.egg-info")
_CACHE_FILES = ("*.pyc", "*.pyo", ".DS_Store", ".coverage")


@dataclass(frozen=True, slots=True)
class Handwork:
    """Paths relative to the project, POSIX, sorted. `edited`: generated files whose bytes are not ours any more.
    `added`: files nb2prod never wrote. Caches of Python and its tools count as neither."""

    edited: tuple[str, ...]
    added: tuple[str, ...]


def find_handwork(folder: Path) -> Handwork:
    """Compare a project with its manifest. A generated file that was deleted is no handwork: it comes back.

    Raises InputError NB263 where the manifest is damaged, OSError where something cannot be read.
    """
    digests = read_manifest(folder)
    present = list(_walk(folder))
    edited = (path for path in present if path in digests and _differs(folder / path, digests[path]))
    added = (path for path in present if path not in digests and path != MANIFEST)
    return Handwork(tuple(sorted(edited)), tuple(sorted(added)))


def same_bytes(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Whether exactly these files, besides added ones, already are in `folder`."""
    try:
        old = set(read_manifest(folder)) | {MANIFEST}
        return old == set(files) and all(
            not (folder / path).is_symlink() and (folder / path).read_bytes() == data for path, data in files.items()
        )
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return False


def _differs(path: Path, digest: str) -> bool:
    return path.is_symlink() or not path.is_file() or digest_file(path) != digest


def _walk(folder: Path, prefix: str = "") -> Iterator[str]:
    """Every file and link below `folder`; links are not followed."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if not any(fnmatch(entry.name, pattern) for pattern in _CACHES):
                    yield from _walk(Path(entry.path), f"{prefix}{entry.name}/")
            elif not any(fnmatch(entry.name, pattern) for pattern in _CACHE_FILES):
                yield prefix + entry.name
