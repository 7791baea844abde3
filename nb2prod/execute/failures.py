"""What went wrong in a run, in the words of the notebook: one message, the cell, the line, what to do."""

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from nb2prod.errors import RunError, Where

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_FRAME = re.compile(r"(?:Cell |Input )?In ?\[(?P<count>\d+)\](?:, line (?P<line>\d+)|, in <cell line: (?P<old>\d+)>)")
_SIGNALS = {4: "illegal instruction", 6: "aborted", 7: "bus error", 9: "killed; often: out of memory", 11: "crashed"}
_KILL = 9
_MEMORY = "Give it more memory or smaller data (a parameter)"
_NO_MEMORY = re.compile(r"can't allocate memory|not enough memory|CUDA out of memory|std::bad_alloc", re.IGNORECASE)
# As joblib, concurrent.futures and torch say it.
_HELPER_KILLED = re.compile(r"SIGKILL|terminated abruptly|killed by signal")


def cell_raised(
    name: str,
    text: str,
    traceback: Sequence[str],
    *,
    cell: int,
    count: int | None,
    sources: Mapping[int, tuple[int, str]],
    working_folder: Path,
    python: str,
    memory: str = "",
) -> RunError:
    """A cell raised `name`: `text`, in a kernel of the interpreter `python`. `memory`: what is known of it having run
    out (`nb2prod.execute.memory`).

    `count` is the cell's execution count; `sources` maps execution counts to (cell, source), so that frames of the
    traceback become cells and lines.
    """
    frames = [(int(found["count"]), int(found["line"] or found["old"])) for found in _FRAME.finditer(_plain(traceback))]
    own = next((line for number, line in frames if number == count), None)
    line = _line(own, sources[count][1]) if count is not None and own is not None and count in sources else None
    where = Where(cell=cell, line=line)
    if name in ("StdinNotImplementedError",):
        return RunError(
            "The cell waits for input, and nobody is there to type.",
            code="NB505",
            hint="Use a name in a cell tagged `parameters`, or an environment variable, instead of `input()`.",
            where=where,
        )
    if name == "SystemExit":
        return exited(cell, line)
    shown = text.strip().splitlines()[0][:300] if text.strip() else ""
    inner = frames[-1] if frames else None
    elsewhere = ""
    if inner and inner[0] != count and inner[0] in sources:
        deep_cell, deep_source = sources[inner[0]]
        elsewhere = f" (raised in cell {deep_cell}, line {_line(inner[1], deep_source)})"
    return RunError(
        f"{name}: {shown}{elsewhere}" if shown else f"{name}{elsewhere}",
        code="NB501",
        hint=_hint(name, text, working_folder, python, memory),
        where=where,
    )


def not_read(cell: int | None) -> RunError:
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return RunError(
        "The kernel could run this cell, which nb2prod cannot read: what it does is not known.",
        code="NB165",
        hint=f"Install nb2prod with the kernel's Python (it runs on {own}), or write the cell as {own} reads it.",
        where=Where(cell=cell),
    )


def exited(cell: int, line: int | None = None) -> RunError:
    return RunError(
        "The notebook ends itself here, before its last cell.",
        code="NB506",
        hint="Remove `exit()`, `quit()` or `sys.exit()`, or put what follows into a notebook of its own.",
        where=Where(cell=cell, line=line),
    )


def kernel_died(cell: int | None, status: int | None, log: str, memory: str = "") -> RunError:
    """`status`: the exit status of the process as Popen gives it; `log`: what it wrote on its own stdout and stderr;
    `memory`: what is known of it having run out."""
    how = ""
    if status is not None and status < 0:
        meaning = memory if memory and -status == _KILL else _SIGNALS.get(-status, "")
        how = f" (signal {-status}{meaning and ': ' + meaning})"
    elif status:
        how = f" (exit status {status})"
    return RunError(
        f"The kernel died{how} while this cell ran.{_last_line(log)}",
        code="NB502",
        hint=f"{_MEMORY}, or run the cell by itself to see what crashes.",
        where=Where(cell=cell),
    )


def timed_out(cell: int | None, seconds: int) -> RunError:
    return RunError(
        f"The cell did not finish within {seconds} s.",
        code="NB503",
        hint="Raise --cell-timeout, or make the work smaller with a parameter.",
        where=Where(cell=cell),
    )


def kernel_did_not_start(name: str, reason: str, log: str) -> RunError:
    return RunError(
        f"The kernel `{name}` did not start: {reason.strip().splitlines()[0] if reason.strip() else 'no reason given'}."
        f"{_last_line(log)}",
        code="NB504",
        hint="Try `jupyter kernelspec list`, and `pip install ipykernel` in the kernel's environment.",
    )


def _plain(traceback: Sequence[str]) -> str:
    return _ANSI.sub("", "\n".join(traceback))


def _line(line: int, source: str) -> int:
    """A line of the code that ran as a line of the source: IPython drops blank lines before the first."""
    blank = 0
    for text in source.splitlines():
        if text.strip():
            break
        blank += 1
    return line + blank


def _hint(name: str, text: str, working_folder: Path, python: str, memory: str) -> str:
    if memory and _HELPER_KILLED.search(text):
        return f"{memory[:1].upper()}{memory[1:]}. {_MEMORY}."
    if name == "MemoryError" or _NO_MEMORY.search(text):
        return f"Memory ran out. {_MEMORY}."
    if name == "ModuleNotFoundError":
        missing = re.search(r"No module named '([^'.]+)", text)
        into = f"where the kernel runs: {python} -m pip install …"
        return f"Install what provides `{missing[1]}` {into}" if missing else ""
    if name == "FileNotFoundError":
        return f"Relative paths start at the notebook's folder, {working_folder}."
    if name == "NameError":
        return "In a run from top to bottom no earlier cell defines it; it may come from a cell that was deleted."
    return "Run the notebook from top to bottom in a fresh kernel to see it happen."


def _last_line(log: str) -> str:
    idle = ("Debugger warning", "[IPKernelApp] WARNING")  # what a kernel says as it starts
    lines = [line.strip() for line in log.splitlines() if line.strip() and not any(word in line for word in idle)]
    return f" It said: {lines[-1][:200]}" if lines else ""
