"""A project's environments: its pins and the test tools, or what it is served with alone; nothing else.

Made by uv from the wheels in the cache, without an index; kept by the digest of what is in it, so the second build of
the same project, or of another with the same pins, finds it ready.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from nb2prod.environment.cache import cache_folder, locked, writing
from nb2prod.environment.closure import close
from nb2prod.environment.installed import Distribution, Interpreter, inspect_interpreter, own_interpreter
from nb2prod.environment.programs import run_program
from nb2prod.environment.requirements import check_source, make_pins, requirements_text
from nb2prod.environment.target import target_for
from nb2prod.environment.wheels import Wheel, digest, fetch_wheels, forget_wheel, wheels_folder
from nb2prod.errors import ToolError
from nb2prod.events import Cancel, Emit, Event, Log, StepAdvanced
from nb2prod.model.project import Pin

TEST_TOOLS = (Requirement("httpx>=0.27"), Requirement("pytest>=8"))
"""What the generated tests need besides the project's own requirements."""
KEEP_BYTECODE = '''"""Modules of this environment are compiled once, whatever PYTHONDONTWRITEBYTECODE and -B say.

Of modules elsewhere, such as a project's, nothing is kept.
"""

import sys
from importlib.machinery import SourceFileLoader

_set_data = SourceFileLoader.set_data


def set_data(self, path, data, **rest):
    if path.startswith(sys.prefix):
        _set_data(self, path, data, **rest)


SourceFileLoader.set_data = set_data
sys.dont_write_bytecode = False
'''
"""Compiling takes longer than importing what is compiled, and a build starts half a dozen processes here."""


def create_environment(
    python: str,
    pins: Sequence[Pin],
    wheels: Sequence[Path] = (),
    *,
    tools: Sequence[Requirement] = TEST_TOOLS,
    cache: Path | None = None,
    emit: Emit,
    cancel: Cancel,
    step: str,
) -> Path:
    """The interpreter of a virtual environment that holds exactly `pins` and `tools`, which are nb2prod's own.

    `python` is the interpreter it is made from. Wheels come from the folders `wheels` (the runtime wheel), else from
    the cache, where any that this interpreter needs and that is missing is fetched first. The environment is built
    aside and renamed: a killed creation leaves nothing that looks ready. It is shared: what runs there adds bytecode to
    it, and nothing else.

    Raises InputError NB404, NB405 (`tools` and pins do not go together), ToolError NB406 (wheels), NB408
    (interpreter), NB409 (cache), NB410 (uv), NB411 (a wheel is not what was pinned); Cancelled.
    """
    place = cache_folder(cache)
    kernel = inspect_interpreter(python, cancel=cancel)
    exact = _local_pins(kernel, pins, wheels, tools, place, emit, cancel, step)
    key = _key(kernel, exact)
    home = place / "environments" / key
    if (ready := _interpreter(home)).exists():
        return ready
    with writing(place):
        home.parent.mkdir(exist_ok=True)
    with locked(home.parent / f"{key}.lock", emit=emit, cancel=cancel, step=step):
        if not ready.exists():  # another process may have made it meanwhile
            aside = home.parent / f".{key}"
            shutil.rmtree(aside, ignore_errors=True)  # left by a killed process, or of an interpreter that is gone
            shutil.rmtree(home, ignore_errors=True)
            try:
                _build(kernel, exact, [*wheels, wheels_folder(place)], aside, place, emit, cancel, step)
                with writing(place):
                    aside.rename(home)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
    return ready


def _local_pins(
    kernel: Interpreter,
    pins: Sequence[Pin],
    wheels: Sequence[Path],
    wanted_tools: Sequence[Requirement],
    cache: Path,
    emit: Emit,
    cancel: Cancel,
    step: str,
) -> tuple[Pin, ...]:
    """`pins` and the tools, each with the wheel that runs on this machine (the pins may be for another)."""
    brought = [pin for pin in pins if any((folder / pin.wheel).is_file() for folder in wheels)]
    others = {canonicalize_name(pin.name): pin for pin in pins if pin not in brought}
    tools = close(
        {},
        {(name := canonicalize_name(pin.name)): Distribution(name, pin.version) for pin in pins},
        kernel.markers,
        runtime=wanted_tools,
        runtime_because="needed by the generated tests",
        own=own_interpreter().distributions,
    )
    added = {name: choice for name, choice in tools.choices.items() if choice.own}
    for choice in added.values():
        check_source(choice)
    wanted = {name: pin.version for name, pin in others.items()} | {name: one.version for name, one in added.items()}

    def quiet(event: Event) -> None:  # the step's progress is its caller's
        if not isinstance(event, StepAdvanced):
            emit(event)

    target = target_for(kernel)
    fetched = fetch_wheels(wanted, interpreter=kernel, target=target, cache=cache, emit=quiet, cancel=cancel, step=step)
    here = [_here(pin, fetched[name]) for name, pin in others.items()]
    return tuple(sorted((*brought, *here, *make_pins(added, fetched, tools.needs)), key=lambda pin: pin.name))


