"""The log step: a version in MLflow that reloads and reproduces the golden rows; only then does it get its alias."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event as Flag
from typing import Any

from nb2prod.errors import GateError
from nb2prod.events import Cancel, Emit
from nb2prod.files.manifest import MANIFEST
from nb2prod.job.step import Outputs
from nb2prod.model.notebook import Notebook
from nb2prod.model.project import Pin
from nb2prod.model.report import ModelVersion, Parity
from nb2prod.model.spec import BuildSpec
from nb2prod.parity import comparison
from nb2prod.steps.extract import Project, as_sent
from nb2prod.steps.proof import golden_rows
from nb2prod.tracking import MLflow, log_model, set_alias, verify_model, version_exists


@dataclass(frozen=True, slots=True)
class Logged:
    version: ModelVersion
    parity: Parity

    @classmethod
    def load(cls, body: Mapping[str, Any]) -> "Logged":
        return cls(ModelVersion(**body["version"]), Parity(**body["parity"]))


def log_step(
    output: Path, notebook_path: Path, run_folder: Path, model: str, spec: BuildSpec, outputs: Outputs,
    emit: Emit, cancel: Cancel, mlflow: MLflow,
) -> Logged:  # fmt: skip
    """Raises GateError NB713 where the reloaded model answers otherwise; the version then stays without an alias."""
    notebook: Notebook = outputs["read"]
    record = as_sent(outputs["run"], notebook)
    project: Project = outputs["extract"]
    version = log_model(
        output,
        record,
        executed_notebook=run_folder / "executed.ipynb",
        notebook_name=notebook.name,
        notebook_digest=notebook.digest,
        model=model,
        alias=spec.alias,
        tracking_uri=mlflow.uri,
        pip_requirements=[f"{p.name}=={p.version}" for p in without_runtime(project.serving)],
        cell_map=json.loads((output / MANIFEST).read_bytes())["map"],
        emit=emit,
        cancel=cancel,
        source=notebook_path.parent,
        child=mlflow.store,
    )
    golden = {"body": record.body, "predictions": record.predictions}
    parity = verify_model(
        version, golden, python=record.python, rows=golden_rows(record), compare=comparison(record.schema),
        emit=emit, cancel=cancel, step="log", child=mlflow.reload(record.python),
    )  # fmt: skip
    if parity.status == "different":
        raise GateError(
            f"the model reloaded from MLflow answers otherwise than the notebook: {parity.reason}", code="NB713",
            hint=f"{version.model_uri} was logged for inspection and has no alias.",
        )  # fmt: skip
    if spec.alias:
        version = set_alias(version, spec.alias, emit=emit, cancel=cancel, child=mlflow.store)
    return Logged(version, parity)


def version_is_there(logged: Logged) -> bool:
    return version_exists(logged.version, emit=lambda _event: None, cancel=Flag())


def without_runtime(pins: tuple[Pin, ...]) -> tuple[Pin, ...]:
    """The pins the model itself needs: those of the HTTP service are left out, MLflow brings its own."""
    left_out = {"nb2prod.serving", "nb2prod-serving"}
    changed = True
    while changed:
        more = {p.name for p in pins if p.because.removeprefix("needed by ") in left_out} - left_out
        left_out |= more
        changed = bool(more)
    return tuple(p for p in pins if p.name not in left_out)
