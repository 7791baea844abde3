"""The golden rows against the container: the last stage of the proof."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from nb2prod.errors import GateError
from nb2prod.events import Cancel, Emit, StepAdvanced
from nb2prod.image.container import await_healthy, run_module, start_container
from nb2prod.image.engine import connect, engine_error
from nb2prod.model.report import Parity

Compare = Callable[[Any, Any], tuple[bool, float | None, str | None]]

_UID = """
import sys
sys.stdin.read()
print(next(line.split()[1] for line in open("/proc/1/status") if line.startswith("Uid:")))
"""


def verify_image(
    image: str,
    golden: Mapping[str, Any],
    *,
    rows: int,
    compare: Compare,
    emit: Emit,
    cancel: Cancel,
    step: str = "verify",
) -> Parity:
    """Start `image` (a tag or an id), post ``golden["body"]`` over HTTP inside it, hold the answer against
    ``golden["predictions"]``.

    `compare(expected, actual)` says whether both wire forms are equal, the largest difference, and the first one in
    words. The container runs with no network, read-only, without capabilities, as the image's own user; it is always
    removed. Raises ToolError (NB901, NB906 it does not become ready or does not answer, NB909), GateError (NB908 it
    runs as root), Cancelled.
    """
    from docker.errors import DockerException

    client = connect()
    try:
        emit(StepAdvanced(step, 0, 3, "starting the container"))
        with start_container(client, image) as container:
            await_healthy(client, container, cancel)
            uid = run_module(client, container, ["-c", _UID], b"", cancel).stdout.decode().strip()
            if uid in ("", "0"):
                raise GateError(
                    "The container's process runs as root." if uid else "The container's user could not be read.",
                    code="NB908",
                    hint="Keep the line USER 65532:65532 in the Dockerfile.",
                )
            emit(StepAdvanced(step, 1, 3, f"ready, as user {uid}"))
            body = json.dumps(golden["body"], allow_nan=False).encode()
            asked = run_module(client, container, ["-m", "nb2prod.serving.ask"], body, cancel)
            emit(StepAdvanced(step, 2, 3, "answered"))
        parity = _compare(golden["predictions"], asked.code, asked.stdout, asked.stderr, rows, compare)
        emit(StepAdvanced(step, 3, 3, parity.status))
        return parity
    except (DockerException, OSError) as error:
        raise engine_error(error) from error
    finally:
        client.close()


def _compare(expected: Any, code: int, stdout: bytes, stderr: bytes, rows: int, compare: Compare) -> Parity:
    try:
        answer = json.loads(stdout)
    except ValueError:
        answer = None
    if code != 0 or not isinstance(answer, dict) or "predictions" not in answer:
        said = (stderr or stdout).decode(errors="replace").strip().splitlines()
        return Parity(
            "container", "different", rows, None, f"no predictions: {said[-1][:300] if said else 'no answer'}"
        )
    equal, difference, reason = compare(expected, answer["predictions"])
    return Parity("container", "equal" if equal else "different", rows, difference, None if equal else reason)
