"""Git, asked two things: which files differ from where a branch began, and what a file has been."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nb2prod.errors import UsageError


@dataclass(frozen=True, slots=True)
class Changes:
    """Absolute paths: `there` were added or changed, `gone` are no longer there. `root` is the working tree's."""

    root: Path
    there: frozenset[Path]
    gone: frozenset[Path]


def changes_since(folder: Path, reference: str) -> Changes:
    """What differs between the working tree and the commit at which it and `reference` parted; files that git does not
    know yet, and does not ignore, are changed ones. Raises UsageError NB280."""
    root = Path(_git(folder, "rev-parse", "--show-toplevel").removesuffix("\n"))
    commit = _git(root, "rev-parse", "--verify", "--end-of-options", f"{reference}^{{commit}}").strip()
    base = _git(root, "merge-base", commit, "HEAD").strip()
    fields = _git(root, "diff", "--name-status", "--no-renames", "--no-ext-diff", "-z", base, "--").split("\0")
    there: set[Path] = set()
    gone: set[Path] = set()
    for status, name in zip(fields[::2], fields[1::2], strict=False):
        (gone if status == "D" else there).add(root / name)
    new = _git(root, "ls-files", "--others", "--exclude-standard", "-z").split("\0")
    there |= {root / name for name in new if name}
    return Changes(root, frozenset(there), frozenset(gone))


def versions_of(path: Path) -> Iterator[bytes]:
    """What git has kept of the file at `path`, on any branch, newest first; each content once. Nothing where there is
    no repository, or where it does not say."""
    folder = next((place for place in path.parents if place.is_dir()), None)
    if folder is None or root_of(folder.absolute()) is None:
        return
    words = ("log", "--all", "--full-history", "-m", "--format=", "--raw", "--no-abbrev", "--no-renames", "-z", "--")
    try:
        fields = _git(folder, *words, str(path.absolute())).split("\0")
        for blob in dict.fromkeys(field.split(" ")[3] for field in fields if field.startswith(":")):
            if blob.strip("0"):  # else it was deleted
                yield _answer(folder, "cat-file", "blob", blob)
    except UsageError:
        return


def root_of(folder: Path) -> Path | None:
    """The working tree that `folder` is in; None where it is in none. Does not ask git."""
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), None)


def _git(folder: Path, *words: str) -> str:
    return _answer(folder, *words).decode(errors="surrogateescape")


def _answer(folder: Path, *words: str) -> bytes:
    command = ["git", "--literal-pathspecs", "-C", str(folder), *words]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError as fault:
        raise UsageError(f"git cannot be started: {fault.strerror}.", code="NB280", hint="Install git.") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        what = said[-1].removeprefix("fatal: ") if said else f"git {words[0]} found nothing in common"
        raise UsageError(
            f"git cannot say what changed: {what}.",
            code="NB280",
            hint="Name a commit or branch that is here with its history: git fetch --unshallow, in CI fetch-depth: 0.",
        )
    return done.stdout
