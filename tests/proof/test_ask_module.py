"""The golden rows asked of a package in a process of its own."""

import sys
import threading
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(("least", "is_whole"), [(4, True), (2, False)])
def test_numbers_of_which_no_part_is_answered_are_one_value(least: int, is_whole: bool, tmp_path: Path) -> None:
    package = tmp_path / "src" / "window"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "schema.py").write_text(SCHEMA.replace("time.sleep(0.5)", ""))
    (package / "predict.py").write_text(PREDICT.replace("return sum(rows)", f"return rows[{least} - 1]"))
    answered = ask_module(tmp_path, "window", Path(sys.executable), {"rows": [1, 2, 3, 4]}, threading.Event())
    assert answered.predictions == least
    assert all(error for _, _, error in answered.alone)
    assert answered.whole_only is is_whole
