"""A cell's source as plain Python, line for line.

IPython is Python plus lines that are none. Each such line becomes, on the same line, the Python that does the same, or
a comment where it only shows something; so line numbers stay the notebook's own::

    %matplotlib inline              # %matplotlib inline
    %time model.fit(X)              model.fit(X)
    !pip install lightgbm           # !pip install lightgbm        finding NB141, and an Install
    !mkdir -p out                   import subprocess; subprocess.run("mkdir -p out", shell=True)
    %store -r x                     x = get_ipython().run_line_magic("store", "-r x")         finding NB140

What only IPython can do stays as IPython's own call; whether anything needs it is for the plan to say. Only lines that
start a statement can be IPython syntax: ``%`` inside brackets or a text is an operator or a character. So statements
are followed by a small scanner (`lines.py`); Python's own parser has the last word on the result.
"""

import ast
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from nb2prod.model.findings import Finding, Severity
from nb2prod.model.notebook import Install
from nb2prod.model.roles import Role
from nb2prod.notebook import magics
from nb2prod.notebook.cell_magics import body_of, translate_header
from nb2prod.notebook.lines import is_open, statement_spans
from nb2prod.notebook.magics import Place, Translation
from nb2prod.notebook.text import shorten

SOURCE_LIMIT = 1_000_000
"""Characters of one cell; more is data, not code, and Python's parser needs a hundred bytes for each."""

_PROMPTS = re.compile(r"\A\s*[ \t]\S|^[ \t]*(?:>>>|\.{3,}:)|\A\s*(?:\[\w+\] )?In \[\d+\]: ", re.MULTILINE)
_BLANK_LINE = re.compile(r"^[ \t]+$", re.MULTILINE)
_SPLIT = "Move data out of the code, or split the expression."
_PYTHON_2_MESSAGES = (
    "Missing parentheses in call to", "multiple exception types must be parenthesized", "leading zeros in decimal",
)  # fmt: skip
_PYTHON_2_LINE = re.compile(
    r"""print\s+[^(=\s] | exec\s+["'\w] | raise\s+\w+\s*,\s | except\s+\w+\s*,\s*\w+: | .*(?:<>|\bur['"]|`[^`]+`)""",
    re.VERBOSE,
)


@dataclass(slots=True)
class _Reading:
    """One cell while it is read: where it stands, what is found. A broken cell is an error where it has a role."""

    cell: int
    role: Role | None
    source: str
    earlier: Sequence[str | None]
    scripts: Callable[[str], str | None]
    found: list[Finding] = field(default_factory=list)
    installs: list[Install] = field(default_factory=list)

    def add(self, code: str, message: str, line: int | None, hint: str = "", severity: Severity | None = None) -> None:
        if severity is None:
            needed = self.role is not None and self.role is not Role.SKIP
            severity = Severity.ERROR if needed else Severity.WARNING
        self.found.append(Finding(code, severity, message, self.cell, line, hint))

    def take(self, translation: Translation, line: int) -> None:
        for remark in translation.remarks:
            self.add(remark.code, remark.message, line, remark.hint, remark.severity)
        self.installs += translation.installs

    def place(self, line: int) -> Place:
        return Place(self.cell, line, self.is_known, self.script)

    def script(self, file: str) -> str | None:
        """The text of a file beside the notebook, unless the notebook itself writes it."""
        written = any(f'Path("{file}")' in python for python in self.earlier if python is not None)
        return None if written else self.scripts(file)

    def is_known(self, name: str) -> bool:
        """Whether this cell or an earlier one may have given the name a value."""
        word = re.compile(rf"\b{re.escape(name)}\b")
        own = (line for line in self.source.split("\n") if not re.match(r"\s*[!%]|[^=]*=\s*[!%]", line))
        if any(word.search(line) for line in own):
            return True
        return any(name in _bound(python) for python in self.earlier if python is not None and word.search(python))


def _bound(python: str) -> set[str]:
    """The names that Python source gives a value, anywhere."""
    found: set[str] = set()
    for node in ast.walk(_parse_quietly(python) or ast.Module([], [])):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.alias(name=name, asname=other):
                found.add(other or name.partition(".")[0])
    return found


