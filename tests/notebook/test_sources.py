"""Sources are written into a notebook's bytes, and nothing else changes."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nb2prod.errors import InputError
from nb2prod.notebook.read import read_notebook
from nb2prod.notebook.sources import write_sources
from tests.notebook.documents import code, notebook

LINES = st.lists(st.sampled_from(["", "x = 1", 'print("[{,:}]")', "é\\", "cells", '"source": []', "  # u"]), max_size=5)
LAYOUTS: list[dict[str, Any]] = [
    {"indent": 1}, {"indent": 2, "ensure_ascii": False}, {}, {"separators": (",", ":")}, {"indent": "\t"},
]  # fmt: skip


def source_of(data: bytes, cell: int) -> str:
    return read_notebook(data, "n.ipynb").cells[cell - 1].source


@settings(deadline=None)
@given(LINES, LINES, st.sampled_from(LAYOUTS), st.booleans(), st.sampled_from(["", "\ufeff"]))
def test_any_source_in_any_layout(
    old: list[str], new: list[str], layout: dict[str, Any], split: bool, bom: str
) -> None:
    cells = [code("a = 1"), code("\n".join(old)), code("b = 2")]
    for cell in cells:
        cell["source"] = cell["source"].splitlines(keepends=True) if split else cell["source"]
    data = (bom + json.dumps(json.loads(notebook(*cells)), **layout)).encode()
    after = write_sources(data, {2: "\n".join(new)}, "n.ipynb")
    assert source_of(after, 2) == "\n".join(new)
    again = write_sources(after, {2: "\n".join(old)}, "n.ipynb")
    if all(len("\n".join(lines).splitlines()) > 1 for lines in (old, new)):  # one line shows no layout between lines
        assert again.replace("é".encode(), b"\\u00e9") == data.replace("é".encode(), b"\\u00e9")


def test_kept_lines_keep_their_bytes_and_line_ends() -> None:
    text = json.dumps(json.loads(notebook(code("x"))), indent=1).replace(
        '"x"', '["a = \\"\\u00e9\\"\\r\\n", "b\\r\\n",  "c"]'
    )
    after = write_sources(text.encode(), {1: 'a = "é"\nB\nc'}, "n.ipynb").decode()
    assert after == text.replace('"b\\r\\n"', '"B\\r\\n"')


def test_nbformat_3_is_refused() -> None:
    data = b'{"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [], "cells": []}'
    with pytest.raises(InputError, match="NB299"):
        write_sources(data, {}, "n.ipynb")
