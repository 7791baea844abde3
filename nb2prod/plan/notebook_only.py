"""What only a notebook can do, where the package would need it: magics, cells that stop half-way, background work.

rows = %sql select 1        refused where `rows` is needed
%run other.ipynb            refused where anything after it is needed: it may have set any name
!mkdir -p out               told: train() does it too
"""

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache

from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.nodes import walk
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.notebook import RAISES_TAG
from nb2prod.plan.boundary import Boundary
from nb2prod.plan.selection import Selection

_LIST_OF_LINES = frozenset(
    {"s", "l", "n", "p", "nlstr", "list", "spstr", "paths", "get_list", "get_spstr", "get_nlstr", "get_paths", "grep",
     "fields", "sort"}
)  # fmt: skip
"""What IPython's list of output lines has besides a list, or does otherwise."""

_STARTS = frozenset({"create_task", "ensure_future", "call_soon", "call_later", "call_at", "run_in_executor"})
_HARMLESS = frozenset({"__class__", "config", "kernel", "has_trait", "timeit"})
_CALLED_ONLY = frozenset({"run_line_magic", "run_cell_magic", "magic", "system", "getoutput"})
"""Methods of IPython: judged where they are called."""

_ENVIRONMENT = frozenset({"environ", "getenv", "getenvb", "environb"})
_LOOPS = frozenset({"get_event_loop", "get_running_loop", "run_coroutine_threadsafe"})


def find_notebook_only(graph: NotebookGraph, boundary: Boundary, selection: Selection) -> list[Finding]:
    needed = tuple(graph.statements[n] for n in sorted({*selection.used, *selection.code}))
    return [
        *_needed_magics(graph, needed),
        *_unknown_effects(graph, needed),
        *_half_way(graph, needed),
        *_background(graph, needed),
        *_lists_of_lines(graph, needed),
        *_commands(graph, boundary, selection),
        *_environment(graph, boundary, selection),
    ]


def _needed_magics(graph: NotebookGraph, needed: Iterable[Statement]) -> Iterator[Finding]:
    timed = {n for n, d in graph.definitions.items() if d.is_class and _calls_ipython(graph, graph.statements[n])}
    for s in needed:
        for number in sorted(timed & {n for contributors in graph.reads[s.number].values() for n in contributors}):
            t = graph.statements[number]
            message = f"{_own_line(graph, t)} runs its code several times, and what that changes is needed."
            yield _error("NB156", message, "Time something that changes nothing, or run it once.", t)
        if not _calls_ipython(graph, s):
            continue
        line = _own_line(graph, s)
        if line is None:
            yield _error("NB326", "`get_ipython` exists only in a notebook.", "Write it in plain Python.", s)
        else:
            yield _error("NB156", f"what {line} gives is needed, and only a notebook can run it.",
                         "Write it in plain Python.", s)  # fmt: skip


def _calls_ipython(graph: NotebookGraph, s: Statement) -> bool:
    used = any(use.name == "get_ipython" and use.context == "load" for use in s.facts.uses)
    return used and "get_ipython" not in graph.final


def _unknown_effects(graph: NotebookGraph, needed: tuple[Statement, ...]) -> Iterator[Finding]:
    """Calls of IPython that may set any name, before something that is needed. Functions count as if called."""
    last = max((s.number for s in needed), default=-1)
    own = "get_ipython" in graph.final and not graph.imported.get("get_ipython", "").startswith("IPython")
    for s in _with_words(graph, graph.statements[: last + 1], frozenset({"get_ipython"})) if not own else ():
        bound = {id(n.value) for n in walk(s.node) if isinstance(n, ast.Assign | ast.AnnAssign)}
        if any(_may_do_anything(node, bound, is_first=s.number == 0) for node in walk(s.node)):
            line = _own_line(graph, s) or "this use of IPython"
            yield _error("NB157", f"{line} may change anything that the cells below it use.",
                         "Write in plain Python what it does, or remove it.", s)  # fmt: skip


