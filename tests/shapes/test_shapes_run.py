"""Each of these notebooks is a valid, untagged notebook that runs from top to bottom where its data lies beside it.

All of them run with NB2PROD_SHAPES=all (`make shapes`), otherwise a few.
"""

import os
import shutil
import time
from pathlib import Path

import nbformat
import papermill
import pytest

FOLDER = Path(__file__).parent
SHAPES = sorted(FOLDER.glob("*.ipynb"))
FEW = {"one_cell", "linear_regression_scratch", "pickle_through_disk"}
RUN = [path for path in SHAPES if os.environ.get("NB2PROD_SHAPES") == "all" or path.stem in FEW]


@pytest.mark.parametrize("path", SHAPES, ids=lambda path: path.stem)
def test_is_a_valid_notebook_without_tags(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert path.stat().st_size < 100_000
    assert not any(cell.metadata.get("tags") for cell in notebook.cells)
    assert not any("nb2prod" in cell.source for cell in notebook.cells)


@pytest.mark.parametrize("path", RUN, ids=lambda path: path.stem)
def test_runs_from_top_to_bottom(path: Path, tmp_path: Path) -> None:
    shutil.copytree(FOLDER / "data", tmp_path / "data")
    start = time.monotonic()
    papermill.execute_notebook(path, None, cwd=tmp_path, kernel_name="python3", progress_bar=False)
    assert time.monotonic() - start < 60


def test_there_are_enough_of_them() -> None:
    assert len(SHAPES) >= 25
