"""A small project as nb2prod generates them: pandas alone, so that its suite runs in a second or two.

cell 2  parameters   weight
cell 3  functions    add_features
cell 4  training     mean_area, slope
cell 6  inference    Z, price
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nb2prod.model.run import ArtifactRecord, RunRecord
from nb2prod.model.schema import Column, Schema, ValueSchema
from nb2prod.plan.files import TrainingFiles
from nb2prod.render.tests import test_modules as make_tests

SOURCES = {
    "__init__.py": '"""Prices of houses."""\n',
    "params.py": '''"""Settings of a training run (notebook cell 2)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Params:
    """The parameters of notebook cell 2."""

    weight: float = 2.0
''',
    "features.py": '''"""Code shared by training and prediction (notebook cell 3)."""

import pandas as pd


# Notebook cell 3
def add_features(d: pd.DataFrame, mean_area: float) -> pd.DataFrame:
    """The columns the model sees."""
    d = d.copy()
    d["gap"] = d["area"].isna()
    d["area"] = d["area"].fillna(mean_area)
    d["per_room"] = d["area"] / d["rooms"] + 1
    return d
''',
    "predict.py": '''"""Predict from new input with what training left behind (notebook cell 6)."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from .artifacts import load_artifacts
from .features import add_features


@dataclass(frozen=True)
class Predictor:
    """What training left behind; one instance serves any number of requests."""

    mean_area: float
    slope: float

    @classmethod
    def load(cls, folder: Path | None = None) -> "Predictor":
        """Read the artifacts."""
        return cls(**load_artifacts(folder))

    def predict(self, houses: pd.DataFrame) -> pd.Series:
        """The response to a request."""

        # Notebook cell 6
        Z = add_features(houses, self.mean_area)
        price = Z["area"] * self.slope + 3.5 * Z["per_room"]
        price[Z["gap"]] = price * 0.9
        return price
''',
    "train.py": '''"""Train as the notebook does (notebook cell 4)."""

import argparse
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from .artifacts import save_artifacts
from .params import Params
from .predict import Predictor


@dataclass(frozen=True)
class Training:
    """What one training run leaves behind."""

    predictor: Predictor
    metrics: dict[str, float]


def train(params: Params) -> Training:
    """Fit what prediction needs and measure it."""

    # Notebook cell 4
    areas = pd.Series([40.0, 60.0, 80.0])
    prices = pd.Series([100.0, 140.0, 180.0])
    mean_area = float(areas.mean())
    slope = float((prices / areas).mean()) * params.weight

    # Notebook cell 5
    error = float((prices - areas * slope).abs().mean())

    return Training(
        predictor=Predictor(mean_area=mean_area, slope=slope),
        metrics={"error": float(error)},
    )


def main() -> None:
    """Train and store the artifacts, from the command line."""
    parser = argparse.ArgumentParser(description="Train and store the artifacts.")
    parser.add_argument("--output", type=Path, required=True, help="folder for the artifacts")
    training = train(Params())
    save_artifacts(parser.parse_args().output, vars(training.predictor))
''',
    "schema.py": '''"""What a caller sends and gets."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypedDict

import pandas as pd


class Row(TypedDict):
    """One row of `houses`."""

    area: float | None
    rooms: int


DTYPES: dict[str, Any] = {
    "area": "float64",
    "rooms": "int64",
}


@dataclass(frozen=True)
class Request:
    """The body of a prediction."""

    rows: list[Row]


