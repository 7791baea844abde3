"""How a running job is told to stop by whoever feeds its stdin; by signals, see `nb2prod.job.interrupts`."""

import contextlib
import os
import threading


def cancel_at_eof(cancel: threading.Event) -> None:
    """Set `cancel` when stdin ends. From then on stdin is empty for everybody else, programs we start included."""
    own = os.dup(0)  # not inherited
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)

    def watch() -> None:
        # os.read and not sys.stdin: a thread that holds the lock of sys.stdin would disturb the end of the interpreter.
        with contextlib.suppress(OSError):
            while os.read(own, 4096):
                pass
        cancel.set()

    threading.Thread(target=watch, name="stdin", daemon=True).start()


def read_stdin_line(limit: int = 10_000_000) -> bytes:
    """The first line of stdin (or all of it, without a newline), leaving what follows unread. At most `limit` bytes."""
    line = bytearray()
    while len(line) < limit:
        byte = os.read(0, 1)
        if byte in (b"", b"\n"):
            break
        line += byte
    return bytes(line)
