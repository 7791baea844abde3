"""`nb2prod explain`: why a line or a name is in production, or is not. Nothing is run."""

import difflib
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from nb2prod.errors import UsageError
from nb2prod.model.notebook import Notebook
from nb2prod.plan.explain import Account, explain, what_is
from nb2prod.secrets import mask_of
from nb2prod.steps.reading import Analysis, analyse, open_notebook


@dataclass(frozen=True, slots=True)
class Line:
    """A statement: its 1-based cell and line, and the first line of its text. `name`: what is read of it."""

    cell: int
    line: int
    source: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """One statement: `uses` are ``training``, ``prediction``, or nothing. A chain is (use, where it begins, lines)."""

    place: Line
    role: str
    uses: tuple[str, ...]
    reason: str
    chains: tuple[tuple[str, str, tuple[Line, ...]], ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """`subject` is the name or the place that was asked about; `kind` what a name stands for."""

    notebook: Notebook
    subject: str
    kind: str
    lines: tuple[Why, ...]


def explain_notebook(path: Path, subject: str) -> Explanation:
    """`subject` is a name, ``cell`` or ``cell:line``. Raises UsageError NB290 where the notebook has no such."""
    analysis = analyse(open_notebook(path))
    numbers = _numbers(analysis, subject)
    kind = what_is(analysis.graph, analysis.boundary, subject) if not subject[0].isdigit() else ""
    accounts = explain(analysis.graph, analysis.boundary, analysis.selection, numbers)
    return Explanation(analysis.notebook, subject, kind, tuple(_why(analysis, account) for account in accounts))


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """As documented in docs/json.md."""
    return {
        "notebook": {"name": explanation.notebook.name, "digest": explanation.notebook.digest},
        "subject": explanation.subject,
        "kind": explanation.kind or None,
        "statements": [
            {
                "cell": why.place.cell,
                "line": why.place.line,
                "source": why.place.source,
                "role": why.role or None,
                "in_production": list(why.uses),
                "reason": why.reason,
                "chains": [
                    {
                        "purpose": use,
                        "from": root,
                        "steps": [
                            {"cell": x.cell, "line": x.line, "source": x.source, "name": x.name or None} for x in steps
                        ],
                    }
                    for use, root, steps in why.chains
                ],
            }
            for why in explanation.lines
        ],
    }


def _numbers(analysis: Analysis, subject: str) -> list[int]:
    graph = analysis.graph
    place = re.fullmatch(r"(\d+)(?::(\d+))?", subject)
    if place is None:
        found = [
            s.number for s in graph.statements if subject in graph.bound_by(s.number) | graph.direct(s.number)
        ]  # fmt: skip
        if not found:
            every = sorted({name for s in graph.statements for name in graph.bound_by(s.number)})
            near = difflib.get_close_matches(subject, every, n=1)
            raise _unknown(f"no cell defines `{subject}`.", f"Did you mean `{near[0]}`?" if near else "")
        return found
    cell, line = int(place[1]), int(place[2]) if place[2] else None
    seen = partial(analysis.notebook.place, cell)
    found = [s.number for s in graph.of_cell(cell)
             if line is None or seen(s.first_line)[1] <= line <= seen(s.last_line)[1]]  # fmt: skip
    if not found:
        where = f"cell {cell}" if line is None else f"cell {cell}, line {line}"
        hint = "Cells count from 1 among all cells of the notebook; `nb2prod inspect` lists them."
        raise _unknown(f"there is no code at {where}.", hint)
    return found


def _unknown(message: str, hint: str) -> UsageError:
    return UsageError(message, code="NB290", hint=hint)


def _why(analysis: Analysis, account: Account) -> Why:
    chains = tuple(
        (chain.use, chain.root, tuple(_line(analysis, link.number, link.name) for link in chain.links))
        for chain in account.chains
    )
    role = analysis.graph.statements[account.number].role
    return Why(_line(analysis, account.number), role.value if role else "", account.uses, account.reason, chains)


def _line(analysis: Analysis, number: int, name: str = "") -> Line:
    s = analysis.graph.statements[number]
    lines = analysis.notebook.cells[s.cell - 1].source.split("\n")
    text = lines[s.first_line - 1].strip() if s.first_line <= len(lines) else ""
    _, line, file = analysis.notebook.place(s.cell, s.first_line)
    return Line(s.cell, line, mask_of(())(f"{file}: {text}" if file else text), name)
