"""An open-loop client: requests are sent when their time has come, however slow the answers before them are.

    with Load(url, body, rate=200) as load:
        ...what happens meanwhile...
    load.statuses, load.errors, load.percentile(99)

Latency counts from the planned time, so that a server that stalls cannot hide it. Connections are kept and used again
until the server says `Connection: close`: then it is about to end, and idle ones are left, as a load balancer does.
"""

import asyncio
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

LATE = 0.2
"""Seconds. What the server ends while this client sleeps is lost by the client."""


class LostConnectionError(Exception):
    """The server ended a connection instead of answering."""


@dataclass
class Answer:
    status: int
    seconds: float
    """From the planned time of the request to its answer's last byte."""
    served: float
    """The same from when it was really sent: without what this client, not the server, was late."""
    at: float
    """When it was complete (time.monotonic)."""
    body: bytes
    headers: bytes


@dataclass
class Load:
    url: str
    body: object
    rate: float
    path: str = "/predict"
    keep_alive: bool = True
    keep_bodies: bool = True
    headers: str = ""
    answers: list[Answer] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    late: int = 0
    """Requests lost because this client, starved of its processor, sent them so late that the server had gone."""
    refused: int = 0
    """Connections that nobody accepted."""

    def __enter__(self) -> "Load":
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def send_no_more(self) -> None:
        self._stop.set()

    def stop(self) -> None:
        """Send no more, and wait for the answers that are due."""
        self.send_no_more()
        self._thread.join(timeout=120)

    @property
    def statuses(self) -> dict[int, int]:
        return dict(Counter(answer.status for answer in self.answers))

    def percentile(self, percent: float, status: int = 200, *, served: bool = False) -> float:
        """Seconds."""
        found = (answer for answer in self.answers if answer.status == status)
        ordered = sorted(answer.served if served else answer.seconds for answer in found)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]

    async def _run(self) -> None:
        parts = urlsplit(self.url)
        self._address = parts.hostname, parts.port
        content = json.dumps(self.body).encode()
        self._request = (
            f"POST {self.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n{self.headers}"
            f"Content-Length: {len(content)}\r\n" + ("" if self.keep_alive else "Connection: close\r\n") + "\r\n"
        ).encode() + content
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        started, sent = time.monotonic(), 0
        waiting: set[asyncio.Task[None]] = set()
        while not self._stop.is_set():
            due = int((time.monotonic() - started) * self.rate)
            while sent <= due:
                task = asyncio.create_task(self._ask(started + sent / self.rate))
                waiting.add(task)
                task.add_done_callback(waiting.discard)
                sent += 1
            await asyncio.sleep(0.002)
        await asyncio.gather(*waiting)
        for _, writer in self._idle:
            writer.close()

    async def _ask(self, planned: float) -> None:
        try:
            reader, writer = await self._connection()
        except OSError:
            self.refused += 1
            return
        sent = time.monotonic()
        try:
            writer.write(self._request)
            status, headers, body = await self._read(reader)
        except (OSError, LostConnectionError, asyncio.IncompleteReadError) as error:
            if sent - planned > LATE:
                self.late += 1
            else:
                self.errors.append(f"{type(error).__name__}: {error}")
            writer.close()
            return
        now = time.monotonic()
        self.answers.append(Answer(status, now - planned, now - sent, now, body if self.keep_bodies else b"", headers))
        if b"connection: close" in headers.lower():
            for _, idle in self._idle:
                idle.close()
            self._idle.clear()
            writer.close()
        else:
            self._idle.append((reader, writer))

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(*self._address, limit=2**24)

    async def _read(self, reader: asyncio.StreamReader) -> tuple[int, bytes, bytes]:
        head = await reader.readuntil(b"\r\n\r\n")
        if not head:
            raise LostConnectionError("closed without an answer")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:")
        return int(head.split(b" ", 2)[1]), head, await reader.readexactly(length)
