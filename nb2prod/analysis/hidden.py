"""Hidden state, told before anything runs: what the saved session had that a run from top to bottom will not have."""

import ast
from collections.abc import Collection, Iterable, Iterator

from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.history import History, find_history
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.order import Build, find_order, in_order_of, moves, other_values
from nb2prod.model.findings import Finding, Severity

_MOST = 8
_RUN_ALL = "Run all cells from top to bottom in a fresh kernel, look at the results, and save."


def hidden_state(graph: NotebookGraph, needed: Collection[int], build: Build) -> tuple[Finding, ...]:
    """NB361 to NB366. `needed` are the statements that production needs; `build` makes the graph of another order."""
    history = find_history(graph.notebook)
    return (
        *_out_of_order(graph, history, needed, build),
        *_gaps(graph, history),
        *_never_ran(graph, history, needed),
        *_raised(graph),
        *_proposed(graph, history, build),
    )


def undefined_words(graph: NotebookGraph, name: str, cell: int) -> tuple[str, str]:
    """(what is known of a name that `cell` reads and no earlier cell defines, what to do)."""
    later = next((s.cell for s in graph.statements if s.cell > cell and name in graph.bound_by(s.number)), None)
    history = find_history(graph.notebook)
    if later is not None:
        told = _ran_first(history, later, cell)
        return f"`{name}` is read but no earlier cell defines it; cell {later} does{told}.", (
            f"Move cell {later} above cell {cell}."
        )
    lost = history.lost_before(cell)
    if lost is None:
        return f"`{name}` is read but no earlier cell defines it.", "Add the cell that defines it, or move it up."
    before, after = lost
    where = f"between cells {before.index} and {after.index}" if before else f"before cell {after.index}"
    return (
        f"`{name}` is read but no cell defines it; by the execution counts, something ran {where} that is gone, or was "
        "edited since.",
        "Add the cell that defines it.",
    )


def _ran_first(history: History, cell: int, than: int) -> str:
    counts = {one.index: one.execution_count for one in history.ran}
    first, second = counts.get(cell), counts.get(than)
    return f" (it ran first: [{first}], then [{second}])" if first and second and first < second else ""


def _out_of_order(
    graph: NotebookGraph, history: History, needed: Collection[int], build: Build
) -> Iterator[Finding]:  # fmt: skip
    if history.in_order or history.restarted:
        return
    order = [cell.index for cell in history.ran]
    other = build(in_order_of(graph.notebook, order))
    every = [v for v in other_values(graph, other) if not needed or v.number in needed]
    found = [v for v in every if v.others]
    early = moves(order)
    told = "; ".join(f"cell {a} ran " + (f"before cell {b}" if b else "after all others") for a, b in early[:3])
    more = f", and {len(early) - 3} more" if len(early) > 3 else ""
    same = "" if every else " As far as the code shows, every value that is needed is the same either way."
    yield Finding("NB361", Severity.WARNING, f"the cells ran in another order than they stand in: {told}{more}.{same}",
                  early[0][0], hint=_RUN_ALL)  # fmt: skip
    for value in list({v.name: v for v in reversed(found)}.values())[::-1][:_MOST]:
        s = graph.statements[value.number]
        yield Finding(
            "NB362", Severity.WARNING,
            f"{_shown(value.name)} comes from {_cells(value.cells)} here; in the saved session it came from "
            f"{_cells(value.others)}.", s.cell, s.first_line,
            "The build follows the notebook from top to bottom. If that is not what you mean, move the cells.",
        )  # fmt: skip


def _gaps(graph: NotebookGraph, history: History) -> Iterator[Finding]:
    if not history.gaps:
        return
    lost = sum(last - first + 1 for first, last in history.gaps)
    starts = {last + 1 for _, last in history.gaps}
    again = [c.index for c in history.ran if c.execution_count in starts and _adds_up(graph, c.index)]
    told, counts = "", "1 execution count belongs" if lost == 1 else f"{lost} execution counts belong"
    if again:
        told = f" {_cells(again).capitalize()} may have run more than once, and would add to what they left before."
    yield Finding("NB363", Severity.INFO, f"{counts} to no cell: cells ran again, or are gone."
                  f"{told}", again[0] if again else None)  # fmt: skip


def _adds_up(graph: NotebookGraph, cell: int) -> bool:
    """Whether running the cell again plainly gives something else: ``n += 1``, ``rows.append(row)``, ``x = x * 2``."""
    for s in graph.of_cell(cell):
        match s.node:
            case ast.AugAssign():
                return True
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="append" | "extend" | "insert"))):
                return True
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.BinOp() as value):
                if any(isinstance(n, ast.Name) and n.id == name for n in walk(value)):
                    return True
    return False


def _never_ran(graph: NotebookGraph, history: History, needed: Collection[int]) -> Iterator[Finding]:
    """A notebook of which less than half ran was saved without its counts, or is meant to be filled in."""
    if len(history.never) > len(history.ran):
        return
    cells = {graph.statements[n].cell for n in needed}
    for cell in history.never:
        if cell.index in cells:
            yield Finding("NB364", Severity.WARNING, "production needs this cell, but it did not run in the saved "
                          "session: no saved output shows its effect.", cell.index, hint=_RUN_ALL)  # fmt: skip


def _raised(graph: NotebookGraph) -> Iterator[Finding]:
    for cell in graph.notebook.cells:
        error = next((o.text for o in cell.saved if o.kind == "error"), None)
        if error is not None and "raises-exception" not in cell.tags:
            hint = "A run that meets it again ends there. Mend the cell, or tag it `raises-exception`."
            message = f"in the saved session this cell ended with {error}."
            yield Finding("NB365", Severity.WARNING, message, cell.index, hint=hint)


def _proposed(graph: NotebookGraph, history: History, build: Build) -> Iterator[Finding]:
    found = find_order(graph, history, build)
    if found is None:
        return
    order, by_counts = found
    steps = moves(order)
    told = "; ".join(f"cell {a} " + (f"above cell {b}" if b else "to the end") for a, b in steps[:_MOST])
    told += f"; … ({len(steps)} moves)" if len(steps) > _MOST else ""
    why = "this is the order of the execution counts" if by_counts else "worked out from what each cell reads"
    yield Finding("NB366", Severity.WARNING, f"another order defines every name before it is read: {told} ({why}).",
                  steps[0][0] if steps else None, hint="Move them, then run all cells and save.")  # fmt: skip


def _shown(name: str) -> str:
    return f"the {name}" if " " in name else f"`{name}`"


def _cells(cells: Iterable[int]) -> str:
    listed = [str(cell) for cell in cells]
    if len(listed) > 4:
        listed = [*listed[:2], "…", listed[-1]]
    return ("cell " if len(listed) == 1 else "cells ") + ", ".join(listed)
