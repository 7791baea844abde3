"""``%run other.ipynb``: the cells of another notebook, as if they stood in this one.

    %run setup.ipynb            # %run setup.ipynb
                                import pandas as pd          cell 1 of setup.ipynb
                                df = pd.read_csv("a.csv")    cell 3 of setup.ipynb

IPython runs them one after the other with the notebook's own names; a script it runs with names of its own, which it
copies. So a script is followed where that is the same: where nothing that its functions read gets another value later.
"""

import ast
import re
import shlex
import symtable
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from nb2prod.errors import InputError
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.notebook import Install, Origin
from nb2prod.model.roles import Role
from nb2prod.notebook.document import parse_json
from nb2prod.notebook.ipython import CellPython, read_code
from nb2prod.notebook.scripts import OF_A_PROGRAM
from nb2prod.notebook.shape import check_cells, check_top
from nb2prod.secrets import secret_findings

_RUN = re.compile(r"get_ipython\(\)\.run_line_magic\(\"run\", .*\)")
_LINES_LIMIT = 100_000


class _CannotFollowError(Exception):
    def __init__(self, why: str, hint: str) -> None:
        super().__init__(why)
        self.hint = hint


class _Line(NamedTuple):
    source: str
    python: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Followed:
    """A cell with what it runs in its place. `origins` says of each line of both texts where it stands."""

    source: str
    code: CellPython
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True)
class Follower:
    """`texts` gives the text of a file beside the notebook called `name`; `beside` are the other cells' sources."""

    name: str
    texts: Callable[[str], str | None]
    beside: Sequence[str]

    def follow(
        self, cell: int, source: str, code: CellPython, role: Role | None, earlier: Sequence[str | None]
    ) -> Followed | None:
        """The cell with what it runs, or with a finding that says why that cannot be; None where it runs nothing."""
        if code.python is None or '.run_line_magic("run", ' not in code.python:
            return None
        following = _Following(self, cell, role, earlier)
        if not following.read(source, code, Origin(self.name, cell, 0), (self.name,)):
            return None
        lines = following.lines
        python = "\n".join(line.python for line in lines)
        return Followed(
            "\n".join(line.source for line in lines),
            CellPython(python, tuple(following.found), tuple(following.installs)),
            tuple(line.origin for line in lines),
        )


@dataclass(slots=True)
class _Following:
    """A cell while it is put together. What is `found` stands in these lines; `around` is all code that was met."""

    of: Follower
    index: int
    role: Role | None
    earlier: Sequence[str | None]
    lines: list[_Line] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)
    installs: list[Install] = field(default_factory=list)
    around: list[str] = field(default_factory=list)

    def read(self, source: str, code: CellPython, place: Origin, open_files: tuple[str, ...]) -> bool:
        """Add the lines of a cell, which is that at `place`, and what it runs; whether it runs anything.

        `open_files` are the notebooks that run it, from the outermost one.
        """
        assert code.python is not None
        runs = False
        self.around.append(code.python)
        self.installs += code.installs
        self.found += [f for f in code.findings if f.line is None]
        for number, (text, python) in enumerate(zip(source.split("\n"), code.python.split("\n"), strict=True), 1):
            at = len(self.lines)
            self.lines.append(_Line(text, python, replace(place, line=number)))
            told = [f for f in code.findings if f.line == number]
            if _RUN.fullmatch(python):
                runs = True
                told = [*(f for f in told if f.code != "NB140"), self._run(python, at, open_files)]
            self.found += [replace(f, cell=self.index, line=at + 1) for f in told]
        return runs

    def _run(self, python: str, at: int, open_files: tuple[str, ...]) -> Finding:
        """Put what is run behind the line; a word about it."""
        found, installs = len(self.found), len(self.installs)
        try:
            file = self._file(ast.literal_eval(ast.parse(python).body[0].value.args[1]))  # type: ignore[attr-defined]
            text = self._text(file, open_files)
            if file.endswith(".ipynb"):
                self._notebook(file, text, (*open_files, file))
            else:
                self._script(file, text)
        except _CannotFollowError as problem:
            del self.lines[at + 1 :], self.found[found:], self.installs[installs:]
            return Finding("NB169", Severity.WARNING, f"`%run` is not followed: {problem}.", hint=problem.hint)
        self.lines[at] = self.lines[at]._replace(python=f"# {self.lines[at].source.strip()}")
        return Finding("NB168", Severity.INFO, f"the code of {file} is read as if it stood here.")

    def _file(self, given: str) -> str:
        """The path that ``%run given`` names."""
        try:
            words = shlex.split(given)
        except ValueError:
            words = []
        if words and words[0] == "-i":
            raise _CannotFollowError("with `-i` a script changes this notebook's names",
                                     "Put its code into a notebook and run that, or copy it here.")  # fmt: skip
        if len(words) != 1 or words[0].startswith("-"):
            raise _CannotFollowError("it has options or arguments",
                                     "Leave them out; set the values in a cell, and read them there.")  # fmt: skip
        path = words[0].removeprefix("./")
        if re.search(r"[{}$~*?]", path) or path.startswith("/"):
            raise _CannotFollowError("which file it runs cannot be told",
                                     "Write the path as seen from this notebook.")  # fmt: skip
        return path if path.endswith((".ipynb", ".py")) else f"{path}.py"

    def _text(self, file: str, open_files: tuple[str, ...]) -> str:
        if file in open_files:
            raise _CannotFollowError(f"{file} runs itself", "Take what both need into a notebook of its own.")
        if any(f'Path("{file}")' in p for p in (*self.earlier, *(x.python for x in self.lines)) if p is not None):
            raise _CannotFollowError(f"{file} is written by this notebook", "Write its code into a cell.")
        text = self.of.texts(file)
        if text is None:
            raise _CannotFollowError(f"there is no {file} beside this notebook, or it is no text",
                                     "Put it there, or copy its code into cells.")  # fmt: skip
        return text

    def _notebook(self, file: str, text: str, open_files: tuple[str, ...]) -> None:
        try:
            document = parse_json(text, file, len(text))
            if check_top(document, file) == 3:
                raise _CannotFollowError(f"{file} is nbformat 3", "Open it in Jupyter and save it.")
            cells = [cell for cell in check_cells(document, file)[0] if cell.kind == "code"]
        except InputError as error:
            hint = error.hint or "Open it in Jupyter and save it."
            raise _CannotFollowError(f"{file} cannot be read: {error.message}".rstrip("."), hint) from None
        self.around += [cell.source for cell in cells]
        for cell in cells:
            code = read_code(
                cell.source,
                cell=self.index,
                role=self.role,
                earlier=[*self.earlier, "\n".join(x.python for x in self.lines)],
                scripts=self.of.texts,
            )
            if code.python is None or re.search(r"\b__file__\b", code.python):
                why = "is no Python" if code.python is None else "uses `__file__`"
                raise _CannotFollowError(f"cell {cell.index} of {file} {why}", "Mend it, or copy what is needed here.")
            self._limit(code.python)
            self.read(cell.source, code, Origin(file, cell.index, 0), open_files)
        for secret in secret_findings(document)[0]:
            where = f"{file}, cell {secret.cell}" + (f", line {secret.line}" if secret.line else "")
            self.found.append(replace(secret, cell=self.index, line=None, message=f"{where}: {secret.message}"))

    def _script(self, file: str, text: str) -> None:
        """The lines of a script, where it makes no difference whose names it runs with."""
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise _CannotFollowError(f"{file} is no Python 3", "Mend it, or copy what is needed here.") from None
        own = f"Make it a module of functions, and import these, or a notebook, and run that: `%run {file[:-3]}.ipynb`."
        if (word := OF_A_PROGRAM.search(text)) is not None:
            raise _CannotFollowError(f"{file} uses `{word.group()}`", own)
        if any(isinstance(n, ast.Global) for n in ast.walk(tree)):
            raise _CannotFollowError(f"{file} has functions that re-bind its own globals", own)
        before = "\n".join(line.python for line in self.lines)
        for name in sorted(_late_reads(text) & _bound(text)):
            if any(_may_bind(other, name, tree) for other in (*self.of.beside, *self.around, before)):
                why = f"a function of {file} reads `{name}`, which has another value in this notebook"
                raise _CannotFollowError(why, f"Use another name for one of them. {own}")
        self._limit(text)
        for number, line in enumerate(text.split("\n"), 1):
            self.lines.append(_Line(line, line, Origin(file, 0, number)))

    def _limit(self, text: str) -> None:
        if len(self.lines) + text.count("\n") > _LINES_LIMIT:
            raise _CannotFollowError(f"it is more than {_LINES_LIMIT} lines", "Copy what is needed into cells.")


