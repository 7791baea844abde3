"""What a job has told in detail, beyond how far it is: which cell runs, what each printed, the layers of the image.

Kept in lists that grow, because ten thousand lines may come within a second; `nb2prod.progress` keeps the last few.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from nb2prod.events import CellFinished, JobFinished, Log, Stamped, StepAdvanced, StepFinished

State = Literal["running", "done", "failed", "cancelled"]
MOST_LINES = 5_000
"""Log lines kept; the oldest go first."""
MOST_OF_ONE = 500
"""Lines kept of one cell or layer."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A cell (`number` from 1) or an instruction of the Dockerfile (`number` is its place among them, from 1).

    `seconds` is None while it runs; `started` is seconds since the epoch.
    """

    number: int
    text: str
    state: State
    started: float
    seconds: float | None = None
    lines: tuple[str, ...] = ()


@dataclass(slots=True)
class Story:
    """Folded in place by `tell`. `titles` are what cells are called; `told` counts log lines, also dropped ones."""

    titles: Mapping[int, str] = field(default_factory=dict)
    cells: dict[int, Piece] = field(default_factory=dict)
    layers: dict[int, Piece] = field(default_factory=dict)
    logs: list[Log] = field(default_factory=list)
    told: int = 0

    def tell(self, stamped: Stamped) -> None:
        """Take in one event; those that say nothing of cells, layers or the log are no matter."""
        time = stamped.time
        match stamped.event:
            case StepAdvanced("run", _, _, detail) if (cell := _number(detail)) and cell not in self.cells:
                self.cells[cell] = Piece(cell, self.titles.get(cell, str(cell)), "running", time)
            case CellFinished(_, cell, ok, seconds):
                known = self.cells.get(cell) or Piece(cell, self.titles.get(cell, str(cell)), "running", time - seconds)
                self.cells[cell] = replace(known, state="done" if ok else "failed", seconds=seconds)
            case StepAdvanced("image", done, total, detail):
                self._close(self.layers, "done", time)
                if done < total:
                    self.layers[done + 1] = Piece(done + 1, detail, "running", time)
            case Log() as log:
                self._log(log)
            case StepFinished(step, status):
                ended: State = "done" if status in ("done", "unchanged", "skipped") else "failed"
                pieces = {"run": self.cells, "image": self.layers}.get(step, {})
                self._close(pieces, "cancelled" if status == "cancelled" else ended, time)
            case JobFinished(status):
                for pieces in (self.cells, self.layers):
                    self._close(pieces, "cancelled" if status == "cancelled" else "failed", time)

    @property
    def running(self) -> Piece | None:
        """The cell or layer at work."""
        pieces = (*self.cells.values(), *self.layers.values())
        return next((piece for piece in pieces if piece.state == "running"), None)

    def _log(self, log: Log) -> None:
        self.told += 1
        self.logs.append(log)
        if len(self.logs) > MOST_LINES + MOST_LINES // 10:
            del self.logs[:-MOST_LINES]
        if log.step == "run" and log.text.startswith("["):
            number, _, text = log.text[1:].partition("] ")
            if number.isdigit():
                self._line(self.cells, int(number), text)
        elif log.step == "image" and self.layers:
            self._line(self.layers, max(self.layers), log.text)

    @staticmethod
    def _line(pieces: dict[int, Piece], number: int, text: str) -> None:
        if (piece := pieces.get(number)) is not None and len(piece.lines) < MOST_OF_ONE:
            pieces[number] = replace(piece, lines=(*piece.lines, text))

    @staticmethod
    def _close(pieces: dict[int, Piece], state: State, time: float) -> None:
        for number, piece in pieces.items():
            if piece.state == "running":
                pieces[number] = replace(piece, state=state, seconds=max(0.0, time - piece.started))


def _number(detail: str) -> int:
    head, _, number = detail.partition(" ")
    return int(number) if head == "cell" and number.isdigit() else 0
