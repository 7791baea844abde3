"""Versions of the sample package as a build leaves them: artifacts with digests, golden rows, code."""

import hashlib
import json
from pathlib import Path
from typing import Any

from .sample_service import GOLDEN

CODE = {"predict.py": "class Predictor: ...\n", "schema.py": "class Request: ...\n", "artifacts.py": "ARTIFACTS = {}\n"}
BODY = json.loads(GOLDEN.read_bytes())["body"]


def write_code(folder: Path, **files: str) -> Path:
    """A package's folder, `sample`, below `folder`."""
    package = folder / "sample"
    package.mkdir(parents=True, exist_ok=True)
    for name, text in (CODE | {f"{name}.py": text for name, text in files.items()}).items():
        (package / name).write_text(text)
    return package


def write_version(folder: Path, offset: float, *, mlflow: bool = False, **artifact: Any) -> Path:
    """A version that adds `offset`; as a project, or as its MLflow model."""
    artifacts = folder / ("artifacts/artifacts" if mlflow else "artifacts")
    golden = folder / ("artifacts/golden.json" if mlflow else "tests/golden/golden.json")
    for parent in (artifacts, golden.parent):
        parent.mkdir(parents=True, exist_ok=True)
    data = json.dumps({"offset": offset} | artifact).encode()
    (artifacts / "offset.json").write_bytes(data)
    (artifacts / "artifacts.json").write_text(json.dumps({"offset": {"sha256": hashlib.sha256(data).hexdigest()}}))
    predictions = [8.1 + offset, None, 5.0 + offset]
    tolerance = {"relative": 1e-9, "absolute": 1e-12}
    golden.write_text(json.dumps({"body": BODY, "predictions": predictions, "tolerance": tolerance}))
    write_code(folder / ("code" if mlflow else "src"), train=f"# offset {offset}\n")
    return folder