def _may_do_anything(node: ast.AST, bound: set[int], *, is_first: bool) -> bool:
    """A method or attribute of ``get_ipython()``, or itself under a name; not a call of which only the value counts."""
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.Return | ast.NamedExpr) and _is_shell(node.value):
        return True
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_shell(node.func.value):
        given = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else ""
        nothing_yet = given == "reset" and is_first
        return not (id(node) in bound or nothing_yet or node.func.attr == "timeit")
    if isinstance(node, ast.Attribute) and _is_shell(node.value):
        return node.attr not in _HARMLESS and node.attr not in _CALLED_ONLY
    return False


def _is_shell(node: ast.AST | None) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    return getattr(called, "id", getattr(called, "attr", "")) == "get_ipython"


def _half_way(graph: NotebookGraph, needed: Iterable[Statement]) -> Iterator[Finding]:
    told: set[int] = set()
    for s in needed:
        if RAISES_TAG in graph.notebook.cells[s.cell - 1].tags and s.cell not in told:
            told.add(s.cell)
            yield _error("NB159", f"the cell is tagged `{RAISES_TAG}`: how far it comes is not known, and something in "
                         "it is needed.", "Move what is needed to a cell of its own.", s)  # fmt: skip


def _background(graph: NotebookGraph, needed: tuple[Statement, ...]) -> Iterator[Finding]:
    """Tasks that go on between the cells, while the notebook waits for its reader: what they change is not followed."""
    numbers = {s.number for s in needed}
    for s in _with_words(graph, graph.statements[: max(numbers, default=-1) + 1], _STARTS | _LOOPS):
        for node in walk(s.node):
            called = node.func if isinstance(node, ast.Call) else None
            name = getattr(called, "attr", getattr(called, "id", ""))
            if (name in _STARTS and not _is_awaited(graph, s)) or (name in _LOOPS and s.number in numbers):
                yield _error("NB142", f"`{name}` starts work that goes on between the cells.",
                             "Wait for it in the same cell: await …, or asyncio.TaskGroup.", s,
                             s.first_line + max(0, getattr(node, "lineno", 0) - s.node.lineno))  # fmt: skip


def _with_words(graph: NotebookGraph, statements: Iterable[Statement], words: frozenset[str]) -> Iterator[Statement]:
    """The statements that use one of these names; most cells have none in their text, and cost no walk."""
    cells = {c.index for c in graph.notebook.cells if c.python is not None and any(word in c.python for word in words)}
    return (s for s in statements if s.cell in cells and words & _words(s.node))


def _words(node: ast.AST) -> set[str]:
    return {getattr(n, "attr", getattr(n, "id", "")) for n in walk(node)}


def _is_awaited(graph: NotebookGraph, s: Statement) -> bool:
    """Whether what starts in this statement also ends in it, or is awaited below in the same cell."""
    if isinstance(s.node, ast.AsyncFunctionDef | ast.FunctionDef | ast.ClassDef):
        return not any(
            isinstance(n, ast.Expr) and isinstance(n.value, ast.Call) and getattr(n.value.func, "attr", "") in _STARTS
            and getattr(getattr(n.value.func, "value", None), "id", "") == "asyncio"
            for n in walk(s.node)
        )  # fmt: skip
    if any(isinstance(n, ast.Await | ast.AsyncWith) for n in walk(s.node)):
        return True
    return any(
        s.number in graph.reads[t.number].get(name, ())
        for t in graph.of_cell(s.cell) if any(isinstance(n, ast.Await) for n in walk(t.node))
        for name in graph.bound_by(s.number)
    )  # fmt: skip


def _lists_of_lines(graph: NotebookGraph, needed: tuple[Statement, ...]) -> Iterator[Finding]:
    """``files.fields()``: IPython's list of lines is more than a list, under any name and in functions it goes to."""
    lists = {s.number for s in graph.statements if _is_output(s) and _own_line(graph, s) is not None}
    if not lists:
        return
    for s in graph.statements:
        if (
            isinstance(s.node, ast.Assign)
            and isinstance(s.node.value, ast.Name)
            and _is_one_of(graph, s, s.node.value, lists)
        ):
            lists.add(s.number)
    own = {d.name: d.node for d in graph.definitions.values()}
    for s in needed:
        for node in walk(s.node):
            if (
                isinstance(node, ast.Attribute)
                and node.attr in _LIST_OF_LINES
                and _is_one_of(graph, s, node.value, lists)
            ):
                yield _not_a_list(ast.unparse(node), s)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in own:
                inside = walk(own[node.func.id])
                used = {n.attr for n in inside if isinstance(n, ast.Attribute)} & _LIST_OF_LINES
                if used and any(_is_one_of(graph, s, given, lists) for given in node.args):
                    yield _not_a_list(f"{node.func.id}(…) with .{min(used)}", s)


