"""A notebook that reads its secrets from the environment, as it should, and prints or keeps one, as it should not."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from nb2prod.errors import InputError, RunError, UsageError
from nb2prod.events import Log
from nb2prod.execute.conceal import told_of_masked
from tests.execute.notebooks import notebook, run, spec

VALUE = "not-of-any-known-form-7"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEATHER_API_KEY", VALUE)


READ = "import os\nkey = os.environ['WEATHER_API_KEY']"


def test_what_a_cell_prints_is_masked_in_events_and_in_the_executed_notebook(tmp_path: Path) -> None:
    book = notebook(READ, "print('key', key)\nkey", "x = [1, 2]", "sum(x)")
    record, events = run(book, spec(4, request=("x",)), tmp_path)
    said = [event.text for event in events if isinstance(event, Log)]
    assert "[2] key not…-7" in said
    assert record.masked == ("c2",)
    moved = replace(book, cells=tuple(replace(cell, index=cell.index + 1) for cell in book.cells))
    assert [(f.code, f.cell) for f in told_of_masked(record.masked, moved)] == [("NB153", 3)]
    for path in (tmp_path / "out").rglob("*"):
        assert path.is_dir() or VALUE.encode() not in path.read_bytes()
    assert "not…-7" in json.dumps(json.loads((tmp_path / "out/executed.ipynb").read_text()), ensure_ascii=False)


def test_an_error_is_told_without_it(tmp_path: Path) -> None:
    with pytest.raises(RunError) as caught:
        run(notebook(READ, "raise ValueError(f'no answer for {key}')"), spec(2), tmp_path)
    assert "no answer for not…-7" in str(caught.value)
    assert VALUE not in str(caught.value)


def test_an_artifact_that_holds_it_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    book = notebook(READ, "config = {'url': 'https://x.host', 'key': key}", "x = [1, 2]", "len(config) + sum(x)")
    with pytest.raises(InputError, match="the artifact `config`") as caught:
        run(book, spec(4, artifacts=("config",), request=("x",)), tmp_path)
    assert (caught.value.code, caught.value.exit_code) == ("NB154", 1)
    assert not (tmp_path / "out").exists()


def test_a_parameter_that_is_one_is_refused_before_anything_runs(tmp_path: Path) -> None:
    from nb2prod.model.roles import Role

    book = notebook("token = ''", "x = [1]", "x", roles={1: Role.PARAMETERS})
    with pytest.raises(UsageError, match="the parameter `token`"):
        run(book, spec(3, request=("x",)), tmp_path, parameters={"token": VALUE})
