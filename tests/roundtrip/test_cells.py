"""Cells are found again by id, and without ids by what they hold."""

from typing import Any

import pytest

from nb2prod.notebook.read import read_notebook
from nb2prod.roundtrip.cells import cell_changes, same_cells
from tests.notebook.documents import code, notebook

SOURCES = ["import math", "x = 1\ny = 2\nz = 3", "print(x)", "math.pi"]


def read(*cells: dict[str, Any], minor: int = 5) -> Any:
    return read_notebook(notebook(*cells, nbformat_minor=minor), "n.ipynb")


def with_ids(*pairs: tuple[str, str]) -> Any:
    return read(*(code(source, id=name) for name, source in pairs))


def without_ids(*sources: str) -> Any:
    return read(*(code(source, id=None) for source in sources), minor=4)


def test_ids_find_a_cell_whatever_it_holds() -> None:
    old = with_ids(("a", "x = 1"), ("b", "y = 2"))
    new = with_ids(("b", "entirely()"), ("a", "x = 1"))
    assert same_cells(old, new) == {1: 2, 2: 1}
    assert [(c.kind, c.was, c.cell) for c in cell_changes(old, new)] in (
        [("moved", 2, 1), ("changed", 2, 1)],
        [("changed", 2, 1), ("moved", 1, 2)],
    )


@pytest.mark.parametrize("order", [[1, 0, 2, 3], [3, 0, 1, 2], [0, 2, 1, 3]])
def test_without_ids_contents_find_it(order: list[int]) -> None:
    old, new = without_ids(*SOURCES), without_ids(*(SOURCES[n] for n in order))
    assert same_cells(old, new) == {n + 1: order.index(n) + 1 for n in range(4)}
    assert [c.kind for c in cell_changes(old, new)] == ["moved"]


def test_without_ids_an_inserted_cell_does_not_shift_the_others() -> None:
    old, new = without_ids(*SOURCES), without_ids("new()", *SOURCES[:1], "x = 1\ny = 2\nz = 4", *SOURCES[2:])
    assert same_cells(old, new) == {1: 2, 2: 3, 3: 4, 4: 5}
    assert [(c.kind, c.cell) for c in cell_changes(old, new)] == [("added", 1), ("changed", 3)]
