"""The analyst as the server speaks to it: one child, one question at a time, a limit of time for each."""

import asyncio
import sys
from pathlib import Path

import msgspec

LONGEST_ANSWER = 256 * 1024 * 1024
"""Bytes of one line."""
PATIENCE = 120.0
"""Seconds for one study; a notebook of two thousand cells takes a few."""


class Analyst:
    """`study` may be called at any time: questions wait for each other. The child starts with the first one."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._child: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def study(self, data: bytes, path: Path) -> bytes:
        """The analyst's answer, a JSON object."""
        async with self._turn:
            try:
                return await asyncio.wait_for(self._ask(data, path), self._patience)
            except (TimeoutError, OSError, ValueError, asyncio.IncompleteReadError) as error:
                await self.close()
                slow = isinstance(error, TimeoutError)
                why = f"took longer than {self._patience:.0f} s" if slow else "ended unexpectedly"
                message = f"the process that analyses the notebook {why}."
                hint = "Edit the notebook to try again; `nb2prod check` may say more."
                refused = {"code": "NB999", "message": message, "hint": hint, "cell": None, "line": None}
                return msgspec.json.encode({"refused": refused})

    async def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            if child.returncode is None:
                child.kill()
            assert child.stdin is not None
            child.stdin.close()
            await child.wait()

    async def _ask(self, data: bytes, path: Path) -> bytes:
        if self._child is None or self._child.returncode is not None:
            await self.close()
            pipe = asyncio.subprocess.PIPE
            self._child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "jupyterlab_nb2prod.analyst", stdin=pipe, stdout=pipe, limit=LONGEST_ANSWER
            )
        child = self._child
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(msgspec.json.encode({"path": str(path), "size": len(data)}) + b"\n" + data)
        await child.stdin.drain()
        return await child.stdout.readuntil(b"\n")
