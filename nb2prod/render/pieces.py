"""Pieces of the plan as text: what the modules of a package and the single module have in common."""

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nb2prod.analysis.locals import bound_name
from nb2prod.plan.code import Code
from nb2prod.plan.extraction import ExtractionPlan
from nb2prod.plan.splice import indent


def used_imports(plan: ExtractionPlan, texts: Iterable[str]) -> list[str]:
    """The notebook's imports that a module of these texts needs, and those made for their effect."""
    words = set(re.findall(r"\w+", "\n".join(texts)))
    kept = []
    for statement in plan.imports:
        bound = {bound_name(alias) for node in ast.walk(ast.parse(statement))
                 if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}  # fmt: skip
        if bound & words or statement.startswith("from __future__") or statement.endswith("# noqa: F401"):
            kept.append(statement)
    return sorted(kept, key=lambda text: not text.startswith("from __future__"))


def module_level(pieces: Sequence[Code]) -> str:
    """Definitions one below the other, with a comment where another cell begins."""
    lines: list[str] = []
    cell = pieces[0].cell if len({code.cell for code in pieces}) == 1 else None
    for code in pieces:
        is_block = code.text.startswith(("def ", "class ", "async ", "@"))
        lines += ["", ""] if is_block else [""] if code.apart else []
        if code.cell != cell:
            lines.append(f"# Notebook cell {code.cell}")
            cell = code.cell
        lines.append(code.text)
    return "\n".join(lines)


def by_cell(codes: Sequence[Code], depth: int = 1) -> list[str]:
    """The pieces, indented, with a comment where another cell begins."""
    lines: list[str] = []
    cell = codes[0].cell if len({code.cell for code in codes}) == 1 else None
    for code in codes:
        if code.cell != cell:
            lines += ["", "    " * depth + f"# Notebook cell {code.cell}"]
            cell = code.cell
        elif code.apart and lines:
            lines.append("")
        lines.append(indent(code.text, "    " * depth))
    return lines


def returned(code: Code) -> Code:
    """The response expression as a ``return``, behind the comments above it."""
    lines = code.text.rstrip().rstrip(";").split("\n")
    first = next(n for n, line in enumerate(lines) if not line.startswith("#"))
    return replace(code, text="\n".join([*lines[:first], "return " + lines[first], *lines[first + 1 :]]))


def parameter_local(plan: ExtractionPlan, name: str) -> str:
    """A parameter as a local that train() may change: a list of its own."""
    default = next((p.default for p in plan.parameters if p.name == name), None)
    value = f"{plan.params_name}.{name}"
    return f"deepcopy({value})" if isinstance(default, list | dict) else value


def kept_value(plan: ExtractionPlan, name: str) -> str:
    """What the predictor gets of an artifact that train() may go on to change."""
    value = plan.artifact_values[name]
    return f"deepcopy({value})" if name in plan.snapshots else value


def parameter_fields(plan: ExtractionPlan) -> list[str]:
    """The parameters as fields of a dataclass, each with the comment it had."""
    lines = []
    for parameter in plan.parameters:
        comment = f"  # {parameter.comment}" if parameter.comment else ""
        default = parameter.source
        if isinstance(parameter.default, list | dict):
            default = f"field(default_factory=lambda: {parameter.source})"
        lines.append(f"    {parameter.name}: {parameter.annotation} = {default}{comment}")
    return lines


def parameters_summary(plan: ExtractionPlan) -> str:
    cells = sorted({parameter.cell for parameter in plan.parameters})
    return f"The parameters of notebook {cell_list(cells)}." if cells else "The notebook has no parameters."


def _made_predictor(plan: ExtractionPlan) -> str:
    """The expression that makes the predictor of what training has made."""
    return f"Predictor({', '.join(f'{name}={kept_value(plan, name)}' for name in plan.artifacts)})"


def train_lines(plan: ExtractionPlan) -> tuple[list[str], str]:
    """The body of train(), and the expression that is its predictor: a name where the predictor is made before the end,
    as what it keeps gets other values."""
    before = len(plan.train) if plan.made_before is None else plan.made_before
    lines = [f"    {name} = {parameter_local(plan, name)}" for name in plan.train_locals]
    lines += by_cell(plan.train[:before])
    if plan.made_before is None:
        return lines, _made_predictor(plan)
    lines += ["", f"    {plan.predictor_name} = {_made_predictor(plan)}  # before the names below get other values"]
    return [*lines, *by_cell(plan.train[before:])], plan.predictor_name


def cells_text(codes: Iterable[Code]) -> str:
    cells = sorted({c.cell for c in codes})
    return f"notebook {cell_list(cells)}" if cells else "the notebook"


def cell_list(cells: Sequence[int]) -> str:
    if len(cells) == 1:
        return f"cell {cells[0]}"
    return f"cells {', '.join(map(str, cells[:-1]))} and {cells[-1]}"


def one_line(text: str) -> str:
    return " ".join(text.replace('"""', "").replace("\\", " ").split())
