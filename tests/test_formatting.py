"""The layout of generated code: what is broken is refused, what is only the notebook's manner stays and is marked."""

import subprocess
import sys
from pathlib import Path

import pytest

from nb2prod.errors import ToolError
from nb2prod.formatting import format_sources

MANNERS = """
double = lambda x: 2 * x
def tidy(l):
    unused = 3
    if not l in ('a', 'b') and type(l) == int: l = 0; m = 1
    try:
        y = double(l)
    except:
        y = None
    if y == None or (y is True) == False:
        label = f"none"
    return y
"""


def test_the_notebooks_manners_stay_and_pass_ruff(tmp_path: Path) -> None:
    text = format_sources({"src/line/features.py": MANNERS}, "line")["src/line/features.py"]
    assert "double = lambda x: 2 * x  # noqa: E731\n" in text
    assert "if y == None or (y is True) == False:  # noqa: E711, E712\n" in text
    (tmp_path / "features.py").write_text(text)
    rules = ["--isolated", "--no-cache", "--select", "E4,E7,E9,F,I", "--line-length", "100"]
    for words in (["check", *rules], ["format", "--isolated", "--no-cache", "--check", "--line-length", "100"]):
        done = subprocess.run([sys.executable, "-m", "ruff", *words, "."], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    assert format_sources({"src/line/features.py": text}, "line") == {"src/line/features.py": text}


NEWER = """\
type Rows = list[float]


def shown[T: int](d: dict[str, T]) -> str:
    return f"{d["k"]} and {", ".join(str(i) for i in d)}"
"""


def test_what_only_a_newer_python_reads_is_valid_where_that_runs_it() -> None:
    for python in ("3.12.1", "3.13.0", "3.14.0"):
        assert (
            "type Rows"
            in format_sources({"src/line/features.py": NEWER}, "line", python=python)["src/line/features.py"]
        )
    with pytest.raises(ToolError, match=r"Python 3\.11"):
        format_sources({"src/line/features.py": NEWER}, "line", python="3.11.7")


@pytest.mark.parametrize("source", ["def f(:\n", "def f():\n    return undefined\n", "return 1\n"])
def test_broken_code_is_refused(source: str) -> None:
    with pytest.raises(ToolError) as refused:
        format_sources({"src/line/features.py": source}, "line")
    assert refused.value.code == "NB950"
