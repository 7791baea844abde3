"""Progress on a terminal: a block of one row per step, drawn over as events arrive.

    ✔ read        unchanged
    ✔ check       1 error, 2 warnings                        0.1 s
    ⠹ run         ■■■■■■■□□□□  7/11  cell 8                  3.2 s
    · extract

Logs and whatever libraries print scroll by above the block.
"""

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from nb2prod.console.text import printable, seconds_text
from nb2prod.events import Log, Stamped
from nb2prod.progress import Progress, StepProgress, advance

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

_MARKS = {
    "waiting": ("·", "dim"),
    "done": ("✔", "green"),
    "unchanged": ("=", "dim"),
    "skipped": ("–", "yellow"),
    "failed": ("✘", "red"),
    "cancelled": ("✘", "yellow"),
}
_ASCII = {"·": ".", "✔": "v", "–": "-", "✘": "x", "■": "#", "□": "."}
_LEVELS = {"debug": 2, "info": 1, "warning": 0, "error": 0}
WIDTH = 110
"""On a wider terminal the times would be too far from their steps to be read."""
BAR = 24
"""Width of a bar, in characters; as many cells or fewer are shown as one tick each."""


class LiveDisplay:
    """A sink of events that draws on `console`. `verbosity` 1 adds info logs, 2 debug logs.

    `clock` is that of the events' times: seconds since the epoch.
    """

    def __init__(self, console: "Console", *, verbosity: int = 0, clock: Callable[[], float] = time.time) -> None:
        from rich.live import Live
        from rich.spinner import Spinner

        self._verbosity = verbosity
        self._clock = clock
        self._progress = Progress()
        self._console = console
        self._ascii = console.options.ascii_only
        self._spinner = Spinner("line" if self._ascii else "dots")
        self._live = Live(
            console=console, get_renderable=self._draw, refresh_per_second=10, redirect_stdout=False, transient=False
        )

    def __call__(self, stamped: Stamped) -> None:
        from rich.text import Text

        self._progress = advance(self._progress, stamped)
        event = stamped.event
        if isinstance(event, Log) and self._verbosity >= _LEVELS[event.level]:
            style = {"warning": "yellow", "error": "red"}.get(event.level, "dim")
            self._console.print(Text(printable(f"{event.step}: {event.text}"), style=style))

    def __enter__(self) -> "LiveDisplay":
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def _draw(self) -> "RenderableType":
        from rich.table import Table
        from rich.text import Text

        now = self._clock()
        # Only the middle may shrink: with `expand`, columns without a ratio keep their width.
        table = Table.grid(padding=(0, 1), expand=True)
        table.width = min(self._console.width, WIDTH)
        table.add_column(width=1)
        table.add_column(width=max((len(step.name) for step in self._progress.steps), default=1), no_wrap=True)
        table.add_column(ratio=1, no_wrap=True, overflow="crop" if self._ascii else "ellipsis")
        table.add_column(width=12, justify="right", no_wrap=True)
        for step in self._progress.steps:
            if step.state == "running":
                mark: RenderableType = self._spinner.render(self._console.get_time())
            else:
                symbol, style = _MARKS[step.state]
                mark = Text(self._plain(symbol), style=style)
            name = Text(printable(step.name), style="dim" if step.state in ("waiting", "unchanged") else "bold")
            table.add_row(mark, name, self._middle(step), Text(self._time(step, now), style="dim"))
        return table

    def _middle(self, step: StepProgress) -> "RenderableType":
        from rich.text import Text

        text = Text()
        if step.total and step.state != "unchanged":
            text.append_text(self._bar(step))
            text.append(f" {step.done}/{step.total} ", style="dim")
        match step.state:
            case "running":
                text.append(printable(step.detail))
            case "done":
                pass
            case "waiting":
                pass
            case _:
                text.append(printable(step.reason or step.state), style=_MARKS[step.state][1])
        return text

    def _bar(self, step: StepProgress) -> "Text":
        from rich.text import Text

        bar = Text()
        if step.total <= BAR and step.cells:
            # One tick per cell, in the order in which they ran.
            ticks = step.cells[: step.total]
            for cell in ticks:
                bar.append(self._plain("■"), style="green" if cell.ok else "red")
            bar.append(self._plain("□") * (step.total - len(ticks)), style="dim")
            return bar
        full = min(BAR, BAR * step.done // max(1, step.total))
        failed = any(not cell.ok for cell in step.cells)
        bar.append(self._plain("■") * full, style="red" if failed else "green")
        bar.append(self._plain("□") * (BAR - full), style="dim")
        return bar

    def _time(self, step: StepProgress, now: float) -> str:
        return "" if step.state == "waiting" else seconds_text(step.seconds(now))

    def _plain(self, text: str) -> str:
        return "".join(_ASCII.get(char, char) for char in text) if self._ascii else text
