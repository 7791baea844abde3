"""Settings: from the notebook, a file near it, the environment and the command line; the later wins.

    default < the notebook's metadata < nb2prod.toml or [tool.nb2prod] in pyproject.toml < NB2PROD_* < command line

`resolve_settings` and `resolve_target` are pure; only `read_settings_file` and `find_settings_file` look at a disk.
A name that is no setting is an error, with the nearest one that is: a setting that silently does nothing is worse.
"""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any

import msgspec

from nb2prod.errors import UsageError, Where
from nb2prod.serving.settings import Settings as ServiceSettings

PREFIX = "NB2PROD_"
_METADATA = "the notebook's metadata"
OTHER_VARIABLES = frozenset({"NB2PROD_CACHE", "NB2PROD_DATA", "NB2PROD_API_KEY", "NB2PROD_NOTEBOOK"}) | {
    f"{PREFIX}{field.upper()}" for field in ServiceSettings.__struct_fields__
}
"""Variables with our prefix that are no settings of a build: the cache, the tests' data folder, the service's."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What may be set once for many builds. None: decided later, by what is there (see `BuildSpec`).

    `alias` ``""``: the new model version gets none. `cell_timeout` in seconds. `mutants`: how many are tried.
    `service`: options of the service whose packages go into the image (``"tokens tracing"``).
    """

    tracking_uri: str | None = None
    base_image: str | None = None
    platform: str | None = None
    alias: str = "champion"
    cell_timeout: Annotated[int, msgspec.Meta(ge=1)] | None = None
    mutants: Annotated[int, msgspec.Meta(ge=0)] = 30
    service: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What is set for one notebook, in its own metadata or for one run of nb2prod: not in a file for many.

    `output` ``""``: ``build/<name of the notebook>``. `image` None: no image. `package` and `model` ``""``: from the
    notebook's name. `sample`: parameters that make training small for the generated tests. `fresh`: run every step.
    `kernel` None: the one that the notebook names.
    """

    output: str = ""
    image: str | None = None
    package: str = ""
    model: str = ""
    log: bool = True
    fresh: bool = False
    kernel: str | None = None
    sample: dict[str, Any] = field(default_factory=dict)


NAMES = tuple(each.name for each in fields(Settings))
TARGET_NAMES = tuple(each.name for each in fields(Target))
_IN_METADATA = (*NAMES, *(name for name in TARGET_NAMES if name not in ("output", "fresh", "kernel")))
_NO_SETTINGS = ("answers", "description", "fields", "schema_version", "title", "watch")
"""What else the notebook's metadata may hold under ``nb2prod``."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A file and the settings it holds, not yet checked."""

    path: Path
    table: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Resolved:
    """`settings`, and for each name where its value came from: ``default``, a path, a variable, or an option."""

    settings: Settings
    origins: Mapping[str, str]


def resolve_settings(
    file: SettingsFile | None,
    environment: Mapping[str, str],
    given: Mapping[str, Any] | None = None,
    notebook: Mapping[str, Any] | None = None,
) -> Resolved:
    """The settings that hold. `environment` may hold other variables too; in `given` (the command line) None is
    "not given"; `notebook` is what its metadata holds under ``nb2prod``. Raises UsageError on an unknown name or a
    value of the wrong type."""
    values: dict[str, Any] = asdict(Settings())
    origins = dict.fromkeys(NAMES, "default")
    for name, value in _stated(notebook):
        if name in NAMES:
            values[name] = _convert(name, value, strict=True, origin=_METADATA)
            origins[name] = _METADATA
    if file is not None:
        for name, value in file.table.items():
            _check_name(name, NAMES, str(file.path))
            values[name] = _convert(name, value, strict=True, origin=str(file.path))
            origins[name] = str(file.path)
    for variable, text in environment.items():
        if not variable.startswith(PREFIX) or variable in OTHER_VARIABLES:
            continue
        known = tuple(PREFIX + name.upper() for name in (*NAMES, *TARGET_NAMES))
        _check_name(variable, (*known, *OTHER_VARIABLES), "the environment")
        name = variable.removeprefix(PREFIX).lower()
        if name in TARGET_NAMES:
            continue
        values[name] = _convert(name, text, strict=False, origin=variable)
        origins[name] = variable
    for name, value in (given or {}).items():
        if value is not None:
            option = "--" + name.replace("_", "-")
            values[name] = _convert(name, value, strict=True, origin=option)
            origins[name] = option
    return Resolved(Settings(**values), origins)


