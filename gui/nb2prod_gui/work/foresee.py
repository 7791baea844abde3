"""The child that tells what a build would change: `python -m nb2prod_gui.work.foresee SPEC`, SPEC as for `nb2prod job`.

One JSON object on stdout: {"changes": […]} or {"error": {"code", "message", "hint"}}. The project that is there is not
touched; the notebook is run unless it was run as it is now.
"""

import os
import sys
import tempfile
import threading
from pathlib import Path

import msgspec

from nb2prod.cli.specs import read_spec
from nb2prod.errors import Nb2ProdError
from nb2prod.files.handwork import find_handwork
from nb2prod.files.manifest import read_manifest
from nb2prod.files.state import project_lock
from nb2prod.job.runner import run_job
from nb2prod.steps.generated import unsettled
from nb2prod.steps.preview import preview_job
from nb2prod_gui.flow.changes import changes
from nb2prod_gui.work.answers import no_answer


def main(text: str) -> int:
    answer_to = os.dup(1)
    os.dup2(2, 1)  # whatever libraries print goes to stderr
    try:
        spec = read_spec(text.encode(), "spec")
        output = Path(spec.output)
        with tempfile.TemporaryDirectory(prefix="nb2prod-preview-") as holder:
            folder = Path(holder) / output.name
            job = preview_job(spec, folder)
            with project_lock(output) as state:
                result = run_job(job, state=state, emit=lambda _: None, cancel=threading.Event())
            if result.error is not None:
                raise result.error
            paths = {*read_manifest(output), *read_manifest(folder)}
            by_hand = unsettled(output, result.outputs["read"].digest, find_handwork(output).edited)
            found = changes(output, folder, paths, by_hand)
        answer: dict[str, object] = {"changes": found}
    except Nb2ProdError as error:
        answer = no_answer(error)
    os.write(answer_to, msgspec.json.encode(answer))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
