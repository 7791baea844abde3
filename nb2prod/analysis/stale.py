"""Outputs in the file that are no longer what their cells give, as far as the execution counts tell.

[1] rows = load()      [3] model = fit(rows)      [2] model.score(rows)      the score is another model's
"""

from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.history import find_history


def stale_outputs(graph: NotebookGraph) -> tuple[int, ...]:
    """Code cells with a saved output that ran before a cell they depend on ran last, or that depend on one which did
    not run, or on one that is stale itself. None where cells ran in more than one session: their order is not known.
    """
    notebook = graph.notebook
    if find_history(notebook).restarted:
        return ()
    stale: set[int] = set()
    for cell in notebook.cells:
        if cell.kind != "code" or not cell.execution_count:
            continue
        for other in _needed(graph, cell.index):
            count = notebook.cells[other - 1].execution_count
            if not count or count > cell.execution_count or other in stale:
                stale.add(cell.index)
                break
    return tuple(index for index in sorted(stale) if notebook.cells[index - 1].saved)


def _needed(graph: NotebookGraph, cell: int) -> set[int]:
    """The other cells whose values a cell reads. Those stand above it, so they are judged before it is."""
    return {
        graph.statements[n].cell
        for s in graph.of_cell(cell)
        for contributors in graph.reads[s.number].values()
        for n in contributors
    } - {cell}
