"""IPython's forms in a real kernel leave the names and files that the Python made of them leaves without one."""

import ast
import asyncio
import inspect
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import chdir, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from nb2prod.notebook.ipython import read_code
from tests.execute.notebooks import notebook, run, spec

CASES: Mapping[str, tuple[str, ...]] = {
    "time": ("%time x = 1", "y = %time 2", "%%time\nz = 3", "%prun -l 3 v = 4", "%%capture\n%time w = 5"),
    "timeit": ("x = [1]", "%timeit -n 2 -r 1 sum(x)", "%%timeit -n 2 -r 1\ny = sum(x)\nv = 0", "z = len(x)"),
    "shell value": (
        "name = 'it'\nd = {'a': 'b'}",
        "a = !printf 'one\\n\\ntwo\\n\\n'",
        "b = !echo $name {name} {d['a']} {1 + 1} {name!r}",
        "c = !echo $nothing {name}",
        "e = !echo '$name' \"$name\" $$name {{name}}",
        "f = !printf 'a b\\n' | awk '{print $2}'",
        "g = !echo out; echo err >&2; false",
        "h = !echo a \\\n  b",
        "k, *rest = !printf '1\\n2\\n3\\n'",
        "if name: m = !echo yes",
        "n = %sx echo sx",
        "o = !true",
    ),
    "shell effect": (
        "where = 'out'",
        "!mkdir -p {where}/deep && echo 1 > $where/deep/a.txt",
        "!printf 'x\\ty\\n' > b.txt; cp b.txt c.txt",
        "%mkdir other",
        "%cp b.txt other",
        "!!echo 2 > d.txt",
        "for n in range(2):\n    !echo {n} > n{n}.txt",
        "def write(text):\n    !echo {text} > text.txt\nwrite('é')",
        "!false",
        "get_ipython().system('echo 3 > e.txt')",
        "!rm c.txt",
    ),
    "programs": (
        "%%bash\nfor i in 1 2; do\n  echo $i >> a.txt\ndone",
        "%%sh\nprintf 'b' > b.txt",
        "%%bash --out x\necho one\necho two",
        "%%script sh -x\necho 3 > c.txt",
        "%%bash --no-raise-error\necho 4 > d.txt\nfalse",
        "%%!\necho 5 > e.txt",
        "%%python3\nopen('f.txt', 'w').write('6')",
    ),
    "files": (
        "%%writefile a.py\nx = 'é \\n {y} $z'\n\n# end\n",
        '%%writefile -a a.py\ny = "q"',
        "%%file 'b c.txt'\n\n",
        "name = 'd.txt'",
        "%%writefile {name}\ntext",
    ),
    "environment": (
        "import os\nvalue = 'v'",
        "%env NBFORMS_A=1",
        "%env NBFORMS_B two words",
        "%set_env NBFORMS_C={value}$value",
        "a, b, c = (os.environ['NBFORMS_' + n] for n in 'ABC')",
        "d = %env NBFORMS_A",
        "e = !echo $NBFORMS_A",
    ),
    "folder": (
        "import os\n!mkdir -p in/deep",
        "%cd in",
        "%cd -q deep",
        "a = os.path.basename(os.getcwd())",
        "%cd ..",
        "b = %pwd\nb = os.path.basename(b)",
        "!cd deep",
        "c = os.path.basename(os.getcwd())",
        "%cd ..",
    ),
    "calls": (
        "def f(*a): found.append(a)\nfound = []\nx, y = 1, 2",
        "/f x y\n,f x y\n;f x y",
        "found.append(3);\n;",
        "%xdel x",
        "known = sorted(n for n in globals() if n in 'xy')",
    ),
    "prompts": (
        ">>> x = 1\n>>> if x:\n...     y = 2",
        "In [1]: z = 3\n   ...: z += 1",
        "    v = 4\n    w = 5",
        't = """a\n  \n>>> b\n"""',
        "\n\n%matplotlib inline\nlast = 1",
    ),
    "waiting": (
        "import asyncio\nasync def load(n):\n    await asyncio.sleep(0)\n    return n",
        "x = await load(3)",
        "y = [await load(n) for n in range(3)]\nawait load(1);",
        "class Lock:\n    async def __aenter__(self): return 4\n    async def __aexit__(self, *_): pass",
        "async with Lock() as z: pass",
        "async def numbers():\n    yield 1\n    yield 2\nw = 0\nasync for n in numbers(): w += n",
        "print?\nv = 1\n?print",
    ),
}

NAMES = """
import json as _json, os as _os
def _kept(value):
    if isinstance(value, list): return [_kept(v) for v in value]
    if isinstance(value, tuple): return [_kept(v) for v in value]
    return value if isinstance(value, (int, str, float)) else None
_found = {n: _kept(v) for n, v in list(globals().items()) if not n.startswith("_") and _kept(v) not in (None, [])}
"""


@pytest.fixture(scope="module")
def in_kernel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Names and files that each case leaves in a kernel; one kernel for all of them."""
    import nbformat
    from nbclient import NotebookClient

    root = tmp_path_factory.mktemp("kernel")
    cells: list[str] = []
    for number, (_, sources) in enumerate(CASES.items()):
        folder = root / str(number)
        folder.mkdir()
        cells += ["%reset -f", f"__import__('os').chdir({str(folder)!r})", *sources,
                  f"{NAMES}\nopen({str(root / f'{number}.json')!r}, 'w').write(_json.dumps(_found))"]  # fmt: skip
    document = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    NotebookClient(document, kernel_name="python3").execute()
    left_by_ipython = {"In", "Out", "exit", "quit", "open"}
    return {
        name: {k: v for k, v in json.loads((root / f"{n}.json").read_text()).items() if k not in left_by_ipython}
        | {"files": files(root / str(n))}
        for n, name in enumerate(CASES)
    }


@pytest.fixture
def environment() -> Iterator[None]:
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.parametrize("case", CASES)
def test_the_python_of_a_cell_does_what_the_cell_does(
    case: str, in_kernel: Mapping[str, dict[str, Any]], tmp_path: Path, environment: None
) -> None:
    names: dict[str, Any] = {"get_ipython": Shell}
    earlier: list[str | None] = []
    loop = asyncio.new_event_loop()
    with chdir(tmp_path), redirect_stdout(StringIO()):
        for source in CASES[case]:
            python = read_code(source, earlier=earlier).python
            assert python is not None
            assert "run_line_magic" not in python
            earlier.append(python)
            code = compile(python, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            value = eval(code, names)
            if code.co_flags & inspect.CO_COROUTINE:
                loop.run_until_complete(value)
    loop.close()
    names.pop("get_ipython")
    exec(NAMES, names)
    assert names["_found"] | {"files": files(tmp_path)} == in_kernel[case]


def test_the_lines_of_a_command_are_kept_as_a_plain_list(tmp_path: Path) -> None:
    book = notebook("lines = !printf 'a\\nb\\n'", "row = [0, 1]", "[lines[n] for n in row]")
    record, _ = run(book, spec(3, artifacts=("lines",), request=("row",)), tmp_path)
    assert [(a.format, a.type_name) for a in record.artifacts] == [("json", "list")]
    assert record.predictions == ["a", "b"]


def files(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


class Shell:
    """What a timed line is given to in the analysis; nothing runs it."""

    timeit = object
