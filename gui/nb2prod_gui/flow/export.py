"""What repeats a build exactly, without the window: a command line, or a file for `nb2prod job`."""

import shlex
from typing import Any

import msgspec

from nb2prod.config import NAMES, Settings, Target
from nb2prod.model.spec import BuildSpec

_OPTIONS = ("image", "package", "tracking_uri", "model", "base_image", "platform", "cell_timeout", "mutants", "alias",
            "service")  # fmt: skip


def command_line(spec: BuildSpec, settings: Settings | None = None, asked: Target | None = None) -> str:
    """`nb2prod build …`, quoted for a POSIX shell, with the options that differ from what the command line takes by
    itself: from the `settings`, and from what the notebook's metadata asks for."""
    settings, asked = settings or Settings(), asked or Target()
    words = ["nb2prod", "build", spec.notebook, "-o", spec.output]
    for name in _OPTIONS:
        value: Any = getattr(spec, name)
        if (value or "") != (getattr(settings if name in NAMES else asked, name) or ""):
            words += [f"--{name.replace('_', '-')}", "" if value is None else str(value)]
    if not spec.log:
        words.append("--no-log")
    sample = {} if spec.sample == asked.sample else spec.sample
    for option, values in (("-p", spec.parameters), ("--sample", sample)):
        for name, value in values.items():
            words += [option, f"{name}={value}"]
    words += ["--force"] if spec.force else []
    return shlex.join(words)


def job_file(spec: BuildSpec) -> str:
    """What `nb2prod job FILE` reads."""
    return msgspec.json.format(msgspec.json.encode(spec), indent=2).decode() + "\n"
