"""Building an image: the staged context goes to the engine, what the engine says becomes events.

The tag is not given here. An image is first built, then verified by the caller under its id, and only then tagged, so
that a tag never names an image that was not proven.
"""

import queue
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nb2prod.errors import Cancelled, Nb2ProdError, ToolError
from nb2prod.events import Cancel, Emit, StepAdvanced
from nb2prod.image.context import stream_context
from nb2prod.image.engine import connect, engine_error, no_engine
from nb2prod.image.names import check_base_image, check_labels, check_platform, check_tag
from nb2prod.image.stream import BuildState, build_failed, observe
from nb2prod.model.report import ImageRecord

_POLL_SECONDS = 0.1


def build_image(
    context: Path,
    *,
    tag: str,
    base_image: str | None,
    platform: str | None,
    labels: Mapping[str, str],
    emit: Emit,
    cancel: Cancel,
    step: str = "image",
) -> ImageRecord:
    """Build the folder that `stage_context` made. `ImageRecord.digest` is the image's id; `tag` is checked, not set.

    `base_image` None: the one the Dockerfile names. `platform` None: the engine's own. Raises UsageError (NB902: tag,
    base image, platform or label), ToolError (NB901 no engine, NB903 base image, NB904 a step failed, NB905 disk full,
    NB909 the engine refused),
    Cancelled; after each of them no container and no tag is left.
    """
    full_tag, wanted_labels = check_tag(tag), check_labels(labels)
    base = check_base_image(base_image or _default_base(context))
    if platform is not None:
        check_platform(platform)
    client = connect()
    try:
        state = _run_build(
            client,
            stream_context(context, cancel),
            {
                "buildargs": {"BASE_IMAGE": base},
                "labels": wanted_labels,
                "platform": platform,
            },
            emit=emit,
            cancel=cancel,
            step=step,
        )
        if state.error:
            raise build_failed(state, base, (context / "Dockerfile").read_text(encoding="utf-8"))
        if not state.image:
            raise no_engine(ConnectionResetError("it went away during the build"))
        emit(StepAdvanced(step, state.total, state.total, "built"))
        return _record(client, state.image, full_tag, base)
    finally:
        client.close()


def tag_image(image: str, tag: str) -> None:
    """Let `tag` name the image with the id `image`. Raises UsageError (NB902), ToolError (NB901, NB909)."""
    from docker.errors import DockerException

    repository, _, version = check_tag(tag).rpartition(":")
    client = connect()
    try:
        client.tag(image, repository, version, force=True)
    except (DockerException, OSError) as error:
        raise engine_error(error) from error
    finally:
        client.close()


def _default_base(context: Path) -> str:
    match = re.search(r"^ARG BASE_IMAGE=(\S+)$", (context / "Dockerfile").read_text(), re.MULTILINE)
    if match is None:
        raise ToolError("The Dockerfile has no line ARG BASE_IMAGE=…", code="NB904", hint="Convert again.")
    return match[1]


def _run_build(
    client: Any, body: Any, arguments: dict[str, Any], *, emit: Emit, cancel: Cancel, step: str
) -> BuildState:
    """Send the context and fold the answer.

    A quiet RUN may say nothing for minutes. So a thread waits for the engine, and this one asks `cancel` ten times a
    second; closing the connection is how the engine is told to stop.
    """
    from docker.errors import DockerException
    from urllib3.exceptions import HTTPError

    messages: queue.SimpleQueue[Any] = queue.SimpleQueue()
    responses: list[Any] = []
    client.hooks["response"] = [lambda response, **_: responses.append(response)]

    def listen() -> None:
        try:
            # forcerm: also the containers of a failed step go. Without a timeout: a step may take long.
            for message in client.build(
                fileobj=body, custom_context=True, decode=True, rm=True, forcerm=True, timeout=None,
                network_mode="host", **arguments,
            ):  # fmt: skip
                messages.put(message)
            messages.put(None)
        except BaseException as error:  # handed to the waiting thread, which raises it
            messages.put(error)

    state = BuildState()
    listening = threading.Thread(target=listen, daemon=True)
    listening.start()
    try:
        while True:
            if cancel.is_set():
                raise Cancelled
            try:
                message = messages.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
            if message is None:
                return state
            if isinstance(message, Nb2ProdError):
                raise message
            if isinstance(message, (DockerException, OSError)):
                raise engine_error(message) from message
            if isinstance(message, HTTPError):  # of a stream that breaks off, which the SDK hands on as it is
                raise no_engine(ConnectionResetError("it went away during the build")) from message
            if isinstance(message, BaseException):
                raise message
            state, events = observe(state, message, step)
            for event in events:
                emit(event)
    except BaseException:
        _stop(responses)
        listening.join(5)
        _remove(client, state.container)
        raise


def _stop(responses: list[Any]) -> None:
    """Shut the connection down under the reading thread: closing alone would leave it waiting."""
    from docker.types import CancellableStream

    for response in responses:
        try:
            CancellableStream(iter(()), response).close()
        except Exception:  # noqa: S112  already closed, by the engine or by the reader
            continue


def _remove(client: Any, container: str) -> None:
    """The engine removes the container of a stopped step by itself, a little later; be sure, and be sure now."""
    from docker.errors import DockerException

    if not container:
        return
    try:
        client.remove_container(container, force=True)
    except (DockerException, OSError):  # it was quicker
        return


def _record(client: Any, image: str, tag: str, base: str) -> ImageRecord:
    from docker.errors import DockerException

    try:
        built, below = client.inspect_image(image), client.inspect_image(base)
    except (DockerException, OSError) as error:
        raise engine_error(error) from error
    return ImageRecord(tag, str(built["Id"]), int(built["Size"]), int(below["Size"]))
