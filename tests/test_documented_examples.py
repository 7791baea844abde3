"""docs/examples.md: every example gives its code; every code has an example, or a reason to have none."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nb2prod.errors import InputError
from nb2prod.notebook.read import read_notebook
from tests.corpus.pages import document_of
from tests.plan.equality import analysed

ROOT = Path(__file__).parents[1]
PAGES = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("examples.md", "data-flow.md")]
_SECTION = re.compile(r"^### (NB\d+): [^\n]*\n(.*?)(?=^##|\Z)", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r"^```(python|console)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
EXAMPLES, ELSEWHERE = ({code: dict(_FENCE.findall(text)) for code, text in _SECTION.findall(page)} for page in PAGES)
EXPLAINED = EXAMPLES.keys() | ELSEWHERE.keys()
WITHOUT = {
    "NB153": "an output of the run: tests/secrets",
    "NB154": "a value of the run: tests/secrets",
    "NB158": "depends on what is installed",
    "NB165": "a kernel that reads what nb2prod cannot",
    "NB345": "some releases of Python 3.11 only: tests of the boundary",
    "NB355": "rows of the run: tests of features",
    "NB367": "outputs of the run: tests of hidden state",
    "NB227": "another program writes at the same moment",
    "NB289": "takes a script or Markdown: tests of text notebooks",
    "NB285": "said by nbconvert: tests of the single module",
    "NB286": "said by nbconvert: tests of the single module",
    "NB287": "said inside a kernel: tests of the magics",
    "NB288": "said inside a kernel, by a process that was killed",
    **dict.fromkeys(("NB270", "NB271", "NB272", "NB273"), "papermill's command line: tests/plugins"),
    **dict.fromkeys(("NB275", "NB277", "NB278", "NB279"), "what a job notebook finds: tests/plugins"),
    "NB276": "a process that is killed: tests/plugins",
    "NB283": "a process that is killed: tests/many",
    "NB243": "a request that the run shows: tests/execute",
    "NB262": "a bug in nb2prod, if it is ever seen",
}
RENTS = """
# %% parameters
scale = 2
# %% training
rents = [620, 700]
rents.append(900)
model = sum(rents) * scale
# %% request
areas = [40, 55]
# %% inference
result = [area * model for area in areas]
"""


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_gives_its_code(code: str, tmp_path: Path) -> None:
    if code == "NB334" and sys.version_info >= (3, 12):
        pytest.skip("about Python 3.11")
    parts = EXAMPLES[code]
    assert code in (_said(parts, tmp_path) if "console" in parts else _found(parts["python"]))


def _found(text: str) -> set[str]:
    data = json.dumps(document_of(text)).encode()
    try:
        return {f.code for f in analysed(read_notebook(data, "example.ipynb"))[3]}
    except InputError as refusal:
        return {refusal.code}


def _said(parts: dict[str, str], folder: Path) -> str:
    """What a shell says to the lines of an example, beside `rents.ipynb` and the example's own notebook."""
    for name, text in (("rents", RENTS), ("example", parts.get("python", RENTS))):
        (folder / f"{name}.ipynb").write_text(json.dumps(document_of(text.strip("\n"))), encoding="utf-8")
    program = folder / "bin" / "nb2prod"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m nb2prod "$@"\n')
    program.chmod(0o755)
    variables = {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    commands = "\n".join(line.removeprefix("$ ") for line in parts["console"].splitlines())
    done = subprocess.run(
        ["bash", "-c", commands], cwd=folder, env=variables, capture_output=True, text=True, timeout=120
    )
    return done.stdout + done.stderr


def test_every_code_of_a_notebook_or_a_command_has_an_example() -> None:
    used = {
        code
        for path in (ROOT / "nb2prod").rglob("*.py")
        for code in re.findall(r'"(NB[123]\d\d)"', path.read_text(encoding="utf-8"))
    }
    elsewhere = {"NB130"}  # the end by Ctrl-C
    assert used - elsewhere - EXPLAINED - WITHOUT.keys() == set()
    assert EXPLAINED & WITHOUT.keys() == set()


def test_every_code_is_listed() -> None:
    listed = re.findall(r"^\| (NB\d{3}) \|", (ROOT / "docs" / "findings.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(listed) == len(set(listed))
    used = {
        code
        for path in (ROOT / "nb2prod").rglob("*.py")
        for code in re.findall(r'"(NB\d{3})"', path.read_text(encoding="utf-8"))
    }
    assert used - set(listed) == set()
    assert EXPLAINED - set(listed) == set()