@dataclass(frozen=True, slots=True)
class CellPython:
    """A code cell as Python: `python` has as many lines as the source, or is None where the cell cannot be read."""

    python: str | None
    findings: tuple[Finding, ...] = ()
    installs: tuple[Install, ...] = ()


def read_code(
    source: str,
    *,
    cell: int = 1,
    role: Role | None = None,
    earlier: Sequence[str | None] = (),
    scripts: Callable[[str], str | None] = lambda _file: None,
) -> CellPython:
    """The Python of a code cell's `source` (with ``\\n`` line ends) at 1-based position `cell`.

    `earlier` is the Python of the cells before it: a shell line may hold the values of its names. `scripts` gives the
    text of a file beside the notebook, or None, for ``%run``. `python` is None where there is a syntax error, or the
    code is too deep for Python's parser. Findings NB139–NB141, NB145, NB155, NB163; Python's warnings are not silenced.
    """
    reading = _Reading(cell, role, source, earlier, scripts)
    python = _read(source, reading)
    return CellPython(python, tuple(reading.found), tuple(reading.installs))


def to_python(source: str, *, cell: int = 1, role: Role | None = None) -> tuple[str | None, tuple[Finding, ...]]:
    """The Python and the findings of `read_code`."""
    result = read_code(source, cell=cell, role=role)
    return result.python, result.findings


def _read(source: str, reading: _Reading) -> str | None:
    if len(source) > SOURCE_LIMIT:
        reading.add("NB145", f"the cell has {len(source)} characters; too complex to read.", None, _SPLIT,
                    Severity.ERROR)  # fmt: skip
        return None
    source = _cleaned(source)
    if not source.lstrip().startswith("%%") and (tree := _parse_quietly(source)) is not None:
        return _python_already(source, tree, reading)
    if (alone := _automatic(source, reading)) is not None:
        return alone
    lines = source.split("\n")
    return _parse_or_explain("\n".join(_without_magic(lines, 0, reading)), source, reading)


def _python_already(source: str, tree: ast.Module, reading: _Reading) -> str:
    """Python as it stands, but for ``ls`` alone in a cell and calls of IPython that are written out."""
    match tree.body:
        case [ast.Expr(value=ast.Name(id=name))] if name in magics.AUTOMATIC and source.strip() == name:
            if not any(name in _bound(python) for python in reading.earlier if python is not None and name in python):
                return source.replace(name, f"# {name}", 1)
    if "get_ipython" not in source:
        return source
    return "\n".join(_without_magic(source.split("\n"), 0, reading))


def _automatic(source: str, reading: _Reading) -> str | None:
    """A cell of one line that calls a magic without ``%``: ``pip install shap``."""
    line = source.strip("\n")
    name, _, _ = line.partition(" ")
    if "\n" in line or source != source.rstrip("\n") or name not in magics.AUTOMATIC:
        return None
    above = source.count("\n")
    translation = magics.translate(f"%{line}", reading.place(above + 1))
    assert translation is not None
    reading.take(translation, above + 1)
    return "\n" * above + (translation.python if translation.python is not None else f"# {line}")


