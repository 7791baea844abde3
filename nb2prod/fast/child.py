"""The conversion in a process of its own: it loads the artifacts, and so runs the notebook's code."""

import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nb2prod.errors import Cancelled
from nb2prod.events import Cancel

PROGRAM = Path(__file__).with_name("program") / "convert.py"
SECONDS = 300.0
"""A conversion that takes longer is given up."""


def run_conversion(python: Path, order: Mapping[str, Any], cancel: Cancel) -> dict[str, Any]:
    """What `program/convert.py` says in an interpreter that has the project's requirements and the ONNX tools.

    A failure is an answer: ``{"reason": ...}``. Raises Cancelled.
    """
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as failed:
        asked.write(json.dumps(order).encode())
        asked.seek(0)
        process = subprocess.Popen(
            [str(python), "-B", str(PROGRAM)], stdin=asked, stdout=told, stderr=failed, env={"OMP_NUM_THREADS": "1"}
        )
        waited = 0.0
        try:
            while True:
                try:
                    code = process.wait(timeout=0.2)
                    break
                except subprocess.TimeoutExpired:
                    waited += 0.2
                    if cancel.is_set():
                        raise Cancelled from None
                    if waited > SECONDS:
                        return {"reason": f"the conversion took longer than {SECONDS:g} s"}
        finally:
            process.kill()
            process.wait()
        told.seek(0)
        failed.seek(0)
        if code != 0:
            lines = failed.read().decode(errors="replace").strip().splitlines()
            return {"reason": lines[-1][:200] if lines else f"the conversion ended with code {code}"}
        verdict: dict[str, Any] = json.loads(told.read())
        return verdict
