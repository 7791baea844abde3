"""From import names to the installed distributions they need. Pure: installed facts in, choices out.

    import sklearn          in cell 1
    scikit-learn            provides it                      because "imported in cell 1"
    numpy, scipy, joblib    its installed requirements       because "needed by scikit-learn"

Nothing is guessed from a name: `sklearn` is mapped because a file of scikit-learn holds it where the notebook ran.
"""

import re
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from nb2prod.environment.installed import Distribution, Interpreter
from nb2prod.errors import InputError, Where


@dataclass(frozen=True, slots=True)
class Choice:
    """A distribution to pin. `own` tells that it is nb2prod's, not the notebook's."""

    distribution: Distribution
    because: str
    own: bool = False

    @property
    def version(self) -> str:
        """The version in normal form, with its local label: ``2.13.0+cpu``."""
        return str(Version(self.distribution.version))


@dataclass(frozen=True, slots=True)
class Closure:
    """`notes` are requirements that the notebook's own environment does not meet; the notebook ran all the same.
    `needs` are the choices that each choice requires itself."""

    choices: Mapping[NormalizedName, Choice]
    notes: tuple[str, ...] = ()
    needs: Mapping[NormalizedName, frozenset[NormalizedName]] = field(default_factory=dict)


def map_imports(
    imports: Mapping[str, str],
    interpreter: Interpreter,
    *,
    folder: Path | None = None,
    local: Collection[str] = (),
    own: Collection[str] = (),
    optional: Collection[str] = (),
) -> dict[NormalizedName, str]:
    """Distribution -> because, for each import name -> because. Standard library and `local` names are left out, the
    user's `own` modules, and `optional` names that nothing provides.

    `folder` is where the notebook ran: a module file there is told apart from a package that is missing.
    Raises InputError: NB401 not installed, NB402 more than one provides it, NB403 a module file that is no package,
    NB404 (an editable project), NB413 (an own module that hides an installed package).
    """
    roots: dict[NormalizedName, str] = {}
    for name, because in sorted(imports.items()):
        top = name.partition(".")[0]
        if top in interpreter.stdlib or top in local or name in local:
            continue
        if top in own:
            _check_hidden(top, because, interpreter)
            continue
        owner = _provider(name, because, interpreter, frozenset(imports))
        if owner is None and name in optional:
            continue
        if owner is None:
            raise _no_provider(name, because, interpreter, folder)
        roots.setdefault(owner, because)
    return roots


def _provider(name: str, because: str, interpreter: Interpreter, imports: frozenset[str]) -> NormalizedName | None:
    found = interpreter.providers.get(name, ())
    if not found and "." in name:  # an attribute, not a module: what provides its parent provides it
        return _provider(name.rpartition(".")[0], because, interpreter, imports)
    if len(found) <= 1:
        return found[0] if found else None
    if (same := canonicalize_name(name.replace(".", "-"))) in found:
        return same
    for candidate in found:  # one that brings the others along, as mlflow brings mlflow-skinny
        reached = close({candidate: because}, interpreter.distributions, interpreter.markers).choices
        if all(other in reached for other in found):
            return candidate
    needed = {
        choice
        for other in sorted(imports - {name})
        for root in interpreter.providers.get(other, ())[:1]
        for choice in close({root: because}, interpreter.distributions, interpreter.markers).choices
    }
    required = [candidate for candidate in found if candidate in needed]
    if len(required) == 1:
        return required[0]
    raise InputError(
        f"'{name}' ({because}) is provided by more than one installed package: {', '.join(found)}.",
        code="NB402",
        hint="Uninstall those that the notebook does not use, or import the submodule it uses.",
        where=_where(because),
    )


def _check_hidden(name: str, because: str, interpreter: Interpreter) -> None:
    found = [owner for owner in interpreter.providers.get(name, ()) if owner in interpreter.distributions]
    hidden = [owner for owner in found if interpreter.distributions[owner].source != "editable"]
    if hidden:
        raise InputError(
            f"the module `{name}` of yours ({because}) hides the installed package {hidden[0]}, which other packages "
            "may need.",
            code="NB413",
            hint="Rename your module.",
            where=_where(because),
        )


def _no_provider(name: str, because: str, interpreter: Interpreter, folder: Path | None) -> InputError:
    top = name.partition(".")[0]
    origin = interpreter.origins.get(name) or interpreter.origins.get(top)
    for one in interpreter.distributions.values():
        inside = origin and one.folder and Path(origin).is_relative_to(Path(one.folder))
        if inside and one.source == "editable":
            return not_on_an_index(one, because)
    beside = folder is not None and ((folder / f"{top}.py").is_file() or (folder / top).is_dir())
    if origin or beside:
        return InputError(
            f"'{name}' ({because}) is a module file of yours that lies elsewhere, and no installed package.",
            code="NB403",
            hint="Move it into the notebook's folder or repository, or build it as a package and install that.",
            where=_where(because),
        )
    return InputError(
        f"'{name}' ({because}) is provided by no package installed where the notebook runs.",
        code="NB401",
        hint="Install the package that provides it in the kernel's environment and run the notebook again.",
        where=_where(because),
    )


