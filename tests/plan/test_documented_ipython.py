"""docs/ipython.md: every form in its tables becomes what the page says."""

import re
from pathlib import Path

import pytest

from nb2prod.notebook.ipython import read_code
from tests.plan.equality import findings_of

PAGE = (Path(__file__).parents[2] / "docs" / "ipython.md").read_text(encoding="utf-8")
LEFT_OUT, IN_PYTHON, REFUSED = (
    [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in part.split("\n")
        if line.startswith("| `")
    ]
    for part in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:4]
)


def source(cell: str) -> str:
    return cell.strip("`").replace("⏎", "\n")


def training(code: str) -> str:
    return f"""
# %% training
name = "a"
x = pow(2, 1)
# %% training
{code}
# %% training
model = [x]
# %% request
value = 9
# %% inference
[value, model]
"""


def test_the_tables_are_read() -> None:
    assert len(LEFT_OUT) > 30
    assert len(IN_PYTHON) > 25
    assert len(REFUSED) > 25


@pytest.mark.parametrize(("form", "why"), LEFT_OUT)
def test_left_out(form: str, why: str) -> None:
    code = read_code(source(form))
    assert code.python is not None
    lines = [line for line in code.python.split("\n") if line and not line.startswith("#")]
    assert lines == [] or lines[0].startswith("class _timed_")
    told = re.findall(r"^NB\d+", why)
    remarks = {f.code for f in code.findings} - {"NB140"}
    assert remarks == set(told)
    found = findings_of(training(source(form)))
    assert not [f for f in found.values() if f.severity == "error"], found


@pytest.mark.parametrize(("form", "python"), IN_PYTHON)
def test_in_python(form: str, python: str) -> None:
    code = read_code(source(form), earlier=["name = 1"])
    assert code.python is not None
    assert [line for line in code.python.split("\n") if line and not line.startswith("#")] == [python.strip("`")]
    assert "get_ipython" not in code.python


@pytest.mark.parametrize(("form", "code", "remedy"), REFUSED)
def test_refused(form: str, code: str, remedy: str) -> None:
    found = findings_of(training(source(form)))
    assert code in found, found
    assert found[code].severity == "error"
    assert found[code].cell == 2
    assert found[code].hint
    assert remedy
