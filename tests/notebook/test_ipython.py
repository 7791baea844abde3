"""IPython becomes plain Python, line for line, or a finding."""

import ast
import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from nb2prod.errors import InputError
from nb2prod.model.findings import Severity
from nb2prod.model.roles import Role
from nb2prod.notebook import read_notebook, to_python
from nb2prod.notebook.ipython import read_code
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
        ("%timeit -n 3 fit(X)\ny = 1", "class _timed_(get_ipython().timeit): _ = (fit(X))\ny = 1"),
        ("%%timeit n = 3\nfit(n)", "class _timed_(get_ipython().timeit):\n fit(n)"),
        ("%%time\nx = 1", "# %%time\nx = 1"),
        ("\n%%time\nx = 1", "\n# %%time\nx = 1"),
        ("%%capture\n%matplotlib inline\nx = 1", "# %%capture\n# %matplotlib inline\nx = 1"),
        ("%%time\n%%capture\nx = 1", "# %%time\n# %%capture\nx = 1"),
        (
            "%%capture out --no-stderr\nx = 1",
            'out = get_ipython().run_cell_magic("capture", "out --no-stderr", "")\nx = 1',
        ),
        ("%prun -l 5 -s cumulative x = fit(X)", "x = fit(X)"),
        ("%time !mkdir a", 'import subprocess; subprocess.run("mkdir a", shell=True)'),
        ("x = %time fit(X)", "x = fit(X)"),
        ("!mkdir -p a \\\n  b\nx = 1", 'import subprocess; subprocess.run("mkdir -p a    b", shell=True)\n\nx = 1'),
        ("if x:\n    !rm it's\n", 'if x:\n    import subprocess; subprocess.run("rm it\'s", shell=True)\n'),
        ("%env A=b c\n%env A\n%env", 'import os; os.environ["A"] = "b c"\n# %env A\n# %env'),
        ("%set_env A b", 'import os; os.environ["A"] = "b"'),
        ("%cd data", 'import os; os.chdir("data")'),
        ("%cd ~/data", 'import os; os.chdir(os.path.expanduser("~/data"))'),
        ("x = %pwd\ny = %env HOME", 'import os; x = os.getcwd()\nimport os; y = os.environ["HOME"]'),
        ("%mkdir a", 'import subprocess; subprocess.run("mkdir a", shell=True)'),
        ("ls", "# ls"),
        ("%xdel x", "del x"),
        ("/f a b\n,f a b\n;f a b\n;", 'f(a, b)\nf("a", "b")\nf("a b")\n("")'),
        (
            "get_ipython().run_line_magic('matplotlib', 'inline')\nx = 1",
            "# get_ipython().run_line_magic('matplotlib', 'inline')\nx = 1",
        ),
        ("get_ipython().system('mkdir a')", 'import subprocess; subprocess.run("mkdir a", shell=True)'),
        ("%%html\n<b>\n", "# %%html\n# <b>\n#"),
        (
            "%%writefile a.py\nx = 1\n\ny",
            'from pathlib import Path; Path("a.py").write_text("x = 1\\n\\ny\\n", encoding="utf-8")\n# x = 1\n#\n# y',
        ),
        (
            "%%file -a 'a b'\nx\n",
            'from pathlib import Path; Path("a b").open("a", encoding="utf-8").write("x\\n")\n# x\n#',
        ),
        (
            "%%bash\ncp a b",
            'import subprocess; subprocess.run(["bash"], input="cp a b\\n", text=True, check=True)\n# cp a b',
        ),
        (
            "%%bash --out x\nls",
            'import subprocess; x = subprocess.run(["bash"], input="ls\\n", text=True, '
            "stdout=subprocess.PIPE, check=True).stdout\n# ls",
        ),
        ("%%bash\n# just look\nls | head\ncd data", "# %%bash\n# # just look\n# ls | head\n# cd data"),
        (
            "!ls | head > /dev/null 2>&1\n!pip list | grep x\n!cd data",
            "# !ls | head > /dev/null 2>&1\n# !pip list | grep x\n# !cd data",
        ),
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
        ("\nIn [1]: x = 1\n   ...: y = 2", "\nx = 1\ny = 2"),
        ('x = """a\n   \n>>> b"""', 'x = """a\n\nb"""'),  # as IPython has it
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
    ("source", "text"),
    [
        ("!wget {url} -O a", 'f"wget {url} -O a"'),
        ("!wget $url", 'f"wget {url}"'),
        ("!wget {url + str(1)}", 'f"wget {(url + str(1))}"'),
        ("!echo $HOME > a", '"echo $HOME > a"'),
        ("!echo $HOME {url} > a", '"echo $HOME {url} > a"'),  # one name unknown: all of it is left to the shell
        ("!awk '{print $1}' a > b", "\"awk '{print $1}' a > b\""),
        ("!echo '$url' > a", "\"echo '$url' > a\""),
        ("!echo $$url > a", '"echo $url > a"'),
        ("!echo {{url}} > a", '"echo {url} > a"'),
        ("!rm {url!r}", 'f"rm {repr(url)}"'),
        ("!rm {d['a']}", "f\"rm {d['a']}\""),
        ("!rm {d['a'] + \"b\"}", None),
        ("!rm $url.csv", None),
    ],
)
def test_values_in_a_shell_line(source: str, text: str | None) -> None:
    python, findings = to_python(f"url = d = 1\n{source}")
    assert python is not None
    if text is None:
        assert "get_ipython().system" in python
        assert [f.code for f in findings] == ["NB140"]
    else:
        assert python.split("\n")[1] == f"import subprocess; subprocess.run({text}, shell=True)"


