"""Runs a build by the command line's own job protocol, and folds its events into one progress."""

import sys
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from nb2prod.events import JobFinished, decode
from nb2prod.model.spec import BuildSpec
from nb2prod.progress import Progress, advance

SHOWN_EVERY = 40
"""Milliseconds between two `progressed`, however many events come."""
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

    def start(self, spec: BuildSpec) -> None:
        """Raises RuntimeError while another job runs."""
        if self.running:
            raise RuntimeError("a job is running")
        self.progress = Progress()
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
            process.closeWriteChannel()
            QTimer.singleShot(KILL_AFTER, process, process.kill)

    def _read(self) -> None:
        assert self._process is not None
        self._buffer += self._process.readAllStandardOutput().data()
        while (end := self._buffer.find(b"\n")) >= 0:
            line = self._buffer[:end].decode("utf-8", "replace")
            del self._buffer[: end + 1]
            try:
                self.progress = advance(self.progress, decode(line))
            except ValueError:  # no event: something printed
                self._said += line.encode() + b"\n"
        if not self._timer.isActive():
            self._timer.start()

    def _hear(self) -> None:
        assert self._process is not None
        self._said += self._process.readAllStandardError().data()
        del self._said[:-20_000]

    def _not_started(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._ended()

    def _ended(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.deleteLater()
        self._timer.stop()
        if self.progress.status in ("waiting", "running"):
            said = self._said.decode("utf-8", "replace").strip().splitlines()
            message = said[-1] if said else "the job ended without a word."
            hint = "What is done is kept: build again to go on from there."
            error = {"code": "NB999", "message": message, "hint": hint, "where": None}
            self.progress = advance(self.progress, JobFinished("failed", {"status": "failed", "error": error}))
        self.progressed.emit(self.progress)
        self.finished.emit(self.progress)
