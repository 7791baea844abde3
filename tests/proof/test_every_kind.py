"""The generated suite for each kind of request and response: it passes on a project that is right."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from nb2prod.formatting import format_sources
from nb2prod.model.run import RunRecord
from nb2prod.model.schema import Column, Schema, ValueSchema
from nb2prod.plan.files import TrainingFiles
from nb2prod.proof import run_tests
from nb2prod.render.artifacts import artifacts_module
from nb2prod.render.schema import schema_module
from nb2prod.render.templates import fill
from nb2prod.render.tests import test_modules as make_tests

PARAMS = '''"""Settings of a training run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Params:
    """The notebook has no parameters."""
'''

PREDICT = '''"""Predict."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .artifacts import load_artifacts


@dataclass(frozen=True)
class Predictor:
    """What training left behind: nothing."""

    @classmethod
    def load(cls, folder: Path | None = None) -> "Predictor":
        """Read the artifacts."""
        return cls(**load_artifacts(folder))

    def predict(self, {arguments}) -> Any:
        """The response to a request."""
        return {response}
'''

TRAIN = '''"""Train."""

from dataclasses import dataclass

from .params import Params
from .predict import Predictor


@dataclass(frozen=True)
class Training:
    """What one training run leaves behind."""

    predictor: Predictor
    metrics: dict[str, float]


def train(params: Params) -> Training:
    """Nothing to fit."""
    return Training(predictor=Predictor(), metrics={})
'''

GOLDEN = """
import json, sys
sys.path.insert(0, "src")
from pathlib import Path
from kinds.predict import Predictor
from kinds.schema import request_from_json, response_to_json

golden = json.loads(Path("tests/golden/golden.json").read_text())
golden["predictions"] = response_to_json(Predictor().predict(**request_from_json(golden["body"])))
Path("tests/golden/golden.json").write_text(json.dumps(golden))
"""

VISITS = ValueSchema(
    "visits", "frame", columns=(
        Column("day", "datetime64[ns]"), Column("kind of visit", "object", nullable=True), Column("paid", "bool"),
        Column("class", "category", categories=("a", "b")), Column("count", "int64"), Column("km", "float64", True),
    ),
)  # fmt: skip
VISIT = {"day": "2024-03-01T00:00:00", "kind of visit": "first", "paid": True, "class": "a", "count": 3, "km": 1.5}
NUMBER = ValueSchema("response", "json", annotation="float")

KINDS: dict[str, tuple[tuple[ValueSchema, ...], dict[str, Any], str, ValueSchema]] = {
    "frame to frame": (
        (VISITS,),
        {"rows": [VISIT, VISIT | {"kind of visit": None, "km": None}]},
        'pd.DataFrame({"km": visits["km"] * 2, "class": visits["class"].astype(str)})',
        ValueSchema("response", "frame", columns=(Column("km", "float64"), Column("class", "object"))),
    ),
    "series to series": (
        (ValueSchema("ages", "series", columns=(Column("ages", "int64"),), dtype="int64"),),
        {"rows": [3, 40]},
        "ages * 2",
        ValueSchema("response", "series", columns=(Column("ages", "int64"),), dtype="int64"),
    ),
    "array to array": (
        (ValueSchema("x", "array", dtype="float64", shape=(None, 2)),),
        {"rows": [[1.0, 2.0], [3.0, 4.5]]},
        "x.sum(axis=1)",
        ValueSchema("response", "array", dtype="float64", shape=(None,)),
    ),
    "texts to labels": (
        (ValueSchema("texts", "texts"),),
        {"rows": ["good", "bad: 1"]},
        "[text.upper() for text in texts]",
        ValueSchema("response", "json", annotation="list[str]"),
    ),
    "records to records": (
        (ValueSchema("orders", "records", columns=(Column("n", "int64"),)),),
        {"rows": [{"n": 1}, {"n": 2}]},
        '[{"twice": order["n"] * 2} for order in orders]',
        ValueSchema("response", "records", columns=(Column("twice", "int64"),)),
    ),
    "several values to a number": (
        (
            ValueSchema("amount", "json", annotation="float"),
            ValueSchema("currency", "json", annotation="str"),
            ValueSchema("rates", "json", annotation="dict[str, float]"),
        ),
        {"amount": 2.0, "currency": "EUR", "rates": {"EUR": 1.1}},
        "amount * rates[currency]",
        NUMBER,
    ),
    "a frame and a value to a number": (
        (ValueSchema("x", "frame", columns=(Column("a", "int64"),)), ValueSchema("weight", "json", annotation="float")),
        {"x": [{"a": 1}, {"a": 2}], "weight": 0.5},
        'float((x["a"] * weight).sum())',
        NUMBER,
    ),
}


def write(folder: Path, kind: str) -> Path:
    request, body, response, answer = KINDS[kind]
    record = RunRecord(
        parameters={}, artifacts=(), schema=Schema(request, answer), body=body, predictions=None, response_type="",
        variables={}, metrics={}, python=sys.executable, python_version="3.11.0", modules=(), seconds=0.0,
    )  # fmt: skip
    arguments = ", ".join(f"{value.name}: Any" for value in request)
    package = {
        "__init__.py": '"""Kinds."""\n',
        "params.py": PARAMS,
        "predict.py": PREDICT.replace("{arguments}", arguments).replace("{response}", response),
        "train.py": TRAIN,
        "schema.py": schema_module(record.schema, "notebook cell 2"),
        "service.py": fill("package/service.py.jinja", package="kinds", name="kinds"),
        "artifacts.py": artifacts_module("kinds", (), "notebook cell 1"),
    }
    tests = make_tests("kinds", record, notebook_tests="", sample={}, cells={}, files=TrainingFiles())
    sources = {f"src/kinds/{name}": text for name, text in package.items()}
    sources |= {f"tests/{name}": text for name, text in tests.items()}
    for path, text in format_sources(sources, "kinds").items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / "artifacts").mkdir()
    (folder / "artifacts" / "artifacts.json").write_text("{}")
    (folder / "tests" / "golden").mkdir()
    golden = {"body": body, "predictions": None, "variables": [], "metrics": {}, "parameters": {}}
    golden["tolerance"] = {"relative": 1e-9, "absolute": 1e-12}
    (folder / "tests" / "golden" / "golden.json").write_text(json.dumps(golden))
    subprocess.run([sys.executable, "-B", "-c", GOLDEN], cwd=folder, check=True)
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_the_suite_of_a_right_project_passes(tmp_path: Path, kind: str):
    project = write(tmp_path / "project", kind)
    result = run_tests(project, Path(sys.executable), emit=lambda event: None, cancel=threading.Event())
    assert result.failures == ()
    assert result.passed > 20


def test_the_suites_are_tidy(tmp_path: Path):
    """What a colleague's linter says of the generated tests: nothing."""
    for number, kind in enumerate(KINDS):
        folder = tmp_path / str(number)
        write(folder, kind)
        rules = ["--isolated", "--line-length", "100", "--target-version", "py311", "--select", "E,F,W,I,B,UP"]
        rules += ["--config", 'lint.isort.known-first-party=["kinds", "comparing"]', "--no-cache"]
        found = subprocess.run(
            [sys.executable, "-m", "ruff", "check", "--output-format", "concise", *rules, str(folder / "tests")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert found.stdout.strip() == "All checks passed!"
