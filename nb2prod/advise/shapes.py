"""What a cell is by itself: imports, functions, parameters, or something that only shows."""

# ruff: noqa: SIM905  (sets of words read better as prose)

import ast

from nb2prod.advise import words
from nb2prod.advise.suggestion import Suggestion
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.names import is_import, is_parameter
from nb2prod.model.notebook import Cell
from nb2prod.model.roles import Role

_SETTING_UP = frozenset(
    "seed manual_seed set_seed set_option use filterwarnings simplefilter set_style set_theme set set_palette "
    "set_printoptions print register_matplotlib_converters basicConfig set_verbosity init_notebook_mode "
    "set_random_seed rc ion enable_notebook update".split()
)


def cell_shape(graph: NotebookGraph, cell: Cell, *, first: bool) -> Suggestion:
    """`first`: no parameters cell was found above this one."""
    statements = graph.of_cell(cell.index)
    if not statements:
        reason = "it holds no Python that could be read" if cell.python is None else "it holds no statement"
        return Suggestion(cell.index, None, reason, 1.0)
    if any(is_import(s.node) for s in statements) and all(_sets_up(graph, s) for s in statements):
        line = next(s.first_line for s in statements if is_import(s.node))
        return Suggestion(cell.index, Role.IMPORTS, f"holds imports only, from line {line}", 0.95)
    if made := _definitions(graph, statements, cell):
        listed = ", ".join(f"`{s.facts.definition.name}`" for s in made[:3] if s.facts.definition)
        return Suggestion(cell.index, Role.FUNCTIONS, f"defines {listed}" + (", …" if len(made) > 3 else ""), 0.95)
    if first and _are_settings(graph, statements):
        listed = ", ".join(f"`{name}`" for s in statements[:3] for name in s.facts.binds)
        return Suggestion(cell.index, Role.PARAMETERS, f"sets {listed} to plain values above everything else", 0.7)
    return Suggestion(cell.index, None, _what(graph, statements), 0.9)


def _sets_up(graph: NotebookGraph, s: Statement) -> bool:
    """Imports, and what notebooks write beside them: seeds, options, styles."""
    if is_import(s.node):
        return True
    if isinstance(s.node, ast.Expr):
        value = s.node.value
        if isinstance(value, ast.Constant):
            return True
        return isinstance(value, ast.Call) and words.called_name(value) in _SETTING_UP and not graph.direct(s.number)
    if isinstance(s.node, ast.Assign):  # plt.rcParams["figure.figsize"] = (8, 4)
        return all(words.root_of(t) in graph.imported for t in s.node.targets)
    return False


def _definitions(graph: NotebookGraph, statements: tuple[Statement, ...], cell: Cell) -> list[Statement]:
    """The functions and classes of a cell that holds nothing else but imports and values that they read."""
    made = [s for s in statements if s.facts.definition is not None]
    lines = cell.source.split("\n")
    if any(lines[s.first_line - 1].lstrip()[:1] in "%!?" for s in made):
        return []  # what IPython's syntax became, e.g. of `%timeit`
    late = {name for s in made for name in s.facts.late_reads | s.facts.reads}
    for s in statements:
        if s in made or is_import(s.node) or (isinstance(s.node, ast.Expr) and isinstance(s.node.value, ast.Constant)):
            continue
        if not isinstance(s.node, ast.Assign | ast.AnnAssign) or not s.facts.binds or not s.facts.binds <= late:
            return []
        if any(words.is_fit(graph, c) for c in s.facts.calls):
            return []
    return made


def _are_settings(graph: NotebookGraph, statements: tuple[Statement, ...]) -> bool:
    """Plain numbers and texts, bound once, above everything that computes, and read by something that is no plot."""
    if not all(is_parameter(s.node) and _is_scalar(s.node) for s in statements):
        return False
    names = {name for s in statements for name in s.facts.binds}
    numbers = {s.number for s in statements}
    if len(names) < len(statements):
        return False
    if any(graph.kinds[s.number] == "value" and s.facts.binds and s.number not in numbers
           for s in graph.statements[: statements[0].number]):  # fmt: skip
        return False
    if any(names & (s.facts.binds | s.facts.maybe | graph.direct(s.number)) for s in graph.statements
           if s.number not in numbers):  # fmt: skip
        return False
    return any(c & numbers for s in graph.statements[statements[-1].number + 1 :]
               for c in graph.reads[s.number].values() if not _only_draws(graph, s))  # fmt: skip


def _is_scalar(node: ast.stmt) -> bool:
    value = getattr(node, "value", None)
    if isinstance(value, ast.UnaryOp):
        value = value.operand
    return isinstance(value, ast.Constant) and isinstance(value.value, int | float | str)


def _only_draws(graph: NotebookGraph, s: Statement) -> bool:
    return bool(s.facts.calls) and all(words.is_display(graph, c) for c in s.facts.calls)


def _what(graph: NotebookGraph, statements: tuple[Statement, ...]) -> str:
    calls = [c for s in statements for c in s.facts.calls]
    drawing = next((c for c in calls if words.is_drawing(graph, c)), None)
    if drawing is not None:
        return f"draws in line {drawing.lineno}; stays behind"
    if not any(s.facts.binds or s.facts.maybe or graph.direct(s.number) for s in statements):
        return "only shows something; stays behind"
    return "nothing that the prediction needs; stays behind"