def request_from_json(body: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `Predictor.predict`, from a body as it came as JSON."""
    return {"houses": frame_from_rows(body["rows"])}


def response_to_json(response: pd.Series) -> Any:
    """The response as JSON values; a missing number is None."""
    return json_value(response.tolist())


def frame_from_rows(rows: list[Row]) -> pd.DataFrame:
    """A frame with the notebook's columns and dtypes; the order of keys does not matter."""
    values = {name: [row[name] for row in rows] for name in DTYPES}  # type: ignore[literal-required]
    return pd.DataFrame(values, columns=list(DTYPES)).astype(DTYPES)


def json_value(value: Any) -> Any:
    """`value` with only what JSON can hold."""
    if isinstance(value, Mapping):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if hasattr(value, "tolist"):
        return json_value(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date | datetime):
        return None if value != value else value.isoformat()  # NaT is not equal to itself
    return value
''',
    "artifacts.py": '''"""Two numbers in a file."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def load_artifacts(folder: Path | None = None) -> dict[str, Any]:
    """Raises ValueError where a file is not the one that was saved."""
    folder = folder or Path(__file__).parents[2] / "artifacts"
    data = (folder / "numbers.json").read_bytes()
    if hashlib.sha256(data).hexdigest() != json.loads((folder / "artifacts.json").read_text())["numbers"]:
        raise ValueError(f"{folder / 'numbers.json'} is not the file that artifacts.json describes")
    return dict(json.loads(data))


def save_artifacts(folder: Path, values: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    data = json.dumps(dict(values)).encode()
    (folder / "numbers.json").write_bytes(data)
    (folder / "artifacts.json").write_text(json.dumps({"numbers": hashlib.sha256(data).hexdigest()}))
''',
    "service.py": '''"""The package over HTTP."""

from typing import Any

from nb2prod.serving import create_app

from .predict import Predictor
from .schema import Request, request_from_json, response_to_json


def answer(predictor: Predictor, request: Request) -> Any:
    return response_to_json(predictor.predict(**request_from_json(vars(request))))


app = create_app(name="houses", load=Predictor.load, request=Request, answer=answer)
''',
}

NOTEBOOK_TESTS = '''"""The notebook's own test cells."""

from comparing import GOLDEN

from houses.predict import Predictor
from houses.schema import request_from_json


def test_notebook_cell_7() -> None:
    price = Predictor.load().predict(**request_from_json(GOLDEN["body"]))
    assert (price > 0).all()
'''

BODY = {"rows": [{"area": 50.0, "rooms": 2}, {"area": None, "rooms": 3}, {"area": 90.5, "rooms": 4}]}

RECORD_GOLDEN = """
import json, sys
sys.path.insert(0, "src")
from pathlib import Path
from houses.artifacts import save_artifacts
from houses.features import add_features
from houses.params import Params
from houses.schema import json_value, request_from_json, response_to_json
from houses.train import train

training = train(Params())
save_artifacts(Path("artifacts"), vars(training.predictor))
body = json.loads(sys.argv[1])
houses = request_from_json(body)["houses"]
response = response_to_json(training.predictor.predict(houses))
Z = json_value(add_features(houses, training.predictor.mean_area).to_dict(orient="records"))
golden = {
    "body": body,
    "predictions": response,
    "variables": [{"name": "Z", "cell": 6, "value": Z}, {"name": "price", "cell": 6, "value": response}],
    "metrics": training.metrics,
    "parameters": {"weight": 2.0},
    "tolerance": {"relative": 1e-9, "absolute": 1e-12},
}
Path("tests/golden").mkdir(parents=True, exist_ok=True)
Path("tests/golden/golden.json").write_text(json.dumps(golden))
"""

PYPROJECT = """[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["src"]

[tool.ruff]
line-length = 100
target-version = "py311"

[tool.ruff.lint]
select = ["E", "F", "W", "I", "B", "UP"]

[tool.mypy]
ignore_missing_imports = true
mypy_path = "src"
"""


def record() -> RunRecord:
    houses = ValueSchema(
        "houses", "frame", columns=(Column("area", "float64", nullable=True), Column("rooms", "int64"))
    )
    price = ValueSchema("price", "series", columns=(Column("price", "float64"),), dtype="float64")
    return RunRecord(
        parameters={"weight": 2.0},
        artifacts=(ArtifactRecord("mean_area", "json", "numbers.json", "", "float"),),
        schema=Schema((houses,), price),
        body=BODY,
        predictions=[],
        response_type="pandas.Series",
        variables={"Z": [], "price": []},
        metrics={"error": 0.0},
        python=sys.executable,
        python_version="3.11.0",
        modules=(),
        seconds=0.0,
    )


def write_project(folder: Path, sources: dict[str, str] = SOURCES, sample: dict[str, Any] | None = None) -> Path:
    """The project in `folder`, with golden rows recorded from its own code."""
    package = folder / "src" / "houses"
    package.mkdir(parents=True)
    for name, source in sources.items():
        (package / name).write_text(source)
    (folder / "tests").mkdir()
    cells = {"Z": 6, "price": 6}
    modules = make_tests(
        "houses", record(), notebook_tests=NOTEBOOK_TESTS, sample=sample or {}, cells=cells, files=TrainingFiles()
    )
    for name, source in modules.items():
        (folder / "tests" / name).write_text(source)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    lines = {"src/houses/predict.py": [27, 6], "src/houses/features.py": [8, 3], "src/houses/train.py": [26, 4]}
    mapped = {
        path: [[line, cell, line - first + 1] for line in range(first, first + 4)]
        for path, (first, cell) in lines.items()
    }
    (folder / "nb2prod.json").write_text(json.dumps({"map": mapped}))
    subprocess.run(
        [sys.executable, "-B", "-c", RECORD_GOLDEN, json.dumps(BODY)], cwd=folder, check=True, capture_output=True
    )
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path / "project")
