"""The hooks, run by pre-commit itself in a repository of their user's."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nb2prod.plugins.pre_commit import main
from nb2prod.steps.reading import open_notebook

ROOT = Path(__file__).parents[2]
GIT = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main")
PLAIN = [("training", "mean = 2"), ("request", "x = 3"), ("inference", "x - mean")]


def notebook(cells: list[tuple[Any, ...]]) -> str:
    """Cells of (role, source[, execution count])."""
    found = [{"cell_type": "code", "id": f"c{n}", "metadata": {"tags": [role] if role else []}, "source": source,
              "execution_count": count[0] if count else None,
              "outputs": [{"output_type": "stream", "name": "stdout", "text": f"{source}\n"}] if count else []}
             for n, (role, source, *count) in enumerate(cells)]  # fmt: skip
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": found}, indent=1) + "\n"


def git(folder: Path, *words: str) -> str:
    return subprocess.run(
        ["git", *GIT, *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()  # fmt: skip


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A user's repository with both hooks; they run in this environment, and are otherwise as shipped."""
    hooks, users = tmp_path / "hooks", tmp_path / "users"
    for folder in (hooks, users):
        folder.mkdir()
        git(folder, "init", "-q")
    (hooks / ".pre-commit-hooks.yaml").write_bytes((ROOT / ".pre-commit-hooks.yaml").read_bytes())
    git(hooks, "add", "-A")
    git(hooks, "commit", "-qm", "hooks")
    entry = f"{sys.executable} -m nb2prod.plugins.pre_commit"
    here = {"language": "system", "entry": entry, "additional_dependencies": []}
    ids = [here | {"id": "nb2prod-check"}, here | {"id": "nb2prod-check-text", "files": "^scripts/"}]
    config = {"repos": [{"repo": str(hooks), "rev": git(hooks, "rev-parse", "HEAD"), "hooks": ids}]}
    (users / ".pre-commit-config.yaml").write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
    return users


def run_hooks(repository: Path) -> subprocess.CompletedProcess[str]:
    git(repository, "add", "-A")
    environment = os.environ | {"PRE_COMMIT_HOME": str(repository.parent / "cache"), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color", "never"],
        cwd=repository, env=environment, capture_output=True, text=True,
    )  # fmt: skip


def test_pre_commit_runs_the_hooks_on_notebooks_and_on_scripts_that_are_some(repository: Path) -> None:
    (repository / "good.ipynb").write_text(notebook(PLAIN), encoding="utf-8")
    (repository / "notes.ipynb").write_text(notebook([("", "undefined + 1")]), encoding="utf-8")
    (repository / "script.py").write_text("x = 1\n", encoding="utf-8")
    scripts = repository / "scripts"
    scripts.mkdir()
    (scripts / "good.py").write_text(
        '# %% tags=["request"]\nx = 3\n\n# %% tags=["inference"]\nx - 2\n', encoding="utf-8"
    )
    done = run_hooks(repository)
    assert done.returncode == 0, done.stdout + done.stderr
    (repository / "bad.ipynb").write_text(notebook([*PLAIN[:2], ("inference", "\nx - gone")]), encoding="utf-8")
    (scripts / "bad.py").write_text(
        '# %% tags=["request"]\nx = 3\n\n# %% tags=["inference"]\nx - gone\n', encoding="utf-8"
    )
    done = run_hooks(repository)
    assert done.returncode == 1
    assert "NB309 bad.ipynb, cell 3, line 2" in done.stdout
    assert "NB309 scripts/bad.py, cell 2, line 5" in done.stdout
    assert "good" not in done.stdout.replace("- hook id", "")


def test_stale_outputs_are_removed_where_asked_and_nothing_else(tmp_path: Path) -> None:
    cells = [("training", "mean = 2", 4), ("", "print(1)", 1), ("", "print(mean)", 3), ("", "total = mean + 1", 5),
             ("request", "x = 3", 6), ("inference", "x - mean", 7)]  # fmt: skip
    path = tmp_path / "a.ipynb"
    path.write_text(notebook(cells), encoding="utf-8")
    before = path.read_bytes()
    assert main([str(path)]) == 0
    assert path.read_bytes() == before
    assert main(["--fix=outputs", str(path)]) == 1
    old, new = json.loads(before), json.loads(path.read_bytes())
    assert [n for n, c in enumerate(new["cells"], 1) if c["outputs"] == []] == [3]
    assert new["cells"][2] == old["cells"][2] | {"outputs": [], "execution_count": None}
    assert [c for c in new["cells"] if c["outputs"]] == [c for c in old["cells"] if c["id"] != "c2"]
    assert main(["--fix=outputs", str(path)]) == 0


def test_outputs_of_two_sessions_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(notebook([("training", "mean = 2", 2), ("", "print(mean)", 1), ("", "print(1)", 1), *PLAIN[1:]]))
    before = path.read_bytes()
    main(["--fix=outputs", str(path)])
    assert path.read_bytes() == before


def test_tags_are_written_where_there_is_no_choice(tmp_path: Path) -> None:
    fit = "from sklearn.linear_model import LinearRegression\nmodel = LinearRegression().fit([[1], [2]], [1, 2])"
    path = tmp_path / "a.ipynb"
    path.write_text(notebook([("", fit), ("", "rows = [[3]]"), ("", "model.predict(rows)")]), encoding="utf-8")
    before = path.read_bytes()
    assert main([str(path)]) == 0
    assert path.read_bytes() == before
    assert main(["--fix=tags", str(path)]) == 1
    assert {cell.role for cell in open_notebook(path).cells} >= {"training", "inference"}
    assert main(["--fix=tags", str(path)]) == 0
    two = [("", fit), ("", "model.predict([[3]])"), ("", "model.predict([[4]])")]
    path.write_text(notebook(two), encoding="utf-8")
    before = path.read_bytes()
    main(["--fix=tags", str(path)])
    assert path.read_bytes() == before


def test_nothing_of_a_notebook_is_run_or_reaches_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a\x1b[2J.ipynb"
    evil = f"open({str(tmp_path / 'ran')!r}, 'w')"
    path.write_text(notebook([("training", evil), ("training\x1b[2J", "%\x1b[2J"), ("inference", "gone")]))
    assert main(["--fix=tags", "--fix=outputs", str(path)]) == 1
    assert "\x1b" not in capsys.readouterr().out
    assert not (tmp_path / "ran").exists()
