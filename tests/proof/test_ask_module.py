"""The golden rows asked of a package in a process of its own."""

import sys
import threading
from pathlib import Path

from nb2prod.proof.module import ask_module

SCHEMA = """
import time
time.sleep(0.5)  # as long as an import of a large library

def request_from_json(body):
    return {"rows": body["rows"]}

def response_to_json(response):
    return response
"""
PREDICT = """
class Predictor:
    @classmethod
    def load(cls):
        return cls()

    def predict(self, rows):
        return sum(rows)
"""


def test_a_request_larger_than_a_pipe_is_answered(tmp_path: Path) -> None:
    package = tmp_path / "src" / "slow"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "schema.py").write_text(SCHEMA)
    (package / "predict.py").write_text(PREDICT)
    rows = list(range(100_000))
    cancel = threading.Event()
    timer = threading.Timer(30, cancel.set)
    timer.start()
    try:
        answered = ask_module(tmp_path, "slow", Path(sys.executable), {"rows": rows}, cancel)
    finally:
        timer.cancel()
    assert answered.predictions == sum(rows)
