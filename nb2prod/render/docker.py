"""The files that make an image of the project: Dockerfile, .dockerignore, compose.yaml.

A value with a newline in a Dockerfile can run as root while the image is built. So only three kinds of words are placed
here, each held to a pattern or an allow-list: the package's name, the Python version, Debian packages.
"""

import re
from pathlib import Path

import nb2prod
from nb2prod.errors import UsageError

SYSTEM_PACKAGES = frozenset({"libgl1", "libglib2.0-0", "libgomp1", "libsndfile1"})
"""Debian packages that wheels need and the slim images lack: OpenCV, lightgbm and xgboost, soundfile."""


def docker_files(package: str, system_packages: tuple[str, ...] = (), *, python: str = "3.11") -> dict[str, bytes]:
    """The three files by name. `python` is the kernel's version; its first two numbers choose the base image.

    Raises UsageError (NB902) for a word that may not be in a Dockerfile.
    """
    import jinja2

    minor = ".".join(python.split(".")[:2])
    if not (re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", package) and re.fullmatch(r"3\.[0-9]{1,2}", minor)):
        raise UsageError(
            f"{package!r} for Python {python!r} cannot be put in a Dockerfile.",
            code="NB902",
            hint="A package's name has at most 64 letters, digits and underscores.",
        )
    if unknown := sorted(set(system_packages) - SYSTEM_PACKAGES):
        raise UsageError(
            f"These system packages may not be installed: {', '.join(map(repr, unknown))}.",
            code="NB902",
            hint=f"Known are {', '.join(sorted(SYSTEM_PACKAGES))}. Put others in a base image of your own.",
        )
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_template_folder()),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  not HTML; every word was checked above
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    words = {
        "package": package,
        "image": image_name(package),
        "python": minor,
        "system_packages": " ".join(sorted(set(system_packages))),
    }
    templates = {
        "Dockerfile": "Dockerfile.jinja",
        ".dockerignore": "dockerignore.jinja",
        "compose.yaml": "compose.yaml.jinja",
    }
    return {name: environment.get_template(source).render(words).encode() for name, source in templates.items()}


def image_name(package: str) -> str:
    """A valid image name for a package: ``My_Model__2`` -> ``my_model_2:latest``."""
    return f"{re.sub('_+', '_', package.lower()).strip('_') or 'model'}:latest"


def _template_folder() -> Path:
    """In the wheel the templates are inside the package, in a checkout beside it."""
    package = Path(nb2prod.__file__).parent
    inside = package / "templates" / "docker"
    return inside if inside.is_dir() else package.parent / "templates" / "docker"
