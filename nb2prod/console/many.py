"""Progress and summary of many notebooks.

✔ churn.ipynb          ok                    12 s
✘ demand.ipynb         NB501 cell 7, line 3  3.1 s
⠹ digits.ipynb         test  12/30           8.4 s
  ━━━━━━━━━━━━━━━━╸              3 of 6
"""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from nb2prod.console.problems import finding_lines, findings_count
from nb2prod.console.text import Line, Style, columns, is_live, line, printable, seconds_text, write_lines
from nb2prod.events import Stamped
from nb2prod.progress import Progress, advance
from nb2prod.summary.outcome import Outcome, Problem, Summary, problems_of, steps_of

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_STYLES: dict[str, Style] = {"ok": "green", "failed": "red", "skipped": "dim"}


def summary_lines(summary: Summary, *, notes: bool = False) -> tuple[Line, ...]:
    """What is wrong with each, then a row for each, then a verdict. `notes`: findings of severity info too."""
    return tuple(_summary_lines(summary, notes))


def _summary_lines(summary: Summary, notes: bool) -> Iterator[Line]:
    for one in summary.outcomes:
        for problem in problems_of(one):
            if notes or problem.severity != "info":
                yield from finding_lines(_body(problem), one.notebook)
    yield line()
    rows = [(one.notebook, one.status, seconds_text(one.seconds) if one.seconds else "", _remark(one))
            for one in summary.outcomes]  # fmt: skip
    for one, text in zip(summary.outcomes, columns(rows), strict=True):
        yield line((text, _STYLES.get(one.status, "yellow")))
    statuses = ("ok", "failed", "cancelled", "not started", "skipped")
    counts = [f"{summary.count(status)} {status}" for status in statuses if summary.count(status)]  # type: ignore[arg-type]
    verdict = ", ".join(counts) or "no notebook to look at"
    style: Style = {"ok": "green", "failed": "red"}.get(summary.status, "yellow")  # type: ignore[assignment]
    yield line((f"{summary.command}: {verdict} in {seconds_text(summary.seconds)}", style))


def _body(problem: Problem) -> dict[str, object]:
    # On one line: a line of a notebook's own in a CI log might be read as a command to the runner (`::add-mask::`).
    message = " ".join(problem.message.split())
    return {"code": problem.code, "severity": problem.severity, "message": message, "hint": problem.hint,
            "cell": problem.cell, "line": problem.line}  # fmt: skip


def _remark(one: Outcome) -> str:
    if one.reason:
        return one.reason
    if one.status == "failed" and (errors := [p for p in problems_of(one) if p.severity == "error"]):
        return errors[0].code
    if steps := steps_of(one):
        unchanged = [name for name, status, _ in steps if status == "unchanged"]
        return f"not done again: {', '.join(unchanged)}" if unchanged else ""
    return findings_count([_body(problem) for problem in problems_of(one)])


@contextlib.contextmanager
def display_of(command: str, names: Sequence[str], verbosity: int) -> Iterator["PlainMany"]:
    """A display on stderr; says nothing where `verbosity` is below 0."""
    if verbosity < 0 or not names:
        yield PlainMany(names, None)
    elif is_live(sys.stderr):
        from rich.console import Console

        with LiveMany(names, Console(stderr=True, highlight=False)) as live:
            yield live
    else:
        yield PlainMany(names, sys.stderr, told=command != "check")


class PlainMany:
    """One line for each notebook that ended, where `told`; silent without a stream. Safe to call from any thread."""

    def __init__(self, names: Sequence[str], stream: TextIO | None, *, told: bool = True) -> None:
        self._names = names
        self._stream = stream
        self._told = told
        self._lock = threading.RLock()
        self._ended = 0

    def started(self, number: int) -> None:
        self._write(f"{self._names[number]}: started")

    def heard(self, number: int, stamped: Stamped) -> None:
        pass

    def ended(self, number: int, outcome: Outcome) -> None:  # noqa: ARG002
        with self._lock:
            self._ended += 1
            place = f"[{self._ended}/{len(self._names)}] {outcome.notebook}"
            remark = _remark(outcome)
            took = seconds_text(outcome.seconds)
            self._write(f"{place}: {outcome.status} ({took})" + (f": {remark}" if remark else ""))

    def _write(self, text: str) -> None:
        if self._stream is not None and self._told:
            with self._lock:
                write_lines([line(text)], self._stream)


class LiveMany(PlainMany):
    """A row for each notebook at work, and a bar of all; what ended scrolls by above."""

    def __init__(self, names: Sequence[str], console: "Console") -> None:
        from rich.live import Live
        from rich.spinner import Spinner

        super().__init__(names, None)
        self._console = console
        self._running: dict[int, Progress] = {}
        self._since: dict[int, float] = {}
        self._spinner = Spinner("line" if console.options.ascii_only else "dots")
        self._live = Live(
            console=console, get_renderable=self._draw, refresh_per_second=8, redirect_stdout=False, transient=True
        )

    def __enter__(self) -> "LiveMany":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def started(self, number: int) -> None:
        with self._lock:
            self._running[number] = Progress()
            self._since[number] = time.monotonic()

    def heard(self, number: int, stamped: Stamped) -> None:
        with self._lock:
            self._running[number] = advance(self._running[number], stamped)

    def ended(self, number: int, outcome: Outcome) -> None:
        from rich.text import Text

        with self._lock:
            self._ended += 1
            self._running.pop(number, None)
            if self._since:  # checks are too many and too quick for a line each
                row = columns([(outcome.notebook, outcome.status, seconds_text(outcome.seconds), _remark(outcome))])[0]
                self._console.print(Text(row, style=_STYLES.get(outcome.status, "yellow")))

    def _draw(self) -> "RenderableType":
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        with self._lock:
            table = Table.grid(padding=(0, 1))
            for number, progress in sorted(self._running.items()):
                step = progress.running
                counted = f"{step.done}/{step.total}" if step and step.total else ""
                took = seconds_text(time.monotonic() - self._since[number])
                table.add_row(
                    self._spinner.render(self._console.get_time()),
                    Text(printable(self._names[number]), style="bold"),
                    Text(step.name if step else ""),
                    Text(counted, style="dim"),
                    Text(took, style="dim"),
                )
            bar = Table.grid(padding=(0, 1))
            bar.add_row(
                ProgressBar(total=max(1, len(self._names)), completed=self._ended, width=30),
                Text(f"{self._ended} of {len(self._names)}"),
            )
            whole = Table.grid()
            whole.add_row(table)
            whole.add_row(bar)
            return whole
