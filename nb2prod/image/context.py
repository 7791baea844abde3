"""What the engine is sent: an allow-list of files, staged, then streamed as a tar.

A secret that lies beside the project cannot enter an image whose build never saw it. Removing it in a later layer would
not help: every layer stays readable in the image.
"""

import errno
import json
import os
import re
import shutil
import stat
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from nb2prod.errors import Cancelled, ToolError, Where
from nb2prod.events import Cancel

_WHEEL = r"[A-Za-z0-9_.+!-]+\.whl"
_CHUNK = 1 << 20
FAST_PATH = ("artifacts/fast.json", "artifacts/fast.onnx")


def stage_context(project: Path, wheels: Sequence[Path], folder: Path) -> None:
    """Put into `folder` what the image is made of, and nothing else.

    That is: Dockerfile, requirements.txt, ``src/**/*.py``, the data files of the notebook's own modules as the manifest
    lists them, ``artifacts/artifacts.json`` and the files it names, the fast path if there is one,
    ``tests/golden/golden.json``, the project's own ``wheels/*.whl`` and `wheels`. Large files are hard links where the
    file system allows it. `folder` is made; it must be empty or missing. Raises ToolError: NB907 for a missing file, a
    symbolic link or an artifact outside ``artifacts/``; NB905 where the disk is full.
    """
    listed = ["Dockerfile", "requirements.txt", "tests/golden/golden.json", *_artifacts(project)]
    sources = {name: _regular(project, PurePosixPath(name)) for name in listed}
    for name in _data_of_modules(project):
        sources[name] = _regular(project, PurePosixPath(name))
    for path in sorted((project / "src").rglob("*")):
        inside = path.relative_to(project).as_posix()
        if path.is_symlink() or path.suffix == ".py":
            sources[inside] = _regular(project, PurePosixPath(inside))
    for path in sorted((project / "wheels").glob("*.whl")):
        sources[f"wheels/{path.name}"] = _regular(project, PurePosixPath("wheels") / path.name)
    for path in wheels:
        if not re.fullmatch(_WHEEL, path.name) or not path.is_file():
            raise ToolError("This is no wheel.", code="NB907", where=Where(str(path)), hint="Convert again.")
        sources[f"wheels/{path.name}"] = path.resolve()
    try:
        (folder / "wheels").mkdir(parents=True)
        for name, source in sources.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if name.startswith(("wheels/", "artifacts/")):
                _link(source, target)
            else:
                shutil.copyfile(source, target)
    except OSError as error:
        raise staging_failed(error, folder) from error


def stream_context(folder: Path, cancel: Cancel) -> Iterator[bytes]:
    """The staged folder as a tar in pieces of at most 1 MiB.

    Names sorted, no times, owner root, files 0644: what the engine compares to reuse a layer is the content alone.
    Raises Cancelled between two pieces.
    """
    for path in sorted(folder.rglob("*")):
        entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
        if path.is_dir():
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            yield entry.tobuf(tarfile.PAX_FORMAT)
            continue
        entry.mode = 0o644
        with path.open("rb") as file:
            entry.size = left = os.fstat(file.fileno()).st_size
            yield entry.tobuf(tarfile.PAX_FORMAT)
            while left:
                if cancel.is_set():
                    raise Cancelled
                piece = file.read(min(_CHUNK, left))
                if not piece:
                    raise ToolError("The file shrank while it was read.", code="NB907", where=Where(str(path)))
                left -= len(piece)
                yield piece
        yield b"\0" * (-entry.size % tarfile.BLOCKSIZE)
    yield b"\0" * (2 * tarfile.BLOCKSIZE)


def staging_failed(error: OSError, folder: Path) -> ToolError:
    """NB905 for a full disk, else NB907."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ToolError("The disk is full.", code="NB905", where=Where(str(folder)), hint="Make room and try again.")
    return ToolError(
        f"The build context cannot be written: {error.strerror or error}.", code="NB907", where=Where(str(folder))
    )


def _artifacts(project: Path) -> list[str]:
    """``artifacts/artifacts.json`` and the files it names, as relative POSIX paths."""
    path = _regular(project, PurePosixPath("artifacts/artifacts.json"))
    try:
        listed = json.loads(path.read_bytes())
        files = [str(record["file"]) for record in listed.values()]
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        raise ToolError(
            "The list of artifacts is damaged.", code="NB907", where=Where(str(path)), hint="Convert again."
        ) from error
    for file in files:
        parts = PurePosixPath(file).parts
        if not parts or ".." in parts or parts[0] == "/" or "\0" in file:
            raise ToolError(f"The artifact {file!r} is outside artifacts/.", code="NB907", where=Where(str(path)))
    fast = [name for name in FAST_PATH if (project / name).is_file()]
    return ["artifacts/artifacts.json", *(f"artifacts/{file}" for file in files), *fast]


def _data_of_modules(project: Path) -> list[str]:
    """Files below ``src/`` that the notebook's own modules read next to themselves."""
    try:
        listed = json.loads((project / "nb2prod.json").read_bytes()).get("own_modules", {})
        names = [str(name) for name in listed]
    except (OSError, ValueError, AttributeError, TypeError):  # a project without a manifest has no such files
        return []
    return [n for n in names if n.startswith("src/") and ".." not in PurePosixPath(n).parts]


def _regular(project: Path, name: PurePosixPath) -> Path:
    """The file, reached without a symbolic link on the way."""
    path = project
    for part in name.parts:
        path = path / part
        try:
            mode = path.lstat().st_mode
        except OSError:
            raise ToolError(
                "The file is missing.", code="NB907", where=Where(str(path)), hint="Convert again."
            ) from None
        if stat.S_ISLNK(mode):
            raise ToolError(
                "A symbolic link would put a file from elsewhere into the image.",
                code="NB907",
                where=Where(str(path)),
                hint="Replace it by the file itself.",
            )
    if not stat.S_ISREG(mode):
        raise ToolError("This is no regular file.", code="NB907", where=Where(str(path)))
    return path


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(source, target)
