"""The kernel folder stands alone, and a kernel that has loaded it shows no trace of it afterwards."""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from nb2prod.execute import prepare
from tests.execute.notebooks import notebook, spec

FOLDER = Path(prepare.__file__).with_name("kernel")

SHELL = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
before = set(sys.modules)
for source, is_hidden in json.load(open(sys.argv[1])):
    shell.run_cell(source, store_history=not is_hidden).raise_error()
names = [name for name in shell.user_ns if not name.startswith("_")]
print(json.dumps([names, sorted(set(sys.modules) - before), sys.dont_write_bytecode]))
"""


def imported(nodes: Iterable[ast.AST]) -> set[str]:
    """Packages that are imported by an absolute name."""
    found = list(nodes)
    plain = {alias.name for node in found if isinstance(node, ast.Import) for alias in node.names}
    plain |= {str(node.module) for node in found if isinstance(node, ast.ImportFrom) and node.level == 0}
    return {name.partition(".")[0] for name in plain}


def test_it_needs_the_standard_library_and_when_it_runs_the_kernels_own_shell() -> None:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in FOLDER.rglob("*.py")]
    assert len(trees) > 5
    at_import = set().union(*(imported(tree.body) for tree in trees))
    ever = set().union(*(imported(ast.walk(tree)) for tree in trees))
    assert at_import <= sys.stdlib_module_names
    assert ever - sys.stdlib_module_names == {"IPython"}


def test_nothing_is_left_after_the_last_stage(tmp_path, monkeypatch) -> None:
    #  a kernel that may write bytecode, in a folder without nb2prod
    folder = tmp_path / "a 'folder'" / "kernel"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(prepare, "_KERNEL", folder)
    (tmp_path / "stage").mkdir()
    book = notebook("a = {'x': 1}\nrow = [1.5]", "row[0] + a['x']")
    copy = prepare.run_copy(book, spec(2, artifacts=("a",), request=("row",)), {}, tmp_path / "stage")
    cells = [(cell["source"], "stage" in cell["metadata"][prepare.STAMP]) for cell in copy["cells"]]
    (tmp_path / "cells.json").write_text(json.dumps(cells))
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", SHELL, str(tmp_path / "cells.json")],
        cwd=tmp_path,
        env=environment | {"IPYTHONDIR": str(tmp_path / "ipython")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    names, modules, writes_none = json.loads(done.stdout.splitlines()[-1])
    assert {"a", "row"} <= set(names) <= {"In", "Out", "a", "row", "get_ipython", "exit", "quit", "open"}
    assert not [name for name in modules if name.partition(".")[0] in ("_nb2prod_capture", "nb2prod", "demo")]
    assert writes_none is False
    assert not list(folder.rglob("__pycache__"))
    assert json.loads((tmp_path / "stage/end.json").read_text())["predictions"] == 2.5
    assert json.loads((tmp_path / "stage/artifacts/a.json").read_text()) == {"x": 1}
