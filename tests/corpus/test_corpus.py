"""Every case of the corpus: the notebook is the page's, and nb2prod does what the page says, with the value that the
notebook's own kernel gave. Nothing is started here; `make corpus` converts every case for real."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from nb2prod.notebook.read import read_notebook
from nb2prod.render.manifest import line_maps
from tests.corpus.pages import FOLDER, Case, notebook_text, read_pages
from tests.corpus.values import encoded, same
from tests.corpus.write import described
from tests.plan.equality import Converted, analysed, check, convert, working_in
from tests.plan.mapped_lines import wrong_lines

CASES = {case.name: case for case in read_pages()}


def expected_of(case: Case) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((case.folder / "expected.json").read_text(encoding="utf-8"))
    return found


def needs_a_kernel(case: Case) -> bool:
    """Whether it takes a kernel: magics, shell lines, `await` outside a function, cells that may raise."""
    document = json.loads(notebook_text(case))
    if "raises-exception" in case.text or "get_ipython" in case.text:
        return True
    try:
        for cell in document["cells"]:
            if cell["cell_type"] == "code":
                compile("".join(cell["source"]), "cell", "exec")
    except SyntaxError:
        return True
    return False


PLAIN = [name for name, case in CASES.items() if not needs_a_kernel(case)]


def test_the_corpus_is_large_enough_and_holds_nothing_else() -> None:
    assert len(CASES) >= 130
    assert {p.parent.name for p in FOLDER.glob("*/notebook.ipynb")} == CASES.keys()
    assert len({case.title for case in CASES.values()}) == len(CASES)


@pytest.mark.parametrize("name", CASES)
def test_notebook_and_expectation_are_those_of_the_page(name: str) -> None:
    case = CASES[name]
    assert (case.folder / "notebook.ipynb").read_text(encoding="utf-8") == notebook_text(case)
    for file, text in case.files:
        assert (case.folder / file).read_text(encoding="utf-8") == text
    expected = expected_of(case)
    assert expected.items() >= described(case).items(), "python -m tests.corpus.write, and judge the difference"
    assert expected.keys() & {"result", "raises"}


REFUSED = [name for name, case in CASES.items() if case.expected[0].startswith(("NB1", "NB2", "NB3"))]


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_shown_equal_is_refused(name: str) -> None:
    case = CASES[name]
    with beside(case):
        findings = analysed(read_notebook(notebook_text(case).encode(), name, dict(case.files).get))[3]
    errors = [f for f in findings if f.severity == "error"]
    assert set(case.expected) <= {f.code for f in errors}
    assert all(f.hint for f in errors)


@pytest.mark.parametrize("name", [n for n, c in CASES.items() if c.expected == ("equal",) and n not in PLAIN])
def test_what_takes_a_kernel_is_not_refused(name: str) -> None:
    case = CASES[name]
    with beside(case):
        findings = analysed(read_notebook(notebook_text(case).encode(), name, dict(case.files).get))[3]
    assert [f for f in findings if f.severity == "error"] == []


@pytest.mark.parametrize("name", [n for n in PLAIN if CASES[n].expected == ("equal",)])
def test_the_package_gives_the_value_of_the_notebook_and_its_lines_are_found_there(name: str) -> None:
    case = CASES[name]
    with beside(case):
        notebook = read_notebook(notebook_text(case).encode(), name, dict(case.files).get)
        converted = convert(notebook)
        assert isinstance(converted, Converted), converted
    maps = line_maps(converted.graph, converted.plan, converted.sources)
    assert wrong_lines(notebook, converted.plan, converted.sources, maps) == []
    with beside(case):
        assert same(encoded(check(converted)), expected_of(case)["result"])


@pytest.mark.parametrize("name", ["another-notebook-run", "a-script-run-that-computes"])
def test_lines_of_another_file_are_found_on_the_line_that_runs_it(name: str) -> None:
    case = CASES[name]
    with beside(case):
        notebook = read_notebook(notebook_text(case).encode(), name, dict(case.files).get)
        converted = convert(notebook)
        assert isinstance(converted, Converted), converted
    maps = line_maps(converted.graph, converted.plan, converted.sources)
    assert wrong_lines(notebook, converted.plan, converted.sources, maps) == []
    assert {line for lines in maps.values() for _, cell, line in lines if cell == 1} == {1}


@contextmanager
def beside(case: Case) -> Iterator[None]:
    """In a new folder with the case's files; modules beside the notebook are found there, and forgotten afterwards."""
    variables, before = dict(os.environ), set(sys.modules)
    own = {Path(file).parts[0].removesuffix(".py") for file, _ in case.files}
    with working_in(dict(case.files)):
        sys.path.insert(0, str(Path.cwd()))
        try:
            yield
        finally:
            del sys.path[0]
            for name in sys.modules.keys() - before:
                if name.split(".")[0] in own:
                    del sys.modules[name]
            os.environ.clear()
            os.environ.update(variables)
