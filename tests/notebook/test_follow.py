"""``%run other.ipynb`` is followed: its cells are read as if they stood where it is run."""

import json
from pathlib import Path

import pytest

from nb2prod.model.findings import Severity
from nb2prod.model.notebook import Notebook
from nb2prod.notebook.read import read_notebook
from nb2prod.steps.reading import analyse
from tests.plan.equality import Converted, check, convert


def document(*cells: str) -> str:
    """A notebook; a cell that begins with ``#| nb2prod`` has that role."""
    body = [{"cell_type": "code", "id": f"c{n}", "metadata": {}, "outputs": [], "execution_count": None, "source": text}
            for n, text in enumerate(cells)]  # fmt: skip
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": body, "metadata": {"kernelspec": kernel}})


def read(files: dict[str, str], *cells: str) -> Notebook:
    return read_notebook(document(*cells).encode(), "main.ipynb", files.get)


TRAINING = "#| nb2prod: training\nmodel = scaled(rows, 1)\n"
REQUEST, INFERENCE = "#| nb2prod: request\nvalue = [9]", "#| nb2prod: inference\nanswer = scaled(value, model[0])"
SETUP = document(
    "%matplotlib inline\nimport math",
    "%%time\nrows = [1.0, 4.0]",
    "print(rows)",
    "def scaled(x, by):\n    return [math.sqrt(v) * by for v in x]",
)


@pytest.mark.parametrize("run", ["%run setup.ipynb", "%run ./setup.ipynb", 'x = 1\n%run "setup.ipynb"\ny = 2'])
def test_the_cells_enter_as_if_written_there(run: str) -> None:
    notebook = read({"setup.ipynb": SETUP}, run, TRAINING, REQUEST, INFERENCE)
    result = convert(notebook)
    assert isinstance(result, Converted), result
    assert check(result) == [3.0]
    source = "".join(result.sources.values())
    assert "def scaled" in source
    assert "print(rows)" not in source
    assert [f.code for f in notebook.findings if f.severity is not Severity.INFO] == []


def test_notebooks_run_by_others_are_followed_too() -> None:
    files = {"a.ipynb": document("%run b.ipynb\nrows = [first]"), "b.ipynb": document("first = 4.0")}
    notebook = read(files, "%run a.ipynb", "#| nb2prod: training\nmodel = sum(rows)", REQUEST,
                    "#| nb2prod: inference\n[v * model for v in value]")  # fmt: skip
    result = convert(notebook)
    assert isinstance(result, Converted), result
    assert check(result) == [36.0]


def test_a_message_names_the_other_notebook() -> None:
    files = {"a.ipynb": document("import math", "x = 1\nrows = [missing]")}
    notebook = read(files, "# first\n%run a.ipynb\nz = 3", "#| nb2prod: training\nmodel = sum(rows)", REQUEST,
                    "#| nb2prod: inference\n[v * model for v in value]")  # fmt: skip
    (finding,) = [f for f in analyse(notebook).findings if f.code == "NB309"]
    assert (finding.cell, finding.line) == (1, 2)
    assert finding.message.startswith("a.ipynb, cell 2, line 2: ")


def test_lines_behind_it_keep_their_numbers() -> None:
    notebook = read({"a.ipynb": document("a = 1\nb = 2")}, "%run a.ipynb\n%unheard of")
    (finding,) = [notebook.placed(f) for f in notebook.findings if f.code == "NB140"]
    assert (finding.cell, finding.line) == (1, 2)


def test_a_secret_in_it_is_found() -> None:
    files = {"a.ipynb": document('key = "AKIA' + 'IOSFODNN7EXAMPL3"\nrows = [1]')}
    assert "NB151" in {f.code for f in read(files, "%run a.ipynb").findings}


SCRIPT = "import math\nRATES = [math.pi]\nRATES.append(2.0)\ndef scaled(x):\n    return [v * RATES[1] for v in x]\n"


def test_a_script_that_computes_is_followed() -> None:
    notebook = read({"rates.py": SCRIPT}, "import math\n%run rates.py", "#| nb2prod: training\nmodel = scaled([3.0])",
                    REQUEST, "#| nb2prod: inference\n[v * w for v, w in zip(scaled(value), model)]")  # fmt: skip
    result = convert(notebook)
    assert isinstance(result, Converted), result
    assert check(result) == [108.0]


@pytest.mark.parametrize(
    ("run", "files"),
    [
        ("%run a.ipynb", {}),
        ("%run a.ipynb", {"a.ipynb": "no notebook"}),
        ("%run a.ipynb", {"a.ipynb": document("x = = 1")}),
        ("%run a.ipynb", {"a.ipynb": document("%run a.ipynb")}),
        ("%run a.ipynb", {"a.ipynb": document("%run main.ipynb")}),
        ("%run a.ipynb", {"a.ipynb": document("where = __file__")}),
        ("%run a.ipynb -p 3", {"a.ipynb": SETUP}),
        ("%run -i a.py", {"a.py": SCRIPT}),
        ("%run {name}.ipynb", {"{name}.ipynb": SETUP}),
        ("%run a.py", {"a.py": SCRIPT + "if __name__ == '__main__':\n    print(scaled([1]))"}),
        ("%run a.py\nRATES = [1, 2]", {"a.py": SCRIPT}),
        ("%run a.py", {"a.py": SCRIPT + "def change():\n    global RATES\n    RATES = 3"}),
    ],
)
def test_what_cannot_be_followed_says_why_and_is_refused(run: str, files: dict[str, str]) -> None:
    notebook = read(files, run, "#| nb2prod: training\nmodel = len(rows)" if run else "", REQUEST,
                    "#| nb2prod: inference\n[v * model for v in value]")  # fmt: skip
    told = [f for f in notebook.findings if f.code == "NB169"]
    assert told
    assert all(f.hint and f.severity is Severity.WARNING for f in told)
    assert {"NB157"} <= {f.code for f in analyse(notebook).findings if f.severity is Severity.ERROR}


def test_a_file_that_is_read_from_the_folder(tmp_path: Path) -> None:
    from nb2prod.steps.reading import open_notebook

    (tmp_path / "setup.ipynb").write_text(SETUP)
    (tmp_path / "main.ipynb").write_text(document("%run setup.ipynb"))
    assert open_notebook(tmp_path / "main.ipynb").cells[0].origins[-1].file == "setup.ipynb"
