"""How each tool turns a notebook into a program, and how that program's answer is read.

Each driver is given a folder with the notebook and the files beside it, and says what came of it: a value, a refusal
before anything ran, or a program that does not run. What is done for all alike: one line is added at the end of the
last code cell, which writes `result` to a file; the program is run in the same folder, in an environment of the tool's
own.
What is done for one tool alone is what its documentation asks for, and stands in its driver.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LIMIT = 120
"""Seconds for one command."""

_WRITE = '__import__("runpy").run_path(__import__("os").environ["CORPUS_VALUES"])["write"](result)\n'


@dataclass(frozen=True, slots=True)
class Answer:
    """`kind` is "value", "refused" or "broken"; `told` is the last line the tool or the program said."""

    kind: str
    told: str = ""
    value: Any = None


@dataclass(frozen=True, slots=True)
class Tool:
    """`packages` are installed into an environment of its own; `ask` turns the notebook in a folder into an answer.

    `imports` are what its programs begin with: it is loaded once, not for each case.
    """

    name: str
    packages: tuple[str, ...]
    imports: tuple[str, ...]
    ask: "Callable[[Session, Path], Answer]"


class Session:
    """A tool's environment, and a process in it that runs programs in forks of itself."""

    def __init__(self, binaries: Path, imports: tuple[str, ...]) -> None:
        self.binaries = binaries
        words = [binaries / "python", HERE / "warm.py", *imports, "numpy", "pandas", "sklearn.ensemble"]
        self.process = subprocess.Popen(
            list(map(str, words)), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": "", "OMP_NUM_THREADS": "1"},
        )  # fmt: skip

    def run(self, program: str, *arguments: str, folder: Path) -> tuple[int, str]:
        """(exit code, what was said) of a script, or of a console script's function as ``module:function``."""
        asked = {"run": program, "arguments": arguments, "folder": str(folder), "limit": LIMIT,
                 "variables": variables_for(folder, self.binaries)}  # fmt: skip
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        code, said = json.loads(self.process.stdout.readline())
        return code, said

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def variables_for(folder: Path, binaries: Path) -> dict[str, str]:
    return {
        "CORPUS_VALUES": str(HERE / "values.py"), "CORPUS_RESULT": str(folder / "result.json"), "HOSTNAME": "corpus",
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}", "OMP_NUM_THREADS": "1", "PYTHONPATH": "",
    }  # fmt: skip