def _parse_quietly(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _without_magic(lines: list[str], start: int, reading: _Reading) -> list[str]:
    """`lines` (of the cell, from index `start` on) with each of IPython's own as Python or as a comment."""
    at = next((n for n, line in enumerate(lines) if line.strip()), 0)
    if not lines[at].lstrip().startswith("%%") or re.match(r"%%\w+\?", lines[at].lstrip()):
        return _replace_lines(lines, start, reading)
    place = reading.place(start + at + 1)
    header = translate_header(lines[at].strip(), body_of(lines[at + 1 :]), place)
    reading.take(header.translation, place.line)
    python = header.translation.python
    first = [*lines[:at], python if python is not None else f"# {lines[at].strip()}"]
    if not header.keeps_body:
        return [*first, *(f"# {line}".rstrip() for line in lines[at + 1 :])]
    rest = lines[at + 1 :]
    body = _without_magic(rest, start + at + 1, reading) if rest else []
    if header.indents_body:
        if not any(line.strip() and not line.lstrip().startswith("#") for line in body):
            return [*lines[:at], f"# {lines[at].strip()}", *body]
        body = [f" {line}" if line.strip() else line for line in body]
    return [*first, *body]


def _replace_lines(lines: list[str], start: int, reading: _Reading) -> list[str]:
    lines = list(lines)
    for first, last in statement_spans(lines):
        if lines[last].endswith("?") and sys.version_info >= (3, 12) and is_open(lines[first : last + 1]):
            continue  # up to Python 3.11 IPython shows help here; since then it is a syntax error
        translation = magics.translate(_one_text(lines[first : last + 1]), reading.place(start + first + 1))
        if translation is None or "\n" in (translation.python or ""):  # a text or a bracket goes on: no line of its own
            continue
        indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
        if translation.python is not None:
            kept = [indent + translation.python, *[""] * (last - first)]
        else:
            # An indented line may be all its block has: `pass` keeps the block a block, and ends the one before.
            below = next((line for line in lines[last + 1 :] if line.strip()), "")
            opening = f"{indent}pass  # " if indent or below[:1].isspace() else "# "
            kept = [opening + lines[first].strip(), *(f"# {line.strip()}" for line in lines[first + 1 : last + 1])]
        lines[first : last + 1] = kept
        reading.take(translation, start + first + 1)
    return lines


def _one_text(lines: list[str]) -> str:
    """The lines of a statement; where backslashes join them all, as one line, the way IPython joins them."""
    if all(line.endswith("\\") for line in lines[:-1]):
        text = " ".join([*(line.rstrip()[:-1] for line in lines[:-1]), lines[-1].rstrip()]).strip()
    else:
        text = "\n".join(lines).strip()
    # behind a question mark IPython takes no space
    return text if not text.endswith("?") or lines[-1].endswith("?") else f"{text} "


def _parse_or_explain(python: str, source: str, reading: _Reading) -> str | None:
    try:
        ast.parse(python)
        return python
    except (RecursionError, MemoryError):
        reading.add("NB145", "the code is nested too deep for Python's parser.", None, _SPLIT, Severity.ERROR)
        return None
    except (SyntaxError, ValueError) as error:
        problem = error
    line = problem.lineno if isinstance(problem, SyntaxError) else None
    message = problem.msg if isinstance(problem, SyntaxError) else str(problem)
    if isinstance(problem, SyntaxError) and message.startswith("too many nested"):
        reading.add("NB145", f"{message}.", line, _SPLIT, Severity.ERROR)
        return None
    place = source.split("\n")[line - 1].strip() if line and line <= source.count("\n") + 1 else ""
    shown = f": {shorten(place)}" if place else ""
    reading.found = [f for f in reading.found if f.code != "NB140"]
    if _is_python_2(message, place):
        hint = "Convert it to Python 3: print(…), `except Error as e`, and so on."
        reading.add("NB155", f"this is Python 2{shown}.", line, hint)
    else:
        hint = "Mend it, or make it a Markdown cell; the run steps over a cell that cannot start."
        if reading.role is not None:
            hint = "Run the cell in Jupyter to see it there."
        reading.add("NB139", f"syntax error ({message}){shown}.", line, hint)
    return None


def _is_python_2(message: str, place: str) -> bool:
    return message.startswith(_PYTHON_2_MESSAGES) or _PYTHON_2_LINE.match(place) is not None


def _cleaned(source: str) -> str:
    """`source` as IPython cleans it before anything else: without an indent, pasted ``>>>`` and ``In [1]:`` prompts,
    and spaces on empty lines, also inside a text."""
    has_texts = '"""' in source or "'''" in source
    if not _PROMPTS.search(source) and not (has_texts and _BLANK_LINE.search(source)):
        return source
    from IPython.core.inputtransformer2 import TransformerManager

    above = re.match(r"(?:[ \t]*\n)*", source)
    start = above.end() if above else 0
    lines = (source[start:] + "\n").splitlines(keepends=True)
    if [line.rstrip("\n") for line in lines] != source[start:].split("\n"):
        return source  # other line ends: not line for line
    try:
        for clean in TransformerManager().cleanup_transforms[1:]:
            lines = clean(lines)
    except Exception:  # IPython raises SyntaxError and more for what it cannot read; the caller explains
        return source
    cleaned = "\n" * source.count("\n", 0, start) + "".join(lines).removesuffix("\n")
    return cleaned if cleaned.count("\n") == source.count("\n") else source
