"""Fetching the wheels of exact versions and learning their digests, once for all projects.

pip does it, with the user's own configuration (indexes, find-links, certificates), of which nothing is written down
here or told on. The cache holds ``wheels/<file>`` and, per kind of interpreter and machine,
``records/<target>/<name>-<version>.json``: which file pip chose there, its digest and size. So the choice never depends
on what other projects happened to fetch, and a warm cache asks no index.
"""

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from packaging.utils import InvalidWheelFilename, NormalizedName, parse_wheel_filename

from nb2prod.environment.cache import locked, writing
from nb2prod.environment.installed import Interpreter
from nb2prod.environment.programs import Outcome, run_program
from nb2prod.environment.target import Target
from nb2prod.errors import ToolError
from nb2prod.events import Cancel, Emit, Log, StepAdvanced


@dataclass(frozen=True, slots=True)
class Wheel:
    """`sha256` is the hex digest; `size` in bytes."""

    file: str
    sha256: str
    size: int


def wheels_folder(cache: Path) -> Path:
    """Where the wheels of the cache are, flat, each by its file name."""
    return cache / "wheels"


def fetch_wheels(
    wanted: Mapping[NormalizedName, str],
    *,
    interpreter: Interpreter,
    target: Target,
    cache: Path,
    emit: Emit,
    cancel: Cancel,
    step: str,
) -> dict[NormalizedName, Wheel]:
    """The wheel of each name -> version (in normal form); all of them are in `wheels_folder(cache)` afterwards.

    One call of pip for those that are missing; none, and no lock, where none is. Tells progress in wheels.
    Raises ToolError NB406 (no such wheel, index not reachable), NB409 (cache); Cancelled, with pip gone.
    """
    cached, missing = _look_up(wanted, target, cache)
    emit(StepAdvanced(step, len(cached), len(wanted), f"{len(cached)} wheels in the cache"))
    if not missing:
        return cached
    with writing(cache):
        wheels_folder(cache).mkdir(exist_ok=True)
    with locked(cache / "wheels.lock", emit=emit, cancel=cancel, step=step):
        cached, missing = _look_up(wanted, target, cache)  # another process may have fetched them meanwhile
        if missing:
            _sweep(cache)
            with writing(cache):
                incoming = Path(tempfile.mkdtemp(prefix=".incoming-", dir=cache))
            try:
                _download(missing, incoming, interpreter, target, (len(cached), len(wanted)), emit, cancel, step)
                cached |= _keep(missing, incoming, target, cache)
            finally:
                shutil.rmtree(incoming, ignore_errors=True)
    emit(StepAdvanced(step, len(wanted), len(wanted), f"{len(wanted)} wheels"))
    return {name: cached[name] for name in wanted}


def forget_wheel(wheel: Wheel, cache: Path) -> None:
    """Drop a wheel whose bytes are no longer what they were; the next fetch gets it anew."""
    (wheels_folder(cache) / wheel.file).unlink(missing_ok=True)


