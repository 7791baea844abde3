"""One statement of IPython's own as Python that does the same; as nothing, where it only shows something; or as it is.

    %matplotlib inline      nothing
    %time fit(X)            fit(X)
    !mkdir -p out           import subprocess; subprocess.run("mkdir -p out", shell=True)
    rows = %sql select 1    rows = get_ipython().run_line_magic("sql", "select 1")

The last is IPython's own call: no program can make it. The analysis sees which names it binds, and refuses what needs
them; a call that binds none may do anything, and is refused where something after it is needed.
"""

import ast
import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from nb2prod.model.findings import Severity
from nb2prod.model.notebook import Install
from nb2prod.notebook import shell
from nb2prod.notebook.installs import installed_by
from nb2prod.notebook.lines import ends_in_code, own_value
from nb2prod.notebook.scripts import imported, script_name
from nb2prod.notebook.text import shorten, words

SHOWN_ONLY = words(
    """
    matplotlib load_ext nb2prod reload_ext unload_ext autoreload config precision pprint xmode colors doctest_mode who
    who_ls whos pwd pinfo pinfo2 pdoc pdef pfile psource psearch pycat history hist lsmagic magic quickref watermark
    logstart logstop logon logoff logstate alias alias_magic unalias automagic autocall autoawait autosave debug pdb
    page gui bookmark dhist dirs tb rehashx load loadpy connect_info qtconsole subshell clear notebook save pastebin
    tensorboard tensorflow_version nb_black lab_black version_information flake8_on pycodestyle_on
    """
)
"""Line magics that only change what is shown, or set up IPython itself."""

_RUNS_PYTHON = words("time prun")
_REPEATS = words("timeit memit mprun lprun")
_ALIASES = {
    "ll": "ls -l", "lf": "ls", "lk": "ls", "ldir": "ls", "lx": "ls",
    **{name: name for name in ("ls", "cat", "cp", "mv", "rm", "mkdir", "rmdir", "less", "more", "man")},
}  # fmt: skip
AUTOMATIC = SHOWN_ONLY | _RUNS_PYTHON | _ALIASES.keys() | words("pip conda mamba uv cd env timeit run store sx system")
"""Magics that a cell of one line may call without ``%``."""

_PYLAB = (
    "import numpy; import matplotlib; from matplotlib import pylab, mlab, pyplot; import numpy as np; "
    "import matplotlib.pyplot as plt"
)
_PYLAB_STARS = "; from matplotlib.pylab import *; from numpy import *"
"""What ``%pylab`` binds (IPython.core.pylabtools.import_pylab)."""
_OPTION = re.compile(r"(?:(?:-[lsTD]\s*(?:'[^']*'|\"[^\"]*\"|\S+)|-[rq]|--[\w-]+)\s+)*")
_TIMES_OPTION = re.compile(r"(?:(?:-[nrpf]\s*\S+|-[tcqov]+)\s+)*")
_MAGIC = re.compile(r"(%{1,2})\s*([\w.]*!?)(.*)", re.DOTALL)
_HELP_END = re.compile(r"%{0,2}(?!\d)[\w*]+(?:\.(?!\d)[\w*]+|\[-?[0-9]+\])*\?\??\Z")
_SPELT_OUT = re.compile(
    r"get_ipython\(\)\.(?:(?P<line>run_line_magic|magic)|(?P<shell>system|getoutput))\((?P<given>.*)\)\s*;?\Z",
    re.DOTALL,
)
_CALLED = re.compile(r"([,;/])(\S*) ?(.*)\Z", re.DOTALL)
_BLOCK = re.compile(r"(?:if|for|while|with|else|elif|try|except|finally)\b.*:\s*(?=[^:]*\Z)", re.DOTALL)

HINTS = {
    "run": "Run it in a line of its own, not inside a block; or copy its code into cells here.",
    "store": "Save and load a file instead.",
    "reset": "Use a new name, or a notebook of its own.",
    "dotenv": "Write: from dotenv import load_dotenv; load_dotenv().",
    "sql": "Write: pandas.read_sql(…).",
    "capture": "Do without the captured output.",
}
_OTHERWISE = "Write it in plain Python."


@dataclass(frozen=True, slots=True)
class Remark:
    code: str
    message: str
    hint: str = ""
    severity: Severity = Severity.INFO


