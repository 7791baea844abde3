"""Runs programs one after the other in forks of one process that has the heavy imports behind it.

Standard library only.

Reads one JSON object per line: ``{"run": "module:function" or a script, "arguments": […], "folder": …, "variables": …,
"limit": seconds}``; answers each with ``[exit code, what was said]``. A fork starts with no state but the imports.
"""

import contextlib
import importlib
import json
import os
import runpy
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any


def main() -> None:
    for name in sys.argv[1:]:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


def answer(asked: dict[str, Any]) -> tuple[int, str]:
    """Run it in a fork; what takes longer than its limit is ended with everything it started."""
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if child == 0:
            os._exit(run(asked, said.fileno()))
        end = time.monotonic() + asked["limit"]
        while (finished := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() < end:
            time.sleep(0.01)
        if finished[0] == 0:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return -1, "took too long"
        said.seek(0)
        return os.waitstatus_to_exitcode(finished[1]), said.read().decode(errors="replace")


def run(asked: dict[str, Any], said: int) -> int:
    """The child: the exit code that a process of its own would have."""
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.chdir(asked["folder"])
    os.environ.update(asked["variables"])
    program, _, function = asked["run"].partition(":")
    sys.argv = [program, *asked["arguments"]]
    sys.path[0] = str(Path(program).parent.absolute()) if not function else asked["folder"]
    code: object = 0
    try:
        if function:
            code = getattr(importlib.import_module(program), function)()
        else:
            runpy.run_path(program, run_name="__main__")
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    if isinstance(code, str):
        print(code, file=sys.stderr, flush=True)
    return code if isinstance(code, int) else int(code is not None)


if __name__ == "__main__":
    main()
