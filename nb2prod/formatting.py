"""Layout of generated Python by ruff: unused imports taken out, imports sorted, lines wrapped.

The rules are given here, not read from the user's settings, so that the same notebook gives the same bytes anywhere.
What ruff would have written otherwise in the notebook's own lines (a lambda with a name, a bare except) stays as it is
and gets a ``noqa``: it is the notebook's code, and ``df[df.x == True]`` means something else than ``df[df.x]``.
"""

import json
import subprocess
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path

from nb2prod.errors import ToolError

LINE_LENGTH = 100
_NEWEST = (3, 13)
_UNUSED = "F401,F811"
_BROKEN = "E9,F7,F82"
_MANNERS = "E4,E7,F"


def format_sources(
    sources: Mapping[str, str], package: str, own: Collection[str] = (), *, python: str = "3.11"
) -> dict[str, str]:
    """The sources (relative path -> text) as ruff lays them out. `package` and `own` are sorted as first-party imports.

    `python` is the version that will run them (``3.13.0``): what is valid there is valid here.

    Raises ToolError NB950 where ruff cannot read one: then the generated code is at fault, and nothing is written.
    """
    return _formatted(sources, package, own, python, generated=True)


def lay_out(
    sources: Mapping[str, str], package: str, own: Collection[str] = (), *, python: str = "3.11"
) -> dict[str, str]:
    """Sources that were edited, laid out as `format_sources` does; but nothing is taken out of them.

    Raises ToolError NB950 where ruff cannot read one.
    """
    return _formatted(sources, package, own, python, generated=False)


def _formatted(
    sources: Mapping[str, str], package: str, own: Collection[str], python: str, *, generated: bool
) -> dict[str, str]:
    from ruff.__main__ import find_ruff_bin  # type: ignore[import-untyped, unused-ignore]

    if not sources:
        return {}
    ruff = find_ruff_bin()
    with tempfile.TemporaryDirectory(prefix="nb2prod-format-") as folder:
        root = Path(folder)
        for path, text in sources.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        common = ["--isolated", "--no-cache", "--line-length", str(LINE_LENGTH), "--target-version", _target(python)]
        known = ["--config", f"lint.isort.known-first-party={json.dumps([package, 'comparing', *sorted(own)])}"]
        broken = ["--quiet", "--select", _BROKEN, "--output-format", "concise"]
        manners = ["--quiet", "--select", _MANNERS, "--ignore", _UNUSED, "--add-noqa"]
        fixes = f"{_UNUSED},I" if generated else "I"
        _run([ruff, "check", "--quiet", "--fix-only", "--select", fixes, *common, *known], root)
        _run([ruff, "format", "--quiet", *common], root)
        if generated:
            _run([ruff, "check", *broken, *common], root)
        _run([ruff, "check", *manners, *common], root)
        return {path: (root / path).read_text(encoding="utf-8") for path in sources}


def _target(python: str) -> str:
    """ruff's word for a version. One newer than those that nb2prod runs on can hold nothing that these cannot read."""
    major, minor = (int(part) for part in python.split(".")[:2])
    return "py{}{}".format(*min((major, minor), _NEWEST))


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run([*command, "."], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        first = (done.stdout + done.stderr).strip().splitlines()[:3]
        raise ToolError(
            f"the generated code is not valid: {'; '.join(first)}",
            code="NB950",
            hint="Please report this with the notebook; nothing was written.",
        )
