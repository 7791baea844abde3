"""The words that may reach the engine: tags, base images, platforms, labels. Everything else is refused before Docker.

`re.fullmatch` throughout: `$` would let a trailing newline through, and a newline in a label can end as a command run
as root during the build.
"""

import re
from collections.abc import Mapping

from nb2prod.errors import UsageError

# https://pkg.go.dev/github.com/distribution/reference: domain, path, tag, digest.
_DOMAIN = (
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]{1,5})?/)?"
)
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = rf"{_DOMAIN}{_PART}(?:/{_PART})*"
_TAG = r"(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?"
_DIGEST = r"(?:@sha256:[0-9a-f]{64})?"
_PLATFORM = r"[a-z0-9]+/[a-z0-9_]+(?:/v?[0-9]+)?"
_LABEL = r"[a-z0-9]+(?:[.-][a-z0-9]+)*"
_VALUE = r"[A-Za-z0-9 ._:/@+,-]{0,255}"


def check_tag(tag: str) -> str:
    """`tag` with its version (``churn`` -> ``churn:latest``). Raises UsageError (NB902)."""
    if len(tag) > 255 or not re.fullmatch(_NAME + _TAG, tag):
        raise UsageError(
            f"{tag!r} is no image tag.",
            code="NB902",
            hint="Write name:version, the name in lower case, for example churn:1.0.",
        )
    return tag if ":" in tag.rpartition("/")[2] else f"{tag}:latest"


def check_base_image(name: str) -> str:
    """A reference to an image: name, tag, digest, or ``sha256:`` and an id. Raises UsageError (NB902)."""
    if len(name) > 400 or not re.fullmatch(rf"{_NAME}{_TAG}{_DIGEST}|sha256:[0-9a-f]{{64}}", name):
        raise UsageError(
            f"{name!r} is no name of a base image.",
            code="NB902",
            hint="Write name:version, for example python:3.11-slim.",
        )
    return name


def check_platform(platform: str) -> str:
    """``os/architecture[/variant]``. Raises UsageError (NB902)."""
    if not re.fullmatch(_PLATFORM, platform):
        raise UsageError(f"{platform!r} is no platform.", code="NB902", hint="Write linux/amd64 or linux/arm64.")
    return platform


def check_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels of constants, digests and allow-listed names. Raises UsageError (NB902)."""
    for key, value in labels.items():
        if not (re.fullmatch(_LABEL, key) and re.fullmatch(_VALUE, value)):
            raise UsageError(
                f"The label {key!r}: {value!r} cannot be set.",
                code="NB902",
                hint="Letters, digits, spaces and . _ : / @ + , - are allowed, on one line.",
            )
    return dict(labels)
