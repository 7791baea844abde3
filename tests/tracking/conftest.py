"""Small projects as `nb2prod.render` would write them, one per kind of request, and the record of their run."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from nb2prod.events import Event
from nb2prod.model.report import ModelVersion
from nb2prod.model.run import RunRecord
from nb2prod.model.schema import Column, Schema, ValueSchema
from nb2prod.render.mlflow import mlflow_module
from nb2prod.tracking import log_model


@dataclass(frozen=True)
class Tiny:
    """`predict`: the body of Predictor.predict; `schema_code`: request_from_json and response_to_json."""

    schema: Schema
    predict: str
    schema_code: str
    body: dict[str, Any]
    predictions: Any


FRAME = Tiny(
    schema=Schema(
        (
            ValueSchema(
                "houses",
                "frame",
                columns=(
                    Column("area", "float64", nullable=True),
                    Column("rooms", "Int64", nullable=True),
                    Column("floor", "int32"),
                    Column("sold", "datetime64[ns]"),
                    Column("town", "object", nullable=True),
                ),
            ),
        ),
        ValueSchema("response", "array", dtype="float64", shape=(None,)),
    ),
    # A Ridge from skops; the dtypes of the notebook are asserted, for they are what MLflow would lose.
    predict="""
    def predict(self, houses):
        found = [str(dtype) for dtype in houses.dtypes]
        assert found[:4] == ["float64", "Int64", "int32", "datetime64[ns]"], found
        x = houses[["area", "rooms", "floor"]].astype("float64").fillna(0.0)
        x["year"] = houses["sold"].dt.year - 2000
        x["here"] = (houses["town"] == "Ulm").astype(float)
        return self.model.predict(x.to_numpy().copy(order="C"))
""",
    schema_code="""
import pandas as pd

DTYPES = {"area": "float64", "rooms": "Int64", "floor": "int32", "sold": "datetime64[ns]", "town": "object"}


def request_from_json(body):
    rows = body["rows"]
    for row in rows:
        assert row["rooms"] is None or type(row["rooms"]) is int, row
        assert type(row["sold"]) is str, row
    columns = {name: pd.Series([row[name] for row in rows], dtype=dtype) for name, dtype in DTYPES.items()}
    return {"houses": pd.DataFrame(columns)}


def response_to_json(value):
    return value.tolist()
""",
    body={
        "rows": [
            {"area": 70.1, "rooms": 3, "floor": 1, "sold": "2021-05-01T00:00:00", "town": "Ulm"},
            {"area": None, "rooms": None, "floor": 2, "sold": "2022-06-01T12:30:00", "town": None},
            {"area": 1 / 3, "rooms": 2, "floor": -1, "sold": "2023-07-01T00:00:00", "town": "Bonn"},
        ]
    },
    predictions="ridge",
)

ARRAY = Tiny(
    schema=Schema(
        (ValueSchema("X", "array", dtype="float32", shape=(None, 2, 2)),),
        ValueSchema("response", "frame", columns=(Column("total", "float32"), Column("label", "object"))),
    ),
    predict="""
    def predict(self, X):
        import numpy as np
        import pandas as pd

        assert X.dtype == np.float32 and X.shape[1:] == (2, 2)
        total = X.sum(axis=(1, 2)) + np.float32(self.offset)
        return pd.DataFrame({"total": total, "label": np.where(total > 1, "big", None)}, index=total + 7)
""",
    schema_code="def request_from_json(body): ...\ndef response_to_json(value): ...\n",
    body={"rows": [[[0.10000000149011612, 0.0], [0.0, 0.0]], [[1.0, 2.0], [3.0, 4.0]]]},
    predictions=[{"total": 0.6000000238418579, "label": None}, {"total": 10.5, "label": "big"}],
)

TEXTS = Tiny(
    schema=Schema((ValueSchema("reviews", "texts"),), ValueSchema("response", "texts")),
    predict="""
    def predict(self, reviews):
        assert type(reviews) is list
        return ["good" if "good" in review else "bad" for review in reviews]
""",
    schema_code="""
def request_from_json(body):
    return {"reviews": body["rows"]}


def response_to_json(value):
    return value
""",
    body={"rows": ["so good", 'naïve, "no"\n', "good"]},
    predictions=["good", "bad", "good"],
)

JSON = Tiny(
    schema=Schema(
        (
            ValueSchema("age", "json", annotation="int"),
            ValueSchema("limits", "json", annotation="dict[str, float]"),
            ValueSchema("note", "json", annotation="str | None"),
        ),
        ValueSchema("response", "json", annotation="dict[str, float]"),
    ),
    predict="""
    def predict(self, age, limits, note):
        import numpy as np

        assert type(age) is int and type(limits) is dict and note is None, (age, limits, note)
        return {"score": np.float64(age / limits["top"] + self.offset), "levels": [1, 2]}
""",
    schema_code="""
def request_from_json(body):
    return dict(body)


def response_to_json(value):
    return {"score": float(value["score"]), "levels": value["levels"]}
""",
    body={"age": 40, "limits": {"top": 80.0, "low": [1, 2]}, "note": None},
    predictions={"score": 1.0, "levels": [1, 2]},
)

RECORDS = Tiny(
    schema=Schema((ValueSchema("events", "records"),), ValueSchema("response", "array", dtype="int64", shape=(None,))),
    predict="""
    def predict(self, events):
        import numpy as np

        return np.array([event["n"] * 10 + len(event) for event in events])
