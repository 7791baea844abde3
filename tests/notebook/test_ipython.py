"""IPython becomes plain Python, line for line, or a finding."""

import ast
import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nb2prod.errors import InputError
from nb2prod.model.findings import Severity
from nb2prod.model.roles import Role
from nb2prod.notebook import read_notebook, to_python
from nb2prod.steps.reading import analyse


def codes(source: str, role: Role | None = Role.TRAINING) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity.value) for finding in to_python(source, role=role)[1]]


@pytest.mark.parametrize(
    ("source", "python"),
    [
        ("%matplotlib inline\nimport x", "# %matplotlib inline\nimport x"),
        ("%load_ext autoreload\n%autoreload 2", "# %load_ext autoreload\n# %autoreload 2"),
        ("%time model = fit(X)", "model = fit(X)"),
        ("%time\nx = 1", "pass\nx = 1"),
        ("%timeit -n 3 fit(X)\ny = 1", "# %timeit -n 3 fit(X)\ny = 1"),
        ("%%time\nx = 1", "# %%time\nx = 1"),
        ("\n%%time\nx = 1", "\n# %%time\nx = 1"),
        ("%%capture out\n%matplotlib inline\nx = 1", "# %%capture out\n# %matplotlib inline\nx = 1"),
        ("?print\nprint?\nnp.mean??\nx = 1", "# ?print\n# print?\n# np.mean??\nx = 1"),
        ("if x:\n    %matplotlib inline\n", "if x:\n    pass  # %matplotlib inline\n"),
        ("if x:\n    %time fit()\n", "if x:\n    fit()\n"),
        ("!nvidia-smi\nx = 1", "# !nvidia-smi\nx = 1"),
        ("x = '''\n%matplotlib inline\n!ls\n'''\n%pwd", "x = '''\n%matplotlib inline\n!ls\n'''\n# %pwd"),
        ("%pwd\nx = (7\n% 2)\ny = [1,\n%s]".replace("%s", "-1"), "# %pwd\nx = (7\n% 2)\ny = [1,\n-1]"),
        ("%pwd\nx = 7 \\\n% 2", "# %pwd\nx = 7 \\\n% 2"),
        ("%pwd\nd['=%d'] = 3  # it's ({[", "# %pwd\nd['=%d'] = 3  # it's ({["),
        ('%pwd\ns = r\'\\\'\nt = "a\\"("', None),
        (">>> x = 1\n... \n>>> y = 2", "x = 1\n\ny = 2"),
        ("    x = 1\n    y = 2", "x = 1\ny = 2"),
    ],
)
def test_a_line_becomes_a_comment_or_its_python(source: str, python: str | None) -> None:
    found, findings = to_python(source, role=Role.TRAINING)
    if python is None:  # not Python at all: the claim is only that it is told
        assert [finding.code for finding in findings] == ["NB139"]
        return
    assert (found, findings) == (python, ())
    assert python.count("\n") == source.count("\n")
    ast.parse(python)


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("!pip install -q lightgbm==4.1 'pandas>=2'", "lightgbm==4.1, pandas>=2"),
        ("%pip install --index-url https://x.example/simple numpy", "numpy"),
        ("!python3 -m pip install scikit-learn > /dev/null", "scikit-learn"),
        ("!{sys.executable} -m pip install x", "x"),
        ("!conda install -c conda-forge -y xgboost", "xgboost"),
        ("%conda install polars", "polars"),
        ("!uv pip install x && ls", "x"),
        ("!pip install -r requirements.txt", "what requirements.txt lists"),
        ("!pip install \\\n  a \\\n  b", "a, b"),
        ("!pip install 'unbalanced", "'unbalanced"),
    ],
)
def test_installing_is_told_with_the_requirement(line: str, names: str) -> None:
    python, findings = to_python(f"{line}\nx = 1", role=Role.IMPORTS)
    assert python is not None
    assert python.endswith("\nx = 1")
    assert [(finding.code, finding.severity) for finding in findings] == [("NB141", Severity.INFO)]
    assert f"installs {names};" in findings[0].message


@pytest.mark.parametrize(
    "line",
    [
        "files = !ls",
        "x, y = %sql select 1",
        "!wget a/b",
        "!ls > list",
        "%run other.ipynb",
        "%env A=1",
        "%cd ..",
        "%pylab",
        "!!ls | x",
    ],
)
def test_what_a_program_cannot_do_is_an_error_only_where_it_matters(line: str) -> None:
    source = f"a = 1\n{line}\nb = 2"
    python, findings = to_python(source, cell=5, role=Role.TRAINING)
    assert python == f"a = 1\n# {line}\nb = 2"
    assert [(f.code, f.severity, f.cell, f.line) for f in findings] == [("NB140", Severity.ERROR, 5, 2)]
    assert codes(source, None) == [("NB140", "warning")]
    assert codes(source, Role.SKIP) == [("NB140", "warning")]


