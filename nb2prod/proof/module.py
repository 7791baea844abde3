"""The golden rows asked of the generated package in a process of its own."""

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nb2prod.errors import Cancelled
from nb2prod.events import Cancel

_ASK = """
import json, sys
source, package = sys.argv[1:3]
sys.path.insert(0, source)
from importlib import import_module
schema, predict = import_module(package + ".schema"), import_module(package + ".predict")
predictor = predict.Predictor.load()
response = predictor.predict(**schema.request_from_json(json.load(sys.stdin)))
sys.stdout.write("\\n" + json.dumps(schema.response_to_json(response)))
"""


@dataclass(frozen=True, slots=True)
class Answered:
    """`predictions` in wire form, or `error`: the last line of what went wrong."""

    predictions: Any = None
    error: str = ""


def ask_module(project: Path, package: str, python: Path, body: Any, cancel: Cancel) -> Answered:
    """Import the package with `python` and predict for `body`. Raises Cancelled; a failure is an answer."""
    command = [str(python), "-I", "-B", "-c", _ASK, str(project / "src"), package]
    with tempfile.TemporaryFile() as asked:  # a pipe holds 64 KiB, and `communicate` forgets the rest at its timeout
        asked.write(json.dumps(body).encode())
        asked.seek(0)
        process = subprocess.Popen(
            command, stdin=asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=project
        )
    with process:
        while True:
            try:
                out, err = process.communicate(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                if cancel.is_set():
                    process.kill()
                    process.communicate()
                    raise Cancelled from None
    if process.returncode != 0:
        lines = err.strip().splitlines()
        return Answered(error=lines[-1] if lines else f"it ended with code {process.returncode}")
    return Answered(json.loads(out.rpartition("\n")[2]))