def _last(said: str) -> str:
    """The line that says what went wrong."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if "Error" in line or line.startswith("*")]
    return (errors or lines or [""])[-1][:200]


def _with_writing(folder: Path) -> dict[str, Any]:
    """The notebook, with the line that writes `result` at the end of its last code cell."""
    document: dict[str, Any] = json.loads((folder / "notebook.ipynb").read_text(encoding="utf-8"))
    last = [cell for cell in document["cells"] if cell["cell_type"] == "code"][-1]
    last["source"] = ["".join(last["source"]) + "\n" + _WRITE]
    return document


def _save(document: dict[str, Any], folder: Path) -> None:
    (folder / "notebook.ipynb").write_text(json.dumps(document, indent=1), encoding="utf-8")


def _answer_of(code: int, said: str, folder: Path) -> Answer:
    written = folder / "result.json"
    if code == 0 and written.exists():
        return Answer("value", value=json.loads(written.read_text(encoding="utf-8")))
    return Answer("broken", _last(said) if code else "ended without a result")


def nbconvert(runner: str) -> Callable[[Session, Path], Answer]:
    """A script, run by `runner`. Its author may have meant it for `ipython`: magics become calls of get_ipython()."""

    def ask(session: Session, folder: Path) -> Answer:
        _save(_with_writing(folder), folder)
        code, said = session.run("nbconvert.nbconvertapp:main", "--to", "script", "notebook.ipynb", folder=folder)
        if code:
            return Answer("refused", _last(said))
        if runner == "ipython":
            words = ("--no-banner", "--colors=NoColor", "notebook.py")
            return _answer_of(*session.run("IPython:start_ipython", *words, folder=folder), folder)
        return _answer_of(*session.run("notebook.py", folder=folder), folder)

    return ask


def jupytext(session: Session, folder: Path) -> Answer:
    """A script in the percent format, magics commented as is its default."""
    _save(_with_writing(folder), folder)
    code, said = session.run("jupytext.cli:jupytext", "--to", "py:percent", "notebook.ipynb", folder=folder)
    if code:
        return Answer("refused", _last(said))
    return _answer_of(*session.run("notebook.py", folder=folder), folder)


_BEFORE_RUNNING = ("MultipleDefinitionError", "CycleError", "UnparsableError", "SetupRootError", "ImportStarError")


def marimo(session: Session, folder: Path) -> Answer:
    """A marimo program. What it says about its cells before it runs the first one is a refusal."""
    _save(_with_writing(folder), folder)
    code, said = session.run("marimo._cli.cli:main", "convert", "notebook.ipynb", "-o", "program.py", folder=folder)
    if code:
        return Answer("refused", _last(said))
    code, said = session.run("program.py", folder=folder)
    if code and any(name in said for name in _BEFORE_RUNNING):
        return Answer("refused", _last(said))
    return _answer_of(code, said, folder)


def soorgeon(session: Session, folder: Path) -> Answer:
    """A pipeline of ploomber, one task for each section. Sections begin at headings, so each cell gets one, but those
    with imports and functions, which soorgeon moves elsewhere: they go with the next. Tags would mean something to
    ploomber, so there are none."""
    document = _with_writing(folder)
    cells: list[dict[str, Any]] = []
    open_section = False
    for number, cell in enumerate(document["cells"]):
        role = (cell["metadata"].get("tags") or [""])[0]
        if not open_section:
            heading = {"cell_type": "markdown", "id": f"h{number}", "metadata": {}, "source": [f"## Part {number}"]}
            cells.append(heading)
        open_section = role in ("imports", "functions") or cell["cell_type"] == "markdown"
        cells.append({**cell, "metadata": {}})
    _save({**document, "cells": cells}, folder)
    code, said = session.run("soorgeon.cli:cli", "refactor", "notebook.ipynb", "--file-format", "py", folder=folder)
    if code:
        return Answer("refused", _last(said))
    code, said = session.run("ploomber_cli.cli:cmd_router", "build", folder=folder)
    return _answer_of(code, said, folder)


_KALE_TAGS = {"imports": "imports", "functions": "functions", "parameters": "pipeline-parameters", "skip": "skip"}


def kale(session: Session, folder: Path) -> Answer:
    """A pipeline of Kubeflow. Each cell is a step after the one before; imports, functions and parameters keep their
    meaning. There is no cluster: the functions of the steps are called one after the other, each with the artifacts
    that the pipeline hands it and nothing else; they start their own kernels."""
    document = _with_writing(folder)
    before = ""
    for number, cell in enumerate(c for c in document["cells"] if c["cell_type"] == "code"):
        role = (cell["metadata"].get("tags") or [""])[0].removeprefix("nb2prod:")
        tags = [_KALE_TAGS[role]] if role in _KALE_TAGS and role != "skip" else []
        if not tags:
            tags = [f"step:part{number}", *([f"prev:{before}"] if before else [])]
            before = f"part{number}"
        cell["metadata"] = {"tags": tags}
    document["metadata"]["kubeflow_notebook"] = {"pipeline_name": "corpus", "experiment_name": "corpus"}
    _save(document, folder)
    code, said = session.run("kale.cli:main", "--nb", "notebook.ipynb", folder=folder)
    if code:
        return Answer("refused", _last(said))
    code, said = session.run(str(HERE / "kale_steps.py"), folder=folder)
    return _answer_of(code, said, folder)


def nb2prod(session: Session, folder: Path) -> Answer:
    """A project; its answer to the notebook's request, and the same after it was trained again."""
    words = ["convert", "notebook.ipynb", "-o", "out", "--package", "corpus_case", "--mutants", "0", "--json"]
    done = subprocess.run(
        [session.binaries / "python", "-m", "nb2prod", *words], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        return Answer("broken" if done.returncode == 70 else "refused", _codes(done.stdout) or _last(done.stderr))
    return _answer_of(*session.run(str(HERE / "ask_package.py"), "out", folder=folder), folder)


def _codes(report: str) -> str:
    """The codes that a report ends with."""
    told = json.loads(report) if report else {"findings": [], "error": None}
    codes = [f["code"] for f in told["findings"] if f["severity"] == "error"]
    if told["error"]:
        codes.append(told["error"]["code"])
    return " ".join(dict.fromkeys(codes))


TOOLS = {
    tool.name: tool
    for tool in (
        Tool("nb2prod", (), (), nb2prod),
        Tool("nbconvert", ("nbconvert==7.17.2",), ("nbconvert.nbconvertapp",), nbconvert("python")),
        Tool(
            "nbconvert-ipython",
            ("nbconvert==7.17.2", "ipython"),
            ("nbconvert.nbconvertapp", "IPython"),
            nbconvert("ipython"),
        ),
        Tool("jupytext", ("jupytext==1.19.6",), ("jupytext.cli",), jupytext),
        Tool("marimo", ("marimo==0.25.2",), ("marimo", "marimo._cli.cli"), marimo),
        Tool("soorgeon", ("soorgeon==0.0.20", "ploomber"), ("soorgeon.cli", "ploomber"), soorgeon),
        Tool("kale", ("kubeflow-kale==2.3.0",), ("kale.cli", "kfp", "IPython"), kale),
    )
}
COMMON = ("numpy", "pandas", "scikit-learn", "ipykernel")
"""What the notebooks import, and the kernel."""


def binaries_of(tool: Tool, folder: Path) -> Path:
    """The environment of a tool, made below `folder` where it is not there yet."""
    if not tool.packages:
        return Path(sys.executable).parent
    home = folder / tool.name
    if not (home / "ready").exists():
        subprocess.run(["uv", "venv", "-q", "--clear", "--python", sys.executable, home], check=True)
        install = ["uv", "pip", "install", "-q", "--python", home / "bin" / "python", *tool.packages, *COMMON]
        subprocess.run(install, check=True)
        (home / "ready").touch()
    return home / "bin"


def versions_of(tool: Tool, binaries: Path) -> str:
    names = [word.split("==")[0] for word in tool.packages] or ["nb2prod"]
    ask = f"from importlib.metadata import version; print(', '.join(n + ' ' + version(n) for n in {names!r}))"
    if not tool.packages:
        ask = "import nb2prod; print('nb2prod', nb2prod.__version__)"
    return subprocess.run([binaries / "python", "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
