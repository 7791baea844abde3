"""A build from within the notebook, as a process of its own that speaks the job protocol: the kernel stays as it is.

The process is in the kernel's group: where Jupyter interrupts or kills the group, it is told too. A second SIGINT would
end it without tidying up, so an interrupted kernel passes on SIGTERM.
"""

import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from nb2prod.console.problems import error_lines
from nb2prod.console.report import Surroundings, report_lines, step_summary
from nb2prod.console.text import Line, columns, line
from nb2prod.errors import ToolError, UsageError
from nb2prod.events import decode
from nb2prod.plugins.ipython_magics.shown import findings_table, pre, show
from nb2prod.progress import Progress, advance

_REDRAW_SECONDS = 0.2
_OURS = ("--json", "--events", "--debug")


def follow_job(command: str, notebook: Path, words: list[str]) -> None:
    """`nb2prod COMMAND NOTEBOOK WORDS…`, with its progress and its report. Raises UsageError NB290, ToolError NB288."""
    taken = [word for word in words if word.partition("=")[0] in _OURS]
    if taken:
        raise UsageError(f"{taken[0]} is for programs.", code="NB290", hint="Leave it out: the answer is shown here.")
    argv = [sys.executable, "-P", "-m", "nb2prod", command, str(notebook), *words, "--events", "jsonl"]
    progress, handle, drawn = Progress(), None, 0.0
    with tempfile.TemporaryFile() as said, subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, text=True, encoding="utf-8"
    ) as process:  # fmt: skip
        while row := _next(process):
            with contextlib.suppress(ValueError):
                progress = advance(progress, decode(row))
            if progress.status == "running" and (now := time.monotonic()) - drawn > _REDRAW_SECONDS:
                handle, drawn = show(progress_lines(progress), into=handle or True), now
        process.wait()
        said.seek(0)
        last = said.read().decode(errors="replace").strip().splitlines()[-1:]
    if progress.steps:
        show(progress_lines(progress), into=handle or True)
    if not progress.report:
        raise ToolError(
            f"nb2prod ended with {process.returncode} and no report. {''.join(last)}".strip(), code="NB288",
            hint="Try the same in a terminal.",
        )  # fmt: skip
    error = progress.report.get("error")
    lines = report_lines({k: v for k, v in progress.report.items() if k != "error"}, Surroundings(folder=Path.cwd()))
    lines += error_lines(error) if error else ()
    rest = report_lines({k: v for k, v in progress.report.items() if k not in ("error", "findings")},
                        Surroundings(folder=Path.cwd()))  # fmt: skip
    told = [one for one in progress.report.get("findings", []) if one["severity"] != "info"]
    show(lines, findings_table(told) + pre((*rest, *(error_lines(error) if error else ()))), failed=bool(error))


def progress_lines(progress: Progress) -> list[Line]:
    """One line for each step: what it does, or how it ended."""
    rows = []
    for step in progress.steps:
        if step.state == "running":
            done = f"{step.done}/{step.total} {step.detail}" if step.total else "…"
        else:
            done = "" if step.state == "waiting" else step_summary(step.state, step.seconds(), step.reason)
        rows.append((step.name, done))
    return [line((text, "dim" if step.state == "waiting" else ""))
            for step, text in zip(progress.steps, columns(rows), strict=True)]  # fmt: skip


def _next(process: subprocess.Popen[str]) -> str:
    """The next line of its stdout, empty at the end. An interrupt stops the process, a second one kills it."""
    assert process.stdout is not None
    try:
        return process.stdout.readline()
    except KeyboardInterrupt:
        process.terminate()
    try:
        return process.stdout.readline()
    except KeyboardInterrupt:
        process.kill()
        raise
