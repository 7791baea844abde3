"""What IPython syntax means for a program: nothing, its Python, a requirement, or something it cannot do."""

import re
from dataclasses import dataclass

from nb2prod.model.findings import Severity
from nb2prod.notebook.text import shorten


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CELL_RUNS_PYTHON = frozenset({"time", "capture", "prun"})
"""Cell magics that run the rest of the cell as if they were not there."""

CELL_WITHOUT_NAMES = _words(
    """
    bash sh script sx system ! cmd html HTML svg SVG latex markdown js javascript perl ruby pypy python python2
    python3 writefile file timeit
    """
)
"""Cell magics after which the notebook has no new names."""

CELL_HINT = "Do it in Python, or move it to a cell that needs no role."

_DROPPED = _words(
    """
    matplotlib load_ext reload_ext unload_ext autoreload config precision pprint xmode colors doctest_mode timeit
    memit who who_ls whos pwd ls pinfo pinfo2 pdoc pdef psource history hist lsmagic magic quickref watermark
    logstart logstop alias_magic automagic debug pdb page
    """
)
"""Line magics that only change what is shown: no finding."""

_RUNS_PYTHON = frozenset({"time", "prun"})
_OPTION = re.compile(r"(?:-\w+(?:\s+\d+)?\s+)*")

_SHOWN = _words(
    """
    ls dir pwd cat head tail wc which echo nvidia-smi free df du date uname lscpu tree
    """
)
"""Commands that only show something, as long as nothing is redirected."""

_MAGIC = re.compile(r"(%{1,2})\s*([\w.]+!?)(.*)", re.DOTALL)
_HELP = re.compile(r"\?{1,2}\s*[\w.*%]+\s*;?|%{0,2}[A-Za-z_][\w.*]*(?:\[[^\]]*\])?\?{1,2}", re.DOTALL)
_ASSIGNED = re.compile(r"[A-Za-z_]\w*(?:\.\w+|\[[^\]=]*\]|\s*,\s*\w+)*\s*=\s*(!|%(?=[A-Za-z_]))")
_INSTALL = re.compile(
    r"(?:\S*python[\d.]*\s+-m\s+|\{\s*sys\.executable\s*\}\s+-m\s+|sudo\s+|uv\s+)?(?:pip[\d.]*|conda|mamba)\s+install\b(.*)",
    re.DOTALL,
)
_WITH_VALUE = frozenset({"-c", "--channel", "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-t", "-n"})


@dataclass(frozen=True, slots=True)
class Syntax:
    """One statement of IPython's own. `python` is what stays of it; `severity` None: as the cell's role demands.
    An empty `code` means that there is nothing to tell."""

    python: str | None = None
    code: str = ""
    message: str = ""
    hint: str = ""
    severity: Severity | None = None


def recognise(statement: str) -> Syntax | None:
    """What the statement is, or None where it does not look like IPython's own."""
    text = statement.strip()
    if _HELP.fullmatch(text):
        return Syntax()
    if text.startswith("!"):
        return _command(text.lstrip("!").strip())
    if text.startswith("%") and (match := _MAGIC.fullmatch(text)):
        return _magic(match.group(2), match.group(3).strip())
    if match := _ASSIGNED.match(text):
        what = "a shell command" if match.group(1) == "!" else "a magic"
        return _other(f"{shorten(text)} takes its value from {what}.")
    return None


def _magic(name: str, rest: str) -> Syntax:
    if name in _DROPPED:
        return Syntax()
    if name in _RUNS_PYTHON:
        return Syntax(python=_OPTION.sub("", rest, count=1) or "pass")
    if name in ("pip", "conda", "mamba", "uv"):
        return _command(f"{name} {rest}")
    if name in ("sx", "sc", "system"):
        return _command(rest)
    if name == "pylab":
        return _other("%pylab imports names invisibly.", "Write: import numpy as np; import matplotlib.pyplot as plt")
    if name in ("env", "set_env"):
        return _other(f"%{name} changes the environment.", "Write: os.environ[...] = ..., or make it a parameter.")
    return _other(f"%{shorten(name)[1:-1]} is a magic that a program cannot do.")


def _command(command: str) -> Syntax:
    if match := _INSTALL.match(command):
        names = _requirements(match.group(1))
        listed = ", ".join(names) if names else "something"
        return Syntax(
            code="NB141",
            message=f"the cell installs {listed}; the package declares its requirements instead.",
            severity=Severity.INFO,
        )
    first = command.split(maxsplit=1)[0] if command else ""
    if not first or (first in _SHOWN and ">" not in command and "|" not in command):
        return Syntax()
    if re.match(r"pip[\d.]*\s+(list|show|freeze|check|--version)", command):
        return Syntax()
    return _other(f"the shell command {shorten(command)} is no Python.")


def _requirements(arguments: str) -> tuple[str, ...]:
    """The requirements that an install command names: no options, no values of options."""
    import shlex  # rare

    try:
        words = shlex.split(arguments.replace("\\\n", " "), comments=True)
    except ValueError:
        words = arguments.split()
    names: list[str] = []
    previous = ""
    for word in words:
        if word in ("&&", ";", "|", ">", "2>&1"):
            break
        if not word.startswith("-") and previous not in _WITH_VALUE:
            names.append(shorten(word)[1:-1] if previous not in ("-r", "--requirement") else f"what {word} lists")
        previous = word
    return tuple(names)


def _other(message: str, hint: str = "Do it in Python, or move it to a cell that needs no role.") -> Syntax:
    return Syntax(code="NB140", message=message, hint=hint)