def test_a_name_of_an_earlier_cell_is_known() -> None:
    assert 'f"rm {name}"' in str(read_code("!rm {name}", earlier=["name = 1"]).python)
    assert '"rm {name}"' in str(read_code("!rm {name}", earlier=["print(name)"]).python)


@pytest.mark.parametrize(
    ("line", "python"),
    [
        ("%run other.ipynb", 'get_ipython().run_line_magic("run", "other.ipynb")'),
        ("x, y = %sql select 1", 'x, y = get_ipython().run_line_magic("sql", "select 1")'),
        ("%store -r a b", 'a = b = get_ipython().run_line_magic("store", "-r a b")'),
        ("t = %timeit -o f()", "t = get_ipython().timeit(f())"),
    ],
)
def test_what_only_ipython_can_do_stays_its_own_call(line: str, python: str) -> None:
    found, findings = to_python(f"a = 1\n{line}\nb = 2", cell=5, role=Role.TRAINING)
    assert found == f"a = 1\n{python}\nb = 2"
    assert [(f.code, f.severity, f.cell, f.line) for f in findings] == [("NB140", Severity.WARNING, 5, 2)]
    assert all(f.hint for f in findings)


@pytest.mark.parametrize(
    ("source", "python"),
    [
        ("%%R -i df -o a,b\nx", 'a = b = get_ipython().run_cell_magic("R", "-i df -o a,b", "")'),
        ("%%R\nplot(x)", "# %%R"),
        ("%%sql rows <<\nselect 1", 'rows = get_ipython().run_cell_magic("sql", "rows <<", "")'),
        ("%%sql\nselect 1", "# %%sql"),
        ("%%sql\ndelete from x", 'get_ipython().run_cell_magic("sql", "", "")'),
        ("%%cython\ndef fib(int n):\n    return n", 'fib = get_ipython().run_cell_magic("cython", "", "")'),
        ("%%unheard\nx", 'get_ipython().run_cell_magic("unheard", "", "")'),
    ],
)
def test_a_cell_of_another_language_binds_the_names_it_says(source: str, python: str) -> None:
    found, findings = to_python(source)
    assert found is not None
    assert found.split("\n")[0] == python
    assert found.count("\n") == source.count("\n")
    assert [(f.code, f.line) for f in findings] == [("NB140", 1)]


@pytest.mark.parametrize(
    "source", ["pip install shap==0.44.1", "!pip install -q shap==0.44.1", "%%bash\npip install shap==0.44.1"]
)
def test_what_is_installed_is_a_fact(source: str) -> None:
    assert [(i.name, i.specifier, i.cell) for i in read_code(source, cell=4).installs] == [("shap", "==0.44.1", 4)]


@pytest.mark.parametrize(
    ("command", "facts"),
    [
        ("pip install -U 'a[x]>=1,<2' b==1", [("a", ">=1,<2", ""), ("b", "==1", "")]),
        ("pip install -r a.txt --constraint c.txt", [("", "", "a.txt")]),
        ("conda install -c x a=1.2 b==3", [("a", "==1.2.*", ""), ("b", "==3", "")]),
        ("pip install git+https://h/x ./y z.whl", [("", "", "")] * 3),
        ("pip install --upgrade pip && pip install a", [("pip", "", ""), ("a", "", "")]),
    ],
)
def test_requirements_in_a_command(command: str, facts: list[tuple[str, str, str]]) -> None:
    assert [(i.name, i.specifier, i.file) for i in read_code(f"!{command}").installs] == facts