@dataclass(frozen=True, slots=True)
class Translation:
    """What a statement of IPython's own becomes: `python`, or a comment where that is None."""

    python: str | None = None
    remarks: tuple[Remark, ...] = ()
    installs: tuple[Install, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement stands; `is_known` says which names have a value by then, `script` gives the text of a file
    beside the notebook, or None."""

    cell: int
    line: int
    is_known: Callable[[str], bool]
    script: Callable[[str], str | None]


def translate(text: str, place: Place) -> Translation | None:
    """What the statement `text` (one line, stripped) becomes; None where it is not IPython's own."""
    if text.startswith("?") or (text.endswith("?") and _HELP_END.search(text) and ends_in_code(text)):
        return Translation()
    if text.startswith("!!"):
        return _value("", text[2:], place)
    if text.startswith("!"):
        return command(text[1:], place)
    if text.startswith("%") and (match := _MAGIC.fullmatch(text)):
        return _magic(match[2], match[3].strip(), place)
    if text != "/" and (match := _CALLED.match(text)):
        return Translation(_called(*match.groups()))
    if (at := own_value(text)) is not None:
        return _assigned(text[:at], text[at:], place)
    if match := _SPELT_OUT.match(text):
        return _spelt_out(match, place)
    return None


def command(text: str, place: Place) -> Translation:
    """``!text``: nothing where it only shows or installs, else the call that runs it."""
    installs: list[Install] = []
    remarks: list[Remark] = []
    kept = []
    for before, part in shell.pieces(text):
        found = installed_by(part, place.cell, place.line)
        if found is not None:
            installs += found
            names = ", ".join(i.text or f"what {i.file} lists" for i in found) or "something"
            remarks.append(
                Remark("NB141", f"the cell installs {names}; the package declares its requirements instead.")
            )
        elif shell.installs_on_the_system(part):
            remarks.append(
                Remark("NB163", f"{shell.shown(part)} changes the machine; no container has that.",
                       "Make sure that prediction does without, or extend the base image.", Severity.WARNING)
            )  # fmt: skip
        else:
            kept.append((before, part))
    python = None
    if not all(shell.only_shows(part) for _, part in kept):
        python = shell.run(shell.joined(kept) if installs or remarks else text, place.is_known)
        if python is None:
            return _untold(f"get_ipython().system({json.dumps(text)})", text)
    return Translation(python, tuple(remarks), tuple(installs))


def only_ipython(what: str, python: str, name: str = "") -> Translation:
    """IPython's own call, since no program can make it."""
    hint = HINTS.get(name, _OTHERWISE)
    return Translation(python, (Remark("NB140", f"{what} works only in a notebook.", hint, Severity.WARNING),))


def call(kind: str, *given: str) -> str:
    """``get_ipython().run_line_magic("sql", "select 1")``."""
    return f"get_ipython().{kind}({', '.join(map(shell.literal, given))})"


def repeated(code: str) -> str:
    """What runs `code` some number of times and binds nothing: the analysis sees in it what `code` changes."""
    try:
        ast.parse(code, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return f"class _timed_(get_ipython().timeit): {code}"
    return f"class _timed_(get_ipython().timeit): _ = ({code})"


def _untold(python: str, text: str) -> Translation:
    what = f"which text the shell is given in {shell.shown(text)}"
    hint = "Write {expression} in braces, without backslashes or both kinds of quotes, or use subprocess.run."
    return Translation(python, (Remark("NB140", f"{what} cannot be told.", hint, Severity.WARNING),))


def _called(sign: str, name: str, given: str) -> str:
    """``/f a b`` is f(a, b), ``,f a b`` is f("a", "b"), ``;f a b`` is f("a b")."""
    if sign == "/":
        return f"{name}({', '.join(given.split())})"
    if sign == ";":
        return f'{name}("{given}")'
    texts = '", "'.join(given.split())
    return f'{name}("{texts}")'


def _magic(name: str, rest: str, place: Place) -> Translation:
    if name in SHOWN_ONLY:
        return Translation()
    if name in _RUNS_PYTHON:
        return _timed(_OPTION.sub("", rest + " ", count=1).strip(), place)
    if name in _REPEATS:
        code = _TIMES_OPTION.sub("", rest + " ", count=1).strip()
        return Translation(repeated(code) if code else None)
    if name in ("pip", "conda", "mamba", "micromamba", "uv"):
        found = command(f"{name} {rest}", place)
        return found if found.python is None else only_ipython(f"%{name} {rest}", call("run_line_magic", name, rest))
    if name in _ALIASES:
        return command(f"{_ALIASES[name]} {rest}", place)
    if name == "pylab" and "--list" not in rest:
        return Translation(_PYLAB + ("" if "--no-import-all" in rest else _PYLAB_STARS))
    if name in ("sx", "system", "sc"):
        return _value("", rest, place)
    if name in ("env", "set_env"):
        return _environment(name, rest, place)
    if name == "cd":
        return _folder(rest, place)
    if name == "store" and not re.match(r"-[rdz]\b|.*>", rest):
        return Translation()
    if name == "store" and (names := re.fullmatch(r"-r\s+([\w\s]+)", rest)):
        given = " = ".join(names[1].split())
        return only_ipython(f"%store {rest}", f"{given} = {call('run_line_magic', name, rest)}", name)
    if name == "run" and (python := _script(rest, place)) is not None:
        return Translation(python)
    if name == "xdel" and rest.isidentifier():
        return Translation(f"del {rest}")
    return only_ipython(f"%{name} {shorten(rest)[1:-1]}".rstrip(), call("run_line_magic", name, rest), name)


def _script(rest: str, place: Place) -> str | None:
    file = script_name(rest)
    text = place.script(file) if file else None
    return imported(file, text) if file and text is not None else None


def _timed(code: str, place: Place) -> Translation:
    """The statement that ``%time`` runs, which may be IPython's own in turn."""
    inner = translate(code, place) if code else None
    return inner if inner is not None else Translation(code or "pass")


def _environment(name: str, rest: str, place: Place) -> Translation:
    sign = "=" if "=" in rest else " "
    variable, found, value = (part.strip() for part in rest.partition(sign))
    if not found and not value:
        return Translation()  # shows it
    text = shell.expanded(value, place.is_known)
    if text is None or not re.fullmatch(r"\w+", variable):
        return only_ipython(f"%{name} {rest}", call("run_line_magic", name, rest), name)
    return Translation(f"import os; os.environ[{shell.literal(variable)}] = {text}")


def _folder(rest: str, place: Place) -> Translation:
    folder = re.sub(r"^-q\b\s*", "", rest)
    text = shell.expanded(folder or "~", place.is_known)
    if text is None or folder.startswith("-") or folder[:1] in ("'", '"'):
        return only_ipython(f"%cd {rest}", call("run_line_magic", "cd", rest), "cd")
    inner = f"os.path.expanduser({text})" if "~" in text or text.startswith("f") else text
    return Translation(f"import os; os.chdir({inner})")


def _value(bound: str, text: str, place: Place) -> Translation:
    """``bound = !text``: the lines that the command writes."""
    value = shell.output(text, place.is_known)
    if value is None:
        return _untold(f"{bound}get_ipython().getoutput({shell.literal(text)})", text)
    return Translation(_with_import("subprocess", bound, value))


def _assigned(bound: str, text: str, place: Place) -> Translation:
    if text.startswith("!"):
        return _value(bound, text[1:], place)
    name, _, rest = text[1:].partition(" ")
    rest = rest.strip()
    if name in ("sx", "system", "sc"):
        return _value(bound, rest, place)
    if name == "pwd":
        return Translation(_with_import("os", bound, "os.getcwd()"))
    if name == "env" and re.fullmatch(r"\w+", rest):
        return Translation(_with_import("os", bound, f"os.environ[{shell.literal(rest)}]"))
    if name == "time":
        inner = _timed(rest, place)
        if inner.python is not None and not inner.remarks and inner.python == rest:
            return Translation(bound + rest)
    if name == "timeit" and (code := _TIMES_OPTION.sub("", rest, count=1).strip()):
        return only_ipython(f"%{name}", f"{bound}get_ipython().timeit({code})", name)
    return only_ipython(f"%{shorten(name)[1:-1]}", bound + call("run_line_magic", name, rest), name)


def _with_import(module: str, bound: str, value: str) -> str:
    """``import os; x = os.getcwd()``, also behind ``if there:``."""
    block = _BLOCK.match(bound)
    opening = block.group() if block else ""
    return f"{opening}import {module}; {bound[len(opening) :]}{value}"


def _spelt_out(match: re.Match[str], place: Place) -> Translation | None:
    """``get_ipython().run_line_magic("matplotlib", "inline")``, as a converted notebook has it."""
    try:
        given = [ast.literal_eval(part) for part in ast.parse(f"f({match['given']})", mode="eval").body.args]  # type: ignore[attr-defined]
    except (SyntaxError, ValueError, AttributeError):
        return None
    if not given or not all(isinstance(text, str) for text in given):
        return None
    if match["shell"] == "system":
        return command(given[0], place)
    if match["shell"]:
        return _value("", given[0], place)
    name, _, rest = " ".join(given).strip().partition(" ")
    return _magic(name.lstrip("%"), rest.strip(), place)
