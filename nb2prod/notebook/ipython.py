"""A cell's source as plain Python, line for line.

IPython is Python plus lines that are none. Each such line becomes a comment on the same line, so that line numbers stay
the notebook's own, unless it holds Python (``%time fit()``), which stays::

    %matplotlib inline              # %matplotlib inline
    %time model.fit(X)              model.fit(X)
    !pip install lightgbm           # !pip install lightgbm        finding NB141: names the requirement
    files = !ls                     # files = !ls                  finding NB140: an error where the cell has a role

Only lines that start a statement can be IPython syntax: ``%`` inside brackets or a text is an operator or a character.
So statements are followed by a small scanner (`lines.py`); Python's own parser has the last word on the result.
"""

import ast
from dataclasses import dataclass, field

from nb2prod.model.findings import Finding, Severity
from nb2prod.model.roles import Role
from nb2prod.notebook import magics
from nb2prod.notebook.lines import statement_spans
from nb2prod.notebook.text import shorten

SOURCE_LIMIT = 1_000_000
"""Characters of one cell; more is data, not code, and Python's parser needs a hundred bytes for each."""


@dataclass(slots=True)
class _Remarks:
    """Findings of one cell. What a cell without a role may do costs a warning; with a role, an error."""

    cell: int
    role: Role | None
    found: list[Finding] = field(default_factory=list)

    def add(self, code: str, message: str, line: int | None, hint: str = "", severity: Severity | None = None) -> None:
        if severity is None:
            needed = self.role is not None and self.role is not Role.SKIP
            severity = Severity.ERROR if needed else Severity.WARNING
        self.found.append(Finding(code, severity, message, self.cell, line, hint))


def to_python(source: str, *, cell: int = 1, role: Role | None = None) -> tuple[str | None, tuple[Finding, ...]]:
    """The Python of a code cell's `source` (with ``\\n`` line ends) at 1-based position `cell`, and findings.

    The result has as many lines as `source`. None where the cell holds no Python: another language (``%%bash``), a
    syntax error, code too deep for Python's parser. Findings NB139–NB142, NB145; Python's warnings are not silenced.
    """
    remarks = _Remarks(cell, role)
    if len(source) > SOURCE_LIMIT:
        remarks.add("NB145", f"the cell has {len(source)} characters; too complex to read.", None, _SPLIT)
        return None, tuple(remarks.found)
    python: str | None = source
    tree = None if source.lstrip().startswith("%%") else _parse_quietly(source)
    if tree is None:
        python = _replace_header(source, remarks)
        if python is not None:
            python = _replace_lines(python, remarks)
            python, tree = _parse_or_explain(python, source, remarks)
    if tree is not None and python is not None:
        _check_await(tree, python, remarks)
        if "get_ipython" in source:
            line = 1 + source[: source.index("get_ipython")].count("\n")
            remarks.add("NB140", "get_ipython() exists only in a notebook.", line, "Write it in plain Python.")
    return python, tuple(remarks.found)


_SPLIT = "Move data out of the code, or split the expression."


def _parse_quietly(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _replace_header(source: str, remarks: _Remarks) -> str | None:
    """`source` with a cell magic's line as a comment; None where the cell is not Python in the notebook's names."""
    stripped = source.lstrip()
    if not stripped.startswith("%%"):
        return source
    lines = source.split("\n")
    at = source[: len(source) - len(stripped)].count("\n")
    words = lines[at].strip().removeprefix("%%").split()
    name = words[0] if words else ""
    if name in magics.CELL_RUNS_PYTHON:
        rest = lines[at].strip().removeprefix("%%" + name).strip()
        lines[at] = f"# %%{name} {rest}".rstrip()
        return "\n".join(lines)
    if name in magics.CELL_WITHOUT_NAMES:
        needed = remarks.role is not None and remarks.role is not Role.SKIP
        severity = Severity.ERROR if needed else Severity.INFO
    else:
        severity = None
    remarks.add("NB140", f"%%{name} makes this cell something else than Python.", at + 1, magics.CELL_HINT, severity)
    return None


def _replace_lines(source: str, remarks: _Remarks) -> str:
    """`source` with each IPython line as a comment, or as the Python it holds."""
    lines = source.split("\n")
    for first, last in statement_spans(lines):
        text = "\n".join(lines[first : last + 1])
        syntax = magics.recognise(text)
        if syntax is None:
            continue
        indent = text[: len(text) - len(text.lstrip())]
        if syntax.python is not None:
            kept = [indent + syntax.python, *[""] * (last - first)]
        else:
            # An indented line may be all its block has: `pass` keeps the block a block.
            opening = f"{indent}pass  # " if indent else "# "
            kept = [opening + lines[first].strip(), *(f"# {line.strip()}" for line in lines[first + 1 : last + 1])]
        lines[first : last + 1] = kept
        if syntax.code:
            remarks.add(syntax.code, syntax.message, first + 1, syntax.hint, syntax.severity)
    return "\n".join(lines)


def _parse_or_explain(python: str, source: str, remarks: _Remarks) -> tuple[str | None, ast.Module | None]:
    try:
        return python, ast.parse(python)
    except (RecursionError, MemoryError):
        remarks.add("NB145", "the code is nested too deep for Python's parser.", None, _SPLIT)
        return None, None
    except (SyntaxError, ValueError) as error:
        problem = error
    cleaned = _without_prompts(source)
    if cleaned is not None:
        return cleaned, _parse_quietly(cleaned)
    line = problem.lineno if isinstance(problem, SyntaxError) else None
    message = problem.msg if isinstance(problem, SyntaxError) else str(problem)
    if isinstance(problem, SyntaxError) and message.startswith("too many nested"):
        remarks.add("NB145", f"{message}.", line, _SPLIT)
        return None, None
    place = source.split("\n")[line - 1].strip() if line and line <= source.count("\n") + 1 else ""
    shown = f": {shorten(place)}" if place else ""
    remarks.add("NB139", f"syntax error ({message}){shown}.", line, "Run the cell in Jupyter to see it there.")
    return None, None


def _without_prompts(source: str) -> str | None:
    """`source` as IPython would clean it (pasted ``>>>`` and ``In [1]:`` prompts, an indent), if that is Python."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        cleaned: str = TransformerManager().transform_cell(source).rstrip("\n")
    except Exception:  # IPython raises SyntaxError and more for what it cannot read; the caller explains
        return None
    missing = source.count("\n") - cleaned.count("\n")
    if missing < 0 or "get_ipython()" in cleaned or _parse_quietly(cleaned) is None:
        return None
    return cleaned + "\n" * missing


def _check_await(tree: ast.Module, python: str, remarks: _Remarks) -> None:
    """A finding for `await`, `async for` and `async with` outside a function, which only a notebook allows."""
    if "await" not in python and "async" not in python:
        return
    waiting = [ast.Await, ast.AsyncFor, ast.AsyncWith]
    scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, tuple(waiting)):
            line = getattr(node, "lineno", None)
            hint = "Put it into a function that runs it: asyncio.run(…)."
            remarks.add("NB142", "await outside a function works only in a notebook.", line, hint)
            return
        if not isinstance(node, scopes):
            todo.extend(ast.iter_child_nodes(node))
