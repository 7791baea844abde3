"""Whether a process ended because memory ran out, and how much there was. Linux tells; elsewhere it is not known."""

import contextlib
from pathlib import Path, PurePosixPath

_GROUPS = Path("/sys/fs/cgroup")


def kills_for_memory() -> int:
    """How many processes the system has killed since it started because memory ran out; 0 where it does not tell."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/vmstat").read_text(encoding="ascii").splitlines():
            name, _, number = line.partition(" ")
            if name == "oom_kill":
                return int(number)
    return 0


def memory_limit() -> int:
    """The bytes that this process may use together with all it starts: the least of its control groups' limits (those
    of a container, or of a CI job) and the machine's memory."""
    import psutil

    return min([int(psutil.virtual_memory().total), *_group_limits()])


def _group_limits() -> list[int]:
    limits = []
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers == "":
                top, name = _GROUPS, "memory.max"
            elif "memory" in controllers.split(","):
                top, name = _GROUPS / "memory", "memory.limit_in_bytes"
            else:
                continue
            group = PurePosixPath(path.lstrip("/"))
            # In a container the path may be that of the outside, and the container's own group stands at the top.
            for each in (group, *group.parents):
                with contextlib.suppress(OSError, ValueError):  # not there, or "max"
                    limits.append(int((top / each / name).read_text(encoding="ascii")))
    return limits


def ran_out(before: int) -> str:
    """In words, where the system has killed for lack of memory since `kills_for_memory` was `before`; else empty."""
    return f"memory ran out, of which there are {memory_limit() >> 20:,} MiB" if kills_for_memory() > before else ""
