"""The runtime as a wheel: exactly the `nb2prod.serving` that runs here, for the image to install by its hash.

The same source gives the same bytes anywhere: sorted members, one fixed time, and no compression, because different
zlib versions compress differently.
"""

import base64
import hashlib
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

import nb2prod
from nb2prod.environment.cache import writing
from nb2prod.errors import UsageError
from nb2prod.model.project import Pin

RUNTIME = tuple(
    Requirement(text)
    for text in (
        "httptools>=0.6.4",
        "msgspec>=0.19",
        "prometheus-client>=0.22",
        "starlette>=0.49.1",
        "uvicorn>=0.34",
        'uvloop>=0.21; sys_platform != "win32"',
    )
)
"""What `nb2prod.serving` imports. starlette from 0.49.1 on: CVE-2025-62727. uvloop and httptools are uvicorn's fast
loop and parser; without them two workers answer in 44 ms instead of 1 ms."""

OPTIONS = {
    "graphql": (Requirement("graphql-core>=3.2"),),
    "tokens": (Requirement("pyjwt>=2.10.1"), Requirement("cryptography>=42")),
    "tracing": (Requirement("opentelemetry-exporter-otlp-proto-http>=1.30"), Requirement("opentelemetry-sdk>=1.30")),
}
"""What parts of the service need that are off unless an operator sets them; installed where a build asks for them."""

RUNTIME_BECAUSE = "needed by nb2prod.serving"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file can tell


def option_requirements(options: str) -> tuple[Requirement, ...]:
    """What the named options need, e.g. ``"tokens tracing"``. Raises UsageError NB292 for a name that is none."""
    names = options.replace(",", " ").split()
    if unknown := sorted(set(names) - OPTIONS.keys()):
        raise UsageError(
            f"service: {unknown[0]!r} is no option of the service.",
            code="NB292",
            hint=f"Known are: {', '.join(OPTIONS)}.",
        )
    return tuple(requirement for name in dict.fromkeys(names) for requirement in OPTIONS[name])


def build_runtime_wheel(folder: Path) -> Pin:
    """Write ``nb2prod_serving-<version>-py3-none-any.whl`` to `folder`, whole or not at all, and return its pin.

    It holds ``nb2prod/__init__.py``, ``nb2prod/py.typed`` if there is one, and ``nb2prod/serving``; it must not be
    installed beside nb2prod itself, which has the same files. Raises ToolError NB409 where `folder` cannot be written.
    """
    version = str(Version(nb2prod.__version__))
    name = f"nb2prod_serving-{version}-py3-none-any.whl"
    with writing(folder):
        members = _members(Path(nb2prod.__file__).parent, version)
        folder.mkdir(parents=True, exist_ok=True)
        aside = folder / f".{name}.{os.getpid()}"
        try:
            _write(aside, members)
            sha256 = hashlib.sha256(aside.read_bytes()).hexdigest()
            aside.replace(folder / name)
        finally:
            aside.unlink(missing_ok=True)
    needs = tuple(sorted(requirement.name for requirement in RUNTIME))
    return Pin("nb2prod-serving", version, (sha256,), "serves the model", name, "Apache-2.0", needs)


def _members(package: Path, version: str) -> Mapping[str, bytes]:
    sources = [package / "__init__.py", package / "py.typed"]
    sources += [path for path in (package / "serving").rglob("*") if "__pycache__" not in path.parts]
    members = {
        f"nb2prod/{path.relative_to(package).as_posix()}": path.read_bytes() for path in sources if path.is_file()
    }
    info = f"nb2prod_serving-{version}.dist-info"
    requires = "".join(f"Requires-Dist: {requirement}\n" for requirement in RUNTIME)
    members[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: nb2prod-serving\nVersion: {version}\n"
        f"Summary: The runtime of services made by nb2prod\nLicense: Apache-2.0\nRequires-Python: >=3.11\n{requires}"
    ).encode()
    members[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: nb2prod\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    lines = [f"{path},sha256={_digest(data)},{len(data)}" for path, data in sorted(members.items())]
    members[f"{info}/RECORD"] = ("\n".join([*lines, f"{info}/RECORD,,"]) + "\n").encode()
    return members


def _digest(data: bytes) -> str:
    """As RECORD wants it: url-safe base64 without padding (PEP 376, PEP 427)."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _write(path: Path, members: Mapping[str, bytes]) -> None:
    # PEP 427 asks for the .dist-info members at the end; sorted names have them there ("nb2prod/" < "nb2prod_")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as wheel:
        for name, data in sorted(members.items()):
            member = zipfile.ZipInfo(name, _EPOCH)
            member.create_system = 3  # Unix, on every system
            member.external_attr = 0o100644 << 16
            wheel.writestr(member, data)
