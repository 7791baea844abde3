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
source, package, places = sys.argv[1:4]
sys.path.insert(0, source)
from importlib import import_module
schema, predict = import_module(package + ".schema"), import_module(package + ".predict")
predictor = predict.Predictor.load()
body = json.load(sys.stdin)

def ask(body):
    return schema.response_to_json(predictor.predict(**schema.request_from_json(body)))

answer, alone = ask(body), []
for place in json.loads(places):
    try:
        alone.append([place, ask({"rows": body["rows"][place : place + 1]}), ""])
    except Exception as error:
        alone.append([place, None, f"{type(error).__name__}: {error}"])
whole_only = bool(alone) and all(error for _, _, error in alone)
if whole_only:
    try:
        ask({"rows": body["rows"][: len(body["rows"]) // 2]})
        whole_only = False
    except Exception:
        pass
sys.stdout.write("\\n" + json.dumps([answer, alone, whole_only]))
"""
_SAMPLE = 20


@dataclass(frozen=True, slots=True)
class Answered:
    """`predictions` in wire form, or `error`: the last line of what went wrong.

    `alone` is what some rows gave each by itself: their places, predictions of one row, or an error. `whole_only`: none
    of them gave an answer, nor did half of all rows.
    """

    predictions: Any = None
    error: str = ""
    alone: tuple[tuple[int, Any, str], ...] = ()
    whole_only: bool = False


def ask_module(project: Path, package: str, python: Path, body: Any, cancel: Cancel) -> Answered:
    """Import the package with `python` and predict for `body`. Raises Cancelled; a failure is an answer."""
    places = json.dumps(_places(body))
    command = [str(python), "-I", "-B", "-c", _ASK, str(project / "src"), package, places]
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
    answer, alone, whole_only = json.loads(out.rpartition("\n")[2])
    return Answered(answer, alone=tuple((place, given, error) for place, given, error in alone), whole_only=whole_only)


def _places(body: Any) -> list[int]:
    """Some of the rows of a request that has several, first and last among them."""
    rows = body.get("rows") if isinstance(body, dict) and len(body) == 1 else None
    if not isinstance(rows, list) or len(rows) < 2:
        return []
    step = max(1, -(-len(rows) // _SAMPLE))
    return sorted({*range(0, len(rows), step), len(rows) - 1})
