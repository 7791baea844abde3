"""How a running job is told to stop by signals: Ctrl-C, SIGTERM, SIGHUP.

The job runs in a thread of its own, so that the main thread, the only one Python gives signals to, is always free to
take them; and libraries that install handlers of their own (nbclient does, around a run) cannot take them away.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TypeVar

Result = TypeVar("Result")


def run_apart(work: Callable[[], Result]) -> Result:
    """Call `work` in a thread and wait for it. What it raises is raised here."""
    results: list[Result] = []
    faults: list[BaseException] = []

    def call() -> None:
        try:
            results.append(work())
        except BaseException as fault:
            faults.append(fault)

    thread = threading.Thread(target=call, name="nb2prod job", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.5)  # with a timeout: on Windows, Ctrl-C does not end a wait without
    if faults:
        raise faults[0]
    return results[0]


@contextlib.contextmanager
def cancelling(cancel: threading.Event) -> Iterator[None]:
    """While inside, the first signal sets `cancel`; a second Ctrl-C ends the process at once, with 130."""
    told = threading.Event()

    def stop(number: int, _: FrameType | None) -> None:
        if told.is_set() and number == signal.SIGINT:
            if sys.stderr.isatty():
                os.write(2, b"\x1b[?25h\n")  # the live display had hidden the cursor
            os._exit(130)
        told.set()
        cancel.set()
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write("cancelling: waiting for the step to stop (Ctrl-C again: at once)\n")

    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {}
    try:
        for number in numbers:
            # nohup: a hangup that is ignored stays ignored
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, stop)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
