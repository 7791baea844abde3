"""What the notebook itself installs, beside what was pinned: a reason for a pin, or a version that was not there.

!pip install shap==0.44.1        the run had shap 0.45.0: the pin is 0.45.0, and NB158 says so
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from nb2prod.model.findings import Finding, Severity
from nb2prod.model.notebook import Install
from nb2prod.model.project import Pin, Requirements


def with_stated(requirements: Requirements, installs: Iterable[Install]) -> tuple[Requirements, tuple[Finding, ...]]:
    """The requirements, whose pins say which cell installs them, and a finding for each version that differs."""
    by_name: dict[str, list[Install]] = {}
    for install in installs:
        by_name.setdefault(canonicalize_name(install.name), []).append(install)
    findings = [f for pin in (*requirements.serving, *requirements.training) for f in _unmet(pin, by_name)]
    stated = replace(
        requirements,
        serving=tuple(_with_reason(pin, by_name) for pin in requirements.serving),
        training=tuple(_with_reason(pin, by_name) for pin in requirements.training),
    )
    return stated, tuple(findings)


def listed(text: str, install: Install) -> tuple[Install, ...]:
    """The requirements in a file that `install` names (``-r more.txt``); lines that are none are left out."""
    found = []
    for line in text.splitlines():
        try:
            requirement = Requirement(line.split(" #")[0].split(" --")[0].strip())
        except InvalidRequirement:
            continue
        found.append(replace(install, name=requirement.name, specifier=str(requirement.specifier), text=line.strip()))
    return tuple(found)


def _with_reason(pin: Pin, by_name: dict[str, list[Install]]) -> Pin:
    cells = sorted({install.cell for install in by_name.get(canonicalize_name(pin.name), ())})
    if not cells:
        return pin
    said = f"installed in cell {', '.join(map(str, cells))}"
    return replace(pin, because=f"{pin.because}; {said}" if pin.because else said)


def _unmet(pin: Pin, by_name: dict[str, list[Install]]) -> Iterator[Finding]:
    for install in by_name.get(canonicalize_name(pin.name), ()):
        try:
            met = SpecifierSet(install.specifier).contains(pin.version, prereleases=True)
        except InvalidSpecifier:
            continue
        if not met:
            yield Finding(
                "NB158",
                Severity.WARNING,
                f"the cell installs {install.name}{install.specifier}, but the run had {pin.version}, which is pinned.",
                install.cell,
                install.line,
                "Install that version in the kernel's environment and build again, or correct the line.",
            )
