"""Tags are written into a notebook's bytes, and nothing else changes."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nb2prod.errors import InputError
from nb2prod.model.roles import Role
from nb2prod.notebook.read import read_notebook
from nb2prod.notebook.tags import tags_with_role, write_tags
from tests.notebook.documents import code, notebook

TAGS = ("training", "nb2prod:skip", "hide-input", "übung", "trainning", "step:load", "a", "tags", "pipeline-metrics")
WORDS = st.sampled_from(["", "x = 1\n", 'print("[{,:}]")', "é\\", "\u2028", "cells", '"metadata": {"tags": []}'])


# --- as Jupyter writes it


def saved(document: Any, **options: Any) -> bytes:
    """As nbformat writes files."""
    return (json.dumps(document, indent=1, ensure_ascii=False, **options) + "\n").encode()


@pytest.mark.parametrize("indent", [None, 1, 2, 4, "\t"])
@pytest.mark.parametrize(
    "metadata",
    [{}, {"tags": []}, {"tags": ["a"]}, {"collapsed": True}, {"trusted": True}, {"a": 1, "tags": [], "z": {"b": []}}],
)
def test_the_result_is_what_the_same_writer_would_have_written(indent: Any, metadata: dict[str, Any]) -> None:
    document = json.loads(notebook(code("x = 1", metadata=metadata), code("y")))
    before = json.dumps(document, indent=indent, sort_keys=True)
    after = write_tags(before.encode(), {1: [*metadata.get("tags", []), "training"]}, "demo.ipynb").decode()
    document["cells"][0]["metadata"]["tags"] = [*metadata.get("tags", []), "training"]
    assert after == json.dumps(document, indent=indent, sort_keys=True)


def test_windows_line_ends_and_a_byte_order_mark_stay() -> None:
    before = b"\xef\xbb\xbf" + saved(json.loads(notebook("x", "y"))).replace(b"\n", b"\r\n")
    after = write_tags(before, {2: ["test"]}, "demo.ipynb")
    assert after.startswith(b"\xef\xbb\xbf{\r\n")
    assert b"\n" not in after.replace(b"\r\n", b"")
    assert [cell.role for cell in read_notebook(after, "demo.ipynb").cells] == [None, Role.TEST]


def test_without_a_trailing_newline_there_is_none_afterwards() -> None:
    assert write_tags(saved(json.loads(notebook("x"))).rstrip(), {1: ["test"]}, "demo.ipynb").endswith(b"}")


def test_a_cell_without_metadata_gets_some() -> None:
    cell = {"cell_type": "code", "source": "x", "outputs": [], "execution_count": None}
    before = saved({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    after = write_tags(before, {1: ["training"]}, "demo.ipynb")
    assert read_notebook(after, "demo.ipynb").cells[0].role is Role.TRAINING


def test_the_same_tags_again_change_nothing() -> None:
    before = saved(json.loads(notebook(code("x", "training"), "y")))
    assert write_tags(before, {1: ["training"], 2: []}, "demo.ipynb") == before


def test_nbformat_3_is_refused_with_what_to_do() -> None:
    old = {"worksheets": [{"cells": [], "metadata": {}}], "metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0}
    with pytest.raises(InputError) as caught:
        write_tags(json.dumps(old).encode(), {1: ["training"]}, "old.ipynb")
    assert caught.value.code == "NB225"
    assert "save it" in caught.value.hint


# --- as anybody might write it


def scribbled(value: Any, dice: random.Random) -> str:
    """JSON with white space, escapes and an order of keys that no program would choose."""

    def space() -> str:
        return dice.choice(["", "", " ", "\n", "\r\n  ", "\t", "\n\n "])

    def text(word: str) -> str:
        return json.dumps(word, ensure_ascii=dice.random() < 0.5)

    if isinstance(value, dict):
        items = list(value.items())
        dice.shuffle(items)
        inside = ",".join(f"{space()}{text(k)}{space()}:{space()}{scribbled(v, dice)}{space()}" for k, v in items)
        return "{" + (inside or space()) + "}"
    if isinstance(value, list):
        return "[" + (",".join(space() + scribbled(v, dice) + space() for v in value) or space()) + "]"
    return text(value) if isinstance(value, str) else json.dumps(value)


tag_lists = st.lists(st.sampled_from(TAGS), max_size=3, unique=True)
metadata = st.one_of(
    st.just({}),
    st.builds(lambda tags: {"tags": tags}, tag_lists),
    st.builds(lambda tags, word: {"a": word, "tags": tags, "vscode": {"tags": []}}, tag_lists, WORDS),
    st.builds(lambda word: {"zz": word, "b": [1.5e300, None]}, WORDS),
)
cells = st.lists(
    st.builds(
        lambda source, meta, out: code(source, metadata=meta, outputs=[{"output_type": "stream", "text": out}]),
        WORDS, metadata, WORDS,
    ),
    min_size=1, max_size=4,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(cells, st.randoms(use_true_random=False), st.data())
def test_only_the_tags_of_these_cells_differ(cells: list[Any], dice: random.Random, data: Any) -> None:
    document = json.loads(notebook(*cells))
    before = scribbled(document, dice).encode()
    chosen = data.draw(st.dictionaries(st.integers(1, len(cells)), st.sampled_from([None, *Role]), min_size=1))
    found = read_notebook(before, "demo.ipynb").cells
    changes = {index: tags_with_role(found[index - 1].tags, role) for index, role in chosen.items()}
    after = write_tags(before, changes, "demo.ipynb")
    expected = json.loads(before)
    for index, tags in changes.items():
        if tags or "tags" in expected["cells"][index - 1]["metadata"]:
            expected["cells"][index - 1]["metadata"]["tags"] = list(tags)
    assert json.loads(after) == expected
    again = {index: found[index - 1].tags for index in chosen}
    assert json.loads(write_tags(after, again, "demo.ipynb"))["cells"] == [
        cell
        if "tags" in cell["metadata"] or not changes.get(n)
        else cell | {"metadata": cell["metadata"] | {"tags": []}}
        for n, cell in enumerate(document["cells"], 1)
    ]


@settings(max_examples=200, deadline=None)
@given(tag_lists, st.sampled_from(list(Role)), st.booleans())
def test_the_cell_has_the_role_and_no_doubt_about_it(tags: list[str], role: Role, prefixed: bool) -> None:
    wanted = tags_with_role(tags, role, prefixed=prefixed)
    read = read_notebook(notebook(code("x = 1", *wanted)), "demo.ipynb")
    assert read.cells[0].role is role
    assert [f for f in read.findings if f.code in ("NB135", "NB137")] == []
    assert tags_with_role(wanted, role, prefixed=prefixed) == wanted
    assert set(wanted) >= {"hide-input", "übung", "step:load", "pipeline-metrics"} & set(tags)


@pytest.mark.parametrize(
    ("tags", "role", "expected"),
    [
        (["a", "training"], Role.TEST, ("a", "test")),
        (["trainning"], Role.TRAINING, ("training",)),
        (["training", "nb2prod:training"], Role.TRAINING, ("training",)),
        (["nb2prod:skip", "a"], None, ("a",)),
        (["pipeline-metrics"], Role.EVALUATION, ("pipeline-metrics",)),
        (["pipeline-metrics"], Role.TRAINING, ("pipeline-metrics", "nb2prod:training")),
    ],
)
def test_tags_of_other_tools_stay(tags: list[str], role: Role | None, expected: tuple[str, ...]) -> None:
    assert tags_with_role(tags, role) == expected
