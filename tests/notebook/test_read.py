"""What is a notebook is read; what is not is refused with the reason; nothing else ever happens."""

import gzip
import json
import random
import sys
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nb2prod.errors import InputError
from nb2prod.model.roles import Role
from nb2prod.notebook import read_notebook
from tests.notebook.documents import code, notebook

PLAIN = notebook("a = 1", {"cell_type": "markdown", "id": "m", "metadata": {}, "source": ["# Title\n", "text"]})


def refusal(data: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        read_notebook(data, "n.ipynb")
    assert caught.value.where is not None
    assert caught.value.where.path == "n.ipynb"
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    return caught.value


def read_or_refuse(data: bytes) -> None:
    with suppress(InputError):
        read_notebook(data, "n.ipynb")


def codes(data: bytes) -> list[str]:
    return [finding.code for finding in read_notebook(data, "n.ipynb").findings]


def test_a_plain_notebook_has_its_cells_in_order_and_no_findings() -> None:
    read = read_notebook(PLAIN, "n.ipynb")
    assert [(cell.index, cell.id, cell.kind, cell.source, cell.python) for cell in read.cells] == [
        (1, "id-0", "code", "a = 1", "a = 1"),
        (2, "m", "markdown", "# Title\ntext", None),
    ]
    assert read.findings == ()
    assert read.digest.startswith("sha256:")
    assert (read.language, read.kernel_name) == ("python", None)


def test_the_document_is_valid_and_has_no_outputs() -> None:
    import nbformat

    output = {"output_type": "stream", "name": "stdout", "text": "x" * 1000}
    cells = (code("a = 1", "training", "training", outputs=[output], execution_count=7, evil=1), code("b = 2", id="?"))
    read = read_notebook(notebook(*cells, nbformat_minor=2), "n.ipynb")
    nbformat.validate(json.loads(json.dumps(read.document)))
    assert read.document["cells"][0]["outputs"] == []
    assert read.document["cells"][0]["metadata"]["tags"] == ["training"]
    assert read.cells[0].execution_count == 7


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "NB104 .*empty"),
        (b" \n\t", "NB104 .*empty"),
        (b"\xef\xbb\xbf\n", "NB104 .*empty"),
        (b"\x89PNG\r\n\x1a\n", "NB105 .*PNG"),
        (bytes(64), "NB105 .*binary"),
        (b'{"cells": "\x00"}', "NB105 .*binary"),
        (b"import pandas as pd\n", "NB105 .*other text"),
        (b"PK\x03\x04rest", "NB106 .*zip"),
        (gzip.compress(PLAIN, mtime=0), "NB106 .*gzip"),
        (b"\n<!DOCTYPE html><html></html>", "NB107 .*raw file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "NB108 .*git lfs pull"),
        (b'{\n<<<<<<< HEAD\n "cells": [],\n=======\n "cells": [1],\n>>>>>>> main\n}', "NB109 .*line 2"),
        (b"<<<<<<< HEAD\n{}", "NB109 .*line 1"),
        (PLAIN.decode().encode("utf-16"), "NB112 .*UTF-16"),
        (PLAIN.decode().encode("utf-16-le"), "NB112 .*UTF-16"),
        (PLAIN.decode().encode("utf-32"), "NB112 .*UTF-32"),
        (b'{"caf\xe9": 1}', "NB113 .*0xE9 at offset 5"),
        (b"null", "NB116 .*null"),
        (b"[]", "NB116 .*a list"),
        (b"5", "NB116 .*a number"),
        (b'"x"', "NB116 .*a string"),
        (b"{}", "NB117 .*cells, nbformat"),
        (b'{"nbformat": 4}', "NB117 .*cells"),
        (b"[" * 100_000, "NB118 .*100"),
        (b'{"a":' * 100_000, "NB118"),
        (b'{"a": "' + b"[" * 200 + b'", "b": ' + b"[" * 101, "NB118"),
        (notebook()[:-1] + b',\n"n": ' + b"1" * 5000 + b"}", "NB119 .*line 2"),
        (notebook()[:-1] + b',\n"n": [1, NaN]}', "NB120 .*NaN at line 2"),
        (notebook()[:-1] + b',\n"NaN":\n -Infinity}', "NB120 .*-Infinity at line 3"),
        (b'{"cells": [],\n "nbformat" 4, "metadata": {"a": "long enough"}}', "NB120 .*line 2"),
        (b'{"cells": [], "nbformat": 4} trailing', "NB120"),
        (notebook()[:-1] + b', "cells": []}', "NB121 .*cells"),
        (b'{"a": {"b": 1, "\\u0062": 2}}', "NB121 .*'b'"),
        (b'{"nbformat": 1}', "NB126"),
        (b'{"nbformat": 2}', "NB126"),
    ],
    ids=lambda value: value[:30] if isinstance(value, bytes) else value[:5],
)
def test_what_is_no_notebook_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    import re

    assert re.search(reason, str(refusal(data)))


