"""A socket before the Docker engine's, which a test can shut: the engine itself is shared and stays as it is."""

import contextlib
import socket
import threading
from pathlib import Path
from typing import Literal

ENGINE = "/var/run/docker.sock"
Deed = Literal["pass", "cut", "hold"]


class EngineGate:
    """Hands on what is said until the engine says `words`; then it is `cut`, as if the engine had stopped, or held back
    until `open` is called. `reached` tells that the words were said."""

    def __init__(self, path: Path, words: bytes, deed: Deed) -> None:
        self.address = f"unix://{path}"
        self.reached = threading.Event()
        self._words, self._deed = words, deed
        self._opened = threading.Event()
        self._ends: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def open(self) -> None:
        self._opened.set()

    def close(self) -> None:
        for end in (self._listener, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._opened.set()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(ENGINE)
                self._ends += [near, far]
                threading.Thread(target=self._pump, args=(near, far, b""), daemon=True).start()
                threading.Thread(target=self._pump, args=(far, near, self._words), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, words: bytes) -> None:
        before = b""
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if words and self._deed != "pass" and words in before + data:
                    self.reached.set()
                    if self._deed == "cut":
                        self.close()
                        return
                    self._opened.wait()
                before = data[-len(words) :] if words else b""
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
