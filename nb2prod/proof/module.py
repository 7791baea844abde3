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

def attempt(rows):
    try:
        return [ask({"rows": rows}), ""]
    except Exception as error:
        return [None, f"{type(error).__name__}: {error}"]

answer, places = ask(body), json.loads(places)
alone = [[place, *attempt(body["rows"][place : place + 1])] for place in places]
twice = attempt(2 * body["rows"]) if places else None
whole_only = bool(alone) and all(error for _, _, error in alone)
whole_only = whole_only and bool(attempt(body["rows"][: len(body["rows"]) // 2])[1])
sys.stdout.write("\\n" + json.dumps([answer, alone, twice, whole_only]))
"""
_SAMPLE = 20


@dataclass(frozen=True, slots=True)
class Answered:
    """`predictions` in wire form, or `error`: the last line of what went wrong.

    `alone` is what some rows gave each by itself: their places, predictions of one row, or an error. `twice` is what
    the rows gave that were sent two times over, or an error; None where there are not several. `whole_only`: neither
    one row nor half of all rows gave an answer.
    """

    predictions: Any = None
    error: str = ""
    alone: tuple[tuple[int, Any, str], ...] = ()
    twice: tuple[Any, str] | None = None
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
    answer, alone, twice, whole_only = json.loads(out.rpartition("\n")[2])
    return Answered(
        answer,
        alone=tuple((place, given, error) for place, given, error in alone),
        twice=tuple(twice) if twice else None,
        whole_only=whole_only,
    )


def _places(body: Any) -> list[int]:
    """Some of the rows of a request that has several, first and last among them."""
    rows = body.get("rows") if isinstance(body, dict) and len(body) == 1 else None
    if not isinstance(rows, list) or len(rows) < 2:
        return []
    step = max(1, -(-len(rows) // _SAMPLE))
    return sorted({*range(0, len(rows), step), len(rows) - 1})
