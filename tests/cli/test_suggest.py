"""`nb2prod suggest` and `nb2prod tag` on real files."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st

from nb2prod.model.roles import Role
from nb2prod.notebook.read import read_notebook
from nb2prod.steps.check import check_notebook
from nb2prod.steps.suggest import tag_cells, undo_tags
from tests.notebook.documents import code, notebook
from tests.notebook.test_tags import cells, scribbled

Run = Callable[..., Result]
CELLS = (
    "from sklearn.datasets import load_iris\nfrom sklearn.linear_model import Ridge",
    "X, y = load_iris(return_X_y=True)",
    "model = Ridge()\nmodel.fit(X[:100], y[:100])",
    "model.predict(X[100:])",
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "demo.ipynb"
    path.write_bytes(json.dumps(json.loads(notebook(*CELLS)), indent=1).encode() + b"\n")
    return path


def roles(path: Path) -> list[Role | None]:
    return [cell.role for cell in read_notebook(path.read_bytes(), path.name).cells]


def test_suggest_shows_a_table_and_writes_nothing(run: Run, file: Path) -> None:
    before = file.read_bytes()
    result = run("suggest", "demo.ipynb")
    assert result.exit_code == 0
    assert "predicts with `model` in line 1" in result.stdout
    assert "nb2prod suggest demo.ipynb --apply" in result.stdout
    assert file.read_bytes() == before
    assert not (file.parent / ".nb2prod").exists()


def test_apply_writes_tags_and_undo_takes_them_back(run: Run, file: Path) -> None:
    before = file.read_bytes()
    applied = json.loads(run("suggest", "demo.ipynb", "--apply", "--json").stdout)
    assert applied["written"] == [1, 3, 4]
    assert Path(applied["backup"]).read_bytes() == before
    assert roles(file) == [Role.IMPORTS, None, Role.TRAINING, Role.INFERENCE]
    assert "nothing was written" in run("suggest", "demo.ipynb", "--apply").stdout
    assert run("suggest", "demo.ipynb", "--undo").exit_code == 0
    assert file.read_bytes() == before


def test_tag_names_cells_by_position_or_id(run: Run, file: Path) -> None:
    assert run("tag", "demo.ipynb", "1", "id-2", "training").exit_code == 0
    assert roles(file) == [Role.TRAINING, None, Role.TRAINING, None]
    assert run("tag", "demo.ipynb", "1", "none").exit_code == 0
    answer = json.loads(run("tag", "demo.ipynb", "4", "inference", "--json").stdout)
    assert answer["written"] == [4]
    assert answer["cells"][3] == {"index": 4, "role": "inference", "tags": ["inference"]}
    run("suggest", "demo.ipynb", "--undo")
    run("suggest", "demo.ipynb", "--undo")
    assert roles(file) == [Role.TRAINING, None, Role.TRAINING, None]


@pytest.mark.parametrize(
    ("words", "message"),
    [(("9", "training"), "1 to 4"), (("x", "training"), "no cell 'x'"), (("1", "trainin"), "Did you mean 'training'?")],
)
def test_what_cannot_be_tagged_is_a_usage_error(run: Run, file: Path, words: tuple[str, ...], message: str) -> None:
    result = run("tag", "demo.ipynb", *words)
    assert result.exit_code == 2
    assert "NB229" in result.stderr
    assert message in result.stderr
    answer = json.loads(run("tag", "demo.ipynb", *words, "--json").stdout)
    assert answer["error"]["code"] == "NB229"


@settings(max_examples=40, deadline=None)
@given(cells, st.randoms(use_true_random=False), st.data())
def test_a_tag_taken_back_leaves_every_byte_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, made: list[Any], dice: random.Random, data: Any
) -> None:
    path = tmp_path_factory.mktemp("notebook") / "demo.ipynb"
    before = scribbled(json.loads(notebook(*made)), dice).encode()
    path.write_bytes(before)
    chosen = data.draw(st.lists(st.integers(1, len(made)), min_size=1, unique=True))
    role = data.draw(st.sampled_from(["none", *Role]))
    if tag_cells(path, [str(index) for index in chosen], role).written:
        assert path.read_bytes() != before
        undo_tags(path)
    assert path.read_bytes() == before


def test_without_a_prediction_nothing_is_written(run: Run, file: Path) -> None:
    file.write_bytes(notebook(*CELLS[:3]))
    before = file.read_bytes()
    result = run("suggest", "demo.ipynb", "--apply")
    assert result.exit_code == 1
    assert "NB381" in result.stdout
    assert "model.predict(X[:100])" in result.stdout
    assert file.read_bytes() == before


def test_check_sends_nobody_to_suggest_for_nothing(file: Path) -> None:
    found = {f.code: f for f in check_notebook(file).findings}
    assert "nb2prod suggest" in found["NB301"].hint
    file.write_bytes(notebook(*CELLS[:3]))
    found = {f.code: f for f in check_notebook(file).findings}
    assert "NB301" not in found
    assert "model.predict(X[:100])" in found["NB381"].hint


def test_code_nested_too_deep_is_no_crash(run: Run, file: Path) -> None:
    file.write_bytes(notebook("x = " + "-" * 3000 + "1", "x = " + "(" * 150 + "1" + ")" * 150))
    assert run("suggest", "demo.ipynb").exit_code in (0, 1)


def test_cells_that_cannot_be_read_get_no_role(run: Run, file: Path) -> None:
    file.write_bytes(notebook(*CELLS, "this is no Python", code("%%html\n<b>", "hide-input")))
    assert run("suggest", "demo.ipynb", "--apply").exit_code == 0
    assert roles(file) == [Role.IMPORTS, None, Role.TRAINING, Role.INFERENCE, None, None]


def test_an_undo_of_nothing_says_so(run: Run, file: Path) -> None:
    result = run("suggest", "demo.ipynb", "--undo")
    assert result.exit_code == 1
    assert "NB228" in result.stderr
    assert run("suggest", "demo.ipynb", "--undo", "--apply").exit_code == 2