def _here(pin: Pin, wheel: Wheel) -> Pin:
    if wheel.file == pin.wheel:
        return pin  # with the digest that was pinned, whatever the cache says now
    return replace(pin, sha256=(wheel.sha256,), wheel=wheel.file)


def _key(kernel: Interpreter, pins: Sequence[Pin]) -> str:
    about = [kernel.base, kernel.version, kernel.tag, kernel.platform, kernel.libc]
    content = json.dumps([about, KEEP_BYTECODE, [[pin.name, pin.version, pin.sha256] for pin in pins]])
    return hashlib.sha256(content.encode()).hexdigest()[:20]


def _interpreter(home: Path) -> Path:
    return home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _build(
    kernel: Interpreter,
    pins: Sequence[Pin],
    folders: Sequence[Path],
    aside: Path,
    cache: Path,
    emit: Emit,
    cancel: Cancel,
    step: str,
) -> None:
    import uv

    emit(Log(step, "info", f"making a virtual environment of {len(pins)} packages"))
    program = uv.find_uv_bin()
    common = ["--no-config", "--offline", "--quiet", "--cache-dir", str(cache / "uv")]
    environment = _clean(os.environ)
    # relocatable: it is renamed when it is complete
    made = run_program(
        [program, "venv", *common, "--no-project", "--relocatable", "--python", kernel.python, str(aside)],
        cancel=cancel,
        environment=environment,
    )
    if made.code != 0:
        raise _uv_failed("make a virtual environment", made.lines)
    asked = aside / "requirements.txt"
    with writing(cache):
        asked.write_text(requirements_text(pins, "What this environment holds."), encoding="utf-8")
    command = [program, "pip", "install", *common, "--python", str(_interpreter(aside)), "--no-index", "--no-deps"]
    command += ["--no-build", "--require-hashes", "--requirement", str(asked)]
    command += [part for folder in folders for part in ("--find-links", str(folder))]
    installed = run_program(command, cancel=cancel, environment=environment)
    if installed.code != 0:
        raise _damaged(pins, folders, cache) or _uv_failed("install the pinned wheels", installed.lines)
    with writing(cache):
        (_packages(aside, kernel) / "sitecustomize.py").write_text(KEEP_BYTECODE, encoding="utf-8")


def _packages(home: Path, kernel: Interpreter) -> Path:
    if os.name == "nt":
        return home / "Lib" / "site-packages"
    return home / "lib" / f"python{'.'.join(kernel.version.split('.')[:2])}" / "site-packages"


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Without what would let another environment or a user's settings of pip and uv in."""
    foreign = {"PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "VIRTUAL_ENV", "CONDA_PREFIX", "__PYVENV_LAUNCHER__"}
    return {
        name: value
        for name, value in environment.items()
        if name not in foreign and not name.startswith(("PIP_", "UV_"))
    }


def _damaged(pins: Sequence[Pin], folders: Sequence[Path], cache: Path) -> ToolError | None:
    """The wheels that are not what was pinned, if that is why; they are dropped, so the next run fetches them anew."""
    bad: list[NormalizedName] = []
    for pin in pins:
        for folder in folders:
            path = folder / pin.wheel
            if path.is_file():
                if digest(path) not in pin.sha256:
                    bad.append(canonicalize_name(pin.name))
                    if folder == wheels_folder(cache):
                        forget_wheel(Wheel(pin.wheel, "", 0), cache)
                break
    if not bad:
        return None
    return ToolError(
        f"the wheels of {', '.join(bad)} are not the ones that were pinned.",
        code="NB411",
        hint="They were removed from the cache; run it again.",
    )


def _uv_failed(what: str, lines: Sequence[str]) -> ToolError:
    said = " ".join(line.strip() for line in lines if line.strip())[:400] or "it said nothing"
    return ToolError(
        f"uv could not {what}: {said}", code="NB410", hint="Check the space on the disk, then run it again."
    )
