"""A service to try: the container of the image that was built, else the project itself without one."""

import re
import sys
from time import perf_counter
from typing import Any

import msgspec
from PySide6.QtCore import QObject, QProcess, QTimer, QUrl, Signal
from PySide6.QtNetwork import QNetworkAccessManager, QNetworkReply, QNetworkRequest

STOPS_WITHIN = 15_000
"""Milliseconds until it is killed; a container takes a second to go, more on a busy machine."""
READY_EVERY = 200
"""Milliseconds between two questions whether the service is ready."""


class Reply(msgspec.Struct, frozen=True):
    """`milliseconds` from sending to the last byte; `status` 0 where nothing answered."""

    status: int
    body: bytes
    milliseconds: float


class ServiceClient(QObject):
    """Starts, asks and stops one service."""

    changed = Signal(str)
    """``starting``, ``ready``, ``stopping`` or ``stopped``."""
    failed = Signal(str)
    line = Signal(str)
    """A line that the service printed."""
    replied = Signal(Reply)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = "stopped"
        self.url = ""
        self.key = ""
        self._process: QProcess | None = None
        self._leaving: set[QProcess] = set()
        self._network = QNetworkAccessManager(self)
        self._timer = QTimer(self)
        self._timer.setInterval(READY_EVERY)
        self._timer.timeout.connect(self._ask_ready)

    def start_container(self, image: str) -> None:
        """Run the image with a key, published on loopback."""
        self._start(["-m", "nb2prod_gui.work.trial", image])

    def start_project(self, folder: str) -> None:
        """Serve the project without an image, on loopback."""
        self._start(["-m", "nb2prod", "serve", folder, "--host", "127.0.0.1", "--port", "0"])

    def stop(self) -> None:
        """Ask the service to go; it is `stopping` until it has gone."""
        process, self._process = self._process, None
        self._timer.stop()
        if process is not None:
            process.readyReadStandardOutput.disconnect()
            process.finished.disconnect()
            process.finished.connect(lambda: self._gone(process))
            self._leaving.add(process)
            process.closeWriteChannel()
            process.terminate()
            QTimer.singleShot(STOPS_WITHIN, process, process.kill)
        self._set("stopping" if self._leaving else "stopped")

    def close(self) -> None:
        """Stop, and wait until it has gone: the window ends."""
        self.stop()
        for process in tuple(self._leaving):
            if not process.waitForFinished(STOPS_WITHIN):
                process.kill()
                process.waitForFinished(2000)

    def _gone(self, process: QProcess) -> None:
        self._leaving.discard(process)
        process.deleteLater()
        if self.state == "stopping" and not self._leaving:
            self._set("stopped")

    def predict(self, body: bytes) -> None:
        """Send a body to /predict; `replied` follows."""
        request = QNetworkRequest(QUrl(f"{self.url}/predict"))
        request.setHeader(QNetworkRequest.KnownHeaders.ContentTypeHeader, "application/json")
        if self.key:
            request.setRawHeader(b"Authorization", b"Bearer " + self.key.encode())
        request.setTransferTimeout(30_000)
        sent = perf_counter()
        reply = self._network.post(request, body)
        reply.finished.connect(lambda: self._take(reply, sent))

    def curl(self, body: bytes, *, with_key: bool = False) -> str:
        """The same request for a terminal; the key is left to a variable, unless it is asked for: to be copied, not
        shown. It is that of this container, and ends with it."""
        quoted = body.decode().replace("'", "'\\''")
        key = f' -H "Authorization: Bearer {self.key if with_key else "$NB2PROD_API_KEY"}"' if self.key else ""
        return f"curl -s {self.url}/predict -H 'Content-Type: application/json'{key} -d '{quoted}'"

    def _start(self, arguments: list[str]) -> None:
        self.stop()
        self.url = self.key = ""
        process = self._process = QProcess(self)
        process.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._ended)
        self._set("starting")
        process.start(sys.executable, arguments)

    def _read(self) -> None:
        process = self._process
        while process is not None and process.canReadLine():
            text = bytes(process.readLine().data()).decode("utf-8", "replace").rstrip("\n")
            if not self.url:
                self._look_for_url(text)
            self.line.emit(text)

    def _look_for_url(self, text: str) -> None:
        try:
            first: Any = msgspec.json.decode(text)
        except msgspec.DecodeError:
            first = None
        if isinstance(first, dict) and "error" in first and isinstance(first["error"], dict):
            self.failed.emit(f"{first['error']['message']} {first['error']['hint']}".strip())
        elif isinstance(first, dict) and "url" in first:
            self.url, self.key = first["url"], first["key"]
        elif found := re.search(r"running on (http://[^ \"]+:\d+)", text):
            self.url = found[1]
        if self.url:
            self._timer.start()

    def _ask_ready(self) -> None:
        reply = self._network.get(QNetworkRequest(QUrl(f"{self.url}/health/ready")))
        reply.finished.connect(lambda: self._take_ready(reply))

    def _take_ready(self, reply: QNetworkReply) -> None:
        if _status(reply) == 200 and self.state == "starting":
            self._timer.stop()
            self._set("ready")
        reply.deleteLater()

    def _take(self, reply: QNetworkReply, sent: float) -> None:
        took = (perf_counter() - sent) * 1000
        self.replied.emit(Reply(_status(reply), bytes(reply.readAll().data()), took))
        reply.deleteLater()

    def _ended(self) -> None:
        process, self._process = self._process, None
        self._timer.stop()
        if process is not None:
            process.deleteLater()
        if self.state == "starting":
            self.failed.emit(self.tr("The service ended before it was ready: its log says why."))
        self._set("stopped")

    def _set(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self.changed.emit(state)


def _status(reply: QNetworkReply) -> int:
    return int(reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute) or 0)
