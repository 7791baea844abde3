"""Git, asked one thing: which files differ from where a branch began."""

import subprocess
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


def root_of(folder: Path) -> Path | None:
    """The working tree that `folder` is in; None where it is in none. Does not ask git."""
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), None)


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=False)
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
    return done.stdout.decode(errors="surrogateescape")