@pytest.mark.parametrize("version", [99, "4", -1, None, 4.99, True, [4], 0])
def test_unknown_versions_are_refused(version: object) -> None:
    assert refusal(notebook(nbformat=version)).code == "NB127"
    assert version in (99, 0) or refusal(notebook(nbformat_minor=version)).code == "NB127"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (None, "NB128"),
        ("x", "NB128"),
        ({"cell_type": "evil", "source": ""}, "NB131"),
        ({"cell_type": ["code"], "source": ""}, "NB131"),
        ({"cell_type": "code"}, "NB129"),
        (code(None), "NB129"),
        (code(5), "NB129"),
        (code([1]), "NB129"),
        (code([["a"]]), "NB129"),
        (code("", metadata=[]), "NB147"),
        (code("", metadata=None), "NB147"),
        (code("", execution_count="1"), "NB148"),
        (code("", execution_count=True), "NB148"),
        (code("", metadata={"tags": "training"}), "NB133"),
        (code("", metadata={"tags": None}), "NB133"),
        (code("", metadata={"tags": [1]}), "NB133"),
        (code("", "a\nRUN b"), "NB134"),
        (code("", "{{7*7}}"), "NB134"),
        (code("", "x" * 10_000), "NB134"),
        (code("", "\x1b[31m"), "NB134"),
        (code("a\nb = '\ud800'"), "NB114"),
        (code("", metadata={"title": "\ud800"}), "NB114"),
        (code("a\0"), "NB115"),
        (code("a\nb = '\x1b[1m'"), "NB115"),
        (code("a\n\nif x:  # \u202e"), "NB115"),
    ],
    ids=str,
)
def test_a_cell_of_the_wrong_shape_is_named(cell: Any, expected: str) -> None:
    data = json.dumps(
        {"cells": [code("ok", id="ok"), cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    ).encode()
    error = refusal(data)
    assert error.code == expected
    assert error.where is not None
    assert error.where.cell == 2 or "metadata" in error.message


def test_the_line_of_a_bad_character_is_named() -> None:
    error = refusal(notebook(code("a\n\nif x:  # \u202e")))
    assert error.where is not None
    assert (error.where.line, "U+202E" in error.message) == (3, True)


@pytest.mark.parametrize("cells", [None, {}, "x", 5])
def test_cells_must_be_a_list(cells: object) -> None:
    assert refusal(notebook(cells=cells)).code == "NB128"


def test_too_many_cells_are_refused_and_ten_thousand_are_not() -> None:
    assert len(read_notebook(notebook(*["x = 1"] * 10_000), "n").cells) == 10_000
    cell = b'{"cell_type":"raw","metadata":{},"source":""}'
    many = b'{"nbformat":4,"nbformat_minor":4,"metadata":{},"cells":[' + b",".join([cell] * 100_001) + b"]}"
    assert refusal(many).code == "NB124"


def test_a_file_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nb2prod.notebook.text.SIZE_LIMIT", 100)
    assert refusal(PLAIN).code == "NB122"


def test_a_byte_order_mark_is_accepted_with_a_word() -> None:
    assert codes(b"\xef\xbb\xbf" + PLAIN) == ["NB111"]


def test_wherever_a_file_is_cut_it_is_said_to_end_early() -> None:
    whole = notebook("s = 'naïve \\u00e9 [{'", metadata={"a": [None, True, -1.5e10]}).decode()
    data = json.dumps(json.loads(whole), indent=1, ensure_ascii=False).encode()
    for size in range(1, len(data)):
        error = refusal(data[:size])
        assert error.code == "NB110", (size, str(error))
        assert f"byte {size} " in error.message


def test_ids_are_made_anew_where_they_are_not_usable_and_stay_the_same() -> None:
    cells = (code("a", id="x"), code("b", id="x"), code("c", id="../../x"), code("d", id=5), code("e", id="cell-2"))
    read = read_notebook(notebook(*cells), "n.ipynb")
    assert [cell.id for cell in read.cells] == ["x", "cell-2-again", "cell-3", "cell-4", "cell-2"]
    assert [finding.code for finding in read.findings] == ["NB132"]
    without = json.loads(notebook("a", "b"))
    for cell in without["cells"]:
        del cell["id"]
    without["nbformat_minor"] = 4
    read = read_notebook(json.dumps(without).encode(), "n")
    assert ([cell.id for cell in read.cells], read.findings) == (["cell-1", "cell-2"], ())


def test_nbformat_3_is_upgraded_with_a_finding() -> None:
    cell = {
        "cell_type": "code",
        "input": "a = 1",
        "outputs": [],
        "language": "python",
        "metadata": {},
        "collapsed": False,
    }
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": [cell], "metadata": {}}],
    }
    read = read_notebook(json.dumps(old).encode(), "n.ipynb")
    assert [cell.source for cell in read.cells] == ["a = 1"]
    assert [finding.code for finding in read.findings] == ["NB125"]
    assert refusal(b'{"nbformat": 3, "worksheets": 5, "metadata": {}}').code == "NB127"


@pytest.mark.parametrize(
    "metadata",
    [
        {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}},
        {"kernelspec": {"name": "ir"}},
        {"kernelspec": {"name": "julia-1.9"}},
        {"language_info": {"name": "julia"}},
        {"language_info": {"name": "python", "version": "2.7.18"}},
        {"kernelspec": {"name": "python2", "language": "python"}},
    ],
    ids=str,
)
def test_other_languages_are_refused(metadata: dict[str, Any]) -> None:
    assert refusal(notebook(metadata=metadata)).code == "NB143"


