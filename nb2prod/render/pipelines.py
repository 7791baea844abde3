"""CI pipelines for a repository of notebooks, from ``templates/ci``.

What a user gives stands in them as the value of a variable, which shells read in double quotes. So it is enough, and
demanded, that the values hold nothing that a shell in double quotes, YAML, Groovy or a system's own expressions read.
"""

import json
import re
from dataclasses import dataclass
from typing import Literal

from nb2prod.errors import UsageError
from nb2prod.render.templates import fill

System = Literal["github", "gitlab", "jenkins"]
FILES: dict[System, str] = {
    "github": ".github/workflows/notebooks.yml",
    "gitlab": ".gitlab-ci.yml",
    "jenkins": "Jenkinsfile",
}
"""Where each system looks for its pipeline, from the repository's root."""
_TEMPLATES: dict[System, str] = {
    "github": "ci/github.yml.jinja",
    "gitlab": "ci/gitlab.yml.jinja",
    "jenkins": "ci/Jenkinsfile.jinja",
}


@dataclass(frozen=True, slots=True)
class Pipeline:
    """`notebooks`: a folder, a notebook or a list, from the repository's root. `install`: what pip installs. `image`:
    the tag, with ``{name}`` for the notebook's name; "" for none. `python`: 3.x. `branch`: the main one."""

    notebooks: str
    install: str
    image: str = ""
    python: str = "3.11"
    branch: str = "main"


def pipeline_text(system: System, wanted: Pipeline) -> str:
    """The pipeline's file. Raises UsageError NB284 for a value that cannot stand in it."""
    for option in ("notebooks", "install", "image", "branch"):
        _check(option, getattr(wanted, option))
    if not re.fullmatch(r"3\.\d{1,2}", wanted.python):
        raise UsageError(f"--python {wanted.python!r}: expected a version like 3.11.", code="NB284")
    quoted = _groovy if system == "jenkins" else _yaml
    return fill(
        _TEMPLATES[system],
        notebooks=quoted(wanted.notebooks),
        install=quoted(wanted.install),
        image=quoted(wanted.image),
        branch=quoted(wanted.branch),
        python=quoted(wanted.python),
        version=wanted.python,
        docker=bool(wanted.image),
        docker_arguments=_DOCKER_SOCKET if wanted.image else "",
    )


_DOCKER_SOCKET = "\n                     args '-v /var/run/docker.sock:/var/run/docker.sock'"


def _check(option: str, value: str) -> None:
    bad = next((char for char in value if not char.isprintable() or char in "$`\"'\\"), None)
    if bad is not None:
        what = f"the character {bad!r} cannot stand in a pipeline"
    elif value.startswith("-"):
        what = "it begins like an option"
    elif len(value) > 1_000:
        what = "it is too long"
    elif not value and option != "image":
        what = "it is empty"
    else:
        return
    raise UsageError(f"--{option} {value!r}: {what}.", code="NB284", hint="Use letters, digits and the like.")


def _yaml(value: str) -> str:
    """A double-quoted scalar: JSON is YAML."""
    return json.dumps(value, ensure_ascii=False)


def _groovy(value: str) -> str:
    return f"'{value}'"
