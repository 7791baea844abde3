"""Cells that cannot start, must not start, or may raise: the run's truth is that of the cells that did."""

from dataclasses import replace
from pathlib import Path

import pytest

from nb2prod.errors import RunError
from nb2prod.model.notebook import Notebook
from nb2prod.notebook.ipython import read_code
from tests.execute.notebooks import notebook, run, spec


def read(*sources: str, tags: dict[int, list[str]] | None = None) -> Notebook:
    """As `notebook`, but with the Python that the reader makes of it."""
    book = notebook(*sources, tags=tags or {})
    cells = tuple(replace(cell, python=read_code(cell.source).python) for cell in book.cells)
    return replace(book, cells=cells)


def test_they_leave_no_trace_in_the_result(tmp_path: Path) -> None:
    book = read(
        "x = 1",
        "Exercise 3: what does x hold?",  # text in a code cell
        "print 'Python 2'",
        "x = 2",
        "1 / 0",
        "y = 3\nx[0]",
        "[x, y]",
        tags={4: ["skip-execution"], 5: ["raises-exception"], 6: ["raises-exception"]},
    )
    record, _ = run(book, spec(7), tmp_path)
    assert record.predictions == [1, 3]


def test_what_runs_and_cannot_be_read_ends_the_run(tmp_path: Path) -> None:
    book = read("x = 1", "x = 2", "x")
    unread = replace(book, cells=(book.cells[0], replace(book.cells[1], python=None), book.cells[2]))
    with pytest.raises(RunError, match="cannot read") as caught:
        run(unread, spec(3), tmp_path)
    assert caught.value.code == "NB165"
    assert caught.value.where is not None
    assert caught.value.where.cell == 2
