"""Reaching the engine, and saying in one line why it cannot be reached."""

import errno
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nb2prod.errors import Nb2ProdError, ToolError

DEFAULT_HOST = "unix:///var/run/docker.sock"


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """`version` e.g. ``20.10.24``; `reason` (what is missing) and `hint` (what to do) where it is not available."""

    available: bool
    version: str = ""
    reason: str = ""
    hint: str = ""


def engine_status(timeout: float = 3.0) -> EngineStatus:
    """Whether an engine answers within about `timeout` seconds. Never raises, never hangs."""
    answers: list[EngineStatus] = []

    def ask() -> None:
        try:
            client = connect(timeout)
            try:
                answers.append(EngineStatus(True, str(client.version()["Version"])))
            finally:
                client.close()
        except Nb2ProdError as error:
            answers.append(EngineStatus(False, reason=error.message, hint=error.hint))
        except Exception as error:  # whatever listens on that socket, it is no engine
            answers.append(EngineStatus(False, reason=no_engine(error).message, hint=no_engine(error).hint))

    # Looking up a host name and opening an ssh connection know no timeout, hence a thread that may be left behind.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(2 * timeout + 1)
    if answers:
        return answers[0]
    error = no_engine(TimeoutError())
    return EngineStatus(False, reason=error.message, hint=error.hint)


def connect(timeout: float = 60.0) -> Any:
    """A `docker.APIClient`; `timeout` is in seconds for each answer. Raises ToolError (NB901)."""
    import docker
    from docker.errors import DockerException
    from docker.utils import kwargs_from_env

    try:
        settings = kwargs_from_env()
        if "base_url" not in settings and (host := _context_host()):
            settings["base_url"] = host
        return docker.APIClient(**settings, timeout=timeout)
    except (DockerException, OSError, ValueError) as error:
        raise no_engine(error) from error


def image_exists(image: str) -> bool:
    """Whether the engine has the image (an id or a tag). Raises ToolError where no engine answers."""
    from docker.errors import ImageNotFound

    client = connect()
    try:
        client.inspect_image(image)
    except ImageNotFound:
        return False
    finally:
        client.close()
    return True


def no_engine(error: BaseException) -> ToolError:
    """NB901: why `error` means that no engine answers."""
    host = os.environ.get("DOCKER_HOST") or DEFAULT_HOST
    path = host.removeprefix("unix://").removeprefix("http+unix://")
    where = f"DOCKER_HOST={host}" if os.environ.get("DOCKER_HOST") else path
    unset = " Or unset DOCKER_HOST to use the local engine." if os.environ.get("DOCKER_HOST") else ""
    number = next((e.errno for e in _causes(error) if isinstance(e, OSError) and e.errno), None)
    timed_out = any("timed out" in str(e).lower() or isinstance(e, TimeoutError) for e in _causes(error))
    if number == errno.ENOENT:
        reason = f"No Docker engine: {where} does not exist."
        hint = f"Install Docker and start it.{unset}"
    elif number in (errno.EACCES, errno.EPERM):
        reason = f"The Docker engine refuses this user: no permission for {where}."
        hint = "Run `sudo usermod -aG docker $USER` and log in again, or use rootless Docker."
    elif number == errno.ECONNREFUSED:
        reason = f"The Docker engine is not running: nothing listens at {where}."
        hint = f"Start it, for example with `sudo systemctl start docker`.{unset}"
    elif timed_out:
        reason = f"The Docker engine does not answer at {where}."
        hint = f"Restart it, for example with `sudo systemctl restart docker`.{unset}"
    else:
        reason = f"No Docker engine can be reached at {where} ({_last_line(error)})."
        hint = f"Start Docker.{unset}"
    return ToolError(reason, code="NB901", hint=hint)


def engine_error(error: BaseException) -> ToolError:
    """What the SDK raised, as NB905 (disk full), NB909 (the engine said no) or NB901 (it did not answer)."""
    from docker.errors import APIError

    if not isinstance(error, APIError):
        return no_engine(error)
    said = str(error.explanation or error).strip()
    if "no space left on device" in said:
        return ToolError(
            "The disk of the Docker engine is full.",
            code="NB905",
            hint="Make room, for example with `docker system prune`, and try again.",
        )
    return ToolError(f"The Docker engine refused: {said}", code="NB909")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what lies below it: causes, contexts, and the errors requests and urllib3 keep as arguments."""
    seen: set[int] = set()
    queue: list[BaseException] = [error]
    while queue:
        current = queue.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        below = [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
        queue += [one for one in below if isinstance(one, BaseException)]


def _last_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1][:200] if lines else type(error).__name__


def _context_host() -> str | None:
    """The host of the chosen `docker context` (Docker Desktop, rootless, Colima), which the SDK does not look at."""
    from docker.context import ContextAPI

    try:
        context = ContextAPI.get_current_context()
        host = context.Host if context is not None else None
    except Exception:  # a broken Docker configuration file is the command line's business
        return None
    return str(host) if host and str(host).startswith("unix://") else None
