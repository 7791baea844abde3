"""Asks the analyst, and gives its answers as signals. The latest question wins: answers to older ones are dropped.

What an answer is made of is imported with the first one: the child starts before.
"""

import sys
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, QProcess, Signal

from nb2prod.model.roles import Role

if TYPE_CHECKING:
    from nb2prod_gui.flow.study import Answer


@cache
def _decoder() -> "msgspec.json.Decoder[Answer]":
    from nb2prod_gui.flow.study import Answer

    return msgspec.json.Decoder(Answer)


class StudyClient(QObject):
    """One child, started on first use and again should it end."""

    opened = Signal(object)
    """With an `Opened`."""
    studied = Signal(object)
    """With a `Study`."""
    refused = Signal(object)
    """With a `Refused`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._path = ""
        self._asked = 0
        self._busy = False
        self._waiting: Mapping[int, Role | None] | None = None
        self._buffer = bytearray()

    @property
    def busy(self) -> bool:
        return self._busy

    def open(self, path: str) -> None:
        """Read the notebook; `opened` or `refused` follows."""
        self._path = path
        self._waiting = None
        self._send({"open": path})

    def study(self, roles: Mapping[int, Role | None]) -> None:
        """Analyse with these roles changed; `studied` or `refused` follows. While one runs, only the latest waits."""
        if self._busy:
            self._waiting = dict(roles)
        else:
            self._send({"roles": {str(cell): role for cell, role in roles.items()}})

    def close(self) -> None:
        """End the child."""
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
            process.closeWriteChannel()
            if not process.waitForFinished(500):
                process.kill()
                process.waitForFinished(2000)

    def _send(self, body: dict[str, object]) -> None:
        self._asked += 1
        self._busy = True
        self._child().write(msgspec.json.encode({"ask": self._asked} | body) + b"\n")

    def _child(self) -> QProcess:
        if self._process is None:
            process = self._process = QProcess(self)
            self._buffer.clear()
            process.setProcessChannelMode(QProcess.ProcessChannelMode.ForwardedErrorChannel)
            process.readyReadStandardOutput.connect(self._read)
            process.finished.connect(self._ended)
            process.start(sys.executable, ["-m", "nb2prod_gui.work.analyst"])
        return self._process

    def _read(self) -> None:
        assert self._process is not None
        self._buffer += self._process.readAllStandardOutput().data()
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            self._take(_decoder().decode(line))

    def _take(self, answer: "Answer") -> None:
        if answer.ask != self._asked:
            return
        self._busy = False
        waiting, self._waiting = self._waiting, None
        if answer.opened is not None:
            self.opened.emit(answer.opened)
        elif waiting is not None:
            self.study(waiting)
            return
        elif answer.study is not None:
            self.studied.emit(answer.study)
        elif answer.refused is not None:
            self.refused.emit(answer.refused)
        if waiting is not None and not self._busy:
            self.study(waiting)

    def _ended(self) -> None:
        self._process = None
        self._busy = False
        from nb2prod_gui.flow.study import Refused

        message = self.tr("the process that analyses the notebook ended unexpectedly.")
        self.refused.emit(Refused("NB999", message, self.tr("Open the notebook again.")))
