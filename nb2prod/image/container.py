"""One container under the tightest settings it must live with: no network, read-only, no capability, 256 processes.

Bytes go in and out through `exec`, because with no network there is no port to call.
"""

import secrets
import select
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from nb2prod.errors import Cancelled, ToolError
from nb2prod.events import Cancel
from nb2prod.image.confined import create_confined
from nb2prod.image.engine import engine_error

_POLL_SECONDS = 0.1
_PYTHON = "/venv/bin/python"


@dataclass(frozen=True, slots=True)
class Output:
    """What a command in the container printed, and its exit code."""

    code: int
    stdout: bytes
    stderr: bytes


@contextmanager
def start_container(client: Any, image: str) -> Iterator[str]:
    """The id of a running container of `image`, removed at the end whatever happens. Raises ToolError (NB909)."""
    from docker.errors import DockerException

    container = ""
    try:
        try:
            container = create_confined(
                client, image, key=secrets.token_hex(16), publish=None,
                # The image's own HEALTHCHECK, asked twice a second rather than every ten (nanoseconds).
                healthcheck={"interval": 500_000_000, "retries": 1_000_000},
            )  # fmt: skip
            client.start(container)
        except (DockerException, OSError) as error:
            raise engine_error(error) from error
        yield container
    finally:
        if container:
            with suppress(DockerException, OSError):  # the engine went away and took it along, or it is gone already
                client.remove_container(container, force=True, v=True)


def await_healthy(client: Any, container: str, cancel: Cancel, deadline_seconds: float = 60.0) -> None:
    """Return when the container's health check passes. Raises ToolError (NB906) with its last lines, Cancelled."""
    deadline = time.monotonic() + deadline_seconds
    while True:
        told = client.inspect_container(container)
        state = told["State"]
        if not state["Running"]:
            memory = f"ran out of its {told['HostConfig']['Memory'] >> 20} MiB of memory"
            reason = memory if state.get("OOMKilled") else f"exit code {state['ExitCode']}"
            raise _not_ready(f"The container stopped before it was ready ({reason}).", last_lines(client, container))
        if state.get("Health", {}).get("Status") == "healthy":
            return
        if time.monotonic() > deadline:
            raise _not_ready(
                f"The container was not ready after {deadline_seconds:.0f} s.", last_lines(client, container)
            )
        if cancel.wait(_POLL_SECONDS):
            raise Cancelled


def run_module(client: Any, container: str, arguments: list[str], body: bytes, cancel: Cancel) -> Output:
    """Run ``/venv/bin/python <arguments>`` in the container as its own user; `body` is its standard input.

    The program must read its input to the end before it prints: what came earlier could be lost, as the SDK may have
    read it together with the head of the engine's answer.
    Raises Cancelled, and ToolError (NB906) where it takes longer than 60 s.
    """
    made = client.exec_create(container, [_PYTHON, *arguments], stdin=True, stdout=True, stderr=True)
    stream = client.exec_start(made["Id"], socket=True)
    # The SDK hands out a file over the socket (`SocketIO`), or the socket itself where the engine is reached by TLS.
    connection = getattr(stream, "_sock", stream)
    try:
        stdout, stderr = _talk(connection, body, cancel)
    finally:
        # The answer that the SDK keeps with it goes first: its own end flushes the stream, and where that is closed
        # already, Python 3.13 prints an error.
        getattr(stream, "_response", stream).close()
        stream.close()
    return Output(int(client.exec_inspect(made["Id"])["ExitCode"] or 0), stdout, stderr)


def last_lines(client: Any, container: str, count: int = 20) -> str:
    return bytes(client.logs(container, tail=count)).decode(errors="replace").strip()


def _talk(connection: Any, body: bytes, cancel: Cancel, deadline_seconds: float = 60.0) -> tuple[bytes, bytes]:
    """Send `body`, close that half, and read frames of (stream, length, bytes) until the other side closes.

    The frames are those of "attach to a container" in the engine's API reference. Writing and reading take turns, so
    that neither side waits for the other with its buffer full.
    """
    import socket

    deadline = time.monotonic() + deadline_seconds
    connection.setblocking(False)
    left, read = memoryview(body), bytearray()
    sending = True
    while True:
        if cancel.is_set():
            raise Cancelled
        if time.monotonic() > deadline:
            raise ToolError(f"The container did not answer within {deadline_seconds:.0f} s.", code="NB906")
        readable, writable, _ = select.select([connection], [connection] if sending else [], [], _POLL_SECONDS)
        if writable:
            left = left[connection.send(left[: 1 << 16]) :] if left else left
            if not left:
                connection.shutdown(socket.SHUT_WR)
                sending = False
        if readable:
            piece = connection.recv(1 << 16)
            if not piece:
                return _split(bytes(read))
            read += piece


def _split(frames: bytes) -> tuple[bytes, bytes]:
    streams = {1: bytearray(), 2: bytearray()}
    position = 0
    while position + 8 <= len(frames):
        number, length = struct.unpack_from(">BxxxL", frames, position)
        streams.setdefault(number, bytearray()).extend(frames[position + 8 : position + 8 + length])
        position += 8 + length
    return bytes(streams[1]), bytes(streams[2])


def _not_ready(message: str, lines: str) -> ToolError:
    said = f" Its last lines:\n{lines}\n" if lines else " It printed nothing."
    return ToolError((message + said).rstrip(), code="NB906")
