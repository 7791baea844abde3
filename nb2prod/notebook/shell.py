"""Shell lines as Python: what the command is after IPython has put in the notebook's values, and the call that runs it.

    !wget -q {url} -O data.csv      subprocess.run(f"wget -q {url} -O data.csv", shell=True)
    files = !ls *.csv               files = subprocess.run("ls *.csv", …).stdout.splitlines()

IPython puts in all values or none: where one of them cannot be computed, the shell gets the text as it stands.
"""

import ast
import builtins
import json
import re
from collections.abc import Callable, Iterator, Sequence
from string import Formatter

from nb2prod.notebook.text import shorten, words

IsKnown = Callable[[str], bool]
"""Whether the notebook has given a name a value by then."""

_DOLLAR = re.compile(r"(.*?)\$(\$?[\w.]+)(?=([^']*'[^']*')*[^']*$)")
_PIECE = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*"|\\.|&&|\|\||[;|]|2>&1|[^'"\\;&|2]+|.""", re.DOTALL)
_NOWHERE = re.compile(r"(?:[12&]?>\s*/dev/null|2>&1)")

_SHOWS = words(
    """
    ls ll dir pwd cat head tail wc which whereis whoami echo printf nvidia-smi nvcc free df du date uname lscpu lspci
    tree grep egrep fgrep sort cut tr file stat id hostname ps top printenv type md5sum sha256sum history nproc
    lsb_release less more man column nl sleep true :
    """
)
"""Commands that only show something, as long as nothing is redirected."""

_SHOWS_TOO = re.compile(
    r"""(?:pip[\d.]*|conda|mamba|uv\ pip)\s+(?:list|show|freeze|check|info|--version|-V|search|config|cache)\b
      | \S*python[\d.]*\s+(?:--version|-V)\s*$
      | git\s+(?:log|status|diff|show|branch|rev-parse|remote|describe)\b
      | \w+\s+--version\s*$
      | jupyter\s+(?:nbextension|labextension|kernelspec|--)
    """,
    re.VERBOSE,
)
_GONE_WITH_THE_SHELL = re.compile(r"(?:cd|export|alias|source|set|unset|pushd|popd)\b|\.\s")
_SYSTEM = re.compile(r"(?:sudo\s+)?(?:apt-get|apt|yum|dnf|apk|brew|snap|dpkg|npm)\b(?!-)")


def pieces(command: str) -> tuple[tuple[str, str], ...]:
    """The commands of a line, each with the ``&&``, ``||`` or ``;`` before it."""
    found, start, before = [], 0, ""
    for piece in _PIECE.finditer(command):
        if piece.group() in ("&&", "||", ";"):
            found.append((before, command[start : piece.start()].strip()))
            before, start = piece.group(), piece.end()
    found.append((before, command[start:].strip()))
    return tuple((before, text) for before, text in found if text)


def joined(parts: Sequence[tuple[str, str]]) -> str:
    """One line of `pieces` again."""
    text = ""
    for before, part in parts:
        text += f"{'' if before == ';' else ' '}{before} {part}" if text else part
    return text


def only_shows(command: str) -> bool:
    """Whether a command changes nothing: it shows something, or what it sets ends with its shell."""
    plain = _NOWHERE.sub("", command)
    if _GONE_WITH_THE_SHELL.match(plain) or not plain.strip():
        return True
    texts = re.sub(r"'[^']*'|\"[^\"]*\"", "''", plain)
    if ">" in texts or {"tee", "-o"} & {*texts.split()} or "`" in plain or "$(" in plain or "&" in texts:
        return False
    return all(
        part.split()[0] in _SHOWS or _SHOWS_TOO.match(part) is not None
        for part in map(str.strip, texts.split("|"))
        if part
    )


def installs_on_the_system(command: str) -> bool:
    return _SYSTEM.match(command) is not None


def run(command: str, is_known: IsKnown) -> str | None:
    """The statement that runs `command` as ``!command`` does; None where its text cannot be told."""
    text = expanded(command, is_known)
    return None if text is None else f"import subprocess; subprocess.run({text}, shell=True)"


def output(command: str, is_known: IsKnown) -> str | None:
    """The expression for the lines that `command` writes, as ``x = !command`` has them; None as in `run`.

    It needs `subprocess` imported.
    """
    text = expanded(command, is_known)
    if text is None:
        return None
    options = 'stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"'
    return f"subprocess.run({text}, shell=True, {options}).stdout.splitlines()"


def expanded(text: str, is_known: IsKnown) -> str | None:
    """The Python expression for `text` once ``{expression}`` and ``$name`` stand for their values.

    None where that cannot be told, or not be written in an f-string.
    """
    try:
        parts = tuple(_parts(text))
    except ValueError:  # braces that do not match
        return literal(text)
    codes = [code for _, code, _ in parts if code is not None]
    for code in codes:
        try:
            tree = ast.parse(code.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return literal(text)
        own = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} - own
        if any(not is_known(name) and not hasattr(builtins, name) for name in names):
            return literal(text)
    if not codes:
        return literal("".join(before for before, _, _ in parts))
    if any(dotted and "." in (code or "") for _, code, dotted in parts):
        return None  # `$name.csv` is an attribute to IPython; whether there is one is not known
    return _f_string(parts)


def _parts(text: str) -> Iterator[tuple[str, str | None, bool]]:
    """(literal text, the expression behind it or None, whether it was written with a dollar)."""
    for plain, field, spec, conversion in Formatter().parse(text):
        start, before = 0, ""
        for match in _DOLLAR.finditer(plain):
            skipped, name = match.group(1, 2)
            if name.startswith("$"):
                before += skipped + name
            else:
                yield before + skipped, name, True
                before = ""
            start = match.end()
        code = field if field is None or not spec else f"{field}:{spec}"
        if code is not None and conversion:
            code = f"{_CONVERSIONS[conversion]}({code})" if conversion in _CONVERSIONS else ""
        yield before + plain[start:], code, False


_CONVERSIONS = {"r": "repr", "s": "str", "a": "ascii"}


def _f_string(parts: tuple[tuple[str, str | None, bool], ...]) -> str | None:
    codes = "".join(code or "" for _, code, _ in parts)
    quote = next((q for q in ('"', "'") if q not in codes), None)
    if quote is None or "\\" in codes or "#" in codes or "\n" in codes:
        return None
    body = ""
    for plain, code, _ in parts:
        body += json.dumps(plain, ensure_ascii=False)[1:-1].replace('\\"', '"').replace(quote, "\\" + quote).replace(
            "{", "{{").replace("}", "}}")  # fmt: skip
        if code is not None:
            alone = code.strip()
            simple = re.fullmatch(r"[\w.\[\]()'\"]+", alone)
            body += "{" + (alone if simple else f"({alone})") + "}"
    made = f"f{quote}{body}{quote}"
    try:
        ast.parse(made, mode="eval")
    except (SyntaxError, ValueError):
        return None
    return made


def literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def shown(command: str) -> str:
    return shorten(" ".join(command.split()))
