"""The request log: what was asked and answered, for monitoring later, written by a thread of its own.

put ─► bounded queue ─► thread ─► Store          full, gone, locked: dropped and counted, never waited for
"""

import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple

from nb2prod.serving.log import describe_error, logger
from nb2prod.serving.telemetry.store import Store
from nb2prod.serving.wire import encode

if TYPE_CHECKING:
    from nb2prod.serving.model import Model

MOST_WAITING = 10_000
MOST_WAITING_BYTES = 16 * 1024 * 1024
"""Of bodies; decoded they take several times as much."""
MOST_AT_ONCE = 500
GATHER_SECONDS = 0.2
TIDY_SECONDS = 60.0
FIRST_RETRY, LAST_RETRY = 1.0, 30.0


class Answered(NamedTuple):
    """One prediction, as it was when it was answered."""

    request_id: str
    at: float
    protocol: str
    caller: str
    model: str
    version: str | None
    request: object
    predictions: object
    rows: int | None
    size: int
    ms: float


class Truth(NamedTuple):
    """What turned out later."""

    request_id: str
    at: float
    caller: str
    row: int | None
    truth: bytes
    size: int


class Erasure(NamedTuple):
    request_id: str
    erased: Future[int]
    size: int = 0


Entry = Answered | Truth | Erasure


class RequestLog:
    """`put`, `tell` and `erase` are for the event loop; the rest happens in the thread."""

    def __init__(
        self,
        path: str,
        *,
        redacted: Collection[str] = (),
        days: float = 30.0,
        megabytes: int = 256,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`redacted` columns and fields are never written. Nothing is opened before `start`."""
        self._path = path
        self._redacted = frozenset(redacted)
        self._seconds = days * 86_400
        self._bytes = megabytes * 1024 * 1024
        self._clock = clock
        self._queue: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()
        self._put_bytes = 0
        self._taken_bytes = 0
        self._refused = 0
        self._lost = 0
        self._thread: threading.Thread | None = None

    @property
    def dropped(self) -> int:
        """Entries that were not written: no room in the queue, or no file that takes them."""
        return self._refused + self._lost

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="request log", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """Write what waits, for so long at most."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(seconds)

    def put(
        self,
        request_id: str,
        protocol: str,
        caller: str,
        model: "Model[Any, Any]",
        request: object,
        predictions: object,
        *,
        rows: int | None,
        size: int,
        ms: float,
    ) -> None:
        """A prediction. Where there is no room it is dropped, and counted."""
        at, name = self._clock(), model.package.name
        self._add(Answered(request_id, at, protocol, caller, name, model.version, request, predictions, rows, size, ms))

    def tell(self, request_id: str, caller: str, row: int | None, truth: bytes) -> bool:
        """A truth, as JSON. False where there is no room for it: the caller may try again."""
        return self._add(Truth(request_id, self._clock(), caller, row, truth, len(truth)))

    def erase(self, request_id: str) -> Future[int]:
        """How many entries of that id were erased, those that still wait included. May raise what the file raises."""
        erasure = Erasure(request_id, Future())
        self._queue.put(erasure)
        return erasure.erased

    def _add(self, entry: Answered | Truth) -> bool:
        waiting = self._put_bytes - self._taken_bytes
        if self._queue.qsize() >= MOST_WAITING or waiting + entry.size > MOST_WAITING_BYTES:
            self._refused += 1
            return False
        self._put_bytes += entry.size
        self._queue.put(entry)
        return True

    # in the thread ----------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        store: Store | None = None
        retry, again, tidy, written = FIRST_RETRY, 0.0, 0.0, 0
        stopping = False
        while not stopping:
            entries, stopping = self._take()
            now = time.monotonic()
            try:
                if store is not None and not store.is_there():
                    store.close()
                    store = None
                if store is None and (now >= again or stopping):
                    store = Store(self._path)
                    tidy = 0.0
                if store is None:
                    self._lose(entries, OSError("the request log is not available"))
                    continue
                self._write(store, entries)
                retry, written = FIRST_RETRY, written + sum(entry.size for entry in entries)
                if now >= tidy or written > self._bytes // 10:
                    tidy, written = now + TIDY_SECONDS, 0
                    store.forget_before(self._clock() - self._seconds)
                    store.shrink_to(self._bytes)
            except (sqlite3.Error, OSError) as error:
                self._lose(entries, error)
                fields = {"file": self._path, **describe_error(error, with_message=True), "again_in_seconds": retry}
                logger.error("the request log could not be written", extra={"fields": fields})
                again, retry = time.monotonic() + retry, min(retry * 2, LAST_RETRY)
                if store is not None:
                    store.close()
                    store = None
        if store is not None:
            store.close()

    def _take(self) -> tuple[list[Entry], bool]:
        """What waits, after a moment in which more may come; whether to stop after it."""
        try:
            first = self._queue.get(timeout=TIDY_SECONDS)
        except queue.Empty:
            return [], False
        if first is None:
            return [], True
        if not isinstance(first, Erasure) and self._queue.qsize() < MOST_AT_ONCE:
            time.sleep(GATHER_SECONDS)
        entries: list[Entry] = []
        entry: Entry | None = first
        while entry is not None:
            entries.append(entry)
            self._taken_bytes += entry.size
            if len(entries) >= MOST_AT_ONCE:
                return entries, False
            try:
                entry = self._queue.get_nowait()
            except queue.Empty:
                return entries, False
        return entries, True

    def _write(self, store: Store, entries: list[Entry]) -> None:
        """In their order: what is erased was put before."""
        answered: list[tuple[Any, ...]] = []
        told: list[tuple[Any, ...]] = []
        for entry in entries:
            if isinstance(entry, Answered):
                line = self._line(entry)
                if line is not None:
                    answered.append(line)
            elif isinstance(entry, Truth):
                told.append((entry.request_id, entry.at, entry.caller, entry.row, entry.truth.decode()))
            else:
                store.write(answered, told)
                answered, told = [], []
                entry.erased.set_result(store.erase(entry.request_id))
        if answered or told:
            store.write(answered, told)

    def _line(self, entry: Answered) -> tuple[Any, ...] | None:
        try:
            request = encode(self._redact(entry.request)).decode()
            predictions = encode(entry.predictions).decode()
        except (TypeError, ValueError, RecursionError):  # predictions without a form as JSON: other protocols have one
            self._lost += 1
            return None
        return (
            *(entry.request_id, entry.at, entry.protocol, entry.model, entry.version, entry.caller, entry.rows),
            *(request, predictions, round(entry.ms, 3)),
        )

    def _redact(self, request: object) -> object:
        fields = vars(request) if hasattr(request, "__dict__") else request
        if not self._redacted or not isinstance(fields, dict):
            return fields
        return {name: _without(value, self._redacted) for name, value in fields.items() if name not in self._redacted}

    def _lose(self, entries: list[Entry], error: Exception) -> None:
        for entry in entries:
            if not isinstance(entry, Erasure):
                self._lost += 1
            elif not entry.erased.done():
                entry.erased.set_exception(error)


def _without(value: object, names: frozenset[str]) -> object:
    """Objects without these keys, at any depth."""
    if isinstance(value, dict):
        return {name: _without(inner, names) for name, inner in value.items() if name not in names}
    if isinstance(value, list) and value and isinstance(value[0], dict | list):
        return [_without(inner, names) for inner in value]
    return value