def not_on_an_index(one: Distribution, because: str) -> InputError:
    """NB404: a distribution that cannot be fetched again by name and version."""
    how = {
        "editable": "an editable install of a project folder",
        "vcs": "installed from version control",
        "url": "installed from a file or an address",
    }.get(one.source, f"of version {one.version!r}, which is no valid version")
    return InputError(
        f"{one.name} ({because}) is {how}: its wheel cannot be pinned by hash.",
        code="NB404",
        hint="Build its wheel, put that on your package index or in pip's find-links folder, and install it by name.",
        where=_where(because),
    )


def close(
    roots: Mapping[NormalizedName, str],
    notebook: Mapping[NormalizedName, Distribution],
    markers: Mapping[str, str],
    *,
    runtime: Iterable[Requirement] = (),
    runtime_because: str = "",
    own: Mapping[NormalizedName, Distribution] | None = None,
) -> Closure:
    """`roots` of the notebook and `runtime` requirements, with all they require; optional extras are not followed.

    What the runtime requires comes from the notebook's environment where that has it, else from `own`; a version of
    the notebook's that the runtime cannot work with is InputError NB405. Extras that a requirement asks for
    (``requests[socks]``) are followed; `markers` are those of the machine that will run it.
    """
    own = own or {}
    choices: dict[NormalizedName, Choice] = {}
    extras: dict[NormalizedName, set[str]] = {}
    needs: dict[NormalizedName, set[NormalizedName]] = {}
    notes: list[str] = []
    waiting: deque[NormalizedName] = deque()

    def choose(name: NormalizedName, because: str, wanted: set[str], found: Distribution, *, is_own: bool) -> None:
        if name not in choices:
            choices[name] = Choice(found, because, is_own)
            extras[name] = set()
            waiting.append(name)
        elif not wanted <= extras[name]:
            waiting.append(name)
        extras[name] |= wanted

    def require(requirement: Requirement, because: str, parent: Choice | None) -> None:
        name = canonicalize_name(requirement.name)
        for_runtime = parent is None or parent.own
        found = notebook.get(name)
        is_own = found is None and for_runtime
        if is_own:
            found = own.get(name)
        if found is None:
            if for_runtime:
                raise _unmet(requirement, because, None)
            notes.append(f"{requirement} ({because}) is not installed where the notebook ran")
            return
        if not _meets(found.version, requirement):
            if for_runtime:
                raise _unmet(requirement, because, found)
            notes.append(f"{requirement} ({because}) is not met by the installed {found.version}")
        choose(name, because, requirement.extras, found, is_own=is_own)
        if parent is not None:
            needs.setdefault(parent.distribution.name, set()).add(name)

    for name in sorted(roots):
        choose(name, roots[name], set(), notebook[name], is_own=False)
    for requirement in runtime:
        if requirement.marker is None or requirement.marker.evaluate({**markers, "extra": ""}):
            require(requirement, runtime_because, None)
    while waiting:
        name = waiting.popleft()
        for requirement in _requirements(choices[name].distribution, extras[name], markers):
            require(requirement, f"needed by {name}", choices[name])
    edges = {name: frozenset(needs.get(name, ())) for name in choices}
    return Closure(dict(sorted(choices.items())), tuple(sorted(set(notes))), edges)


def _requirements(one: Distribution, extras: Collection[str], markers: Mapping[str, str]) -> Sequence[Requirement]:
    active = []
    for text in one.requires:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:  # old metadata; pip ignores such lines of what is installed, too
            continue
        if requirement.marker is None or any(
            requirement.marker.evaluate({**markers, "extra": extra}) for extra in ("", *sorted(extras))
        ):
            active.append(requirement)
    return active


def _meets(version: str, requirement: Requirement) -> bool:
    try:
        return requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False


def _unmet(requirement: Requirement, because: str, found: Distribution | None) -> InputError:
    has = f"the notebook's environment has {found.name} {found.version}" if found else "it is not installed"
    wanted = f"{requirement.name}{requirement.specifier}"
    return InputError(
        f"{wanted} is {because}, but {has}.",
        code="NB405",
        hint=f'Install "{wanted}" in the environment of the notebook\'s kernel and run the notebook again.',
    )


def _where(because: str) -> Where | None:
    cell = re.search(r"\bcell (\d+)", because)
    return Where(cell=int(cell[1])) if cell else None
