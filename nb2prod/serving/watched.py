"""A file that somebody else replaces while the service runs: keys, certificates, public keys of tokens."""

from pathlib import Path

Mark = tuple[int, int, int]


class WatchedFile:
    """Tells a change by inode, size and time of change, so also where a secret's symlink is turned to another file."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._mark = self._look()

    def changed(self) -> bool:
        """Whether it is another file than when last asked. A file that is gone has changed once."""
        mark = self._look()
        if mark == self._mark:
            return False
        self._mark = mark
        return True

    def read(self, limit: int) -> bytes:
        """Raises OSError, or ValueError for a file larger than `limit` bytes."""
        with self.path.open("rb") as file:
            content = file.read(limit + 1)
        if len(content) > limit:
            raise ValueError(f"{self.path} is larger than {limit} bytes")
        return content

    def _look(self) -> Mark | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns
