"""``%run helpers.py`` is followed where the script only defines, and refused where it does more."""

import pytest

from nb2prod.notebook.ipython import read_code

SCRIPT = '''"""Helpers."""
import numpy as np
from math import floor as down
RATE: float = 3.0
NAMES = ["a", {"b": 1}]
@staticmethod
def scaled(x, by=RATE):
    return np.log(x) * by
class Box: pass
async def load(): pass
'''


def python(line: str, text: str | None, earlier: tuple[str, ...] = ()) -> str | None:
    files = {"helpers.py": text}
    return read_code(line, earlier=earlier, scripts=files.get).python


def test_definitions_are_imported() -> None:
    wanted = "import numpy as np; from math import floor as down; from helpers import RATE, NAMES, scaled, Box, load"
    assert python("%run helpers.py", SCRIPT) == wanted
    assert python("%run helpers", SCRIPT) == wanted


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("%run helpers.py", None),
        ("%run helpers.py", "x = open('a').read()"),
        ("%run helpers.py", "print(1)"),
        ("%run helpers.py", "if __name__ == '__main__':\n    x = 1"),
        ("%run helpers.py", "def f(): return __file__"),
        ("%run helpers.py", "from numpy import *"),
        ("%run helpers.py", "x = ="),
        ("%run helpers.py --fast", SCRIPT),
        ("%run -i helpers.py", SCRIPT),
        ("%run src/helpers.py", SCRIPT),
        ("%run other.ipynb", SCRIPT),
    ],
)
def test_what_is_more_stays_a_magic(line: str, text: str | None) -> None:
    assert "get_ipython()" in str(python(line, text))


def test_a_script_that_the_notebook_writes_is_not_the_one_beside_it() -> None:
    written = read_code("%%writefile helpers.py\nx = 1").python
    assert "get_ipython()" in str(python("%run helpers.py", SCRIPT, (str(written),)))