""",
    schema_code="""
def request_from_json(body):
    return {"events": body["rows"]}


def response_to_json(value):
    return value.tolist()
""",
    body={"rows": [{"n": 1, "kind": "a"}, {"n": 2}, {"n": 3, "kind": "b", "tags": ["x"]}]},
    predictions=[12, 21, 33],
)

TENSOR = Tiny(
    schema=Schema(
        (ValueSchema("x", "tensor", dtype="torch.float32", shape=(None, 2)),),
        ValueSchema("response", "tensor", dtype="torch.float32", shape=(None,)),
    ),
    predict="""
    def predict(self, x):
        import torch

        assert x.dtype == torch.float32
        return (x * 2).sum(dim=1).requires_grad_()
""",
    schema_code="def request_from_json(body): ...\ndef response_to_json(value): ...\n",
    body={"rows": [[0.5, 1.0], [2.0, -1.0]]},
    predictions=[3.0, 2.0],
)

KINDS = {"frame": FRAME, "array": ARRAY, "texts": TEXTS, "json": JSON, "records": RECORDS, "tensor": TENSOR}

_PREDICT = '''"""Predict."""

import json
from pathlib import Path


class Predictor:
    @classmethod
    def load(cls, folder=None):
        self = cls()
        self.offset = json.loads((folder / "offset.json").read_text())
        if (folder / "model.skops").exists():
            import skops.io

            self.model = skops.io.load(folder / "model.skops")
        return self
'''


@dataclass(frozen=True)
class Project:
    folder: Path
    record: RunRecord
    executed: Path
    golden: dict[str, Any]


def write_project(folder: Path, tiny: Tiny) -> Project:
    """`folder` becomes a project with the package `tiny`."""
    package, artifacts = folder / "src" / "tiny", folder / "artifacts"
    package.mkdir(parents=True)
    artifacts.mkdir()
    (package / "__init__.py").write_text("")
    (package / "predict.py").write_text(_PREDICT + tiny.predict)
    (package / "service.py").write_text('"""The package over HTTP."""\n')
    (package / "schema.py").write_text(tiny.schema_code)
    (folder / "mlflow_model.py").write_text(mlflow_module("tiny", tiny.schema))
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (artifacts / "offset.json").write_text("0.5")
    predictions = tiny.predictions
    if predictions == "ridge":
        predictions = _fit_ridge(artifacts / "model.skops")
    golden = {"body": tiny.body, "predictions": predictions}
    (folder / "tests" / "golden").mkdir(parents=True)
    (folder / "tests" / "golden" / "golden.json").write_text(json.dumps(golden))
    executed = folder.parent / f"{folder.name}-executed.ipynb"
    cell = nbformat.v4.new_code_cell("1 + 1", outputs=[nbformat.v4.new_output("stream", text="hello\n")])
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), executed)
    record = RunRecord(
        parameters={"alpha": 1.0, "path": "houses.csv", "names": ["a", "b"], "long": "x" * 7000},
        artifacts=(),
        schema=tiny.schema,
        body=tiny.body,
        predictions=predictions,
        response_type="",
        variables={},
        metrics={"r2": 0.75},
        python="",
        python_version="3.11.2",
        modules=(),
        seconds=1.0,
    )
    return Project(folder, record, executed, golden)


def _fit_ridge(path: Path) -> list[float]:
    """A Ridge in `path`, and its predictions for the rows of FRAME, computed apart from the generated code."""
    import numpy as np
    import skops.io
    from sklearn.linear_model import Ridge

    x = np.random.default_rng(0).normal(size=(50, 5))
    model = Ridge().fit(x, x @ np.arange(1.0, 6.0))
    skops.io.dump(model, path)
    rows = [[70.1, 3, 1, 21, 1], [0, 0, 2, 22, 0], [1 / 3, 2, -1, 23, 0]]
    predictions: list[float] = model.predict(np.array(rows, dtype=float)).tolist()
    return predictions


@dataclass
class Told:
    events: list[Event] = field(default_factory=list)
    cancel: threading.Event = field(default_factory=threading.Event)

    def __call__(self, event: Event) -> None:
        self.events.append(event)


@pytest.fixture
def told() -> Told:
    return Told()


def log_project(project: Project, uri: str, told: Callable[[Event], None], **changed: Any) -> ModelVersion:
    settings: dict[str, Any] = {
        "executed_notebook": project.executed,
        "notebook_name": "tiny.ipynb",
        "notebook_digest": "sha256:00",
        "model": "tiny",
        "alias": "champion",
        "tracking_uri": uri,
        "pip_requirements": ["scikit-learn", "skops"],
        "cell_map": {"src/tiny/predict.py": {"1": [9, 1]}},
        "emit": told,
        "cancel": threading.Event(),
    }
    return log_model(project.folder, project.record, **settings | changed)


def exactly(golden: Any, got: Any) -> tuple[bool, float | None, str | None]:
    """Equal to the last bit, and of equal types."""
    if json.dumps(golden, sort_keys=True) == json.dumps(got, sort_keys=True):
        return True, 0.0, None
    return False, None, f"{golden} != {got}"


def tampered(project: Project) -> Project:
    return replace(project, golden=project.golden | {"predictions": ["another"]})
