"""Builds, each `nb2prod job - --events jsonl --stop-on-stdin-eof` in a process of its own, folded into one progress."""

import asyncio
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from uuid import uuid4

import msgspec

from jupyterlab_nb2prod.form import Form
from nb2prod.events import JobFinished, Stamped, decode
from nb2prod.model.spec import BuildSpec
from nb2prod.progress import Progress, advance

LONGEST_EVENT = 64 * 1024 * 1024
"""Bytes of one line."""
KILL_AFTER = 15.0
"""Seconds after a cancel until the child is killed; it needs a second when all is well."""
KEPT = 50
"""Jobs whose end is remembered."""


@dataclass(eq=False)
class Job:
    """`version` grows with each change of `progress`. `asked` is what was filled in for it."""

    spec: BuildSpec
    child: asyncio.subprocess.Process
    asked: Form | None = None
    id: str = field(default_factory=lambda: uuid4().hex)
    progress: Progress = field(default_factory=Progress)
    version: int = 0
    stopping: bool = False
    finished: bool = False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _said: bytearray = field(default_factory=bytearray)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def change(self, seen: int) -> None:
        """Return once there is a newer version than `seen`, or the job is finished."""
        while self.version == seen and not self.finished:
            self._changed.clear()
            await self._changed.wait()

    def cancel(self) -> None:
        """Ask the job to end; it is killed where it does not."""
        if not self.stopping and not self.finished and self.child.stdin is not None:
            self.stopping = True
            self.child.stdin.close()
            self._tasks.append(asyncio.create_task(self._kill_later()))

    async def follow(self) -> None:
        """Fold the events until the child has ended."""
        assert self.child.stdout is not None
        hearing = asyncio.create_task(self._hear())
        try:
            async for line in self.child.stdout:
                self._take(line)
        except ValueError:  # a line beyond all limits
            self.child.kill()
        await self.child.wait()
        await hearing
        if self.child.stdin is not None:
            self.child.stdin.close()
        if self.progress.status in ("waiting", "running"):
            self._end_for_it()
        self.finished = True
        self._tell(self.progress)

    def _take(self, line: bytes) -> None:
        try:
            event = decode(line.decode("utf-8", "replace"))
        except (ValueError, KeyError, TypeError):  # no event: something printed
            self._said += line
            return
        self._tell(advance(self.progress, event))

    def _tell(self, progress: Progress) -> None:
        self.progress = progress
        self.version += 1
        self._changed.set()

    async def _hear(self) -> None:
        assert self.child.stderr is not None
        while heard := await self.child.stderr.read(4096):
            self._said += heard
            del self._said[:-20_000]

    async def _kill_later(self) -> None:
        await asyncio.sleep(KILL_AFTER)
        if self.child.returncode is None:
            self.child.kill()

    def _end_for_it(self) -> None:
        """The child ended without `JobFinished`: say it in its place."""
        code = self.child.returncode or 0
        status: Literal["cancelled", "failed"] = "cancelled" if self.stopping else "failed"
        hint = "Finished steps are kept: build again to go on from there."
        said = self._said.decode("utf-8", "replace").strip().splitlines()
        if self.stopping:
            message = "the job did not end by itself and was killed."
        elif code < 0:
            message = f"the process of the build was killed (signal {-code}); often the machine has too little memory."
        else:
            message = said[-1] if said else "the job ended without a word."
        error = {"code": "NB999", "message": message, "hint": hint, "where": None}
        report: dict[str, object] = {"status": status, "error": error, "findings": [], "steps": []}
        self.progress = advance(self.progress, Stamped(0, time.time(), JobFinished(status, report)))


class Jobs:
    """The jobs of this server, by id, the oldest first."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._following: set[asyncio.Task[None]] = set()

    def get(self, id: str) -> Job | None:
        return self._jobs.get(id)

    def of(self, notebook: Path) -> Job | None:
        """The latest one that builds this notebook."""
        return next((job for job in reversed(self._jobs.values()) if job.spec.notebook == str(notebook)), None)

    async def start(self, spec: BuildSpec, asked: Form | None = None) -> Job:
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "nb2prod", "job", "-", "--events", "jsonl", "--stop-on-stdin-eof",
            stdin=pipe, stdout=pipe, stderr=pipe, cwd=Path(spec.notebook).parent, limit=LONGEST_EVENT,
        )  # fmt: skip
        assert child.stdin is not None
        child.stdin.write(msgspec.json.encode(spec) + b"\n")
        job = Job(spec, child, asked)
        self._jobs[job.id] = job
        for old in [known for known in self._jobs.values() if known.finished][:-KEPT]:
            del self._jobs[old.id]
        task = asyncio.create_task(job.follow())
        self._following.add(task)
        task.add_done_callback(self._following.discard)
        return job
