"""The notebook's own environment is the resolution: what is installed where it ran, pinned by digest.

import names ─ inspect_interpreter, map_imports ─► distributions ─ close ─► choices ─ fetch_wheels ─► pins
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName
from packaging.version import InvalidVersion, Version

from nb2prod.environment.cache import cache_folder
from nb2prod.environment.closure import Choice, close, map_imports, not_on_an_index
from nb2prod.environment.installed import Interpreter, inspect_interpreter, own_interpreter
from nb2prod.environment.runtime import RUNTIME, RUNTIME_BECAUSE
from nb2prod.environment.target import target_for
from nb2prod.environment.wheels import Wheel, fetch_wheels
from nb2prod.errors import InputError
from nb2prod.events import Cancel, Emit, Log
from nb2prod.model.project import Pin, Requirements

_SYSTEM = {
    "graphviz": ("graphviz",),
    "lightgbm": ("libgomp1",),
    "opencv-contrib-python": ("libgl1", "libglib2.0-0"),
    "opencv-python": ("libgl1", "libglib2.0-0"),
    "pytesseract": ("tesseract-ocr",),
    "python-magic": ("libmagic1",),
    "pyzbar": ("libzbar0",),
}
"""Distributions whose wheels load a library or start a program that they do not bring -> Debian 12 packages."""

_OLDEST = Version("3.11")  # what nb2prod.serving runs on


def resolve(
    python: str,
    *,
    serving: Mapping[str, str],
    training: Mapping[str, str],
    cache: Path | None = None,
    platform: str | None = None,
    optional: Collection[str] = (),
    folder: Path | None = None,
    local: Collection[str] = (),
    own: Collection[str] = (),
    also: Sequence[Requirement] = (),
    emit: Emit,
    cancel: Cancel,
    step: str,
) -> Requirements:
    """Pin what the import names `serving` and `training` (name -> because, ``imported in cell 1``) need.

    `python` is the kernel's interpreter. Names may be dotted (``google.protobuf``); the standard library's and `local`
    ones, which the project brings itself, are left out; so are the user's `own` modules, and `optional` names that are
    not installed. `folder` is where the notebook ran. `platform` is Docker's
    (``linux/arm64``); None: the wheels of the interpreter itself. All wheels are in the cache afterwards.
    `Requirements.serving` includes what `nb2prod.serving` requires, and `also`, what this project's service needs
    besides; not its own wheel (`build_runtime_wheel`).

    Raises InputError NB401-NB405, NB407 (the kernel's Python is too old), NB413 (an own module hides an installed
    package), NB419 (the generated package does), ToolError NB406 (wheels), NB408 (interpreter), NB409 (cache),
    UsageError NB412 (platform); Cancelled.
    """
    place = cache_folder(cache)
    kernel = inspect_interpreter(python, [*serving, *training, *local], cancel=cancel)
    if Version(kernel.version) < _OLDEST:
        raise InputError(
            f"the notebook's kernel runs Python {kernel.version}; the service needs {_OLDEST} or newer.",
            code="NB407",
            hint="Choose a kernel with a newer Python and run the notebook there.",
        )
    target = target_for(kernel, platform)
    runner = own_interpreter()
    for_serving = close(
        map_imports(serving, kernel, folder=folder, local=local, own=own, optional=optional),
        kernel.distributions,
        target.markers,
        runtime=[*(one for one in RUNTIME if not _impossible_here(one.name, runner)), *also],
        runtime_because=RUNTIME_BECAUSE,
        own=runner.distributions,
    )
    for_training = close(
        map_imports(training, kernel, folder=folder, local=local, own=own, optional=optional),
        kernel.distributions,
        target.markers,
    )
    for note in sorted({*for_serving.notes, *for_training.notes}):
        emit(Log(step, "warning", note))
    choices = {**for_training.choices, **for_serving.choices}
    for name in local:
        for owner in kernel.providers.get(name, ()):
            if owner in choices:
                raise _hides(name, owner, choices[owner].because)
    for choice in choices.values():
        check_source(choice)
    wanted = {name: choice.version for name, choice in sorted(choices.items())}
    wheels = fetch_wheels(wanted, interpreter=kernel, target=target, cache=place, emit=emit, cancel=cancel, step=step)
    only_training = {name: one for name, one in for_training.choices.items() if name not in for_serving.choices}
    return Requirements(
        serving=make_pins(for_serving.choices, wheels, for_serving.needs),
        training=make_pins(only_training, wheels, for_training.needs),
        system=tuple(sorted({package for name in for_serving.choices for package in _SYSTEM.get(name, ())})),
    )


def _hides(name: str, owner: str, because: str) -> InputError:
    return InputError(
        f"the generated package `{name}` would hide the module `{name}` of {owner}, which is needed ({because}).",
        code="NB419",
        hint=f"Choose another name: --package {name}_model.",
    )


def _impossible_here(name: str, own: Interpreter) -> bool:
    """uvloop does not exist for Windows, so an nb2prod there cannot say which version; uvicorn runs without it."""
    return name == "uvloop" and own.markers["sys_platform"] == "win32"


def check_source(choice: Choice) -> None:
    """Raise InputError NB404 where the distribution cannot be fetched again by name and version."""
    try:
        known = choice.distribution.source == "index" and bool(choice.version)
    except InvalidVersion:
        known = False
    if not known:
        raise not_on_an_index(choice.distribution, choice.because)


def make_pins(
    choices: Mapping[NormalizedName, Choice],
    wheels: Mapping[NormalizedName, Wheel],
    needs: Mapping[NormalizedName, Collection[NormalizedName]],
) -> tuple[Pin, ...]:
    """One pin for each choice, sorted by name."""
    return tuple(
        Pin(
            name,
            choice.version,
            (wheels[name].sha256,),
            choice.because,
            wheels[name].file,
            choice.distribution.licence,
            tuple(sorted(needs[name])),
        )
        for name, choice in sorted(choices.items())
    )


def requirements_text(pins: Iterable[Pin], header: str) -> str:
    """`pins` in pip's requirements format, sorted, each with its digests and why it is there.

    `header` becomes comment lines on top. No options and no addresses: where wheels come from is the installer's
    business, what they are is ours.
    """
    lines = [f"# {line}".rstrip() for line in header.splitlines()]
    for pin in sorted(pins, key=lambda pin: pin.name):
        lines += _lines(pin)
    return "\n".join(lines) + "\n"


def _lines(pin: Pin) -> Sequence[str]:
    because = re.sub(r"[\s\x00-\x1f\x7f]+", " ", pin.because).strip()  # it may quote the notebook: one line, always
    hashes = [f"    --hash=sha256:{digest}" for digest in sorted(pin.sha256)]
    head = [f"{pin.name}=={pin.version} \\", *(f"{line} \\" for line in hashes[:-1]), hashes[-1]]
    return [*head, f"    # {because}"] if because else head