def resolve_target(
    environment: Mapping[str, str],
    given: Mapping[str, Any] | None = None,
    notebook: Mapping[str, Any] | None = None,
) -> Target:
    """What is asked for this notebook; arguments and errors as of `resolve_settings`, which checks the names."""
    values: dict[str, Any] = {}
    for name, value in _stated(notebook):
        if name in TARGET_NAMES:
            values[name] = _convert(name, value, strict=True, origin=_METADATA, of=Target)
    for name in TARGET_NAMES:
        variable = PREFIX + name.upper()
        if variable in environment:
            values[name] = _convert(name, environment[variable], strict=False, origin=variable, of=Target)
    for name, value in (given or {}).items():
        if value is not None:
            values[name] = _convert(name, value, strict=True, origin="--" + name.replace("_", "-"), of=Target)
    return Target(**values)


def _stated(notebook: Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    """The settings in a notebook's metadata. Raises UsageError NB291 for a name that is none."""
    found = [(name, value) for name, value in (notebook or {}).items() if name not in _NO_SETTINGS]
    for name, _ in found:
        _check_name(name, _IN_METADATA, _METADATA)
    return found


def find_settings_file(start: Path) -> SettingsFile | None:
    """The nearest ``nb2prod.toml``, or ``pyproject.toml`` with a table ``[tool.nb2prod]``, from `start` (a file or a
    folder) upwards. Raises UsageError where one cannot be read."""
    start = start.absolute()
    folders = (start, *start.parents) if start.is_dir() else start.parents
    for folder in folders:
        for name in ("nb2prod.toml", "pyproject.toml"):
            path = folder / name
            if path.is_file():
                table = read_settings_file(path)
                if table is not None:
                    return SettingsFile(path, table)
    return None


def read_settings_file(path: Path) -> Mapping[str, Any] | None:
    """The table of settings in the file; None for a pyproject.toml without one. Raises UsageError."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise UsageError(
            f"the settings cannot be read: {fault}", code="NB293", where=Where(str(path)), hint="Mend the file."
        ) from fault
    if path.name != "pyproject.toml":
        return document
    tool = document.get("tool", {})
    table = tool.get("nb2prod") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise UsageError("tool.nb2prod must be a table", code="NB292", where=Where(str(path)))
    return table


def nearest_name(name: str, known: tuple[str, ...]) -> str:
    """A hint for a name that is not known: the nearest one, or all."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(sorted(known))}."


def without_password(uri: str) -> str:
    """``scheme://user:***@host/…``: a tracking URI fit to be shown."""
    scheme, separator, rest = uri.partition("://")
    credentials, at, place = rest.rpartition("@")
    if not separator or not at or ":" not in credentials:
        return uri
    return f"{scheme}://{credentials.partition(':')[0]}:***@{place}"


def explain_mismatch(fault: msgspec.ValidationError) -> str:
    """msgspec's words without its path: ``Expected `int`, got `str` - at `$.x` `` becomes ``expected int, got str``."""
    text = str(fault).partition(" - at ")[0].replace("`", "")
    return text[:1].lower() + text[1:]


def _check_name(name: str, known: tuple[str, ...], origin: str) -> None:
    if name not in known:
        raise UsageError(f"{name} is no setting.", code="NB291", where=Where(origin), hint=nearest_name(name, known))


def _convert(name: str, value: Any, *, strict: bool, origin: str, of: type[Settings] | type[Target] = Settings) -> Any:
    try:
        # One field at a time, so that the error can name where the value came from.
        return getattr(msgspec.convert({name: value}, of, strict=strict), name)
    except msgspec.ValidationError as fault:
        raise UsageError(f"{name} = {value!r}: {explain_mismatch(fault)}", code="NB292", where=Where(origin)) from fault
