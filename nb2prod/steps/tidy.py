"""Small repairs of a notebook's file, made only where asked: each can be told in one sentence."""

from pathlib import Path

from nb2prod.analysis.graph import build_graph
from nb2prod.analysis.stale import stale_outputs
from nb2prod.files.rewrite import check_writable, rewrite
from nb2prod.files.source import read_file
from nb2prod.notebook.outputs import without_outputs
from nb2prod.notebook.text_notebook import is_text_notebook
from nb2prod.steps.reading import notebook_from, shallow_code
from nb2prod.steps.suggest import apply_suggestions, suggest_notebook


def clear_stale_outputs(path: Path) -> tuple[int, ...]:
    """Take out the outputs that are stale by the file itself; gives their cells. Raises as `apply_suggestions`."""
    data = read_file(path)
    notebook = notebook_from(data, path)
    if is_text_notebook(path.name):
        return ()
    with shallow_code(notebook):
        cells = stale_outputs(build_graph(notebook))
    after = without_outputs(data, cells)
    if after == data:
        return ()
    check_writable(path)
    rewrite(path, data, after)
    return cells


def tag_where_unambiguous(path: Path) -> tuple[int, ...]:
    """Write the suggested roles if there is a prediction and no cell could have another's role; gives the cells."""
    report = suggest_notebook(path)
    new = [s for s in report.advice.suggestions if s.role is not None and not s.tagged]
    if not new or not report.has_prediction or any(s.alternatives for s in new):
        return ()
    return apply_suggestions(path).written