@pytest.mark.parametrize(
    ("magic", "untagged"),
    [
        ("bash", "info"),
        ("html", "info"),
        ("writefile x.py", "info"),
        ("timeit", "info"),
        ("R", "warning"),
        ("sql", "warning"),
    ],
)
def test_a_cell_of_another_language_has_no_python(magic: str, untagged: str) -> None:
    source = f"%%{magic}\nls"
    assert to_python(source)[0] is None
    assert codes(source, Role.TRAINING) == [("NB140", "error")]
    assert codes(source, None) == [("NB140", untagged)]


def test_a_syntax_error_names_cell_and_line() -> None:
    python, findings = to_python("a = 1\nb = = 2", cell=3, role=Role.TRAINING)
    assert python is None
    assert [(f.code, f.severity, f.cell, f.line) for f in findings] == [("NB139", Severity.ERROR, 3, 2)]
    assert codes("a = 1\nb = = 2", None) == [("NB139", "warning")]


def test_the_line_of_a_syntax_error_counts_ipython_lines_too() -> None:
    _, findings = to_python("%matplotlib inline\n!ls\n\ndef f(:\n    pass", role=Role.TRAINING)
    assert [(f.code, f.line) for f in findings] == [("NB139", 4)]


@pytest.mark.parametrize(
    "source", ["await f()", "async with f() as g:\n    pass", "x = [await f()]", "if a:\n    await f()"]
)
def test_await_outside_a_function_is_told(source: str) -> None:
    assert codes(source) == [("NB142", "error")]
    assert codes(source, None) == [("NB142", "warning")]


def test_await_inside_a_function_is_python() -> None:
    assert codes("async def f():\n    await g()\n    async with h():\n        pass") == []


def test_get_ipython_is_told_with_its_line() -> None:
    _, findings = to_python("a = 1\nget_ipython().run_line_magic('cd', '..')", role=Role.TRAINING)
    assert [(f.code, f.line) for f in findings] == [("NB140", 2)]


@pytest.mark.parametrize(
    "bomb",
    [
        "-" * 5000 + "1",
        "(" * 5000 + ")" * 5000,
        "a" + ".b" * 50_000,
        "+".join("1" * 5000),
        "lambda: " * 5000 + "1",
        "x = '" + "y" * 1_500_000 + "'",
        "%pwd\n" + "-" * 5000 + "1",
    ],
    ids=lambda text: text[:12],
)
def test_a_bomb_is_a_finding(bomb: str) -> None:
    if to_python(bomb, role=Role.TRAINING)[0] is None:
        assert codes(bomb) == [("NB145", "error")]
        return
    # newer parsers take more: then the analysis says it
    assert sys.version_info >= (3, 12)
    cell = {"cell_type": "code", "id": "a", "metadata": {"tags": ["training"]}, "source": bomb, "outputs": [],
            "execution_count": None}  # fmt: skip
    document = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    with pytest.raises(InputError, match="NB145"):
        analyse(read_notebook(json.dumps(document).encode(), "bomb.ipynb"))


def test_a_number_too_long_for_python_is_a_syntax_error() -> None:
    assert codes("x = " + "1" * 10_000) == [("NB139", "error")]


_LINES = st.sampled_from(
    [
        "x = 1",
        "%matplotlib inline",
        "!ls 'a",
        "x = !ls",
        "'''",
        "if x:",
        "    y",
        "(",
        ")",
        "\\",
        "f?",
        "%%bash",
        "a = (",
        "# c",
    ]
) | st.text(alphabet="ab %!?\\'\"()[]{}=:#,\n\t", max_size=12)


@pytest.mark.filterwarnings("ignore:.*escape sequence")
@given(st.lists(_LINES, max_size=8))
@settings(max_examples=500, deadline=None)
def test_any_text_keeps_its_lines_and_becomes_python_or_none(lines: list[str]) -> None:
    source = "\n".join(lines)
    python, findings = to_python(source, role=Role.TRAINING)
    if python is None:
        assert findings
    else:
        ast.parse(python)
        assert python.count("\n") == source.count("\n")
