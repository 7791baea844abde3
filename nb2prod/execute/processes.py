"""The kernel as a process: which one, and that nothing of it stays behind."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from nb2prod.errors import RunError
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.notebook import Notebook


def choose_kernel(notebook: Notebook) -> tuple[str, Finding | None]:
    """The name of an installed kernel: the notebook's own, or `python3` (with a finding) where that is not installed.

    Raises RunError NB504 where no kernel can run the notebook.
    """
    from jupyter_client.kernelspec import KernelSpecManager

    installed = sorted(KernelSpecManager().find_kernel_specs())
    wanted = notebook.kernel_name
    if wanted is not None and wanted in installed:
        return wanted, None
    if "python3" in installed and notebook.language.lower() in ("python", ""):
        if wanted is None:
            return "python3", None
        message = f"The notebook asks for the kernel `{wanted}`, which is not installed; it runs with `python3`."
        hint = f"Check that this environment has what the notebook imports. Installed kernels: {', '.join(installed)}."
        return "python3", Finding("NB510", Severity.WARNING, message, hint=hint)
    raise RunError(
        f"The kernel `{wanted}` ({notebook.language}) is not installed.",
        code="NB504",
        hint=f"Installed kernels: {', '.join(installed) or 'none'}. `pip install ipykernel` gives `python3`.",
    )


def check_kernel(name: str) -> None:
    """Raises RunError NB504 where there is no kernel of this name: one that was asked for has no stand-in."""
    from jupyter_client.kernelspec import KernelSpecManager

    installed = sorted(KernelSpecManager().find_kernel_specs())
    if name not in installed:
        raise RunError(
            f"The kernel `{name}` is not installed.",
            code="NB504",
            hint=f"Installed kernels: {', '.join(installed) or 'none'}.",
        )


def kernel_program(notebook: Notebook) -> str:
    """The interpreter of the notebook's kernel. Raises RunError NB504 as `choose_kernel`."""
    from jupyter_client.kernelspec import KernelSpecManager

    name, _ = choose_kernel(notebook)
    return interpreter(KernelSpecManager().get_kernel_spec(name).argv[0])


def interpreter(program: str) -> str:
    """The program that a kernel's specification names, as jupyter_client starts it."""
    return sys.executable if program in ("python", "python3") else program


def descendants(pid: int) -> list[int]:
    """The processes a kernel has started so far, at any depth."""
    import psutil

    with contextlib.suppress(psutil.Error):
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    return []


def names_of(pids: list[int]) -> list[str]:
    """The names of the programs that still run among these processes, each once."""
    import psutil

    names = set()
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            if process.status() != psutil.STATUS_ZOMBIE:
                names.add(process.name())
    return sorted(names)


@contextlib.contextmanager
def ends_with_us(pid: int | None) -> Iterator[None]:
    """While inside: where this process is killed, the kernel and its group of processes are killed too.

    A kernel looks for its parent once a second, but not inside a call that keeps Python's lock, and not on behalf of
    the processes it has started. So a shell holds a pipe to us, which ends when we do; a line says that all is well.
    """
    if pid is None or os.name != "posix":
        yield
        return
    command = ["/bin/sh", "-c", 'read -r line || kill -9 "-$1"', "sh", str(pid)]
    try:
        # A session of its own: what kills our group must not kill the guard first.
        guard = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
    except OSError:  # no shell, or no process to be had
        yield
        return
    try:
        yield
    finally:
        guard.communicate(b"done\n")


def end_processes(pid: int, also: list[int]) -> None:
    """Kill a kernel, what it started, and what is left of its session (a kernel is its own session's leader)."""
    import psutil

    doomed = []
    for each in {pid, *also, *descendants(pid), *_session(pid)} - {os.getpid()}:
        with contextlib.suppress(psutil.Error):
            doomed.append(psutil.Process(each))
            doomed[-1].kill()
    for _ in range(150):
        if all(_is_gone(process) for process in doomed):
            return
        time.sleep(0.02)


def _is_gone(process: Any) -> bool:
    """Also a zombie: it only waits for its parent, or for an init that collects, to take its exit status."""
    import psutil

    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True


def _session(leader: int) -> list[int]:
    if not hasattr(os, "getsid"):
        return []
    import psutil

    members = []
    for each in psutil.pids():
        with contextlib.suppress(OSError):
            if os.getsid(each) == leader:
                members.append(each)
    return members
