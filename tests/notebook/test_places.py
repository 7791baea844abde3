"""A finding's cell and line as the line of the file, however the file is laid out."""

import json

import pytest

from nb2prod.notebook.places import lines_in_file

SOURCES = ["a = 1\nb = 2\n\nc = 3", "x", "", ["one\n", "two\nthree\n", "fo", "ur"]]


def laid_out(indent: int | None, sources: list[object]) -> bytes:
    cells = [{"cell_type": "code", "metadata": {"source": ["no\n"]}, "source": source} for source in sources]
    return json.dumps({"metadata": {"cells": [1]}, "cells": cells, "nbformat": 4}, indent=indent).encode()


def as_jupyter(text: object) -> object:
    return text.splitlines(keepends=True) if isinstance(text, str) else text


def test_jupyter_writes_a_line_on_each_line() -> None:
    data = laid_out(1, [as_jupyter(source) for source in SOURCES])
    line_of, rows = lines_in_file(data), data.decode().splitlines()
    assert '"b = 2\\n"' in rows[line_of(1, 2) - 1]
    assert '"c = 3"' in rows[line_of(1, 4) - 1]
    assert '"x"' in rows[line_of(2, 1) - 1]
    assert '"source": []' in rows[line_of(3, 1) - 1]
    assert ['"one' in rows[line_of(4, 1) - 1], '"two' in rows[line_of(4, 3) - 1], '"fo' in rows[line_of(4, 4) - 1]] == [
        True
    ] * 3


def test_a_source_that_is_one_text_is_one_line() -> None:
    data = laid_out(1, SOURCES)
    line_of, rows = lines_in_file(data), data.decode().splitlines()
    assert line_of(1, 1) == line_of(1, 4)
    assert "a = 1" in rows[line_of(1, 4) - 1]


def test_a_file_on_one_line_has_one_line() -> None:
    assert lines_in_file(laid_out(None, SOURCES))(4, 3) == 1


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b'{"cells": 3}', b'{"cells": [3]}', b'{"cells": [{}]}'])
def test_what_is_no_notebook_has_lines_all_the_same(data: bytes) -> None:
    line_of = lines_in_file(data)
    assert line_of(None, 7) == 7
    assert line_of(None, None) == 1
    assert line_of(3, 9) == 1
    assert line_of(1, 1) == 1


def test_nbformat_3_has_its_cells_in_worksheets() -> None:
    sheet = {"cells": [{"cell_type": "code", "input": ["a\n", "b"]}]}
    data = json.dumps({"worksheets": [sheet], "nbformat": 3}, indent=1).encode()
    assert '"b"' in data.decode().splitlines()[lines_in_file(data)(1, 2) - 1]
