"""Modules of the notebook's author are found where the notebook would find them, and nowhere else."""

import json
from pathlib import Path

import pytest

from nb2prod.notebook.read import read_notebook
from nb2prod.steps.own_code import OwnCode, find_own_code
from nb2prod.steps.travel import data_files


def found(folder: Path, *lines: str) -> OwnCode:
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None}
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel},
                "cells": [cell | {"source": "\n".join(lines)}]}  # fmt: skip
    return find_own_code(read_notebook(json.dumps(document).encode(), "n.ipynb"), folder)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name in ("pyproject.toml", "nb/helpers.py", "src/__init__.py", "src/clean/__init__.py", "src/clean/text.py",
                 "lib/deep/tool.py", "data/rows.csv"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (["import helpers"], {"helpers"}),
        (["def f():", "    from helpers import x"], {"helpers"}),
        (["import importlib", "importlib.import_module('helpers')"], {"helpers"}),
        (["import src.clean.text"], set()),  # the folder above is not on the path
        (["import sys", "sys.path.append('..')", "from src.clean import text"], {"src", "src.clean", "src.clean.text"}),
        (["import os, sys", "root = os.path.abspath(os.path.join('..'))", "sys.path.insert(0, root)", "import src"],
         {"src"}),
        (["import sys", "from pathlib import Path", "sys.path.insert(0, str(Path('..') / 'lib'))",
          "import deep.tool"], {"deep.tool"}),
        (["import json, data, numpy"], set()),
    ],
)  # fmt: skip
def test_where_modules_are_found(repository: Path, lines: list[str], names: set[str]) -> None:
    own = found(repository / "nb", *lines)
    assert set(own.files) == names
    assert own.findings == ()


def test_relative_imports_and_what_modules_import(repository: Path) -> None:
    (repository / "nb/helpers.py").write_text("def f():\n    from pack import one\n")
    (repository / "nb/pack").mkdir()
    (repository / "nb/pack/__init__.py").write_text("")
    (repository / "nb/pack/one.py").write_text("from . import two\nfrom .two import x\nimport pack.one\n")
    (repository / "nb/pack/two.py").write_text("broken = (\n")
    assert set(found(repository / "nb", "import helpers").files) == {"helpers", "pack", "pack.one", "pack.two"}


def test_a_module_elsewhere_is_refused(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "far.py").write_text("")
    (finding,) = found(repository / "nb", "import sys", f"sys.path.append({str(elsewhere)!r})", "import far").findings
    assert (finding.code, finding.cell, finding.line) == ("NB414", 1, 3)


def test_an_editable_install_of_the_repository(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "lib/mine_nine").mkdir()
    (repository / "lib/mine_nine/__init__.py").write_text("")
    monkeypatch.syspath_prepend(repository / "lib")  # as an editable install does
    assert set(found(repository / "nb", "import mine_nine").files) == {"mine_nine"}


def test_data_that_a_package_reads_beside_itself(tmp_path: Path) -> None:
    for name in ("pack/__init__.py", "pack/words.txt", "pack/more/rules.json", "pack/.env", "pack/server.pem",
                 "pack/notes.ipynb", "rows.csv", "stop.txt"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "pack/__init__.py").write_text("import importlib.resources")
    (tmp_path / "single.py").write_text("from pathlib import Path\nWORDS = Path(__file__).with_name('stop.txt')\n")
    (tmp_path / "plain.py").write_text("NAME = 'stop.txt'\n")
    read = data_files([tmp_path / "pack/__init__.py", tmp_path / "single.py", tmp_path / "plain.py"])
    assert [p.name for p in read] == ["rules.json", "words.txt", "stop.txt"]
