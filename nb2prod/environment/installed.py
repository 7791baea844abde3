"""An interpreter and what is installed for it, as values."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from packaging.utils import NormalizedName, canonicalize_name

from nb2prod.environment import probe
from nb2prod.environment.programs import run_program
from nb2prod.errors import ToolError
from nb2prod.events import Cancel

Source = Literal["index", "editable", "vcs", "url"]


@dataclass(frozen=True, slots=True)
class Distribution:
    """One installed distribution. `requires` as in its metadata.

    `source` is where pip took it from (PEP 610): ``index`` also stands for a find-links folder and for conda, whose
    packages carry the address of a build machine that means nothing here. `folder` is the project of an editable one.
    `licence` is what the metadata say, in SPDX's words only where they do; "" where they say nothing.
    """

    name: NormalizedName
    version: str
    requires: tuple[str, ...] = ()
    source: Source = "index"
    folder: str | None = None
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """`tag` e.g. ``cp311``, `platform` e.g. ``linux-x86_64``, `libc` e.g. ``glibc-2.36``; `base` is where its standard
    library lives; `markers` the values that dependency markers are compared with."""

    python: str
    version: str
    tag: str
    platform: str
    libc: str
    base: str
    markers: Mapping[str, str]
    stdlib: frozenset[str]
    distributions: Mapping[NormalizedName, Distribution]
    providers: Mapping[str, tuple[NormalizedName, ...]]
    origins: Mapping[str, str | None]


_Stamps = tuple[tuple[str, int], ...]
_known: dict[tuple[str, str], tuple[_Stamps, frozenset[str], Interpreter]] = {}
"""By interpreter and PYTHONPATH: its folders as they were, the names it was asked for, what it said."""


def inspect_interpreter(python: str, names: Sequence[str] = (), *, cancel: Cancel) -> Interpreter:
    """Look at the interpreter `python` and at who provides the import `names`, and their parents, there (0.5 s; it is
    not asked again while nothing was installed or removed in its folders).

    It sees the same environment variables as the kernel does, so ``PYTHONPATH`` and user installs count.
    Raises ToolError NB408 where it does not run; Cancelled.
    """
    parents = {".".join(name.split(".")[:end]) for name in names for end in range(1, name.count(".") + 2)}
    place = python, os.environ.get("PYTHONPATH", "")
    if place in _known:
        times, asked, found = _known[place]
        if parents <= asked and _times(folder for folder, _ in times) == times:
            return found
    source = Path(probe.__file__).read_text(encoding="utf-8")
    outcome = run_program([python, "-c", source, json.dumps(sorted(parents))], cancel=cancel)
    for line in reversed(outcome.lines):
        if line.startswith(probe.MARK):
            told = json.loads(line[len(probe.MARK) :])
            found = _interpreter(python, told)
            _known[place] = _times(told["folders"]), frozenset(parents), found
            return found
    last = outcome.lines[-1].strip() if outcome.lines else f"exit code {outcome.code}"
    raise ToolError(
        f"the interpreter of the notebook's kernel cannot say what it has installed: {last}",
        code="NB408",
        hint="Check that it starts (jupyter kernelspec list) and runs Python 3.11 or newer.",
    )


@cache
def own_interpreter() -> Interpreter:
    """The interpreter that nb2prod itself runs in."""
    return _interpreter(sys.executable, probe.look([]))


def _times(folders: Iterable[str]) -> _Stamps:
    """When each was changed last, in nanoseconds; 0 where it is not there."""
    return tuple((folder, Path(folder).stat().st_mtime_ns if Path(folder).exists() else 0) for folder in folders)


def _interpreter(python: str, told: dict[str, Any]) -> Interpreter:
    found = [_distribution(one) for one in told["distributions"]]
    return Interpreter(
        python=python,
        version=told["version"],
        tag=told["tag"],
        platform=told["platform"],
        libc=told["libc"],
        base=told["base"],
        markers=told["markers"],
        stdlib=frozenset(told["stdlib"]) | {"__future__", "__main__"},
        distributions={one.name: one for one in found},
        providers={
            name: tuple(sorted(canonicalize_name(owner) for owner in owners))
            for name, owners in told["providers"].items()
        },
        origins=told["origins"],
    )


def _distribution(told: dict[str, Any]) -> Distribution:
    source: Source = "index"
    folder = None
    if told["direct_url"] and told["installer"] != "conda":
        origin = json.loads(told["direct_url"])
        url = urlsplit(str(origin.get("url", "")))
        folder = unquote(url.path) if url.scheme == "file" and "dir_info" in origin else None
        if "vcs_info" in origin:
            source = "vcs"
        elif origin.get("dir_info", {}).get("editable"):
            source = "editable"
        else:
            source = "url"
    return Distribution(
        canonicalize_name(told["name"]),
        told["version"],
        tuple(sorted(told["requires"])),
        source,
        folder,
        next((said for said in told["licence"] if said.upper() != "UNKNOWN"), ""),
    )
