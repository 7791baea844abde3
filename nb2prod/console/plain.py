"""Progress where lines cannot be drawn over (a file, a CI log, a dumb terminal): one line per change."""

from typing import TextIO

from nb2prod.console.report import step_summary
from nb2prod.console.text import Line, line, write_lines
from nb2prod.events import CellFinished, JobStarted, Log, Stamped, StepAdvanced, StepFinished, StepStarted
from nb2prod.progress import Progress, advance

_LEVELS = {"debug": 2, "info": 1, "warning": 0, "error": 0}


class PlainDisplay:
    """A sink of events that writes to `stream` (stderr where None). `verbosity` 1 adds info logs, 2 debug logs."""

    def __init__(self, *, verbosity: int = 0, stream: TextIO | None = None) -> None:
        self._verbosity = verbosity
        self._stream = stream
        self._progress = Progress()
        self._shown = ""

    def __call__(self, stamped: Stamped) -> None:
        self._progress = advance(self._progress, stamped)
        text = self._line(stamped)
        if text is not None and str(text) != self._shown:
            self._shown = str(text)
            write_lines([text], self._stream)

    def __enter__(self) -> "PlainDisplay":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def _line(self, stamped: Stamped) -> Line | None:
        match stamped.event:
            case JobStarted(job, steps):
                return line(f"{job}: {', '.join(steps)}")
            case StepStarted(step):
                return line(f"{step}: started")
            case StepAdvanced(step, done, total, detail):
                return line(f"{step}: {done}/{total} {detail}".rstrip())
            case CellFinished(step, cell, ok, seconds):
                return line(f"{step}: cell {cell} {'ok' if ok else 'raised'} ({seconds:.1f} s)")
            case StepFinished(step, status, reason):
                known = next(one for one in self._progress.steps if one.name == step)
                return line(f"{step}: {step_summary(status, known.seconds(), reason)}")
            case Log(step, level, text) if self._verbosity >= _LEVELS[level]:
                return line(f"{step}: {level}: {text}")
            case _:
                return None