def _late_reads(script: str) -> set[str]:
    """Names of a script that its functions, classes and lambdas read."""
    return {x.get_name() for t in _scopes(script)[1:] for x in t.get_symbols() if x.is_global()}


def _bound(code: str) -> set[str]:
    """Names that code gives a value at its top level, or from a function by ``global``."""
    top, *inner = _scopes(code)
    found = {x.get_name() for x in top.get_symbols() if x.is_assigned() or x.is_imported()} - _of_comprehensions(code)
    return found | {x.get_name() for t in inner for x in t.get_symbols() if x.is_declared_global()}


def _of_comprehensions(code: str) -> set[str]:
    """Names that comprehensions alone give a value: since Python 3.12 `symtable` has them among the names around."""
    nodes = list(ast.walk(ast.parse(code)))
    own = {n for c in nodes if isinstance(c, ast.comprehension) for n in ast.walk(c.target)}
    names = {n.id for n in own if isinstance(n, ast.Name)}
    return names.difference(*(_names_bound(node) for node in nodes if node not in own)) if names else names


def _names_bound(node: ast.AST) -> set[str | None]:
    """What a node, by itself, gives a value."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.MatchMapping(rest=name):
            return {name}
        case ast.alias(name=path, asname=name):
            return {name or path.partition(".")[0]}
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.ExceptHandler(name=name) | ast.MatchAs(name=name) | ast.MatchStar(name=name):
            return {name}
    return set()


def _scopes(code: str) -> list[symtable.SymbolTable]:
    found = [symtable.symtable(code, "script", "exec")]
    for scope in found:
        found += scope.get_children()
    return found


def _may_bind(source: str, name: str, script: ast.Module) -> bool:
    """Whether other code gives the name a value, and another one than the script does."""
    if not re.search(rf"\b{re.escape(name)}\b", source):
        return False
    try:
        tree, bound = ast.parse(source), _bound(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    own, other = _imported(name, script), _imported(name, tree)
    return name in bound and (own is None or own != other)


def _imported(name: str, tree: ast.Module) -> frozenset[str] | None:
    """What an import binds the name to; None where something else binds it too."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                source = getattr(node, "module", None) or ""
                found |= {f"{source}:{a.name}" for a in aliases if (a.asname or a.name.partition(".")[0]) == name}
            case ast.Name(id=bound, ctx=ast.Store()) if bound == name:
                return None
            case ast.FunctionDef(name=bound) | ast.AsyncFunctionDef(name=bound) | ast.ClassDef(name=bound):
                if bound == name:
                    return None
    return frozenset(found) or None
