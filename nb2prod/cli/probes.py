"""The questions `doctor` asks. Each is quick, changes nothing, and imports neither mlflow nor Qt."""

import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from nb2prod.config import Settings, without_password
from nb2prod.console.doctor import Check
from nb2prod.errors import Nb2ProdError

PYTHONS = ((3, 11), (3, 14))
"""From (inclusive) and to (exclusive), as in pyproject.toml."""


def examine(folder: Path, settings: Settings) -> tuple[Check, ...]:
    """All checks for projects made in `folder`. Never raises."""
    engine, base = probe_docker(settings.base_image)
    return (
        probe_python(sys.version_info[:2]),
        probe_kernels(),
        probe_package("papermill", "papermill"),
        probe_package("mlflow", "mlflow"),
        probe_store(folder, settings.tracking_uri),
        probe_program("uv"),
        probe_program("ruff"),
        engine,
        base,
        probe_qt(),
    )


def probe_python(running: tuple[int, int]) -> Check:
    first, end = PYTHONS
    wanted = f"Python {first[0]}.{first[1]} to {end[0]}.{end[1] - 1}"
    return Check(
        "python",
        first <= running < end,
        f"{'.'.join(map(str, sys.version_info[:3]))} at {sys.executable}",
        f"Install nb2prod with {wanted}.",
    )


def probe_kernels() -> Check:
    """Kernels as Jupyter finds them: folders with a kernel.json, and our own interpreter where it has ipykernel."""
    from jupyter_core.paths import jupyter_path

    names: dict[str, str] = {}
    for place in jupyter_path("kernels"):
        for path in sorted(Path(place).glob("*/kernel.json")):
            try:
                language = json.loads(path.read_text(encoding="utf-8")).get("language", "")
            except (OSError, ValueError, AttributeError):
                continue
            names.setdefault(path.parent.name, str(language))
    if find_spec("ipykernel") is not None:
        names.setdefault("python3", "python")
    found = sorted(name for name, language in names.items() if language.lower() == "python")
    remedy = "pip install ipykernel && python -m ipykernel install --user"
    return Check("kernels", bool(found), ", ".join(found) or "no Python kernel", remedy)


def probe_package(name: str, package: str) -> Check:
    try:
        return Check(name, True, version(package), "")
    except PackageNotFoundError:
        return Check(name, False, "not installed", f"pip install {package}")


def probe_store(folder: Path, tracking_uri: str | None) -> Check:
    from nb2prod.tracking import check_store, default_tracking_uri

    uri = tracking_uri or default_tracking_uri(folder / "project")
    try:
        check_store(uri)
    except Nb2ProdError as error:
        return Check("mlflow store", False, error.message, error.hint)
    return Check("mlflow store", True, without_password(uri), "")


def probe_program(name: str) -> Check:
    """A program that came with a package of that name."""
    remedy = f"pip install {name}"
    try:
        done = subprocess.run(
            [sys.executable, "-m", name, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        return Check(name, False, str(fault), remedy)
    if done.returncode:
        return Check(name, False, "not installed", remedy)
    return Check(name, True, done.stdout.strip().removeprefix(f"{name} "), remedy)


def probe_docker(base_image: str | None) -> tuple[Check, Check]:
    """The engine, and whether it has the base image already (else it is pulled when an image is built)."""
    from nb2prod.image.engine import connect, engine_status

    name = base_image or f"python:{sys.version_info[0]}.{sys.version_info[1]}-slim"
    status = engine_status()
    if not status.available:
        missing = Check("docker engine", False, status.reason, status.hint, needed=False)
        return missing, Check("base image", False, f"{name}: no engine to ask", status.hint, needed=False)
    engine = Check("docker engine", True, status.version, "", needed=False)
    try:
        client = connect(5.0)
        try:
            there = bool(client.images(name))
        finally:
            client.close()
    except Exception as fault:  # whatever the engine says, it is no image
        return engine, Check("base image", False, f"{name}: {fault}", f"docker pull {name}", needed=False)
    remedy = f"docker pull {name}, or choose another with --base-image or NB2PROD_BASE_IMAGE"
    return engine, Check("base image", there, name if there else f"{name} is not here yet", remedy, needed=False)


def probe_qt() -> Check:
    remedy = "pip install 'nb2prod[gui]'"
    for package in ("PySide6_Essentials", "PySide6"):
        try:
            return Check("qt", True, f"{package} {version(package)}", remedy, needed=False)
        except PackageNotFoundError:
            continue
    return Check("qt", False, "not installed; only the wizard needs it", remedy, needed=False)