@pytest.mark.parametrize("name", ["$(touch x)", "../../python3", "a\nb", 5, "", "x" * 1000])
def test_a_kernel_name_that_is_none_is_ignored_with_a_warning(name: object) -> None:
    read = read_notebook(notebook(metadata={"kernelspec": {"name": name, "language": "python"}}), "n")
    assert read.kernel_name is None
    assert [finding.code for finding in read.findings] == ["NB146"]


def test_a_usual_kernel_is_kept() -> None:
    spec = {"kernelspec": {"name": "conda-env-a.b-py", "language": "python"}, "language_info": {"name": "python"}}
    assert read_notebook(notebook(metadata=spec), "n").kernel_name == "conda-env-a.b-py"


def test_every_kind_of_line_end_is_one() -> None:
    read = read_notebook(notebook("a = 1\r\nb = 2\rc = 3\n"), "n.ipynb")
    assert read.cells[0].source == "a = 1\nb = 2\nc = 3\n"


def test_a_large_output_is_accepted_and_dropped() -> None:
    output = {"output_type": "stream", "name": "stdout", "text": "[{" * 5_000_000}
    read = read_notebook(notebook(code("a = 1", "training", outputs=[output])), "n.ipynb")
    assert read.cells[0].role is Role.TRAINING
    assert len(json.dumps(read.document)) < 1000


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), st.integers(1, 9))
def test_a_large_file_is_read_in_parts_and_says_the_same(text: str, size: int) -> None:
    document = json.loads(notebook("x = 1", metadata={"title": f"naïve 漢 \U0001f600 {text}"}))
    data = json.dumps(document, ensure_ascii=False).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nb2prod.notebook.text._CHUNK", size)
        assert read_notebook(data, "n.ipynb").document["metadata"] == document["metadata"]


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    read_or_refuse(data)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.sampled_from(["cells", "metadata", "nbformat_minor"])), _JSON, st.data())
@settings(max_examples=300, deadline=None)
def test_any_value_anywhere_is_read_or_refused(keys: list[str], value: object, data: st.DataObject) -> None:
    document = json.loads(PLAIN)
    cell = document["cells"][0]
    place = data.draw(st.sampled_from(["top", "cell", "metadata", "kernel", "nb2prod"]))
    if place == "top":
        document |= dict.fromkeys(keys, value)
    elif place == "cell":
        cell[data.draw(st.sampled_from(sorted(cell)))] = value
    elif place == "metadata":
        cell["metadata"][data.draw(st.sampled_from(["tags", "nb2prod", "x"]))] = value
    elif place == "nb2prod":
        cell["metadata"]["nb2prod"] = {"role": value}
    else:
        document["metadata"] = {"kernelspec": value, "language_info": data.draw(_JSON)}
    read_or_refuse(json.dumps(document).encode())


def test_flipped_bytes_are_read_or_refused() -> None:
    chance = random.Random(3)
    data = notebook(
        "%matplotlib inline\nimport x", code("x = !ls\ny", "training"), metadata={"kernelspec": {"name": "x"}}
    )
    for _ in range(1000):
        broken = bytearray(data)
        for _ in range(chance.randint(1, 3)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        read_or_refuse(bytes(broken))


def test_what_a_newer_python_wrote_may_be_no_syntax_error_there() -> None:
    def hint(version: object) -> str:
        body = json.loads(notebook("x = = 1"))
        body["metadata"]["language_info"] = {"name": "python", "version": version}
        (found,) = [f for f in read_notebook(json.dumps(body).encode(), "n.ipynb").findings if f.code == "NB139"]
        return found.hint

    assert "install nb2prod with it" in hint(f"3.{sys.version_info[1] + 1}.2")
    for other in ("3.8.1", f"3.{sys.version_info[1]}.0", "", None, 4):
        assert "install" not in hint(other)
