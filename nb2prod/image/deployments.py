"""Containers that stay: one for each name, published on loopback, found again by their labels.

nb2prod-churn     io.nb2prod.deployment = churn      127.0.0.1:8081 -> 8080
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event
from typing import Any

from nb2prod.errors import ToolError, UsageError
from nb2prod.events import Cancel
from nb2prod.image.confined import PORT, create_confined
from nb2prod.image.container import await_healthy
from nb2prod.image.engine import connect, engine_error

LABEL = "io.nb2prod.deployment"
_MODEL = "io.nb2prod.deployment.model"
_PROJECT = "io.nb2prod.project.digest"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


@dataclass(frozen=True, slots=True)
class Deployment:
    """`status` is the engine's word (``running``); `model` what it was made from; `image` its id."""

    name: str
    container: str
    image: str
    model: str
    status: str
    port: int | None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}" if self.port else ""


def image_of_project(digest: str) -> str | None:
    """The newest image that was built of the project with this digest. Raises ToolError NB901, NB909."""
    with _engine() as client:
        found = client.images(filters={"label": f"{_PROJECT}={digest}"})
        newest = max(found, key=lambda image: image["Created"], default=None)
        return None if newest is None else str(newest["Id"])


def list_deployments() -> tuple[Deployment, ...]:
    """All of them, by name. Raises ToolError NB901, NB909."""
    with _engine() as client:
        found = client.containers(all=True, filters={"label": LABEL})
        return tuple(sorted((_deployment(client, one["Id"]) for one in found), key=lambda one: one.name))


def find_deployment(name: str) -> Deployment | None:
    """Raises ToolError NB901, NB909."""
    return next((one for one in list_deployments() if one.name == name), None)


def start_deployment(
    name: str, image: str, *, model: str, key: str, port: int | None, memory: str, cancel: Cancel | None = None
) -> Deployment:
    """A container of `image` (a tag or an id) that answers; `port` None: the engine chooses. It starts again with the
    engine. After an error none is left.

    Raises UsageError NB902 (a name that no container can have), ToolError NB901, NB906 (not ready), NB909 (no such
    image, the name or the port is taken).
    """
    if not _NAME.fullmatch(name):
        hint = "Letters, digits, '_', '.' and '-', at most 63."
        raise UsageError(f"{name!r} cannot be the name of a deployment.", code="NB902", hint=hint)
    with _engine() as client:
        container = create_confined(
            client, image, key=key, publish=port or 0, memory=memory, name=f"nb2prod-{name}",
            labels={LABEL: name, _MODEL: model},
        )  # fmt: skip
        try:
            client.start(container)
            await_healthy(client, container, cancel or Event())
            client.update_container(
                container, restart_policy={"Name": "unless-stopped"}
            )  # now: it hides a start that fails
            return _deployment(client, container)
        except BaseException:
            _remove(client, container)
            raise


def remove_deployment(name: str) -> bool:
    """Whether there was one. Requests that run are finished first. Raises ToolError NB901, NB909."""
    with _engine() as client:
        found = client.containers(all=True, filters={"label": f"{LABEL}={name}"})
        for one in found:
            client.stop(one["Id"], timeout=30)
            client.remove_container(one["Id"], force=True, v=True)
        return bool(found)


def _deployment(client: Any, container: str) -> Deployment:
    told = client.inspect_container(container)
    labels, ports = told["Config"]["Labels"], told["NetworkSettings"]["Ports"].get(f"{PORT}/tcp")
    bound = told["HostConfig"]["PortBindings"].get(f"{PORT}/tcp") or [{}]
    port = (ports or bound)[0].get("HostPort")
    return Deployment(
        labels[LABEL], told["Id"], told["Image"], labels.get(_MODEL, ""), told["State"]["Status"],
        int(port) if port else None,
    )  # fmt: skip


def _remove(client: Any, container: str) -> None:
    from docker.errors import DockerException

    with suppress(DockerException, OSError):
        client.remove_container(container, force=True, v=True)


@contextmanager
def _engine() -> Iterator[Any]:
    """A client; what the engine refuses becomes a ToolError."""
    from docker.errors import DockerException

    client = connect()
    try:
        yield client
    except ToolError:
        raise
    except (DockerException, OSError) as error:
        raise engine_error(error) from error
    finally:
        client.close()
