"""A cell that begins with ``%%``: Python after all, a file to write, a program to run, or something only shown."""

import re
from dataclasses import dataclass, replace

from nb2prod.notebook import magics, shell
from nb2prod.notebook.magics import Place, Translation
from nb2prod.notebook.text import shorten, words

_RUNS_PYTHON = words("time capture prun")
_SHOWN_ONLY = words("html HTML svg SVG latex markdown js javascript mermaid css")
_PROGRAMS = words("bash sh perl ruby pypy python python2 python3")
_LANGUAGES = words("R sql cython julia octave matlab bigquery fortran cuda julia_eval bash_out")
"""Their work shows in the notebook's names only where they say so."""

_BOUND = re.compile(
    r"(?:^|\s)(?:-o|--out|--output)[\s=]+([\w,]+)|(\w+)\s*(?:=\s*)?<<|^(?=[A-Za-z_]\w*\s*$)([A-Za-z_]\w*)"
)
_CYTHON = re.compile(r"^(?:(?:cp?def|def|class)\s[^=\n]*?(\w+)\s*[(:]|([A-Za-z_]\w*)\s*=)", re.MULTILINE)
_WRITE = re.compile(r"(?P<append>(?:-a|--append)\s+)?(?P<file>\"[^\"]+\"|'[^']+'|\S+)(?P<behind>\s+(?:-a|--append))?")
_READS_ONLY = re.compile(r"\s*(?:--[^\n]*\n\s*)*(?:select|with|show|describe|explain|pragma)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Header:
    """What the ``%%`` line becomes. `keeps_body`: what follows is Python; `indents_body`: in a block of its own."""

    translation: Translation
    keeps_body: bool = False
    indents_body: bool = False


def translate_header(line: str, body: str, place: Place) -> Header:
    """`line` is the cell's ``%%`` line, stripped; `body` what follows it, with the newline at its end."""
    name, _, rest = line.removeprefix("%%").strip().partition(" ")
    rest = rest.strip()
    if name in _RUNS_PYTHON:
        captured = re.sub(r"--[\w-]+", "", rest).strip() if name == "capture" else ""
        if captured.isidentifier():
            python = f"{captured} = {magics.call('run_cell_magic', name, rest, '')}"
            return Header(Translation(python), keeps_body=True)
        return Header(Translation(), keeps_body=True)
    if name == "timeit":
        return Header(Translation("class _timed_(get_ipython().timeit):"), keeps_body=True, indents_body=True)
    if name in _SHOWN_ONLY:
        return Header(Translation())
    if name in ("writefile", "file"):
        return Header(_written(name, rest, body, place))
    if name in _PROGRAMS or (name == "script" and rest):
        return Header(_program(name, rest, body, place))
    if name in ("!", "sx", "system", "shell"):
        return Header(magics.command(body.rstrip("\n"), place))
    return Header(_other(name, rest, body))


def _written(name: str, rest: str, body: str, place: Place) -> Translation:
    """``%%writefile [-a] file``: the same text into the same file."""
    options = re.fullmatch(
        r"(?P<append>(?:-a|--append)\s+)?(?P<file>\"[^\"]+\"|'[^']+'|\S+)(?P<behind>\s+(?:-a|--append))?", rest
    )
    text = None
    if options:
        file = options["file"]
        text = shell.expanded(file[1:-1] if file[0] in "\"'" else file, place.is_known)
    if options is None or text is None:
        return magics.only_ipython(f"%%{name} {shorten(rest)[1:-1]}", magics.call("run_cell_magic", name, rest, ""))
    if text[1:2] == "~" or text.startswith("f"):
        path = f"Path({text}).expanduser()"
    else:
        path = f"Path({text})"
    content = shell.literal(body)
    if options["append"] or options["behind"]:
        return Translation(f'from pathlib import Path; {path}.open("a", encoding="utf-8").write({content})')
    return Translation(f'from pathlib import Path; {path}.write_text({content}, encoding="utf-8")')


def _program(name: str, rest: str, body: str, place: Place) -> Translation:
    """``%%bash``: the program, with the cell as its input. It fails where the program does."""
    out = re.match(r"--out[\s=]+(\w+)\s*", rest)
    errors = re.search(r"--no-raise-error\s*", rest)
    words = rest[out.end() if out else 0 :].replace(errors.group() if errors else "\0", "").split()
    if name != "script":
        words.insert(0, name)
    if any(word.startswith("--") or re.search(r"[{}$'\"\\]", word) for word in words) or not words:
        return magics.only_ipython(f"%%{name} {shorten(rest)[1:-1]}", magics.call("run_cell_magic", name, rest, ""))
    simple = name in ("bash", "sh") and len(words) == 1 and out is None
    if simple:
        lines = [line for line in body.split("\n") if line.strip() and not line.lstrip().startswith("#")]
        told = [magics.command(line.strip(), place) for line in lines]
        if all(one.python is None for one in told):  # it installs, or only shows
            remarks = tuple(r for one in told for r in one.remarks)
            return Translation(None, remarks, tuple(i for one in told for i in one.installs))
    given = ", ".join(map(shell.literal, words))
    check = "" if errors else ", check=True"
    run = f"subprocess.run([{given}], input={shell.literal(body)}, text=True"
    if out is None:
        return Translation(f"import subprocess; {run}{check})")
    return Translation(f"import subprocess; {out[1]} = {run}, stdout=subprocess.PIPE{check}).stdout")


def _other(name: str, rest: str, body: str) -> Translation:
    python = magics.call("run_cell_magic", name, rest, "")
    found = [word for groups in _BOUND.findall(rest) for group in groups for word in group.split(",") if word]
    if name == "cython":
        found = [word for groups in _CYTHON.findall(body) for word in groups if word]
    names = [word for word in dict.fromkeys(found) if word.isidentifier()]
    only_named = name in _LANGUAGES and (name != "sql" or bool(names) or _READS_ONLY.match(body) is not None)
    told = magics.only_ipython(f"%%{shorten(name)[1:-1]}", python, name)
    if names:
        return replace(told, python=f"{' = '.join(names)} = {python}")
    return replace(told, python=None) if only_named else told


def body_of(lines: list[str]) -> str:
    """What follows the header as IPython hands it over: with a newline at its end."""
    text = "\n".join(lines)
    return text if text.endswith("\n") else text + "\n"
