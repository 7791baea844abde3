"""What wheels are chosen for: the kernel's own interpreter and machine, or the same Python on another machine."""

from collections.abc import Mapping
from dataclasses import dataclass

from nb2prod.environment.installed import Interpreter
from nb2prod.errors import UsageError

_MACHINES = {
    "amd64": "x86_64",
    "x86_64": "x86_64",
    "arm64": "aarch64",
    "arm64/v8": "aarch64",
    "aarch64": "aarch64",
    "arm/v7": "armv7l",
    "386": "i686",
    "ppc64le": "ppc64le",
    "s390x": "s390x",
    "riscv64": "riscv64",
}
"""Docker's names of architectures -> those of wheels."""

_GLIBC = range(36, 16, -1)
"""Minor versions of glibc 2 whose wheels run on Debian 12 (glibc 2.36), best first (PEP 600)."""


@dataclass(frozen=True, slots=True)
class Target:
    """What wheels are chosen for. `key` names it in the cache; `options` are pip's, none for the interpreter itself."""

    key: str
    options: tuple[str, ...]
    markers: Mapping[str, str]


def target_for(interpreter: Interpreter, platform: str | None = None) -> Target:
    """The target of `interpreter`, or of the same Python on a Docker `platform` such as ``linux/arm64``.

    Raises UsageError NB412 for a platform that has no wheels.
    """
    here = Target(
        "-".join(part for part in (interpreter.tag, interpreter.platform, interpreter.libc) if part),
        (),
        interpreter.markers,
    )
    if platform is None:
        return here
    system, _, architecture = platform.partition("/")
    machine = _MACHINES.get(architecture)
    if system != "linux" or machine is None:
        raise UsageError(
            f"platform {platform!r} is not one that wheels are made for.",
            code="NB412",
            hint=f"One of: {', '.join('linux/' + name for name in _MACHINES)}.",
        )
    if interpreter.platform == f"linux-{machine}":
        return here
    tags = [f"manylinux_2_{minor}_{machine}" for minor in _GLIBC] + [f"manylinux2014_{machine}", f"linux_{machine}"]
    plain = interpreter.tag.rstrip("t")
    abis = (interpreter.tag, *(("abi3",) if plain == interpreter.tag else ()), "none")
    options = ["--implementation", "cp", "--python-version", interpreter.version]
    options += [part for abi in abis for part in ("--abi", abi)]
    options += [part for tag in tags for part in ("--platform", tag)]
    there = {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_machine": machine}
    return Target(
        f"{interpreter.tag}-linux-{machine}-glibc-2.{_GLIBC[0]}", tuple(options), {**interpreter.markers, **there}
    )