def test_what_a_line_does_besides_installing_is_kept() -> None:
    python, _ = to_python("!pip install a && mkdir b; ls")
    assert python == 'import subprocess; subprocess.run("mkdir b; ls", shell=True)'


def test_packages_of_the_system_are_told() -> None:
    assert codes("!apt-get install -y ffmpeg") == [("NB163", "warning")]


@pytest.mark.parametrize(
    "source", ['print "x"', "try:\n    a\nexcept E, e:\n    pass", "if a <> b:\n    pass", "x = 0777"]
)
def test_python_2_is_called_so(source: str) -> None:
    assert codes(source) == [("NB155", "error")]
    assert codes(source, None) == [("NB155", "warning")]


def test_a_syntax_error_names_cell_and_line() -> None:
    python, findings = to_python("a = 1\nb = = 2", cell=3, role=Role.TRAINING)
    assert python is None
    assert [(f.code, f.severity, f.cell, f.line) for f in findings] == [("NB139", Severity.ERROR, 3, 2)]
    assert codes("a = 1\nb = = 2", None) == [("NB139", "warning")]


def test_the_line_of_a_syntax_error_counts_ipython_lines_too() -> None:
    _, findings = to_python("%matplotlib inline\n!ls\n\ndef f(:\n    pass", role=Role.TRAINING)
    assert [(f.code, f.line) for f in findings] == [("NB139", 4)]


def test_await_is_python() -> None:
    for source in ("await f()", "async with f() as g:\n    pass", "x = [await f()]"):
        assert to_python(source) == (source, ())


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


_SENSIBLE = [
    "x = 1", "y = (", "1,", ")", "x = [", "% 2", "]", "if x:", "for i in x:", "    y", "    !ls", "    %time z = 1",
    "    pass", "%matplotlib inline", "!ls 'a", "x = !ls", "files = !ls '*", "'''", 'x = """', "x = 1 \\",
    "!ls \\", "f?", "f.a??", "?f", "x[0]?", "# c?", "# \\", "'a?'", "x = '!ls'", "d['=%d'] = 3", "x == !ls",
    "a = b = !ls", "a, b = !ls", "a['k'] = !ls", "x: int = !ls", "if x: y = !ls", "/f a", ",f a b", ";f a b", ";",
    "x;", "%%time", "%%bash", "def f():", "    return 1", "@dec", "r'\\'", "!!ls", "print(x)?", "await f()",
    "import os", "", "%sx ls", "x = %who", "f'{x!r}'", "x != y", "x = a %b", ">>> x", "...",
    "get_ipython().system('ls')", "%run a.ipynb", "x = 'a' # !ls",
]  # fmt: skip
_ANY = st.text(alphabet="ab %!?\\'\"()[]{}=:#,;/\n\t", max_size=12)


@pytest.mark.filterwarnings("ignore:.*escape sequence")
@given(st.lists(st.sampled_from(_SENSIBLE) | _ANY, max_size=8))
@settings(max_examples=500, deadline=None)
def test_any_text_keeps_its_lines_and_becomes_python_or_none(lines: list[str]) -> None:
    source = "\n".join(lines)
    python, findings = to_python(source, role=Role.TRAINING)
    if python is None:
        assert findings
    else:
        ast.parse(python)
        assert python.count("\n") == source.count("\n")


@pytest.mark.filterwarnings("ignore:.*escape sequence", "ignore:.*invalid decimal")
@given(st.lists(st.sampled_from(_SENSIBLE), max_size=6))
@settings(max_examples=400, deadline=None)
def test_what_ipython_can_read_nb2prod_can_and_what_is_python_stays_the_same(lines: list[str]) -> None:
    source = "\n".join(lines)
    if "%%" in source:
        return  # the body is the magic's to read
    try:
        transformed = TransformerManager().transform_cell(source)
    except SyntaxError:
        transformed = ")"
    theirs, ours = _parsed(transformed), _parsed(read_code(source).python)
    assert (theirs is None) == (ours is None)
    if theirs is not None and ours is not None and "get_ipython" not in transformed:
        assert ast.dump(theirs) == ast.dump(ours)


def _parsed(text: str | None) -> ast.Module | None:
    try:
        return None if text is None else ast.parse(text)
    except SyntaxError:
        return None
