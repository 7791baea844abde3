"""A container to try an image with: published on loopback, with a key of its own, gone when the trial ends."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from nb2prod.errors import ToolError
from nb2prod.image.confined import MEMORY, PORT, create_confined
from nb2prod.image.engine import connect, engine_error


@dataclass(frozen=True, slots=True)
class Trial:
    """`url` answers on this machine only; `key` opens it."""

    client: Any
    container: str
    url: str
    key: str

    def lines(self) -> Iterator[bytes]:
        """What the container prints, line by line, until it stops."""
        rest = b""
        for chunk in self.client.logs(self.container, stream=True, follow=True):
            *whole, rest = (rest + chunk).split(b"\n")
            yield from whole
        if rest:
            yield rest


@contextmanager
def trial_container(image: str, memory: str = MEMORY) -> Iterator[Trial]:
    """A running container of `image` as tight as in production but for the published port; removed at the end.

    Raises ToolError: NB901 (no engine), NB909 (it does not start).
    """
    from docker.errors import DockerException

    client = connect()
    key = secrets.token_hex(16)
    container = ""
    try:
        try:
            container = create_confined(client, image, key=key, publish=0, memory=memory, labels={"nb2prod": "trial"})
            client.start(container)
            ports = client.inspect_container(container)["NetworkSettings"]["Ports"].get(f"{PORT}/tcp")
        except (DockerException, OSError) as error:
            raise engine_error(error) from error
        if not ports:
            raise ToolError("The container publishes no port.", code="NB909", hint="Look at its log: docker logs.")
        yield Trial(client, container, f"http://127.0.0.1:{ports[0]['HostPort']}", key)
    finally:
        if container:
            with suppress(DockerException, OSError):
                client.remove_container(container, force=True, v=True)
        client.close()
