"""The single module: for every case of the corpus that becomes one, it answers as the notebook does."""

import ast
import json
import pickle
import sys
import types

import pytest

from nb2prod.errors import InputError
from nb2prod.notebook.read import read_notebook
from nb2prod.render.single import single_module
from tests.corpus.pages import notebook_text
from tests.corpus.test_corpus import CASES, PLAIN, beside, expected_of
from tests.corpus.values import encoded, same
from tests.plan.equality import Converted, analysed, convert


def module_of(text: str) -> str:
    graph, *_ = analysed(text)
    converted = convert(text, layout=False)
    assert isinstance(converted, Converted), converted
    return single_module(graph, converted.plan, (), "1.0")


@pytest.mark.parametrize("name", [n for n in PLAIN if CASES[n].expected == ("equal",)])
def test_the_module_gives_the_value_of_the_notebook(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]
    read = read_notebook(notebook_text(case).encode(), name, dict(case.files).get)
    with beside(case):
        graph, *_ = analysed(read)
        converted = convert(read, layout=False)
        assert isinstance(converted, Converted), converted
    with beside(case):
        module = types.ModuleType("single_module")
        monkeypatch.setitem(sys.modules, "single_module", module)
        exec(compile(single_module(graph, converted.plan, (), "1.0"), "single_module.py", "exec"), module.__dict__)
        request = {name: pickle.loads(data) for name, data in converted.truth.request.items()}
        answer = module.train(module.Params()).predictor.predict(**request)
    assert same(encoded(answer), expected_of(case)["result"])


def test_names_that_a_package_keeps_apart_are_refused_here() -> None:
    text = """
# %% functions
def train(rows):
    return sum(rows) / len(rows)
# %% training
mean = train([1, 2, 3])
# %% request
value = 3
# %% inference
value - mean
"""
    with pytest.raises(InputError) as refusal:
        module_of(text)
    assert refusal.value.code == "NB285"
    assert (refusal.value.where.cell, refusal.value.where.line) == (1, 1)


def test_code_that_awaits_is_refused() -> None:
    text = """
# %% training
import asyncio
mean = await asyncio.sleep(0, 2)
# %% request
value = 3
# %% inference
value - mean
"""
    with pytest.raises(InputError) as refusal:
        module_of(text)
    assert refusal.value.code == "NB286"
    assert (refusal.value.where.cell, refusal.value.where.line) == (1, 2)


def test_nothing_of_a_notebook_gets_out_of_the_docstring() -> None:
    cell = {"cell_type": "markdown", "id": "t", "metadata": {}, "source": '# a""" + exec("1/0") + """\\'}
    codes = [("training", 'mean = open(\'x\\n"""y\').read()'), ("request", "value = 3"), ("inference", "value + mean")]
    cells = [cell, *({"cell_type": "code", "id": f"c{n}", "metadata": {"tags": [tag]}, "source": text, "outputs": [],
                      "execution_count": None} for n, (tag, text) in enumerate(codes))]  # fmt: skip
    document = {"nbformat": 4, "nbformat_minor": 5, "cells": cells, "metadata": {}}
    read = read_notebook(json.dumps(document).encode(), 'a"""\n1/0\n"""\\.ipynb')
    graph, _, _, findings = analysed(read)
    from nb2prod.plan.cut import find_boundary
    from nb2prod.plan.extraction import plan_extraction
    from nb2prod.plan.selection import select

    boundary, _ = find_boundary(graph)
    assert boundary is not None, findings
    selection, _ = select(graph, boundary, ())
    tree = ast.parse(single_module(graph, plan_extraction(graph, boundary, selection, "a", ()), (), "1.0"))
    assert "1/0" in ast.get_docstring(tree)
    kinds = {type(node).__name__ for node in tree.body[1:]}
    assert kinds == {"Import", "ImportFrom", "ClassDef", "FunctionDef"} - {"Import"}