def digest(path: Path) -> str:
    """The hex sha256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _record(name: str, version: str, target: Target, cache: Path) -> Path:
    return cache / "records" / target.key / f"{name}-{version}.json"


def _look_up(
    wanted: Mapping[NormalizedName, str], target: Target, cache: Path
) -> tuple[dict[NormalizedName, Wheel], dict[NormalizedName, str]]:
    cached: dict[NormalizedName, Wheel] = {}
    missing: dict[NormalizedName, str] = {}
    for name, version in wanted.items():
        try:
            wheel = Wheel(**json.loads(_record(name, version, target, cache).read_text(encoding="utf-8")))
            whole = (wheels_folder(cache) / wheel.file).stat().st_size == wheel.size
        except (OSError, ValueError, TypeError):
            whole = False
        if whole:
            cached[name] = wheel
        else:
            missing[name] = version
    return cached, missing


def _sweep(cache: Path) -> None:
    """Remove what a killed process left; we hold the lock."""
    for left in cache.glob(".incoming-*"):
        shutil.rmtree(left, ignore_errors=True)


def _download(
    missing: Mapping[NormalizedName, str],
    incoming: Path,
    interpreter: Interpreter,
    target: Target,
    counts: tuple[int, int],
    emit: Emit,
    cancel: Cancel,
    step: str,
) -> None:
    done, total = counts
    # `===` compares the whole version: `==2.13.0` would also take 2.13.0+cpu, another build.
    asked = incoming / "asked.txt"
    with writing(incoming):
        asked.write_text("".join(f"{name}==={version}\n" for name, version in sorted(missing.items())))
    command = [sys.executable, "-m", "pip"]
    if not target.options:
        command += ["--python", interpreter.python]  # pip then chooses with that interpreter's tags
    command += ["download", "--no-deps", "--only-binary", ":all:", "--progress-bar", "off", "--no-input"]
    command += ["--disable-pip-version-check", *target.options, "--dest", str(incoming), "--requirement", str(asked)]

    def tell(line: str) -> None:
        nonlocal done
        # pip's two-stage download names `….whl.metadata` first; only the wheel itself counts
        if arrived := re.match(r"\s*(?:Downloading|Using cached|Processing) \S*?([^/\\\s]+)\.whl(?:\s|#|$)", line):
            done = min(done + 1, total - 1)
            emit(StepAdvanced(step, done, total, arrived[1].split("-")[0]))
        elif "Retrying (" in line:
            emit(Log(step, "warning", "the package index does not answer; pip tries again"))

    environment = {name: value for name, value in os.environ.items() if name != "PIP_REQUIRE_HASHES"}
    environment |= {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    outcome = run_program(command, cancel=cancel, environment=environment, folder=incoming, tell=tell)
    if outcome.code != 0:
        raise _failed(outcome, missing, target)


def _failed(outcome: Outcome, missing: Mapping[NormalizedName, str], target: Target) -> ToolError:
    """What went wrong, without the addresses that pip's own lines hold."""
    text = "\n".join(outcome.lines)
    names = [f"{name} {version}" for name, version in sorted(missing.items())]
    listed = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    if re.search(r"Retrying \(|ConnectionError|SSLError|ssl certificate|Temporary failure|Timeout", text):
        return ToolError(
            f"the package index cannot be reached; wheels still to fetch: {listed}.",
            code="NB406",
            hint="Check the network and pip's configuration (pip config list), then run it again.",
        )
    if absent := re.search(r"No matching distribution found for ([^\s=]+)===(\S+)", text):
        return ToolError(
            f"there is no wheel of {absent[1]} {absent[2]} for {target.key} where pip looks.",
            code="NB406",
            hint=f"Install a version of {absent[1]} that has one where the notebook runs, "
            "or put its wheel in a folder that pip's find-links setting names.",
        )
    said = [line for line in outcome.lines if line.startswith("ERROR:")]
    reason = re.sub(r"\S*[/\\]\S*", "…", said[-1][6:].strip()) if said else f"exit code {outcome.code}"
    return ToolError(
        f"pip could not fetch {listed}: {reason}",
        code="NB406",
        hint="Run 'python -m pip download --no-deps --only-binary :all:' for one of them to see why.",
    )


def _keep(
    missing: Mapping[NormalizedName, str], incoming: Path, target: Target, cache: Path
) -> dict[NormalizedName, Wheel]:
    kept: dict[NormalizedName, Wheel] = {}
    with writing(cache):
        for path in sorted(incoming.glob("*.whl")):
            try:
                name, version, _, _ = parse_wheel_filename(path.name)
            except InvalidWheelFilename:
                continue
            if missing.get(name) != str(version):
                continue
            place = wheels_folder(cache) / path.name
            path.replace(place)  # also over one that is there: pip has just checked this one
            kept[name] = Wheel(place.name, digest(place), place.stat().st_size)
            _write_record(_record(name, str(version), target, cache), kept[name])
    if lost := sorted(missing.keys() - kept.keys()):
        raise ToolError(
            f"pip ended well but left no wheel of {', '.join(lost)}.",
            code="NB406",
            hint="Check pip's configuration (pip config list).",
        )
    return kept


def _write_record(path: Path, wheel: Wheel) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".new")  # we hold the lock: nobody else writes it
    aside.write_text(json.dumps(asdict(wheel)), encoding="utf-8")
    aside.replace(path)
