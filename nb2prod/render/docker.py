"""The files that make an image of the project: Dockerfile, .dockerignore, compose.yaml.

A value with a newline in a Dockerfile can run as root while the image is built. So only three kinds of words are placed
here, each held to a pattern or an allow-list: the package's name, the Python version, Debian packages.
"""

import re

from nb2prod.errors import UsageError
from nb2prod.render.templates import fill

SYSTEM_PACKAGES = frozenset(
    {"graphviz", "libgl1", "libglib2.0-0", "libgomp1", "libmagic1", "libsndfile1", "libzbar0", "tesseract-ocr"}
)
"""Debian packages that wheels need and the slim images lack (`nb2prod.environment` says which distribution which)."""


def docker_files(
    package: str, system_packages: tuple[str, ...] = (), *, python: str = "3.11", data: tuple[str, ...] = ()
) -> dict[str, bytes]:
    """The three files by name. `python` is the kernel's version; its first two numbers choose the base image.

    Raises UsageError (NB902) for a word that may not be in a Dockerfile.
    """
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
    words = {
        "package": package,
        "image": image_name(package),
        "python": minor,
        "system_packages": " ".join(sorted(set(system_packages))),
    }
    return {
        "Dockerfile": fill("docker/Dockerfile.jinja", **words).encode(),
        ".dockerignore": fill("docker/dockerignore.jinja", data=data).encode(),
        "compose.yaml": fill("docker/compose.yaml.jinja", **words).encode(),
    }


def image_name(package: str) -> str:
    """A valid image name for a package: ``My_Model__2`` -> ``my_model_2:latest``."""
    return f"{re.sub('_+', '_', package.lower()).strip('_') or 'model'}:latest"
