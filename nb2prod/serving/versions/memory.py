"""How much memory a version may take: one that does not fit would end the process, and with it the live one."""

from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")


def free_memory() -> int | None:
    """Bytes that may still be taken in this container or on this machine; None where it cannot be told (not Linux)."""
    known = [free for free in (_of_container(), _of_machine()) if free is not None]
    return min(known, default=None)


def size_of(folder: Path) -> int:
    """Bytes of all files in it. What is loaded of them takes about as much again."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _of_container() -> int | None:
    try:
        limit = int((_CGROUP / "memory.max").read_text())  # "max" where there is none
        return limit - int((_CGROUP / "memory.current").read_text())
    except (OSError, ValueError):
        return None


def _of_machine() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return 1024 * int(next(line.split()[1] for line in lines if line.startswith("MemAvailable:")))
    except (OSError, ValueError, StopIteration):
        return None
