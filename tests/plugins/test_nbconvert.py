"""`jupyter nbconvert --to nb2prod`, as the command line, JupyterLab and jupyter-server ask for it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbconvert.exporters import get_exporter
from nbconvert.utils.exceptions import ConversionException

CHURN = Path(__file__).parents[2] / "sample_notebooks" / "churn.ipynb"

ASK = """
import sys, json
code = [c for c in json.load(open("churn.ipynb"))["cells"] if c["cell_type"] == "code"]
notebook = {}
for cell in code:
    exec("".join(line for line in "".join(cell["source"]).splitlines(True) if not line.startswith("%")), notebook)
from churn import Params, train
answer = train(Params()).predictor.predict(notebook["new_customers"])
assert answer.equals(notebook["answer"]), answer
"""


def nbconvert(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "nb2prod", *words], cwd=folder, capture_output=True, text=True
    )


def test_the_command_line_writes_a_module_that_answers_as_the_notebook(tmp_path: Path) -> None:
    shutil.copy(CHURN, tmp_path)
    done = nbconvert(tmp_path, "churn.ipynb")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"churn.ipynb", "churn.py"}
    asked = subprocess.run([sys.executable, "-c", ASK], cwd=tmp_path, capture_output=True, text=True)
    assert asked.returncode == 0, asked.stderr


def test_a_notebook_that_is_open_in_jupyterlab_gives_the_same_module(tmp_path: Path) -> None:
    """jupyter-server hands over the document and where it lies; nothing is read from the file itself."""
    exporter = get_exporter("nb2prod")(config=None)
    document = nbformat.read(CHURN, as_version=4)
    resources = {"metadata": {"name": "churn", "path": str(tmp_path)}}
    source, found = exporter.from_notebook_node(document, resources=resources)
    assert source == exporter.from_filename(str(CHURN))[0]
    assert found["output_extension"] == ".py"


def test_a_refusal_says_code_cell_and_line(tmp_path: Path) -> None:
    document = json.loads(CHURN.read_text(encoding="utf-8"))
    cell = next(n for n, c in enumerate(document["cells"], 1) if "training" in c["metadata"].get("tags", []))
    document["cells"][cell - 1]["source"] = ["x = 1\n", "def broken(:\n"]
    (tmp_path / "bad.ipynb").write_text(json.dumps(document), encoding="utf-8")
    done = nbconvert(tmp_path, "bad.ipynb")
    assert done.returncode == 1
    assert f"bad.ipynb, cell {cell}, line 2: " in done.stderr
    assert not (tmp_path / "bad.py").exists()
    with pytest.raises(ConversionException):
        get_exporter("nb2prod")().from_filename(str(tmp_path / "bad.ipynb"))


def test_nothing_of_the_notebook_runs(tmp_path: Path) -> None:
    document = json.loads(CHURN.read_text(encoding="utf-8"))
    document["cells"][1]["cell_type"] = "code"
    document["cells"][1] |= {"source": "open('ran', 'w').close()", "outputs": [], "execution_count": None}
    (tmp_path / "churn.ipynb").write_text(json.dumps(document), encoding="utf-8")
    nbconvert(tmp_path, "churn.ipynb")
    assert not (tmp_path / "ran").exists()


def test_jupyter_makes_an_exporter_without_loading_nb2prod() -> None:
    """JupyterLab makes one of each kind to fill its menu."""
    code = """
import sys, nbconvert.exporters
before = set(sys.modules)
from nb2prod.plugins.nbconvert_exporter import ModuleExporter
ModuleExporter()
print(sorted(set(sys.modules) - before))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(["nb2prod", "nb2prod.plugins", "nb2prod.plugins.nbconvert_exporter"])
