"""Runs a build by the command line's own job protocol, and folds its events into one progress."""

import sys
from collections.abc import Mapping
from pathlib import Path
from time import time
from typing import Literal

import msgspec
from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from nb2prod.events import JobFinished, Stamped, StepFinished, decode
from nb2prod.model.spec import BuildSpec
from nb2prod.progress import Progress, advance
from nb2prod_gui.flow.story import Story

SHOWN_EVERY = 40
"""Milliseconds between two `progressed`, however many events come."""
AT_ONCE = 50
"""Events that are heard in one turn of the loop; each takes about 0.2 milliseconds."""
KILL_AFTER = 15_000
"""Milliseconds after Cancel until the child is killed; it needs a second when all is well."""


class JobClient(QObject):
    """One job at a time: `nb2prod job - --events jsonl --stop-on-stdin-eof`. Cancel closes its stdin."""

    progressed = Signal(Progress)
    finished = Signal(Progress)
    """Once per job, also where the child died: then the status is `failed` and the report has `error`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.progress = Progress()
        self.story = Story()
        self.stopping = False
        self._process: QProcess | None = None
        self._buffer = bytearray()
        self._said = bytearray()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHOWN_EVERY)
        self._timer.timeout.connect(lambda: self.progressed.emit(self.progress))

    @property
    def running(self) -> bool:
        return self._process is not None

    def start(self, spec: BuildSpec, titles: Mapping[int, str] | None = None) -> None:
        """`titles` are what its cells are called. Raises RuntimeError while another job runs."""
        if self.running:
            raise RuntimeError("a job is running")
        self.progress = Progress()
        self.story = Story(titles or {})
        self.stopping = False
        self._buffer.clear()
        self._said.clear()
        process = self._process = QProcess(self)
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._hear)
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._not_started)
        process.setWorkingDirectory(str(Path(spec.notebook).parent))
        process.start(sys.executable, ["-m", "nb2prod", "job", "-", "--events", "jsonl", "--stop-on-stdin-eof"])
        process.write(msgspec.json.encode(spec) + b"\n")

    def cancel(self) -> None:
        """Ask the job to end; `finished` follows."""
        process = self._process
        if process is not None:
            self.stopping = True
            process.closeWriteChannel()
            QTimer.singleShot(KILL_AFTER, process, process.kill)

    def forget(self) -> None:
        """As if there had been no job; one that runs is cancelled, and nothing more is heard of it."""
        process, self._process = self._process, None
        self.progress, self.story = Progress(), Story()
        self._timer.stop()
        if process is not None:
            for signal in (process.readyReadStandardOutput, process.readyReadStandardError, process.errorOccurred):
                signal.disconnect()
            process.finished.disconnect()
            process.finished.connect(process.deleteLater)
            process.closeWriteChannel()
            QTimer.singleShot(KILL_AFTER, process, process.kill)
        self.progressed.emit(self.progress)

    def _read(self) -> None:
        if self._process is not None and self._take(self._process):
            QTimer.singleShot(0, self._read)

    def _take(self, process: QProcess) -> bool:
        """Hear some of what the child has told; whether there is more, for which the loop is to turn first."""
        self._buffer += process.readAllStandardOutput().data()
        for _ in range(AT_ONCE):
            if (end := self._buffer.find(b"\n")) < 0:
                break
            line = self._buffer[:end].decode("utf-8", "replace")
            del self._buffer[: end + 1]
            try:
                event = decode(line)
            except (ValueError, KeyError, TypeError):  # no event: something printed
                self._said += line.encode() + b"\n"
                continue
            self.progress = advance(self.progress, event)
            self.story.tell(event)
        if not self._timer.isActive():
            self._timer.start()
        return b"\n" in self._buffer

    def _hear(self) -> None:
        assert self._process is not None
        self._said += self._process.readAllStandardError().data()
        del self._said[:-20_000]

    def _not_started(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._ended()

    def _ended(self) -> None:
        process = self._process
        if process is None:
            return
        if self._take(process):
            QTimer.singleShot(0, lambda: self._ended() if process is self._process else None)
            return
        self._process = None
        process.deleteLater()
        self._timer.stop()
        if self.progress.status in ("waiting", "running"):
            self._end_for_it(process)
        self.progressed.emit(self.progress)
        self.finished.emit(self.progress)

    def _end_for_it(self, process: QProcess) -> None:
        """The child ended without `JobFinished`: say it in its place."""
        running = self.progress.running
        status: Literal["cancelled", "failed"] = "cancelled" if self.stopping else "failed"
        hint = self.tr("Finished steps are kept: build again to go on from there.")
        if self.stopping:
            message = self.tr("the job did not end by itself and was killed.")
        elif process.exitStatus() is QProcess.ExitStatus.CrashExit:
            message = self.tr("the process of the build was killed (signal {0}).").format(process.exitCode())
            hint += " " + self.tr("Often the machine has too little memory.")
        else:
            said = self._said.decode("utf-8", "replace").strip().splitlines()
            message = said[-1] if said else self.tr("the job ended without a word.")
        error = {"code": "NB999", "message": message, "hint": hint, "where": None}
        ends = (StepFinished(running.name, status, message),) if running is not None else ()
        now = time()
        for event in (*ends, JobFinished(status, {"status": status, "error": error, "findings": [], "steps": []})):
            stamped = Stamped(0, now, event)
            self.progress = advance(self.progress, stamped)
            self.story.tell(stamped)
