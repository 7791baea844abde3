"""What the classic builder says while it builds, folded into a state and events. Pure.

The stream is JSON objects: ``{"stream": text}`` (output and ``Step 3/9 : RUN …``), ``{"status": …}`` (a base image
being pulled), ``{"aux": {"ID": …}}`` (an image was made), ``{"error": …, "errorDetail": …}`` (the last one).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from nb2prod.errors import ToolError, Where
from nb2prod.events import Event, Log, StepAdvanced

_STEP = re.compile(r"Step (\d+)/(\d+) : (.*)")
_RUNNING = re.compile(r" ---> Running in ([0-9a-f]+)")
_BUILT = re.compile(r"Successfully built ([0-9a-f]+)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_KEPT_LINES = 20
_OTHER_PYTHON = re.compile(r"This project needs Python (\S+); the base image has (\S+)")
"""As templates/docker/Dockerfile.jinja says it."""


@dataclass(frozen=True, slots=True)
class BuildState:
    """`done` of `total` instructions have begun; `instruction` is the last one, `lines` the last lines it printed.

    `container` is the id of the container that runs it, `image` the id of the last image made. `rest` is text without
    its line end yet.
    """

    done: int = 0
    total: int = 0
    instruction: str = ""
    lines: tuple[str, ...] = ()
    container: str = ""
    image: str = ""
    error: str = ""
    rest: str = ""


def observe(state: BuildState, message: Mapping[str, Any], step: str) -> tuple[BuildState, tuple[Event, ...]]:
    """The state after `message`, and what to tell."""
    events: list[Event] = []
    if aux := message.get("aux"):
        state = replace(state, image=str(aux.get("ID", state.image)))
    if error := message.get("error"):
        detail = (message.get("errorDetail") or {}).get("message")
        state = replace(state, error=str(detail or error))
    if (status := message.get("status")) and not message.get("progressDetail"):
        layer = f"{message['id']}: " if message.get("id") else ""
        events.append(Log(step, "debug", f"{layer}{status}"))
    if text := message.get("stream"):
        *lines, rest = (state.rest + _COLOUR.sub("", str(text))).replace("\r", "\n").split("\n")
        state = replace(state, rest=rest)
        for line in lines:
            state, told = _observe_line(state, line.rstrip(), step)
            events += told
    return state, tuple(events)


def build_failed(state: BuildState, base_image: str, dockerfile: str = "") -> ToolError:
    """The error of a stream that ended in one: NB903 for the base image, NB905 for the disk, else NB904.

    `dockerfile` is its text: NB904 then names the line at which the failed instruction begins.
    """
    output = "\n".join((*state.lines, state.rest)).strip()
    if re.search(r"no space left on device|disk quota exceeded", f"{state.error}\n{output}", re.IGNORECASE):
        return ToolError(
            "The disk of the Docker engine is full.",
            code="NB905",
            hint="Make room, for example with `docker system prune`, and try again.",
        )
    if state.instruction.upper().startswith("FROM ") or not state.instruction:
        return ToolError(
            f"The base image {base_image} cannot be had: {state.error}",
            code="NB903",
            hint="Choose another with --base-image or NB2PROD_BASE_IMAGE; `make base-image` makes one from Debian.",
        )
    if told := _OTHER_PYTHON.search(output):
        return ToolError(
            f"The base image {base_image} has Python {told[2]}; this project needs {told[1]}, as its kernel had.",
            code="NB904",
            hint=f"Choose one with Python {told[1]} by --base-image or NB2PROD_BASE_IMAGE (python:{told[1]}-slim), "
            f"or run the notebook in a kernel with Python {told[2]}.",
        )
    tail = f"\n{output}" if output else ""
    what = f"Step {state.done} of {state.total} of the Dockerfile failed"
    line = instruction_line(dockerfile, state.done)
    where = Where("Dockerfile", line=line) if line is not None else None
    return ToolError(f"{what}, {_short(state.instruction)!r}: {state.error}{tail}", code="NB904", where=where)


def instruction_line(dockerfile: str, number: int) -> int | None:
    """The line, from 1, at which the instruction with this number, from 1, begins; None where there is none such.

    Comments and empty lines are no instructions, also not amid one that a backslash continues.
    """
    seen, continued = 0, False
    for at, line in enumerate(dockerfile.splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        seen += not continued
        if seen == number and not continued:
            return at
        continued = text.endswith("\\")
    return None


def _observe_line(state: BuildState, line: str, step: str) -> tuple[BuildState, list[Event]]:
    if match := _STEP.fullmatch(line):
        done, total, instruction = int(match[1]), int(match[2]), match[3]
        state = replace(state, done=max(done, state.done), total=total, instruction=instruction, lines=(), container="")
        return state, [StepAdvanced(step, state.done - 1, total, _short(instruction))]
    if match := _RUNNING.fullmatch(line):
        return replace(state, container=match[1]), []
    if match := _BUILT.fullmatch(line):
        return replace(state, image=state.image or match[1]), []
    if not line or line.startswith((" ---> ", "Removing intermediate container")):
        return state, []
    return replace(state, lines=(*state.lines, line)[-_KEPT_LINES:]), [Log(step, "debug", line)]


def _short(instruction: str) -> str:
    return " ".join(instruction.split())[:100]
