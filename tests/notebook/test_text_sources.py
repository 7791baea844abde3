"""Sources of cells are written into scripts and Markdown; no other line changes."""

import pytest

from nb2prod.errors import InputError
from nb2prod.notebook.text_sources import write_text_sources

SCRIPT = """# My own header

# %% [markdown]
# # Prices

# %% tags=["training"]
import math   # as it was
%matplotlib inline
def f(x):
    return  x

# %%
print( f(1) )"""
MARKDOWN = """# Prices

```python tags=["training"]
n = 1

m  = 2
```

words
"""


def test_lines_of_the_cell_and_no_others() -> None:
    source = "import math   # as it was\n%matplotlib inline\ndef f(x):\n    y = x\n    return  y"
    written = write_text_sources(SCRIPT.encode(), {3: source}, "a.py").decode()
    assert written == SCRIPT.replace("    return  x\n", "    y = x\n    return  y\n")


def test_the_last_line_has_no_end_and_marks_of_files_stay() -> None:
    data = b"\xef\xbb\xbf" + SCRIPT.replace("\n", "\r\n").encode()
    written = write_text_sources(data, {4: "print( f(2) )\nprint(3)"}, "a.py")
    assert written == data.replace(b"print( f(1) )", b"print( f(2) )\r\nprint(3)")


def test_markdown() -> None:
    written = write_text_sources(MARKDOWN.encode(), {2: "n = 1\n\n\n\nm  = 3"}, "a.md").decode()
    assert written == MARKDOWN.replace("n = 1\n\nm  = 2", "n = 1\n\n\n\nm  = 3")


@pytest.mark.parametrize("source", ["print( f(1) )\n# %% mine\nprint(2)", "print( f(1) )\n\n"])
def test_what_would_be_read_otherwise_is_refused(source: str) -> None:
    """A line that begins a cell; empty lines that would be between two."""
    with pytest.raises(InputError, match=r"NB299 a\.py, cell 4"):
        write_text_sources(SCRIPT.encode(), {4: source}, "a.py")
