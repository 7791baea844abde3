"""What repeats a build exactly, without the window: a command line, or a file for `nb2prod job`."""

import shlex
from dataclasses import fields

import msgspec

from nb2prod.model.spec import BuildSpec

_DEFAULTS = {f.name: f.default for f in fields(BuildSpec)}
_OPTIONS = ("image", "package", "tracking_uri", "model", "base_image", "platform", "cell_timeout", "mutants")


def command_line(spec: BuildSpec) -> str:
    """`nb2prod build …` with the options that differ from the defaults, quoted for a POSIX shell."""
    words = ["nb2prod", "build", spec.notebook, "-o", spec.output]
    for name in _OPTIONS:
        value = getattr(spec, name)
        if value != _DEFAULTS[name]:
            words += [f"--{name.replace('_', '-')}", str(value)]
    if spec.alias != _DEFAULTS["alias"]:
        words += ["--alias", spec.alias or ""]
    if not spec.log:
        words.append("--no-log")
    for option, values in (("-p", spec.parameters), ("--sample", spec.sample)):
        for name, value in values.items():
            words += [option, f"{name}={value}"]
    words += ["--force"] if spec.force else []
    return shlex.join(words)


def job_file(spec: BuildSpec) -> str:
    """What `nb2prod job FILE` reads."""
    return msgspec.json.format(msgspec.json.encode(spec), indent=2).decode() + "\n"