def _is_one_of(graph: NotebookGraph, s: Statement, node: ast.expr, lists: set[int]) -> bool:
    name = node.id if isinstance(node, ast.Name) else ""
    return bool(lists & {*graph.reads[s.number].get(name, ()), *graph.final.get(name, ())})


def _not_a_list(what: str, s: Statement) -> Finding:
    return _error("NB166", f"`{what}` is IPython's own; the package has a plain list of lines.",
                  'Write it for a list: " ".join(…), sorted(…), line.split().', s)  # fmt: skip


def _is_output(s: Statement) -> bool:
    lines = any(isinstance(call.func, ast.Attribute) and call.func.attr == "splitlines" for call in s.facts.calls)
    return lines and isinstance(s.node, ast.Assign) and ast.unparse(s.node.value).endswith(".stdout.splitlines()")


def _commands(graph: NotebookGraph, boundary: Boundary, selection: Selection) -> Iterator[Finding]:
    """Shell commands and files written: an error in the prediction, a word in training, a reason where left out."""
    served = {*boundary.prediction, *(f.statement for f in selection.features if not f.training_only)}
    trained = {*selection.training, *selection.training_constants, *(f.statement for f in selection.features)}
    for s in graph.statements:
        line = _own_line(graph, s)
        if line is None or isinstance(s.node, ast.Import | ast.ImportFrom) or not _acts(s.node):
            continue
        if s.number in served:
            yield _error("NB164", f"the prediction runs {line}, each time somebody asks.",
                         "Do it in Python, or before: in training.", s)  # fmt: skip
        elif s.number in trained:
            yield Finding("NB161", Severity.INFO, f"train() does {line}, as the notebook does.", s.cell, s.first_line)
        else:
            yield Finding("NB162", Severity.INFO, f"{line} is left out: nothing that is needed comes from it.",
                          s.cell, s.first_line)  # fmt: skip


def _environment(graph: NotebookGraph, boundary: Boundary, selection: Selection) -> Iterator[Finding]:
    """A service has its own environment: what a cell puts there, the prediction does not find."""
    served = {*boundary.prediction, *(f.statement for f in selection.features if not f.training_only)}
    readers = list(_with_words(graph, (graph.statements[n] for n in sorted(served)), _ENVIRONMENT))
    for s in graph.statements if readers else ():
        if s.number not in served and any(_sets_environment(node) for node in walk(s.node)):
            yield _error("NB167", "the environment is changed here, and the prediction reads it "
                         f"(cell {readers[0].cell}, line {readers[0].first_line}).",
                         "Use a name instead: its value becomes an artifact.", s)  # fmt: skip


def _sets_environment(node: ast.AST) -> bool:
    if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        return "environ" in _words(node.value)
    changes = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and (
        node.func.attr in ("putenv", "unsetenv", "load_dotenv")
        or (node.func.attr in ("update", "setdefault", "pop", "clear") and "environ" in _words(node.func.value))
    )  # fmt: skip
    return changes or (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "load_dotenv")


def _acts(node: ast.stmt) -> bool:
    words = {n.id for n in walk(node) if isinstance(n, ast.Name)}
    return bool(words & {"subprocess", "Path"})


def _own_line(graph: NotebookGraph, s: Statement) -> str | None:
    """The first line of the statement that is IPython's own, as the notebook has it; None where there is none."""
    cell = graph.notebook.cells[s.cell - 1]
    if cell.source == cell.python:
        return None
    source, python = _lines(cell.source), _lines(cell.python or "")
    for number in range(s.first_line - 1, min(s.last_line, len(source))):
        if source[number] != python[number]:
            line = source[number].strip()
            return f"`{line[:60]}…`" if len(line) > 60 else f"`{line}`"
    return None


@lru_cache(maxsize=4)
def _lines(text: str) -> list[str]:
    return text.split("\n")


def _error(code: str, message: str, hint: str, s: Statement, line: int | None = None) -> Finding:
    return Finding(code, Severity.ERROR, message, s.cell, line or s.first_line, hint)
