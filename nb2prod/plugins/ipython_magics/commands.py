"""What `%nb2prod` can be asked, and of which notebook."""

import shlex
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nb2prod.console.explain import explanation_lines
from nb2prod.console.notebook import check_lines
from nb2prod.console.problems import error_lines
from nb2prod.console.suggest import suggest_lines
from nb2prod.console.text import Line, line
from nb2prod.errors import Cancelled, Nb2ProdError, UsageError
from nb2prod.job.bug import bug_from
from nb2prod.job.runner import error_json
from nb2prod.model.notebook import Notebook
from nb2prod.plugins.ipython_magics.jobs import follow_job
from nb2prod.plugins.ipython_magics.shown import findings_table, pre, show, suggestions_table
from nb2prod.session import Session, find_session

USAGE = (
    "%nb2prod check [NOTEBOOK]                 what stands in the way of production; runs nothing",
    "%nb2prod suggest [NOTEBOOK] [--apply]     proposes a role for each cell, and writes them as tags",
    "%nb2prod explain NAME [NOTEBOOK]          why a name, or a line (7:2), is in production, or is not",
    "%nb2prod convert [NOTEBOOK] [OPTIONS]     the tested package",
    "%nb2prod build [NOTEBOOK] [OPTIONS]       the whole way: package, MLflow model, image (--image TAG)",
    "NOTEBOOK is this one, as saved; the options are those of the command line.",
)
_RELOAD = (
    "The file has changed on disk. Before you edit on, reload it in the editor: JupyterLab, File > Reload Notebook "
    "from Disk; VS Code, File: Revert File. Saving the old state would take the tags out again."
)


def perform(shell: Any, text: str) -> None:
    """Do what the line asks and show the answer, or what is wrong."""
    session = find_session(shell) or Session("", None)
    if session.inside_run:
        return  # a build runs the notebook: what it asks of nb2prod itself is for its reader
    try:
        _perform(session, _words(text))
    except (Nb2ProdError, KeyboardInterrupt) as fault:
        _tell(Cancelled() if isinstance(fault, KeyboardInterrupt) else fault)
    except Exception as fault:
        _tell(bug_from(fault))


def _perform(session: Session, words: list[str]) -> None:
    name, *rest = words or ["help"]
    if name in ("help", "-h", "--help"):
        show([line(text) for text in USAGE])
        return
    command = _COMMANDS.get(name)
    if command is None:
        raise UsageError(f"%nb2prod has no {name!r}.", code="NB290", hint="\n".join(USAGE))
    command(session, rest)


def _check(session: Session, words: list[str]) -> None:
    from nb2prod.steps.check import check_notebook

    path = _notebook(session, words)
    report = check_notebook(path)
    lines = check_lines(report, path.name)
    beside = _stale(session, path, report.notebook, words)
    table = findings_table([asdict(finding) for finding in report.findings])
    rest = lines[-1 if report.boundary is None else -4 :]
    show([*beside, *lines], pre(beside) + table + pre(rest))


def _suggest(session: Session, words: list[str]) -> None:
    from nb2prod.steps.suggest import apply_suggestions, suggest_notebook

    given = [word for word in words if word != "--apply"]
    write = len(given) < len(words)
    path = _notebook(session, given)
    report = suggest_notebook(path)
    beside = _stale(session, path, report.notebook, given)
    if write and beside:
        raise UsageError(
            f"{path.name}: the file lacks the cell that you run; tags written now would meet unsaved changes.",
            code="NB287", hint="Save the notebook, then run this again.",
        )  # fmt: skip
    report = apply_suggestions(path) if write else report
    lines = [text for text in suggest_lines(report, path.name, asked_to_write=write) if "nb2prod tag" not in str(text)]
    after = [line((_RELOAD, "yellow"))] if report.written else []
    findings = findings_table([asdict(finding) for finding in report.findings])
    show([*beside, *lines, *after], pre(beside) + suggestions_table(report) + findings + pre([lines[-1], *after]))


def _explain(session: Session, words: list[str]) -> None:
    from nb2prod.steps.explain import explain_notebook

    if not words:
        raise UsageError("which name, or line?", code="NB290", hint="%nb2prod explain customers, or 7:2")
    path = _notebook(session, words[1:])
    explanation = explain_notebook(path, words[0])
    show([*_stale(session, path, explanation.notebook, words[1:]), *explanation_lines(explanation)])


def _job(name: str) -> Callable[[Session, list[str]], None]:
    def run(session: Session, words: list[str]) -> None:
        given, options = _apart(words)
        path = _notebook(session, given)
        if not given:
            from nb2prod.steps.reading import open_notebook

            beside = _stale(session, path, open_notebook(path), given)
            show(beside)
        follow_job(name, path, options)

    return run


def _apart(words: list[str]) -> tuple[list[str], list[str]]:
    """The notebook, before or behind the options, and the options."""
    if words and not words[0].startswith("-"):
        return words[:1], words[1:]
    if words and words[-1].endswith(".ipynb") and "=" not in words[-1]:
        return words[-1:], words[:-1]
    return [], words


_COMMANDS: dict[str, Callable[[Session, list[str]], None]] = {
    "check": _check,
    "suggest": _suggest,
    "explain": _explain,
    "convert": _job("convert"),
    "build": _job("build"),
}


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as fault:
        raise UsageError(f"{fault}: {text}", code="NB290") from None


def _notebook(session: Session, words: list[str]) -> Path:
    """The notebook that is named, else the one of this session. Raises UsageError NB290, NB287."""
    if len(words) > 1 or any(word.startswith("-") for word in words):
        raise UsageError(f"not understood: {' '.join(words)}", code="NB290", hint="\n".join(USAGE))
    if words:
        return Path(words[0]).expanduser()
    example = "Name it: %nb2prod check folder/notebook.ipynb"
    if session.notebook is None:
        why = "is no file here" if session.host == "Colab" else "is not named by the program that runs it"
        if session.host == "Colab":
            example = "Save a copy in Drive, mount it, and name that: %nb2prod check /content/drive/MyDrive/….ipynb"
        raise UsageError(f"%nb2prod reads a saved notebook; this one {why}.", code="NB287", hint=example)
    if not session.notebook.is_file():
        message = f"there is no {session.notebook}: not saved yet, or renamed since the kernel started."
        raise UsageError(
            message, code="NB287", hint=f"Save it and restart the kernel. Or {example[0].lower()}{example[1:]}"
        )
    return session.notebook


def _stale(session: Session, path: Path, notebook: Notebook, words: list[str]) -> list[Line]:
    """A warning where the file lacks the cell that runs now: then it was not saved since."""
    cells = notebook.document["cells"]
    if words or not session.source or any(_same(cell["source"], session.source) for cell in cells):
        return []
    text = f"{path.name} as saved lacks the cell that you run: save the notebook, then run this again."
    return [line((f"{text} This is about the file.", "yellow"))]


def _same(one: str, other: str) -> bool:
    return [row.rstrip() for row in one.strip().splitlines()] == [row.rstrip() for row in other.strip().splitlines()]


def _tell(error: Nb2ProdError) -> None:
    show(list(error_lines(error_json(error))), failed=True)
