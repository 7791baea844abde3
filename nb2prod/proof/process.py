"""The runner in the project's own environment: started, listened to, and gone with everything it started."""

import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nb2prod.errors import Cancelled, GateError, ToolError
from nb2prod.events import Cancel

RUNNER = Path(__file__).with_name("runner.py")
_FOREIGN = ("PYTHON", "PYTEST", "NB2PROD_", "COV_", "COVERAGE_")
_DATA = "NB2PROD_DATA"


@contextlib.contextmanager
def staged(project: Path) -> Iterator[Path]:
    """A copy of what the tests need of a project, so that whatever they write, the project stays as it is.

    Artifacts are linked, not copied. Raises GateError NB704 where there are no tests, ToolError NB706 where the copy
    cannot be made.
    """
    if not (project / "tests").is_dir() or not (project / "src").is_dir():
        raise GateError(
            f"{project} has no generated tests.",
            code="NB704",
            hint="Make the project with `nb2prod convert` or `nb2prod build`.",
        )
    try:
        with tempfile.TemporaryDirectory(prefix="nb2prod-proof-", ignore_cleanup_errors=True) as scratch:
            copy = Path(scratch).resolve() / "project"
            _copy(project.resolve(), copy)
            yield copy
    except OSError as error:
        raise ToolError(
            f"the tests cannot be prepared: {error}.", code="NB706", hint="Check the space in the temporary folder."
        ) from error


def _copy(project: Path, copy: Path) -> None:
    unwanted = shutil.ignore_patterns("__pycache__", ".*")
    for name in ("src", "tests"):
        shutil.copytree(project / name, copy / name, ignore=unwanted)
    if (project / "pyproject.toml").is_file():
        shutil.copy2(project / "pyproject.toml", copy)
    if (artifacts := project / "artifacts").is_dir():
        try:
            (copy / "artifacts").symlink_to(artifacts, target_is_directory=True)
        except OSError:  # Windows without the right to link
            shutil.copytree(artifacts, copy / "artifacts")


def run_runner(
    python: Path,
    order: Mapping[str, Any],
    *,
    hear: Callable[[dict[str, Any]], None],
    cancel: Cancel,
    limit: float,
    extra: Mapping[str, str] | None = None,
    ready: Callable[[], bool] = lambda: True,
) -> int | None:
    """pytest's exit code; `hear` gets each message on the way. `extra` are environment variables. `ready` is asked,
    and waited for, when the runner has prepared mutants; None where it says no.

    Raises ToolError NB701 (cannot be started) and NB702 (it ended without a word), GateError NB703 (after `limit`
    seconds), Cancelled. When it returns or raises, the runner and all its children are gone.
    """
    with tempfile.TemporaryFile() as complaints:
        try:
            process = subprocess.Popen(
                [str(python), "-B", str(RUNNER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env=_environment() | dict(extra or {}),
                start_new_session=True,
            )
        except OSError as error:
            raise ToolError(
                f"cannot start {python}: {error.strerror or error}.",
                code="NB701",
                hint="Build again; the project's environment is made anew where it is missing.",
            ) from error
        arriving: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        threading.Thread(target=_read, args=(process, arriving), daemon=True).start()
        waits = order["do"] == "mutants"
        threading.Thread(target=_write, args=(process, json.dumps(order), waits), daemon=True).start()
        deadline = time.monotonic() + limit
        try:
            while True:
                if cancel.is_set():
                    raise Cancelled
                if time.monotonic() > deadline:
                    raise GateError(
                        f"the tests did not end within {limit:.0f} seconds.",
                        code="NB703",
                        hint="Make training small for the tests with `sample` parameters.",
                    )
                try:
                    message = arriving.get(timeout=0.1)
                except queue.Empty:
                    continue
                if message is None:
                    raise _crashed(process, complaints)
                if "exit" in message:
                    return int(message["exit"])
                if "ready" not in message:
                    hear(message)
                elif ready():
                    _close(process)
                else:
                    return None
        finally:
            _end(process)


def data_folder(data: Path | None) -> dict[str, str]:
    """How the generated tests are told where training finds its files: the notebook ran there."""
    return {} if data is None else {_DATA: str(data)}


def _environment() -> dict[str, str]:
    """This process's environment without what would change what the tests see."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if name == _DATA or not (name.startswith(_FOREIGN) or name.endswith("_ARTIFACTS"))
    }
    return clean | {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONUTF8": "1"}


def _read(process: subprocess.Popen[bytes], arriving: "queue.SimpleQueue[dict[str, Any] | None]") -> None:
    assert process.stdout is not None
    with process.stdout as stream, contextlib.suppress(ValueError, OSError):
        for line in stream:
            arriving.put(json.loads(line))
    arriving.put(None)


def _write(process: subprocess.Popen[bytes], order: str, more: bool) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.write(order.encode() + b"\n")
        process.stdin.flush()
    if not more:
        _close(process)


def _close(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()


def _crashed(process: subprocess.Popen[bytes], complaints: Any) -> ToolError:
    code = process.wait()
    complaints.seek(0)
    lines = [line for line in complaints.read().decode("utf-8", "replace").splitlines() if line.strip()]
    how = f"by signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
    return ToolError(
        f"the process of the tests ended {how}: {lines[-1][:300] if lines else 'it said nothing'}.",
        code="NB702",
        hint="Run `python -m pytest` in the project's environment to see all of it.",
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Nothing of the process group is left: mutants, and what training started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
    _close(process)
