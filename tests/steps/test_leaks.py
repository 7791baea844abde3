"""Files that travel with the notebook are searched, too."""

import json
from pathlib import Path

import pytest

from nb2prod.errors import InputError
from nb2prod.notebook.read import read_notebook
from nb2prod.steps.leaks import refuse_secrets
from nb2prod.steps.own_code import find_own_code
from nb2prod.steps.reading import analyse
from tests.notebook.documents import notebook

TOKEN = "ghp_" + "aB3dE6gH9" * 4


def test_an_own_module_with_a_secret_is_an_error_at_the_cell_that_imports_it(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text(f"def f():\n    return call(token='{TOKEN}')\n")
    read = read_notebook(notebook("a = 1", "import helpers\nhelpers.f()"), "n.ipynb")
    findings = [f for f in analyse(read, find_own_code(read, tmp_path)).findings if f.code == "NB151"]
    assert [(f.severity, f.cell) for f in findings] == [("error", 2)]
    assert "helpers.py, line 2: this looks like a GitHub token (`ghp…H9`)" in findings[0].message


def test_a_file_of_the_project_that_would_hold_one_is_refused() -> None:
    read = read_notebook(notebook("a = 1"), "n.ipynb")
    refuse_secrets(read, {"src/x/config.json": b'{"key": "value"}', "src/x/logo.png": b"\0" + TOKEN.encode()})
    with pytest.raises(InputError, match=r"config\.json would hold a GitHub token") as caught:
        refuse_secrets(read, {"src/x/config.json": json.dumps({"token": TOKEN}).encode()})
    assert (caught.value.code, TOKEN in str(caught.value)) == ("NB154", False)


def test_what_the_notebook_calls_no_secret_may_be_in_the_project() -> None:
    source = f"salt = '{TOKEN}'"
    read = read_notebook(notebook(f"{source}  # nb2prod: not a secret"), "n.ipynb")
    refuse_secrets(read, {"src/x/train.py": source.encode()})
