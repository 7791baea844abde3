"""A version as files: a generated project, or the model that nb2prod logged to MLflow.

project                       MLflow model
artifacts/artifacts.json      artifacts/artifacts/artifacts.json      what training left, with digests
tests/golden/golden.json      artifacts/golden.json                   what was asked and answered in the notebook
src/<package>/*.py            code/<package>/*.py                     the code, to be compared
"""

from dataclasses import dataclass
from pathlib import Path

from nb2prod.serving.versions import RefusedVersionError

_LAYOUTS = (
    ("artifacts", "tests/golden/golden.json", "src"),
    ("artifacts/artifacts", "artifacts/golden.json", "code"),
)


@dataclass(frozen=True, slots=True)
class VersionFolder:
    """Where the parts of a version lie; all of them exist."""

    label: str
    artifacts: Path
    golden: Path
    code: Path


def find_folder(source: str, root: str | None) -> Path:
    """The folder `source` below `root`, links followed. Raises RefusedVersionError where there is none below it."""
    if root is None:
        raise RefusedVersionError("no_such_version", "set NB2PROD_MODELS to the folder that versions lie in")
    allowed = Path(root).resolve()
    try:
        folder = (allowed / source).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):  # not there, a NUL byte, links in a circle
        folder = None
    if folder is None or not folder.is_dir() or not folder.is_relative_to(allowed):
        raise RefusedVersionError("no_such_version", "there is no such folder below NB2PROD_MODELS")
    return folder


def open_version(folder: Path, label: str) -> VersionFolder:
    """The parts of the version in `folder`. Raises RefusedVersionError for a folder that is neither form."""
    for artifacts, golden, code in _LAYOUTS:
        if (folder / artifacts / "artifacts.json").is_file():
            version = VersionFolder(label, folder / artifacts, folder / golden, folder / code)
            missing = [part for part, there in ((golden, version.golden), (code, version.code)) if not there.exists()]
            if missing:
                message = f"it has no {' and no '.join(missing)}: give the whole project, so that it can be verified"
                raise RefusedVersionError("bad_version", message)
            return version
    raise RefusedVersionError("bad_version", "it is neither a generated project nor an MLflow model made by nb2prod")
