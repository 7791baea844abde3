"""The file of the request log: SQLite, two tables, erased content overwritten.

    predictions   request_id, at, protocol, model, version, caller, row_count, request, predictions, milliseconds
    feedback      request_id, at, caller, row, truth

`at` is a Unix time; `request`, `predictions` and `truth` are JSON; `row` counts from 0, NULL for the whole answer.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

VERSION = 1
BUSY_SECONDS = 2.0
"""How long another process may hold the file before what was to be written is given up."""

_TABLES = """
CREATE TABLE IF NOT EXISTS predictions (
    id INTEGER PRIMARY KEY, request_id TEXT NOT NULL, at REAL NOT NULL, protocol TEXT NOT NULL, model TEXT NOT NULL,
    version TEXT, caller TEXT, row_count INTEGER, request TEXT NOT NULL, predictions TEXT NOT NULL, milliseconds REAL
);
CREATE INDEX IF NOT EXISTS predictions_by_id ON predictions (request_id);
CREATE INDEX IF NOT EXISTS predictions_by_time ON predictions (at);
CREATE TABLE IF NOT EXISTS feedback (
    id INTEGER PRIMARY KEY, request_id TEXT NOT NULL, at REAL NOT NULL, caller TEXT, row INTEGER, truth TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS feedback_by_id ON feedback (request_id);
CREATE INDEX IF NOT EXISTS feedback_by_time ON feedback (at);
"""


class Store:
    """One connection, for one thread. Everything raises sqlite3.Error or OSError where the file fails."""

    def __init__(self, path: str | Path, *, create: bool = True) -> None:
        self.path = Path(path)
        if not create and not self.path.is_file():
            raise FileNotFoundError(f"{self.path} does not exist")
        # The thread is one at a time; which one may change when the writer starts again.
        self._connection = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            version = self._number("PRAGMA user_version")
            if version not in (0, VERSION):
                raise sqlite3.DatabaseError(f"{self.path} was made by another release (version {version})")
            for setting in ("journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON", "foreign_keys=OFF"):
                self._connection.execute(f"PRAGMA {setting}")
            self._connection.executescript(_TABLES)
            self._connection.execute(f"PRAGMA user_version={VERSION}")
            self._inode = self.path.stat().st_ino
        except BaseException:
            self._connection.close()
            raise

    def is_there(self) -> bool:
        """Whether the file at the path is still the one that is open: SQLite goes on writing to a removed one."""
        try:
            return self.path.stat().st_ino == self._inode
        except OSError:
            return False

    def write(self, predictions: Iterable[tuple[Any, ...]], feedback: Iterable[tuple[Any, ...]]) -> None:
        """All of them or none."""
        with self._transaction():
            self._connection.executemany(
                "INSERT INTO predictions (request_id, at, protocol, model, version, caller, row_count, request,"
                " predictions, milliseconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                predictions,
            )
            self._connection.executemany(
                "INSERT INTO feedback (request_id, at, caller, row, truth) VALUES (?, ?, ?, ?, ?)", feedback
            )

    def erase(self, request_id: str) -> int:
        """Remove what there is of one id, from the file and its journal; how many entries that were."""
        with self._transaction():
            erased = sum(
                self._connection.execute(f"DELETE FROM {table} WHERE request_id = ?", (request_id,)).rowcount  # noqa: S608
                for table in ("predictions", "feedback")
            )
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return erased

    def forget_before(self, at: float) -> int:
        """Remove what is older than a Unix time; how many entries that were."""
        with self._transaction():
            return sum(
                self._connection.execute(f"DELETE FROM {table} WHERE at < ?", (at,)).rowcount  # noqa: S608
                for table in ("predictions", "feedback")
            )

    def shrink_to(self, size: int) -> int:
        """Remove the oldest entries until the content takes at most `size` bytes; how many were removed."""
        removed = 0
        while self.used_bytes() > size:
            before = removed
            for table in ("predictions", "feedback"):
                tenth = max(1, self._number(f"SELECT count(*) FROM {table}") // 10)  # noqa: S608
                removed += self._connection.execute(
                    f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} ORDER BY id LIMIT ?)",  # noqa: S608
                    (tenth,),
                ).rowcount
            if removed == before:
                break
        return removed

    def used_bytes(self) -> int:
        pages = self._number("PRAGMA page_count") - self._number("PRAGMA freelist_count")
        return pages * self._number("PRAGMA page_size")

    def entries(self) -> Iterable[sqlite3.Row]:
        """Predictions in the order of time, one cursor."""
        cursor = self._connection.cursor()
        cursor.row_factory = sqlite3.Row
        return cursor.execute("SELECT * FROM predictions ORDER BY at, id")

    def truths(self) -> Iterable[sqlite3.Row]:
        """Feedback in the order of time, one cursor: a later one goes before an earlier one."""
        cursor = self._connection.cursor()
        cursor.row_factory = sqlite3.Row
        return cursor.execute("SELECT * FROM feedback ORDER BY at, id")

    def close(self) -> None:
        self._connection.close()

    def _number(self, query: str) -> int:
        (number,) = self._connection.execute(query).fetchone()
        return int(number)

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._connection)


class _Transaction:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._connection.execute("COMMIT")
        elif self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
