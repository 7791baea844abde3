"""Whether a version brings the code that this process runs. Python that is imported cannot be exchanged safely."""

from pathlib import Path

from nb2prod.serving.versions import RefusedVersionError

PREDICTING = ("artifacts.py", "features.py", "predict.py", "schema.py", "waiting.py")
"""The modules of a generated package that a prediction goes through; not training, parameters or the service."""


def check_code(live: Path, brought: Path) -> None:
    """`live` is the folder of the running package, `brought` a version's folder of code (package and own modules).

    Compared byte by byte: the modules above, and all own modules with their data. Raises RefusedVersionError.
    """
    package = brought / live.name
    names = [name for name in PREDICTING if (live / name).exists() or (package / name).exists()]
    pairs = [(live / name, package / name) for name in names]
    pairs += [(live.parent / path, brought / path) for path in _own_modules(brought, live.name)]
    for ours, theirs in pairs:
        if _content(ours) != _content(theirs):
            name = theirs.relative_to(brought).as_posix()
            raise RefusedVersionError("other_code", f"{name} is not the one that runs here: start its own image")


def _own_modules(folder: Path, package: str) -> list[Path]:
    """Files beside the package, relative to `folder`."""
    files = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    return [
        path
        for path in files
        if path.parts[0] != package
        and path.suffix != ".pyc"
        and not any(part.startswith(".") or part.endswith(".egg-info") for part in path.parts)
    ]


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
