"""A question that a child process answers with one JSON object on stdout."""

import sys
from collections.abc import Sequence
from typing import Any

import msgspec
from PySide6.QtCore import QObject, QProcess, Signal


class Ask(QObject):
    """One question at a time; asking again drops the answer that is still awaited."""

    answered = Signal(object)
    """The JSON value."""
    failed = Signal(str)
    """Why there is none, in one line."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None

    @property
    def busy(self) -> bool:
        return self._process is not None

    def ask(self, arguments: Sequence[str], folder: str = "") -> None:
        """Run `python` with these arguments."""
        self.close()
        process = self._process = QProcess(self)
        process.finished.connect(lambda *_: self._ended(process))
        process.errorOccurred.connect(lambda error: self._not_started(process, error))
        if folder:
            process.setWorkingDirectory(folder)
        process.start(sys.executable, list(arguments))

    def close(self) -> None:
        """Forget the question and end its process."""
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(2000)
            process.deleteLater()

    def _ended(self, process: QProcess) -> None:
        if process is not self._process:
            return
        self._process = None
        printed = process.readAllStandardOutput().data()
        said = bytes(process.readAllStandardError().data()).decode("utf-8", "replace").strip()
        process.deleteLater()
        try:
            value: Any = msgspec.json.decode(printed)
        except msgspec.DecodeError:
            self.failed.emit(said.splitlines()[-1] if said else self.tr("there was no answer."))
        else:
            self.answered.emit(value)

    def _not_started(self, process: QProcess, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._ended(process)
