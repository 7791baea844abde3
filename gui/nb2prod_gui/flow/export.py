"""What repeats a build exactly, without the window: a command line, a papermill job, or a file for `nb2prod job`."""

import shlex
from typing import Any

import msgspec

from nb2prod.config import NAMES, Settings, Target
from nb2prod.model.spec import BuildSpec

_OPTIONS = ("image", "package", "tracking_uri", "model", "base_image", "platform", "cell_timeout", "mutants", "alias",
            "service")  # fmt: skip
_JOB = '"$(nb2prod jobs path build)"'


def command_line(spec: BuildSpec, settings: Settings | None = None, asked: Target | None = None) -> str:
    """`nb2prod build …`, quoted for a POSIX shell, with the options that differ from what the command line takes by
    itself: from the `settings`, and from what the notebook's metadata asks for."""
    settings, asked = settings or Settings(), asked or Target()
    words = ["nb2prod", "build", spec.notebook, "-o", spec.output]
    for name, value in _otherwise(spec, settings, asked):
        words += [f"--{name.replace('_', '-')}", "" if value is None else str(value)]
    if not spec.log:
        words.append("--no-log")
    sample = {} if spec.sample == asked.sample else spec.sample
    for option, values in (("-p", spec.parameters), ("--sample", sample)):
        for name, value in values.items():
            words += [option, f"{name}={value}"]
    words += ["--force"] if spec.force else []
    return shlex.join(words)


def papermill_line(spec: BuildSpec, settings: Settings | None = None, asked: Target | None = None) -> str:
    """papermill with the job notebook ``build``, quoted likewise; settings stand before it as environment variables.
    ``""`` where a build is asked for that a job notebook cannot: an option taken back, a sample, ``--force``."""
    settings, asked = settings or Settings(), asked or Target()
    otherwise = _otherwise(spec, settings, asked)
    if spec.force or spec.sample != asked.sample or any(value is None and name != "alias" for name, value in otherwise):
        return ""
    words = ["papermill", _JOB, "report.ipynb", "-r", "notebook", spec.notebook, "-r", "output", spec.output]
    if spec.parameters:
        pairs = shlex.join(f"{name}={value}" for name, value in spec.parameters.items())
        words += ["-r", "parameters", pairs]
    if not spec.log:
        words += ["-p", "log", "False"]
    variables = [
        f"NB2PROD_{name.upper()}={shlex.quote('' if value is None else str(value))}" for name, value in otherwise
    ]
    return " ".join([*variables, *(word if word == _JOB else shlex.quote(word) for word in words)])


def _otherwise(spec: BuildSpec, settings: Settings, asked: Target) -> list[tuple[str, Any]]:
    """The options of the build that nobody would take for granted."""
    found = ((name, getattr(spec, name), getattr(settings if name in NAMES else asked, name)) for name in _OPTIONS)
    return [(name, value) for name, value, usual in found if (value or "") != (usual or "")]


def job_file(spec: BuildSpec) -> str:
    """What `nb2prod job FILE` reads."""
    return msgspec.json.format(msgspec.json.encode(spec), indent=2).decode() + "\n"
